"""An officer's day in a browser, with scripts and without: ask, look, add, answer; each page looked at."""

import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.journeys.looking import Watched
from tests.journeys.test_portal_pages import PICTURES, enter
from tests.portal_world import Portal
from vault import grants
from vault.context import OPERATOR
from web.demo.cast import birth_date


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).click()


def fill_day(page: Page, name: str, days: int | None = None) -> None:
    """Fill in a day from today, or Edith's birthday."""
    today = datetime.now(UTC).date()
    day = birth_date(82, "03-09", today) if days is None else today + timedelta(days=days)
    for part in ("day", "month", "year"):
        page.locator(f"#{name}-{part}").fill(str(getattr(day, part)))


class Seen:
    """Looks at each page it is shown, at both widths and by its heading; without scripts only the heading."""

    def __init__(self, portal: Portal, axe: str, *, scripts: bool) -> None:
        self.portal, self.axe, self.scripts = portal, axe, scripts
        self.headings: list[str] = []

    def __call__(self, page: Page) -> None:
        self.headings.append(page.inner_text("h1"))
        if not self.scripts:
            return
        folder = Path(os.environ[PICTURES]) if PICTURES in os.environ else None
        name = re.sub(r"\W+", "-", f"officer-{len(self.headings):02}-{page.title()}")[:60]
        watched = Watched(page, self.portal.address, self.axe)
        assert watched.faults(folder, name) == [], page.url


@pytest.mark.parametrize("scripts", [True, False], ids=["with-scripts", "without-scripts"])
def test_an_officer_asks_and_the_resident_decides(
    chromium: Browser, served: Portal, axe: str, *, scripts: bool
) -> None:
    seen = Seen(served, axe, scripts=scripts)
    with (
        enter(chromium, served, "social-worker", java_script_enabled=scripts) as work,
        enter(chromium, served, "edith", java_script_enabled=scripts) as home,
    ):
        page, resident = work.new_page(), home.new_page()
        page.goto(f"{served.address}/officer/requests")
        seen(page)
        page.locator("main .govuk-button", has_text="Ask to see").click()
        seen(page)
        page.locator("main .govuk-button--start").click()
        press(page, "Continue")
        assert page.title().startswith("Error: ")
        seen(page)
        page.get_by_label("By our own reference").check()
        press(page, "Continue")
        press(page, "Continue")
        seen(page)
        page.get_by_label("adult-social-care").check()
        page.get_by_label("Your reference for them").fill("ASC-10482")
        fill_day(page, "born")
        press(page, "Continue")
        seen(page)
        page.get_by_label("Care at home").check()
        press(page, "Continue")
        seen(page)
        page.get_by_label("How to get in, where the key safe is").uncheck()
        press(page, "Continue")
        seen(page)
        page.get_by_label("Why do you need it?").fill("To plan your care with you.")
        press(page, "Continue")
        seen(page)
        fill_day(page, "until", 14)
        press(page, "Continue")
        seen(page)
        press(page, "Ask the person")
        seen(page)
        assert page.inner_text("h1") == "We have asked"
        resident.goto(f"{served.address}/requests")
        resident.get_by_role("link", name=re.compile("Adult social care")).first.click()
        assert "social worker, Hospital team" in resident.inner_text("main")
        page.goto(f"{served.address}/officer/requests?show=waiting&mine=1")
        page.locator("main td a, main th a").first.click()
        seen(page)
        page.get_by_role("link", name="Take this request back").click()
        seen(page)
        press(page, "Take it back")
        assert "Taken back" in page.inner_text("h1")
    assert len(set(seen.headings)) >= 10


@pytest.mark.parametrize("scripts", [True, False], ids=["with-scripts", "without-scripts"])
def test_a_visit_is_added_found_wrong_and_put_right(
    chromium: Browser, served: Portal, axe: str, *, scripts: bool
) -> None:
    seen = Seen(served, axe, scripts=scripts)
    with served.vault.reading(OPERATOR) as ctx:
        found = grants.of_citizen(ctx, citizen_id=served.citizen("peter"))
        grant_id = next(each.grant_id for each in found if each.is_live and each.service.slug == "home-care")
    with (
        enter(chromium, served, "carer", java_script_enabled=scripts) as work,
        enter(chromium, served, "peter", java_script_enabled=scripts) as home,
    ):
        page, resident = work.new_page(), home.new_page()
        page.goto(f"{served.address}/officer/shared/{grant_id}")
        seen(page)
        press(page, "Look now")
        seen(page)
        page.goto(f"{served.address}/officer/shared/{grant_id}")
        page.get_by_role("link", name=re.compile("Add to: ")).click()
        press(page, "Continue")
        assert page.title().startswith("Error: ")
        seen(page)
        page.get_by_label("What they did").fill("Breakfast and tablets at 8")
        press(page, "Continue")
        seen(page)
        press(page, "Add this to the record")
        seen(page)
        resident.goto(f"{served.address}/record/care_visit")
        resident.get_by_role("link", name=re.compile("This is wrong")).first.click()
        seen(resident)
        resident.get_by_label("What is wrong, and what would be right?").fill("There were no tablets.")
        press(resident, "Send")
        seen(resident)
        page.goto(f"{served.address}/officer/cases")
        seen(page)
        page.locator("main .vault-tiles a").first.click()
        seen(page)
        press(page, "Read it")
        assert "There were no tablets." in page.inner_text("main")
        seen(page)
        press(page, "Open the item to put it right")
        seen(page)
        page.get_by_label("What they did").fill("Breakfast at 8")
        page.get_by_label("Why does it change?").fill("As you told us")
        press(page, "Save the newer version")
        seen(page)
        page.get_by_label("We agree, and it is right now").check()
        page.get_by_label("Why, and what happens next?").fill("You are right. We changed it.")
        press(page, "Send the answer")
        seen(page)
        resident.goto(f"{served.address}/told-us")
        resident.locator("main .vault-tiles a").first.click()
        seen(resident)
        assert "We agree." in resident.inner_text("main")
        resident.goto(f"{served.address}/record/care_visit")
        assert "Breakfast at 8" in resident.inner_text("main")
