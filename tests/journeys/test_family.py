"""Taking data along and letting family look, in a browser: whole, accessible, and in earnest with a passkey."""

import io
import json
import re
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from pypdf import PdfReader

from tests.journeys.looking import NARROW, WIDE, faults
from tests.journeys.test_portal_pages import enter
from tests.keys import press, with_key
from tests.portal_world import Portal, served_at
from vault.clock import utc_now


@pytest.fixture
def earnest(told: Path) -> Iterator[Portal]:
    """A portal in earnest, that a browser can reach: no link signs anybody in."""
    with served_at(told, 0, demo=False) as made:
        yield made


def both_widths(page: Page, axe: str) -> None:
    """The page is accessible and whole at both widths."""
    for size in (NARROW, WIDE):
        page.set_viewport_size(size)
        assert faults(page, axe) == [], page.url


def let_in(page: Page, portal: Portal, axe: str | None = None) -> str:
    """Let Gwen in; the link to hand over."""
    page.goto(f"{portal.address}/family")
    page.get_by_role("button", name="Let somebody in").click()
    if axe:
        press(page, "Continue")
        assert page.title().startswith("Error: ")
        both_widths(page, axe)
    page.get_by_label("What do you call them?").fill("Gwen")
    page.get_by_label("Who are they to you?").fill("daughter")
    page.get_by_label("Your care visits").check()
    until = utc_now() + timedelta(days=110)
    for words in ("Day", "Month", "Year"):
        page.get_by_label(words, exact=True).fill(str(getattr(until, words.lower())))
    press(page, "Continue")
    if axe:
        both_widths(page, axe)
    press(page, "Make the link")
    if axe:
        both_widths(page, axe)
    return page.locator("code.vault-code").inner_text()


def test_every_page_of_family_is_accessible_from_the_invitation_to_the_end(
    chromium: Browser, served: Portal, axe: str
) -> None:
    with enter(chromium, served, "edith") as home, enter(chromium, served, None) as away:
        mine, hers = home.new_page(), away.new_page()
        hers.goto(let_in(mine, served, axe))
        both_widths(hers, axe)
        press(hers, "Accept")
        both_widths(hers, axe)
        hers.get_by_role("link", name="Look for Edie").click()
        assert "This look is recorded" in hers.inner_text("main")
        both_widths(hers, axe)
        mine.goto(f"{served.address}/family")
        both_widths(mine, axe)
        mine.get_by_role("link", name=re.compile("See what they see.*Gwen")).click()
        both_widths(mine, axe)
        mine.go_back()
        mine.get_by_role("button", name=re.compile("Stop for now.*Gwen")).click()
        both_widths(mine, axe)
        hers.reload()
        assert "You cannot look now" in hers.inner_text("h1")
        both_widths(hers, axe)
        mine.get_by_role("link", name="Remove Gwen").click()
        both_widths(mine, axe)
        press(mine, "Remove")
        assert "Removed" in mine.inner_text("main")


def test_without_scripts_family_works_all_the_same(chromium: Browser, served: Portal) -> None:
    with (
        enter(chromium, served, "edith", java_script_enabled=False) as home,
        enter(chromium, served, None, java_script_enabled=False) as away,
    ):
        mine, hers = home.new_page(), away.new_page()
        hers.goto(let_in(mine, served))
        press(hers, "Accept")
        hers.get_by_role("link", name="Look for Edie").click()
        assert "Your care visits" in hers.inner_text("main")
        mine.goto(f"{served.address}/activity")
        assert "Gwen, your daughter" in mine.inner_text("main")


def test_in_earnest_a_relative_makes_a_passkey_and_comes_back_with_it(chromium: Browser, earnest: Portal) -> None:
    with enter(chromium, earnest, "edith") as home, enter(chromium, earnest, None) as away:
        mine, hers = home.new_page(), away.new_page()
        with_key(hers)
        link = let_in(mine, earnest)
        hers.goto(link)
        press(hers, "Accept")
        press(hers, "Make my passkey")
        hers.wait_for_url("**/for")
        assert "Edie" in hers.inner_text("main")
        press(hers, "Sign out")
        hers.goto(f"{earnest.address}/sign-in")
        press(hers, "Sign in with your passkey")
        hers.wait_for_url("**/for")
        hers.goto(link)
        assert "Edie" not in hers.inner_text("main"), "the link is used"


@pytest.mark.parametrize("scripts", [True, False], ids=["with-scripts", "without-scripts"])
def test_a_copy_is_handed_over_as_a_file(chromium: Browser, served: Portal, axe: str, *, scripts: bool) -> None:
    with enter(chromium, served, "edith", java_script_enabled=scripts) as context:
        page = context.new_page()
        page.goto(f"{served.address}/record")
        page.get_by_role("link", name="Download my data").click()
        if scripts:
            both_widths(page, axe)
        kept = {}
        for words in ("A page to read", "A PDF to print or keep", "Tables", "JSON, for another service"):
            page.get_by_label(words).check()
            with page.expect_download() as waited:
                page.get_by_role("button", name="Make the file").click()
            kept[words] = Path(waited.value.path()).read_bytes()
        assert PdfReader(io.BytesIO(kept["A PDF to print or keep"])).pages
        assert json.loads(kept["JSON, for another service"])["items"]
        assert zipfile.ZipFile(io.BytesIO(kept["Tables"])).namelist()


def test_the_page_to_read_is_accessible_and_whole_when_opened_from_a_disk(
    chromium: Browser, served: Portal, axe: str, tmp_path: Path
) -> None:
    client = served.client("edith")
    from tests.portal_world import submit  # noqa: PLC0415 -- only this test fills a form without a browser

    made = submit(client, "/download", {"kind": "html", "with": ["sharing", "told", "looks"]})
    file = tmp_path / "my-data.html"
    file.write_bytes(made.data)
    with enter(chromium, served, None) as context:
        page, said = context.new_page(), list[str]()
        page.on("console", lambda message: said.append(message.text))
        page.on("request", lambda asked: said.append(asked.url) if asked.url != file.as_uri() else None)
        page.goto(file.as_uri())
        both_widths(page, axe)
        assert said == []
