"""A line that its resident sees later: asked for, approved and lifted in a browser; with and without scripts; axe."""

import re
from http import HTTPStatus
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.journeys.looking import NARROW, WIDE, faults
from tests.journeys.test_portal_pages import enter
from tests.portal_world import Portal

SCRIPTS = pytest.mark.parametrize("scripts", [True, False], ids=["with-scripts", "without-scripts"])


def sound(page: Page, axe: str, *, scripts: bool, name: str, pictures: Path | None = None) -> None:
    """No fault at either width."""
    for size in (WIDE, NARROW):
        page.set_viewport_size(size)
        if pictures is not None:
            page.screenshot(path=pictures / f"{name}-{size['width']}.png", full_page=True)
        if scripts:
            assert faults(page, axe) == [], page.url
    page.set_viewport_size(WIDE)


@SCRIPTS
def test_an_auditor_asks_an_administrator_approves_and_the_resident_sees_nothing_until_it_is_lifted(
    chromium: Browser, served: Portal, axe: str, tmp_path: Path, *, scripts: bool
) -> None:
    served.sequence()
    with enter(chromium, served, "auditor", java_script_enabled=scripts) as auditor:
        page = auditor.new_page()
        page.goto(f"{served.address}/audit?event=record:opened")
        page.locator("tbody a").first.click()
        sound(page, axe, scripts=scripts, name="entry", pictures=tmp_path)
        line = page.url.rpartition("/")[2]
        (resident,) = [slug for slug in served.note.citizens if _sees(served, slug, line)]
        page.get_by_role("link", name="Show this line to the resident later").click()
        page.get_by_role("button", name="Ask a second person").click()
        assert page.title().startswith("Error: ")
        sound(page, axe, scripts=scripts, name="wrong", pictures=tmp_path)
        page.get_by_label("Data Protection Act 2018, Schedule 2, paragraph 2", exact=True).check()
        page.get_by_label("Who asks for it?").fill("Northshire Police")
        until = served.vault.clock().date()
        for part, value in (("Day", "1"), ("Month", "2"), ("Year", str(until.year + 1))):
            page.get_by_label(part, exact=True).fill(value)
        page.get_by_label("Why?").fill("Reference 77")
        page.get_by_role("button", name="Ask a second person").click()
        assert "Someone else must approve it" in page.inner_text("main")
        sound(page, axe, scripts=scripts, name="asked", pictures=tmp_path)
    with enter(chromium, served, "administrator", java_script_enabled=scripts) as administrator:
        page = administrator.new_page()
        page.goto(f"{served.address}/admin/delays")
        sound(page, axe, scripts=scripts, name="waiting", pictures=tmp_path)
        page.get_by_role("link", name=re.compile("See more")).first.click()
        sound(page, axe, scripts=scripts, name="to-approve", pictures=tmp_path)
        page.get_by_role("button", name="Approve").click()
        assert "Shown later" in page.inner_text("dl")
        shown = page.url
    assert not _sees(served, resident, line)
    with enter(chromium, served, "administrator", java_script_enabled=scripts) as administrator:
        page = administrator.new_page()
        page.goto(shown)
        page.get_by_role("button", name="Show it now").click()
        sound(page, axe, scripts=scripts, name="lift", pictures=tmp_path)
        page.get_by_role("button", name="Show it now").click()
        assert "Shown early" in page.inner_text("dl")
    assert _sees(served, resident, line)
    with enter(chromium, served, resident, java_script_enabled=scripts) as browser:
        page = browser.new_page()
        page.goto(f"{served.address}/activity")
        assert "kept from you for a time" in page.inner_text("main")
        sound(page, axe, scripts=scripts, name="late-list", pictures=tmp_path)
        page.goto(f"{served.address}/activity/{line}")
        assert "Northshire Police asked for it" in page.inner_text("main")
        sound(page, axe, scripts=scripts, name="late-line", pictures=tmp_path)


def _sees(served: Portal, slug: str, line: str) -> bool:
    if slug not in served.note.accounts:
        return False
    return served.client(slug).get(f"/activity/{line}").status_code == HTTPStatus.OK
