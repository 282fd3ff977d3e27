"""A resident decides, keeps the receipt, shares less, shares for longer and stops: in a browser without scripts."""

from datetime import UTC, datetime, timedelta

from playwright.sync_api import Browser, Page

from tests.journeys.looking import NARROW, WIDE, faults
from tests.journeys.test_portal_pages import enter
from tests.portal_world import Portal
from vault import grants
from vault.context import OPERATOR
from vault.grants import GrantView


def newest(portal: Portal) -> GrantView:
    with portal.vault.reading(OPERATOR) as ctx:
        return grants.of_citizen(ctx, citizen_id=portal.citizen("edith"))[0]


def press(page: Page, button: str = "Continue") -> None:
    page.get_by_role("button", name=button, exact=True).click()


def follow(page: Page, link: str) -> None:
    page.get_by_role("link", name=link, exact=True).first.click()


def test_decide_keep_the_receipt_share_less_share_for_longer_and_stop(chromium: Browser, served: Portal) -> None:
    day = (datetime.now(UTC) + timedelta(days=9)).date()
    with enter(chromium, served, "edith", java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{served.address}/home")
        follow(page, "Decide what to share")
        follow(page, "See what your record says about these")
        assert "Paracetamol" in page.inner_text("main")
        follow(page, "Back")
        page.get_by_label("Choose", exact=True).check()
        press(page)
        for name in ("identity.known_as", "medication.name", "allergy.to_what"):
            page.locator(f'input[value="{name}"]').check()
        press(page)
        page.get_by_label("Until a day I choose").check()
        press(page)
        for part in ("day", "month", "year"):
            page.fill(f"#day-{part}", str(getattr(day, part)))
        press(page)
        follow(page, "See what they would see today")
        assert "Not shared. They are told to ask you." in page.inner_text("main")
        follow(page, "Back")
        press(page, "Share these")
        follow(page, "Your receipt, to print or to save")
        receipt = page.inner_text("main")
        assert f"{day.day} {day:%B %Y}" in receipt
        follow(page, "See this share as it is now")
        assert newest(served).fields == {"identity.known_as", "medication.name", "allergy.to_what"}

        follow(page, "Share less")
        page.locator('input[value="medication.name"]').check()
        press(page)
        press(page, "Share less")
        assert newest(served).fields == {"identity.known_as", "allergy.to_what"}

        follow(page, "See this share")
        follow(page, "Share for longer")
        page.locator('input[value="longest"]').check()
        press(page)
        press(page, "Share for longer")
        assert newest(served).not_after.date() > day

        follow(page, "See this share")
        page.get_by_role("button", name="Stop sharing").or_(page.get_by_role("link", name="Stop sharing")).click()
        assert "they hold no copy from here" in page.inner_text("main")
        press(page, "Stop sharing")
        assert not newest(served).is_live
        follow(page, "Who can see my data")
        page.locator(f'a[href="/sharing/{newest(served).grant_id}"]').click()
        follow(page, "Your receipt")
        kept = page.inner_text("main")
        assert kept.startswith(receipt.partition("How to stop")[0])
        assert "You let it go on, on" in kept


def test_the_pages_of_a_share_are_accessible_with_and_without_errors(
    chromium: Browser, served: Portal, axe: str
) -> None:
    with served.vault.reading(OPERATOR) as ctx:
        found = grants.of_citizen(ctx, citizen_id=served.citizen("edith"))
    mine, by_law = (next(one for one in found if one.is_live and one.can_stop is can) for can in (True, False))
    asked = served.waiting("edith")
    paths = [
        f"/requests/{asked.request_id}",
        f"/requests/{asked.request_id}/preview",
        f"/requests/{mine.request_id}/receipt",
        f"/sharing/{mine.grant_id}",
        f"/sharing/{mine.grant_id}/less",
        f"/sharing/{mine.grant_id}/longer",
        f"/sharing/{mine.grant_id}/stop",
        f"/sharing/{by_law.grant_id}",
    ]
    with enter(chromium, served, "edith") as context:
        page = context.new_page()
        for size in (WIDE, NARROW):
            page.set_viewport_size(size)
            for path in paths:
                page.goto(served.address + path)
                assert faults(page, axe) == [], path
            page.goto(f"{served.address}/sharing/{mine.grant_id}/less")
            page.locator("input[type=checkbox]").first.uncheck()
            press(page)
            assert page.title().startswith("Error: ")
            assert faults(page, axe) == []
            page.locator("input[type=checkbox]").first.check()
            press(page)
            assert faults(page, axe) == []
