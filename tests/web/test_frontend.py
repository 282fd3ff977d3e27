"""The pages' style is a council's own: no typeface, crown or blue of GOV.UK, and readable for everyone."""

import re
from pathlib import Path
from typing import Final

import pytest

ENOUGH: Final = 4.5  # WCAG 2.2, success criterion 1.4.3, for text of any size

OUR_TYPE: Final = {
    '"Helvetica Neue",Helvetica,Arial,sans-serif',
    "sans-serif",  # where print is meant
    "ui-monospace,monospace",  # codes to be copied by hand
}

READ_TOGETHER: Final = [
    ("brand", "#ffffff"),
    ("link", "#ffffff"),
    ("link", "template-background"),
    ("link-hover", "#ffffff"),
    ("link-hover", "template-background"),
    ("link-visited", "#ffffff"),
    ("link-visited", "template-background"),
    ("#0b0c0c", "template-background"),
    ("#0b0c0c", "surface-background"),
]


@pytest.fixture(scope="module")
def colours(root: Path) -> dict[str, str]:
    source = (root / "web/frontend/app.scss").read_text(encoding="utf-8")
    return dict(re.findall(r"^ {4}([a-z-]+): (#[0-9a-f]{6})", source, re.MULTILINE))


@pytest.fixture(scope="module")
def style(root: Path) -> str:
    return (root / "web/static/app.css").read_text(encoding="utf-8")


def luminance(colour: str) -> float:
    """The relative luminance of ``#rrggbb``, 0 to 1 (WCAG 2.2, relative luminance)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_measured_as_the_guidelines_do() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize(("text", "ground"), READ_TOGETHER, ids="-on-".join)
def test_text_stands_out_from_its_ground(colours: dict[str, str], text: str, ground: str) -> None:
    pair = [colours.get(name, name) for name in (text, ground)]
    assert contrast(*pair) >= ENOUGH


def test_no_typeface_of_another_house_is_named_or_fetched(style: str) -> None:
    assert "transport" not in style.lower()
    assert "@font-face" not in style
    assert set(re.findall(r"font-family:([^;}]*)", style)) <= OUR_TYPE


def test_links_headings_and_headers_are_not_blue(colours: dict[str, str], style: str) -> None:
    assert colours["brand"] in style
    assert colours["link"] in style
    assert not re.search(r"\.govuk-(link|generic-header|service-navigation|footer)[^{}]*\{[^}]*#(1d70b8|1a65a6)", style)


def test_style_and_scripts_reach_for_nothing_elsewhere(root: Path, style: str) -> None:
    addresses = re.findall(r"url\(([^)]*)\)", style)
    assert all(address.strip("\"'").startswith(("/static/assets/", "data:")) for address in addresses)
    for script in (root / "web/static").glob("*.mjs"):
        assert "://" not in script.read_text(encoding="utf-8")
