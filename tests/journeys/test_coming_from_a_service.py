"""A resident is sent here by a service, in a browser: signs in, decides, and is led back with the answer."""

from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.sync_api import Browser, Page

from tests.journeys.looking import Watched
from tests.journeys.test_portal_pages import enter
from tests.keys import press
from tests.portal_world import Portal
from vault import accounts, links, services, visits
from vault.context import OPERATOR, Actor
from vault.kinds import LinkKind
from vault.services import Addresses
from vault.visits import Errand
from web.pages.visiting import URN

FIELDS = ("allergy.to_what", "medication.dose", "medication.name")


@pytest.fixture
def led(served: Portal) -> str:
    """Where the service leads the browser: a request that it pushed, to come back to a page of this machine."""
    back = f"{served.address}/healthz"
    with served.vault.transaction(OPERATOR) as ctx:
        service = services.by_slug(ctx, slug="home-care")
        services.set_addresses(ctx, slug="home-care", given=Addresses((back,)))
        actor = Actor(kind="service", service_id=service.service_id, organisation_id=service.organisation_id)
    errand = Errand(
        redirect_uri=back,
        state="their state",
        nonce=None,
        code_challenge="c" * 43,
        bound_to="k" * 43,
        purpose="home-care-support",
        fields=FIELDS,
        days=30,
        uses=None,
        reason="",
        binding_message="",
    )
    with served.vault.transaction(actor) as ctx:
        handle = visits.push(ctx, service_id=service.service_id, errand=errand)
    return f"{served.address}/oauth/authorize?client_id=home-care&request_uri={URN}{handle}"


def sign_in(page: Page, portal: Portal) -> None:
    with portal.vault.transaction(OPERATOR) as ctx:
        account = accounts.of_citizen(ctx, citizen_id=portal.citizen("edith"))[0]
        handle = links.make(ctx, account_id=account.account_id, kind=LinkKind.DEMO)
    page.goto(f"{portal.address}/link/{handle}")
    press(page, "Continue")


@pytest.mark.parametrize("scripts", [True, False], ids=["with-scripts", "without-scripts"])
def test_a_resident_comes_signs_in_decides_and_is_led_back(
    chromium: Browser, served: Portal, led: str, axe: str, tmp_path: Path, *, scripts: bool
) -> None:
    with enter(chromium, served, None, java_script_enabled=scripts) as context:
        page = context.new_page()
        looked = Watched(page, served.address, axe)

        def seen(name: str) -> None:
            if scripts:
                assert looked.faults(tmp_path, name) == []

        page.goto(led)
        assert "is asking to see some of your data" in page.inner_text("h1")
        seen("start")
        page.get_by_role("button", name="Sign in to choose").click()
        assert page.url.endswith("/sign-in")
        sign_in(page, served)
        assert "You came here from Home care" in page.inner_text("main")
        seen("asked")
        page.get_by_label("Choose", exact=True).check()
        press(page, "Continue")
        page.get_by_label("What you are allergic to", exact=True).check()
        press(page, "Continue")
        page.locator("input[value=longest]").check()
        press(page, "Continue")
        press(page, "Share these")
        seen("done")
        page.get_by_role("button", name="Go back to Home care").click()
        said = dict(parse_qsl(urlsplit(page.url).query))
        assert page.url.startswith(f"{served.address}/healthz?")
        assert (said["state"], said["iss"], len(said["code"])) == ("their state", served.address, 43)
        page.goto(led)
        assert page.inner_text("h1") == "This link has ended"
        seen("ended")


def test_an_administrator_proposes_addresses_and_another_approves(chromium: Browser, served: Portal, axe: str) -> None:
    with enter(chromium, served, "administrator") as first:
        page = first.new_page()
        page.goto(f"{served.address}/admin/services/home-care")
        page.get_by_role("link", name="Change its addresses").click()
        page.get_by_label("Where people go back to (optional)").fill("http://care.example/back")
        press(page, "Ask a second person")
        assert page.title().startswith("Error: ")
        assert Watched(page, served.address, axe).faults() == []
        page.get_by_label("Where people go back to (optional)").fill("https://care.example/back")
        press(page, "Ask a second person")
        assert "https://care.example/back" in page.inner_text("main")
        assert Watched(page, served.address, axe).faults() == []
