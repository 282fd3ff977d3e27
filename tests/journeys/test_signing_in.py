"""Signing in, proving again, losing a key and coming back: in a browser with a device that keeps passkeys."""

import re
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page

from tests.journeys.looking import NARROW, WIDE, faults
from tests.journeys.test_portal_pages import enter
from tests.keys import press, with_key
from tests.portal_world import Portal
from vault import links
from vault.clock import utc_now
from vault.context import OPERATOR
from vault.kinds import LinkKind


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
    from tests.web.test_proving import give_passkey  # noqa: PLC0415 -- importing it above would bring its fixtures

    give_passkey(served.vault, served.account("edith"))
    with enter(chromium, served, "edith", java_script_enabled=False) as context:
        later.ahead = timedelta(minutes=10)
        page = context.new_page()
        page.goto(f"{served.address}/record/home_access")
        page.get_by_role("button", name="Show").first.click()
        assert "Scripts are off in this browser" in page.inner_text("main")
