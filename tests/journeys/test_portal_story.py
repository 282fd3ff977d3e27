"""A resident decides, a carer looks, the resident stops: in a browser, with and without scripts."""

import re
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page

from tests.journeys.test_portal_pages import enter
from tests.keys import press, with_key
from tests.portal_world import Portal
from vault import grants, links
from vault.context import OPERATOR
from vault.kinds import LinkKind


def decide(page: Page, portal: Portal, *fields: str) -> None:
    """Share *fields*, named in the resident's words, until the purpose's last day."""
    page.goto(f"{portal.address}/requests/{portal.waiting('edith').request_id}")
    page.get_by_label("Choose", exact=True).check()
    press(page, "Continue")
    for words in fields:
        page.get_by_label(words, exact=True).check()
    press(page, "Continue")
    page.locator("input[value=longest]").check()
    press(page, "Continue")
    press(page, "Share these")


@pytest.mark.parametrize("scripts", [True, False], ids=["with-scripts", "without-scripts"])
def test_a_resident_shares_sees_the_look_and_stops(chromium: Browser, served: Portal, *, scripts: bool) -> None:
    with (
        enter(chromium, served, "edith", java_script_enabled=scripts) as home,
        enter(chromium, served, "carer", java_script_enabled=scripts) as work,
    ):
        resident, carer = home.new_page(), work.new_page()
        decide(resident, served, "What you are allergic to", "How much and how often")
        assert "You are sharing" in resident.inner_text("h1")

        carer.goto(f"{served.address}/officer")
        grant_id = newest_grant(served)
        carer.locator(f"a[href$='{grant_id}']").click()
        press(carer, "Look now")
        assert "Every look is recorded" in carer.inner_text("main")
        looked = carer.url
        carer.reload()
        assert carer.url != looked, "loading a look again shows nothing"

        served.sequence()
        resident.goto(f"{served.address}/activity")
        resident.get_by_role("link", name=re.compile("See this line")).first.click()
        resident.get_by_role("button", name="Check this line").click()
        assert "This line is as it was written" in resident.inner_text("h1")

        resident.goto(f"{served.address}/sharing/{grant_id}/stop")
        press(resident, "Stop sharing")
        assert "You stopped sharing" in resident.inner_text("h1")
        carer.goto(f"{served.address}/officer/shared/{grant_id}")
        assert carer.get_by_role("button", name="Look now").count() == 0


def newest_grant(portal: Portal) -> UUID:
    with portal.vault.reading(OPERATOR) as ctx:
        return grants.of_citizen(ctx, citizen_id=portal.citizen("edith"))[0].grant_id


def test_an_enrolment_link_makes_a_passkey_and_the_passkey_signs_in(chromium: Browser, served: Portal) -> None:
    with served.vault.transaction(OPERATOR) as ctx:
        handle = links.make(ctx, account_id=served.account("priya"), kind=LinkKind.ENROL)
    with enter(chromium, served, None) as context:
        page = context.new_page()
        with_key(page)
        page.goto(f"{served.address}/link/{handle}")
        press(page, "Continue")
        page.goto(f"{served.address}/home")
        assert page.url.endswith("/sign-in"), "the link alone signs nobody in"
        page.goto(f"{served.address}/passkey/new")
        press(page, "Make my passkey")
        page.wait_for_url("**/home")
        press(page, "Sign out")
        page.goto(f"{served.address}/sign-in")
        press(page, "Sign in with your passkey")
        page.wait_for_url("**/home")
        assert "Priya" in page.inner_text("header")


def test_a_passkey_of_somewhere_else_signs_nobody_in(chromium: Browser, served: Portal) -> None:
    with enter(chromium, served, None) as context:
        page = context.new_page()
        with_key(page)
        page.goto(f"{served.address}/sign-in")
        press(page, "Sign in with your passkey")
        page.get_by_role("alert").wait_for(state="visible")
        page.goto(f"{served.address}/home")
        assert page.url.endswith("/sign-in")
