"""An emergency from end to end in a browser, with scripts and without, each page looked at on both screens."""

import pytest
from playwright.sync_api import Browser, Page

from tests.journeys.test_officer_story import Seen, fill_day, press
from tests.journeys.test_portal_pages import enter
from tests.portal_world import Portal


def state(page: Page, portal: Portal) -> None:
    page.get_by_label("NHS number, or your reference for them").fill(portal.resident("edith").nhs_number)
    fill_day(page, "born")
    page.get_by_label("They do not answer").check()
    page.get_by_label("What has happened?").fill("We heard her fall and she does not come to the door.")
    press(page, "Open for 30 minutes and tell the person")


@pytest.mark.parametrize("scripts", [True, False], ids=["with-scripts", "without-scripts"])
def test_an_officer_opens_the_resident_reads_it_and_a_supervisor_answers(
    chromium: Browser, served: Portal, axe: str, *, scripts: bool
) -> None:
    seen = Seen(served, axe, scripts=scripts)
    with (
        enter(chromium, served, "carer", java_script_enabled=scripts) as work,
        enter(chromium, served, "care-leader", java_script_enabled=scripts) as lead,
        enter(chromium, served, "edith", java_script_enabled=scripts) as home,
    ):
        page, leader, resident = work.new_page(), lead.new_page(), home.new_page()
        page.goto(f"{served.address}/officer/emergency")
        seen(page)
        page.locator("main .govuk-button--warning").click()
        press(page, "Open for 30 minutes and tell the person")
        assert page.title().startswith("Error: ")
        seen(page)
        state(page, served)
        assert "Allergy to penicillin" in page.inner_text("main")
        page.get_by_role("button", name="Show How to get in, where the key safe is").click()
        assert "butt" in page.inner_text(".vault-revealed")
        seen(page)
        page.get_by_role("link", name="Hide it again").click()
        seen(page)
        press(page, "I have what I need: close it")
        assert "The record is closed again" in page.inner_text("main")
        seen(page)
        resident.goto(f"{served.address}/messages")
        resident.get_by_role("link", name="See who it was").click()
        assert "This was an emergency look" in resident.inner_text("main")
        leader.goto(f"{served.address}/officer")
        leader.get_by_role("link", name="1 emergency waits").click()
        seen(leader)
        leader.locator(".vault-tiles a").first.click()
        press(leader, "Say so")
        assert leader.title().startswith("Error: ")
        seen(leader)
        leader.get_by_label("Yes, it was right").check()
        leader.get_by_label("Why do you think so?").fill("She had fallen in the kitchen.")
        press(leader, "Say so")
        assert "It was right" in leader.inner_text("main")
        seen(leader)


def test_what_was_opened_leaves_the_screen_when_the_time_is_over(chromium: Browser, served: Portal, axe: str) -> None:
    with enter(chromium, served, "carer") as work:
        page = work.new_page()
        page.clock.install()
        page.goto(f"{served.address}/officer/emergency/new")
        state(page, served)
        assert "Allergy to penicillin" in page.inner_text("main")
        Seen(served, axe, scripts=True)(page)
        page.clock.fast_forward("30:02")
        page.get_by_text("The time is over").wait_for()
        assert "penicillin" not in page.inner_text("main")
        assert "Edith" not in page.inner_text("main")
