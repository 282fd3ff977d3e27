"""Every page of every role, as it looks: accessible, whole at 320 pixels, quiet in the console."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.portal_world import Portal
from web.auth import COOKIE

WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 320, "height": 640}
PARTS = ["/", "/sign-in", "/privacy", "/accessibility", "/cookies", "/contact", "/demo", "/signed-out", "/no-such-page"]
STARTS = {
    None: PARTS,
    "edith": [
        "/home",
        "/record",
        "/record/medication",
        "/record/home_access",
        "/requests",
        "/sharing",
        "/activity",
        "/told-us",
    ],
    "priya": ["/home", "/record/condition"],
    "carer": ["/officer"],
    "social-worker": ["/officer"],
    "auditor": ["/audit"],
    "administrator": ["/admin"],
}
AXE = "async () => (await axe.run(document)).violations.map(found => `${found.id}: ${found.nodes[0].html}`)"
_ONE_OF_MANY = re.compile(r"(?<=^/record/)\w+$|(?<=^/admin/purposes/).+|(?<=^/admin/services/).+")
_ID = re.compile(r"[0-9a-f]{64}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\?.*")


@pytest.fixture(scope="session")
def axe(root: Path) -> str:
    return (root / "tests/node/node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")


def enter(chromium: Browser, portal: Portal, slug: str | None, **options: object) -> BrowserContext:
    context = chromium.new_context(viewport=WIDE, **options)  # type: ignore[arg-type]
    if slug:
        context.add_cookies([{"name": COOKIE, "value": portal.cookie(slug), "url": portal.address}])
    return context


def links(page: Page, address: str) -> Iterator[str]:
    """Where one can go from here: one address of each kind."""
    for found in page.eval_on_selector_all("main a[href]", "all => all.map(one => one.href)"):
        if found.startswith(address) and not found.endswith(".txt") and "/demo" not in found:
            yield found.removeprefix(address).partition("#")[0]


def faults(page: Page, axe: str) -> list[str]:
    """What is wrong with the page at the width it has now."""
    page.evaluate(axe)
    found: list[str] = page.evaluate(AXE)
    too_wide = page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    return [*found, *(["wider than the screen"] if too_wide else [])]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("slug", STARTS, ids=str)
def test_every_page_is_accessible_and_whole_on_a_wide_and_a_narrow_screen(
    chromium: Browser, served: Portal, axe: str, slug: str | None
) -> None:
    served.sequence()
    waiting, seen, wrong, said = list(STARTS[slug]), set[str](), dict[str, list[str]](), list[str]()
    with enter(chromium, served, slug) as context:
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        while waiting:
            path = waiting.pop(0)
            kind = path if path in STARTS[slug] else _ONE_OF_MANY.sub("*", _ID.sub("*", path))
            if kind in seen:
                continue
            seen.add(kind)
            for size in (WIDE, NARROW):
                page.set_viewport_size(size)  # type: ignore[arg-type]
                page.goto(served.address + path)
                if found := faults(page, axe):
                    wrong[f"{path} at {size['width']}"] = found
            assert page.locator("h1").count() == 1, path
            waiting += links(page, served.address)
    assert wrong == {}
    assert [line for line in said if "404" not in line] == []
    assert len(seen) >= len(STARTS[slug])


def test_the_pages_of_a_decision_are_accessible_with_and_without_errors(
    chromium: Browser, served: Portal, axe: str
) -> None:
    here = f"{served.address}/requests/{served.waiting('edith').request_id}"
    with enter(chromium, served, "edith") as context:
        page = context.new_page()
        for size in (WIDE, NARROW):
            page.set_viewport_size(size)  # type: ignore[arg-type]
            for path in ("", "/choose", "/until", "/until/day"):
                page.goto(here + path)
                assert faults(page, axe) == [], path
                page.get_by_role("button", name="Continue").click()
                assert page.title().startswith("Error: "), path
                assert faults(page, axe) == [], path
                assert page.evaluate("document.activeElement.className") == "govuk-error-summary"


def test_every_stop_of_the_tab_key_is_seen(chromium: Browser, served: Portal) -> None:
    with enter(chromium, served, "edith") as context:
        page = context.new_page()
        page.goto(f"{served.address}/sharing")
        for _ in range(20):
            page.keyboard.press("Tab")
            shown = page.evaluate(
                """() => { const at = document.activeElement, look = getComputedStyle(at)
                return at === document.body || look.outlineStyle !== 'none' || look.boxShadow !== 'none' }"""
            )
            assert shown, page.evaluate("document.activeElement.outerHTML")


def test_targets_are_big_enough_for_an_unsteady_hand(chromium: Browser, served: Portal) -> None:
    with enter(chromium, served, "edith") as context:
        page = context.new_page()
        page.set_viewport_size(NARROW)  # type: ignore[arg-type]
        for path in ("/home", "/sharing", "/record"):
            page.goto(served.address + path)
            heights = page.eval_on_selector_all(
                "main button, main a.govuk-button, .vault-tiles a",
                "all => all.map(one => one.getBoundingClientRect().height)",
            )
            assert min(heights) >= 24, path
