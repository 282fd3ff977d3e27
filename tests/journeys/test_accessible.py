"""Every page of the demo is accessible by the rules of axe, quiet under its content policy, and fits a small screen."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import chromium, sign_in
from tests.demo_world import Demo, lay, serving

RULES: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
NARROW: Final = 320  # CSS pixels: WCAG 2.2, success criterion 1.4.10, reflow

PAGES: Final = {
    "anyone": ("/demo", "/sign-in", "/privacy", "/accessibility", "/cookies", "/contact"),
    "resident": ("/home", "/record", "/record/medication", "/requests", "/sharing", "/activity", "/told-us"),
    "officer": ("/officer",),
    "auditor": ("/audit",),
    "administrator": ("/admin",),
}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    home = tmp_path_factory.mktemp("demo")
    lay(home)
    with serving(home) as served:
        yield served


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def axe(root: Path) -> str:
    return (root / "tests/node/node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")


def _violations(page: Page, axe: str) -> list[str]:
    page.evaluate(axe)
    found: dict[str, Any] = page.evaluate(f"async () => await axe.run(document, {{runOnly: {json.dumps(RULES)}}})")
    return [f"{each['id']}: {node['html']}" for each in found["violations"] for node in each["nodes"]]


@pytest.mark.parametrize("who", PAGES)
def test_every_page_is_accessible_quiet_and_narrow(demo: Demo, browser: Browser, axe: str, who: str) -> None:
    context = browser.new_context(viewport={"width": NARROW, "height": 640})
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    if who in demo.links:
        sign_in(page, demo.links[who])
    for address in PAGES[who]:
        answer = page.goto(demo.address + address)
        assert answer is not None
        assert (address, answer.status) == (address, 200)
        assert (address, _violations(page, axe)) == (address, [])
        assert (address, page.evaluate("document.documentElement.scrollWidth") <= NARROW) == (address, True)
    context.close()
    assert said == []


def test_the_axe_that_judges_finds_what_is_wrong(browser: Browser, axe: str) -> None:
    page = browser.new_page()
    page.set_content("<html><body><img src='data:,'><p style='color:#999'>pale</p></body></html>")
    rules = {each.split(":")[0] for each in _violations(page, axe)}
    assert {"image-alt", "color-contrast", "html-has-lang", "document-title"} <= rules
