"""Signing in, proving again, losing a key and coming back: in a browser with a device that keeps passkeys."""

import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.journeys.looking import NARROW, WIDE, faults
from tests.journeys.test_portal_pages import enter
from tests.keys import give_passkey, press, with_key
from tests.oidc_world import Elsewhere, elsewhere, trust
from tests.portal_world import Portal, served_at
from vault import accounts, links
from vault.clock import utc_now
from vault.context import OPERATOR
from vault.kinds import LinkKind

__all__ = ["elsewhere"]


class Later:
    """Real time, moved on by hand."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return utc_now() + self.ahead


@pytest.fixture
def later(served: Portal) -> Later:
    clock = Later()
    object.__setattr__(served.vault, "clock", clock)
    return clock


def enrol(page: Page, portal: Portal, slug: str) -> None:
    """Make a passkey through a one-time link; this signs in."""
    with portal.vault.transaction(OPERATOR) as ctx:
        handle = links.make(ctx, account_id=portal.account(slug), kind=LinkKind.ENROL)
    page.goto(f"{portal.address}/link/{handle}")
    press(page, "Continue")
    press(page, "Make my passkey")
    page.wait_for_url(re.compile(r"/(home|officer|audit|admin)$"))


def both_widths(page: Page, axe: str) -> None:
    """The page is accessible and whole at both widths."""
    for size in (NARROW, WIDE):
        page.set_viewport_size(size)
        assert faults(page, axe) == [], page.url


def test_a_hidden_value_is_shown_after_the_passkey_was_used_again(
    chromium: Browser, served: Portal, later: Later, axe: str
) -> None:
    with enter(chromium, served, None) as context:
        page = context.new_page()
        with_key(page)
        enrol(page, served, "edith")
        later.ahead = timedelta(minutes=10)
        page.goto(f"{served.address}/record/home_access")
        page.get_by_role("button", name="Show").first.click()
        assert page.url.endswith("/prove")
        both_widths(page, axe)
        press(page, "Use my passkey")
        page.wait_for_url("**/shown")
        assert page.locator(".vault-revealed").count() == 1


def test_without_scripts_the_page_says_that_a_passkey_needs_them(
    chromium: Browser, served: Portal, later: Later
) -> None:
    give_passkey(served.vault, served.account("edith"))
    with enter(chromium, served, "edith", java_script_enabled=False) as context:
        later.ahead = timedelta(minutes=10)
        page = context.new_page()
        page.goto(f"{served.address}/record/home_access")
        page.get_by_role("button", name="Show").first.click()
        assert "Scripts are off in this browser" in page.inner_text("main")


def test_a_lost_passkey_is_replaced_through_a_recovery_code(chromium: Browser, served: Portal, axe: str) -> None:
    with enter(chromium, served, None) as context:
        page = context.new_page()
        with_key(page)
        enrol(page, served, "edith")
        page.get_by_role("link", name="Sign-in and security").click()
        both_widths(page, axe)
        page.get_by_role("button", name="Get recovery codes").click()
        both_widths(page, axe)
        press(page, "Show my codes")
        both_widths(page, axe)
        code = page.locator(".vault-codes code").nth(2).inner_text()
        press(page, "Sign out")
    with enter(chromium, served, None) as context:
        page = context.new_page()
        with_key(page)
        page.goto(f"{served.address}/sign-in")
        page.get_by_role("link", name="I lost my passkey").click()
        both_widths(page, axe)
        page.get_by_role("button", name="Use a recovery code").click()
        page.get_by_label("Enter a recovery code").fill("nothing like it")
        press(page, "Continue")
        both_widths(page, axe)
        page.get_by_label("Enter a recovery code").fill(code.lower())
        press(page, "Continue")
        press(page, "Make my passkey")
        page.wait_for_url("**/home")
        page.goto(f"{served.address}/security")
        assert page.get_by_role("link", name="Remove").count() == 2
        both_widths(page, axe)
        page.get_by_role("link", name="Remove").first.click()
        both_widths(page, axe)
        press(page, "Remove this passkey")
        assert page.get_by_role("link", name="Remove").count() == 1
        page.get_by_role("link", name="See your sign-in history").click()
        both_widths(page, axe)
        assert "A way back into your account was used" in page.inner_text("main")


def test_somebody_adds_and_names_a_second_passkey(chromium: Browser, served: Portal, axe: str) -> None:
    with enter(chromium, served, "edith") as context:
        page = context.new_page()
        with_key(page)
        page.goto(f"{served.address}/security")
        page.get_by_role("button", name="Add a passkey").click()
        both_widths(page, axe)
        press(page, "Make my passkey")
        page.wait_for_url("**/name")
        assert page.get_by_label("What do you call this passkey?").input_value() == "Chrome on Linux"
        both_widths(page, axe)
        page.get_by_label("What do you call this passkey?").fill("My old laptop")
        press(page, "Save")
        assert "My old laptop" in page.inner_text("main")


@pytest.mark.parametrize("scripts", [True, False], ids=["with-scripts", "without-scripts"])
def test_two_officers_help_somebody_back_in(
    chromium: Browser, served: Portal, later: Later, axe: str, *, scripts: bool
) -> None:
    edith = served.resident("edith")
    with served.vault.transaction(OPERATOR) as ctx:
        colleague = accounts.find(ctx, account_id=served.account("social-worker"))
        label = accounts.StaffLabel("Mo", "desk worker", "town hall")
        made = accounts.make(
            ctx,
            role=colleague.role,
            organisation_id=colleague.organisation_id,
            service_id=colleague.service_id,
            label=label,
        )
    served.note.accounts["desk-worker"] = made.account_id

    def find(page: Page) -> None:
        page.goto(f"{served.address}/desk")
        page.get_by_label("NHS number or council reference").fill(edith.nhs_number)
        for part in ("Day", "Month", "Year"):
            page.get_by_label(part, exact=True).fill(str(getattr(edith.born, part.lower())))
        press(page, "Find this person")

    with (
        enter(chromium, served, "desk-worker", java_script_enabled=scripts) as one,
        enter(chromium, served, "social-worker", java_script_enabled=scripts) as two,
    ):
        first, second = one.new_page(), two.new_page()
        find(first)
        first.get_by_label("What did you see").fill("Passport, the photo fits")
        press(first, "I have seen the proof")
        assert "Now another member of staff must see it too" in first.inner_text("main")
        find(second)
        assert "Passport, the photo fits" in second.inner_text("main")
        second.get_by_label("What did you see").fill("Passport seen by me too")
        press(second, "I have seen the proof too")
        if scripts:
            both_widths(second, axe)
    later.ahead = timedelta(hours=72, minutes=5)
    with enter(chromium, served, "desk-worker", java_script_enabled=scripts) as one:
        first = one.new_page()
        find(first)
        press(first, "Make the link")
        address = first.locator("code").inner_text()
    with enter(chromium, served, None) as context:
        page = context.new_page()
        with_key(page)
        page.goto(address)
        press(page, "Continue")
        press(page, "Make my passkey")
        page.wait_for_url("**/home")


def test_the_end_of_a_sign_in_is_announced_and_put_off_with_one_click(chromium: Browser, served: Portal) -> None:
    with enter(chromium, served, "edith") as context:
        page = context.new_page()
        page.clock.install()
        page.goto(f"{served.address}/home")
        assert not page.locator("#ending").is_visible()
        page.clock.fast_forward("27:10")
        page.get_by_role("button", name="Stay signed in").wait_for()
        press(page, "Stay signed in")
        page.locator("#ending").wait_for(state="hidden")
        page.clock.fast_forward("30:10")
        page.get_by_role("link", name="Sign in", exact=True).wait_for()


def test_a_resident_comes_through_an_identity_provider_and_proves_it_there_again(
    chromium: Browser, told: Path, elsewhere: Elsewhere, axe: str
) -> None:
    with served_at(told, elsewhere.portal_port) as portal:
        clock = Later()
        object.__setattr__(portal.vault, "clock", clock)
        trust(portal, elsewhere.provider("residents"), elsewhere.provider("staff"))
        edith = portal.resident("edith")
        with enter(chromium, portal, None) as context:
            page = context.new_page()
            page.goto(f"{portal.address}/sign-in")
            both_widths(page, axe)
            page.get_by_role("button", name="Sign in with Example Login").click()
            page.get_by_label("Name").fill("edith")
            press(page, "Sign in there")
            page.wait_for_url("**/sign-in/who")
            both_widths(page, axe)
            press(page, "Continue")
            both_widths(page, axe)
            page.get_by_label("Your NHS number").fill(edith.nhs_number)
            for part in ("Day", "Month", "Year"):
                page.get_by_label(part, exact=True).fill(str(getattr(edith.born, part.lower())))
            press(page, "Continue")
            page.wait_for_url("**/home")
            page.get_by_role("link", name="Sign-in and security").click()
            assert "Example Login" in page.inner_text("main")
            clock.ahead = timedelta(minutes=6)
            page.get_by_role("button", name="Get recovery codes").click()
            both_widths(page, axe)
            clock.ahead = timedelta(minutes=6)
            page.get_by_role("button", name="Prove it with Example Login").click()
            page.get_by_label("Name").fill("edith")
            clock.ahead = timedelta()
            press(page, "Sign in there")
            page.wait_for_url("**/security/codes")


def test_an_answer_that_this_browser_did_not_ask_for_says_what_next(
    chromium: Browser, served: Portal, elsewhere: Elsewhere, axe: str
) -> None:
    trust(served, elsewhere.provider("residents"))
    with enter(chromium, served, None) as context:
        page = context.new_page()
        page.goto(f"{served.address}/sign-in/with/one-login/back?code=x&state=y")
        assert page.inner_text("h1") == "You are not signed in"
        both_widths(page, axe)
