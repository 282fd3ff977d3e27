"""The looks at a page find what is planted: a look that finds nothing anywhere would promise nothing."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.journeys.looking import NARROW, faults, walked

SOUND = '<a href="#x" style="outline: 3px solid black">Go</a>'


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ('<a href="#x" style="outline: none">Go</a>', "focus not seen"),
        (
            '<a href="#x" style="position: absolute; left: -900px; outline: 3px solid">Go</a>',
            "focus outside the screen",
        ),
        (
            SOUND + '<div style="position: fixed; inset: 0; background: white"></div>',
            "focus hidden behind something",
        ),
    ],
    ids=["not seen", "outside", "covered"],
)
def test_a_walk_with_the_tab_key_finds(chromium: Browser, body: str, fault: str) -> None:
    with chromium.new_page() as page:
        page.set_content(f"<main>{body}</main>")
        assert [said.partition(":")[0] for said in walked(page)] == [fault]


def test_a_walk_finds_nothing_where_nothing_is_wrong(chromium: Browser) -> None:
    with chromium.new_page() as page:
        page.set_content(f"<main>{SOUND * 3}</main>")
        assert walked(page) == []


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ('<img src="data:,">', "image-alt"),
        ('<div style="width: 400px">wide</div>', "wider than the screen"),
        ('<p style="height: 1.2em; width: 60px; overflow: hidden">much too much</p>', "cut off when spread"),
    ],
    ids=["axe", "too wide", "cut off"],
)
def test_a_look_at_a_page_finds(chromium: Browser, root: Path, body: str, fault: str) -> None:
    axe = (root / "tests/node/node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")
    with chromium.new_page(viewport=NARROW) as page:
        page.set_content(f'<html lang="en"><title>x</title><main><h1>x</h1>{body}</main></html>')
        assert any(said.startswith(fault) for said in faults(page, axe))
