"""The log in a browser: an auditor searches, proves and copies; a resident narrows, checks and questions; with axe."""

import re
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.journeys.looking import NARROW, WIDE, faults
from tests.journeys.test_portal_pages import enter
from tests.log_reading import told
from tests.portal_world import Portal
from vault import watching

SCRIPTS = pytest.mark.parametrize("scripts", [True, False], ids=["with-scripts", "without-scripts"])


def sound(page: Page, axe: str) -> None:
    """No fault at either width; axe needs scripts, so this is for journeys that have them."""
    for size in (WIDE, NARROW):
        page.set_viewport_size(size)
        assert faults(page, axe) == [], page.url
    page.set_viewport_size(WIDE)


@SCRIPTS
def test_an_auditor_searches_proves_a_line_and_takes_a_copy(
    chromium: Browser, served: Portal, axe: str, tmp_path: Path, *, scripts: bool
) -> None:
    served.sequence()
    with enter(chromium, served, "auditor", java_script_enabled=scripts, accept_downloads=True) as context:
        page = context.new_page()
        page.goto(f"{served.address}/audit")
        page.get_by_label("Event").select_option("record:refused")
        page.get_by_label("Outcome").select_option("refused")
        page.get_by_role("button", name="Search").click()
        assert "event=record%3Arefused" in page.url
        events = page.locator("tbody tr td:nth-child(3)").all_inner_texts()
        assert events
        assert all("record:refused" in words for words in events)
        if scripts:
            sound(page, axe)
        listed = page.url
        page.locator("tbody a").first.click()
        assert "What the rules said" in page.inner_text("main")
        page.get_by_role("button", name="Verify this entry").click()
        assert page.inner_text("h1") == "Verified"
        assert "signed by the key of the log" in page.inner_text("main")
        if scripts:
            sound(page, axe)
        page.goto(listed)
        page.get_by_role("link", name=re.compile("Take a copy")).click()
        assert re.search(r"The copy holds \d+ lines?", page.inner_text("main"))
        with page.expect_download() as coming:
            page.get_by_role("button", name="Download the copy").click()
        coming.value.save_as(tmp_path / "copy.zip")
    with zipfile.ZipFile(tmp_path / "copy.zip") as copy:
        assert len([name for name in copy.namelist() if name.endswith(".tlog-proof")]) == len(events)
    assert len(told(served.vault, "audit:exported")) == 1


def test_the_auditors_mistakes_and_empty_lists_are_told_accessibly(chromium: Browser, served: Portal, axe: str) -> None:
    served.sequence()
    with enter(chromium, served, "auditor") as context:
        page = context.new_page()
        for path in ("/audit?since=nonsense", "/audit?reference=nobody", "/audit/export?reference=nobody"):
            page.goto(served.address + path)
            sound(page, axe)
        page.goto(f"{served.address}/audit/person")
        for way in ("Find by reference", "Find by number"):
            page.get_by_role("button", name=way).click()
            assert page.title().startswith("Error: ")
            assert page.evaluate("document.activeElement.className") == "govuk-error-summary"
            sound(page, axe)


@SCRIPTS
def test_a_resident_narrows_who_looked_and_questions_a_line(
    chromium: Browser, served: Portal, axe: str, *, scripts: bool
) -> None:
    served.sequence()
    with enter(chromium, served, "edith", java_script_enabled=scripts) as context:
        page = context.new_page()
        page.goto(f"{served.address}/activity")
        page.get_by_text("Show only some lines").click()
        page.get_by_label("What came of it").select_option("refused")
        page.get_by_label("When").select_option("7")
        page.get_by_role("button", name="Show these").click()
        lines = page.locator(".vault-line__who").all_inner_texts()
        assert lines
        assert all("was refused" in words for words in lines)
        assert "We did not show" in page.inner_text("main")
        if scripts:
            sound(page, axe)
        page.get_by_role("link", name="I do not recognise this").first.click()
        page.get_by_label("In your own words").fill("I was at home that day.")
        page.get_by_role("button", name="Send").click()
        assert "We have your message" in page.inner_text("h1")
        page.goto(f"{served.address}/activity?outcome=emergency")
        assert "No lines are like that." in page.inner_text("main")
        if scripts:
            sound(page, axe)


@SCRIPTS
def test_an_auditor_works_a_finding_off(chromium: Browser, served: Portal, axe: str, *, scripts: bool) -> None:
    served.sequence()
    watching.scan(served.vault)
    with enter(chromium, served, "auditor", java_script_enabled=scripts) as context:
        page = context.new_page()

        def looked_at() -> None:
            if scripts:
                sound(page, axe)

        page.goto(f"{served.address}/audit")
        page.get_by_role("link", name="Findings").click()
        looked_at()
        page.get_by_role("link", name=re.compile("Looked at a person who is marked")).click()
        finding = page.url
        assert "Billing officer, Revenues" in page.inner_text("main")
        looked_at()
        page.locator(".vault-evidence a").first.click()
        page.get_by_role("button", name="Verify this entry").click()
        assert page.inner_text("h1") == "Verified"
        page.goto(finding)
        page.get_by_role("button", name="Say who works on it").click()
        page.get_by_role("button", name="Give it to them").click()
        assert page.title().startswith("Error: ")
        looked_at()
        page.get_by_label(re.compile(r"\(you\)")).check()
        page.get_by_role("button", name="Give it to them").click()
        assert "Given to Ruth" in page.inner_text("main")
        looked_at()
        page.get_by_role("button", name="Write down what you learned").click()
        page.get_by_label("What did you learn?").fill("His manager knows of no task.")
        looked_at()
        page.get_by_role("button", name="Write it down").click()
        page.get_by_role("button", name="Close the finding").click()
        page.get_by_role("button", name="Continue").click()
        assert page.title().startswith("Error: ")
        looked_at()
        page.get_by_label("Right: it should not have happened").check()
        page.get_by_label("Why do you say so?").fill("He looked out of curiosity.")
        page.get_by_role("button", name="Continue").click()
        assert "A closed finding stays closed" in page.inner_text("main")
        looked_at()
        page.get_by_role("button", name="Close it").click()
        assert "The finding is closed" in page.inner_text("main")
        looked_at()
        page.get_by_role("link", name="Findings").last.click()
        assert "1 finding" in page.inner_text("main")
    steps = ["finding:assigned", "finding:explained", "finding:closed"]
    assert [entry.event for entry in told(served.vault, *steps)] == steps
