"""Every page of every role, as it looks: accessible, whole at 320 pixels, quiet in the console."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.journeys.looking import NARROW, WIDE, Watched, faults
from tests.portal_world import Portal
from vault import watching
from web.auth import COOKIE

PICTURES = "CITIZEN_VAULT_PICTURES"  # a folder for a picture of every page at both widths, where somebody wants them
FIRST_PAGE_MOST = 150_000  # bytes over the wire
PARTS = [
    "/",
    "/sign-in",
    "/privacy",
    "/accessibility",
    "/cookies",
    "/contact",
    "/demo",
    "/signed-out",
    "/no-such-page",
    "/sign-in/lost",
    "/sign-in/code",
    "/sign-in/letter",
]
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
        "/security",
        "/security/recovery",
        "/how-we-contact-you",
        "/messages",
        "/family",
    ],
    "priya": ["/home", "/record/condition"],
    "carer": ["/officer", "/officer/cases", "/officer/requests", "/officer/ask", "/officer/emergency", "/security"],
    "social-worker": ["/officer", "/desk", "/desk/letters", "/officer/emergency"],
    "auditor": ["/audit", "/audit/findings", "/audit/delays", "/security"],
    "administrator": [
        "/admin",
        "/admin/purposes",
        "/admin/purposes/new",
        "/admin/staff",
        "/admin/changes",
        "/admin/listed",
    ],
}
_ONE_OF_MANY = re.compile(
    r"(?<=^/record/)\w+$|(?<=^/admin/purposes/)(?!new$)[^/]+|(?<=^/admin/services/)[^/]+|(?<=/invite/)\w+"
)
_ID = re.compile(r"[0-9a-f]{64}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\?.*")


def enter(chromium: Browser, portal: Portal, slug: str | None, **options: object) -> BrowserContext:
    context = chromium.new_context(viewport=WIDE, **options)  # type: ignore[arg-type]
    if slug:
        context.add_cookies([{"name": COOKIE, "value": portal.cookie(slug), "url": portal.address}])
    return context


def links(page: Page, address: str) -> Iterator[str]:
    """Where one can go from here: one address of each kind."""
    for found in page.eval_on_selector_all("main a[href]", "all => all.map(one => one.href)"):
        if found.startswith(address) and not found.endswith((".txt", ".json", "/proof")) and "/demo" not in found:
            yield found.removeprefix(address).partition("#")[0]


@pytest.mark.parametrize("slug", STARTS, ids=str)
def test_every_page_is_accessible_and_whole_on_a_wide_and_a_narrow_screen(
    chromium: Browser, served: Portal, axe: str, slug: str | None
) -> None:
    served.sequence()
    watching.scan(served.vault)
    waiting, seen, wrong = list(STARTS[slug]), set[str](), dict[str, list[str]]()
    with enter(chromium, served, slug) as context:
        page = context.new_page()
        watched = Watched(page, served.address, axe)
        while waiting:
            path = waiting.pop(0)
            kind = path if path in STARTS[slug] else _ONE_OF_MANY.sub("*", _ID.sub("*", path))
            if kind in seen:
                continue
            seen.add(kind)
            page.goto(served.address + path)
            if found := watched.faults(pictures(), f"{slug or 'anyone'}{re.sub(r'[^a-z0-9]+', '-', kind.lower())}"):
                wrong[path] = found
            assert page.locator("h1").count() == 1, path
            waiting += links(page, served.address)
    assert wrong == {}
    assert [line for line in watched.said if "404" not in line] == []
    assert watched.elsewhere == []
    assert len(seen) >= len(STARTS[slug])


def pictures() -> Path | None:
    """Where a picture of every page goes, if somebody wants them."""
    wanted = os.environ.get(PICTURES)
    if not wanted:
        return None
    Path(wanted).mkdir(parents=True, exist_ok=True)
    return Path(wanted)


def test_the_first_page_is_light(chromium: Browser, served: Portal) -> None:
    with enter(chromium, served, None) as context:
        page = context.new_page()
        wire = context.new_cdp_session(page)
        wire.send("Network.enable")
        came: list[float] = []
        wire.on("Network.loadingFinished", lambda event: came.append(event["encodedDataLength"]))
        page.goto(served.address, wait_until="networkidle")
    assert 5_000 < sum(came) < FIRST_PAGE_MOST


def test_the_pages_of_a_decision_are_accessible_with_and_without_errors(
    chromium: Browser, served: Portal, axe: str
) -> None:
    here = f"{served.address}/requests/{served.waiting('edith').request_id}"
    with enter(chromium, served, "edith") as context:
        page = context.new_page()
        for size in (WIDE, NARROW):
            page.set_viewport_size(size)
            for path in ("", "/choose", "/until", "/until/day"):
                page.goto(here + path)
                assert faults(page, axe) == [], path
                page.get_by_role("button", name="Continue").click()
                assert page.title().startswith("Error: "), path
                assert faults(page, axe) == [], path
                assert page.evaluate("document.activeElement.className") == "govuk-error-summary"


def test_targets_are_big_enough_for_an_unsteady_hand(chromium: Browser, served: Portal) -> None:
    with enter(chromium, served, "edith") as context:
        page = context.new_page()
        page.set_viewport_size(NARROW)
        for path in ("/home", "/sharing", "/record"):
            page.goto(served.address + path)
            heights = page.eval_on_selector_all(
                "main button, main a.govuk-button, .vault-tiles a",
                "all => all.map(one => one.getBoundingClientRect().height)",
            )
            assert min(heights) >= 24, path
