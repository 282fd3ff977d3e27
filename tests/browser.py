"""Chromium, as Debian or its owner installed it, driven without a display."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from playwright.sync_api import Browser, Page, sync_playwright

from tests.keys import with_key

NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
FLAGS: Final = ("--disable-dev-shm-usage", "--disable-background-networking", "--hide-scrollbars")


class ChromiumIsMissingError(RuntimeError):
    """No Chromium is installed on this machine."""


def program() -> str:
    """
    Where Chromium is.

    Raises:
        ChromiumIsMissingError: There is none.
    """
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        message = "no Chromium found: run tests/setup system, or install it with your system's package manager"
        raise ChromiumIsMissingError(message)
    return found


@contextmanager
def chromium() -> Iterator[Browser]:
    """A running Chromium, closed when the block ends."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program(), args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


def sign_in(page: Page, link: str) -> None:
    """Use a one-time *link* of a demo, as a person does: open it, and press its button."""
    page.goto(link)
    page.get_by_role("button", name="Continue").click()
    page.wait_for_load_state()


def enrol(page: Page, link: str) -> None:
    """Use an enrolment *link* as a person does: open it, add a passkey, and be signed in with it."""
    with_key(page)
    page.goto(link)
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Make my passkey").click()
    page.wait_for_url(lambda address: "/passkey" not in address)
