"""
Chromium, as Debian or its owner installed it, driven without a display.

Whoever clicks here stands on a page that has loaded. Playwright alone comes back from a click when the next document
has been taken up, before it has been read, and much of what a test asks then (a title, an address, a count, the words
of a page) does not wait.
"""

import functools
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from playwright.sync_api import Browser, Locator, Page, sync_playwright

from tests.keys import with_key

NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
FLAGS: Final = ("--disable-dev-shm-usage", "--disable-background-networking", "--hide-scrollbars")


LEADING_ON: Final = ("check", "click", "dblclick", "press", "tap")
"""What a person does, of `Locator` and of `Page`, that may lead to another page."""


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


def _arriving(act: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(act)
    def act_and_arrive(where: Locator | Page, *given: Any, **more: Any) -> None:
        act(where, *given, **more)
        page = where if isinstance(where, Page) else where.page
        if not page.is_closed():
            page.wait_for_load_state()

    return act_and_arrive


for _kind in (Locator, Page):
    for _name in LEADING_ON:
        setattr(_kind, _name, _arriving(getattr(_kind, _name)))


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


def enrol(page: Page, link: str) -> None:
    """Use an enrolment *link* as a person does: open it, add a passkey, and be signed in with it."""
    with_key(page)
    page.goto(link)
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Make my passkey").click()
    page.wait_for_url(lambda address: "/passkey" not in address)
