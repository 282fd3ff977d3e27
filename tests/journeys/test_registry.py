"""Two administrators register a service in a browser; it asks, a resident allows, it reads; one of them stops it."""

import json
import re
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import pytest
import requests as http
from jwskate import Jwk
from playwright.sync_api import Browser, Page
from requests_oauth2client import DPoPToken, MissingDPoPNonce, OAuth2Client, PrivateKeyJwt
from requests_oauth2client.exceptions import EndpointError

from tests.journeys.looking import Watched
from tests.journeys.test_portal_pages import enter, pictures
from tests.keys import press
from tests.portal_world import Portal
from vault import requests
from vault.context import Actor
from web.demo import council
from web.pages.key_sets import MOST_BYTES

PURPOSE = "home-care-support"
FIELDS = {"identity": ["name"], "allergy": ["to_what"]}
ACTOR = {"Vault-Actor": 'reference="m-12", role="kitchen", team="south"'}
MADE_OF = json.dumps(
    [{"type": "vault_access", "actions": ["read"], "datatypes": sorted(FIELDS), "fields": FIELDS, "purpose": PURPOSE}]
)


@pytest.fixture
def pair(chromium: Browser, served: Portal) -> Iterator[tuple[Page, Page]]:
    """Two administrators at their desks."""
    with enter(chromium, served, "administrator") as one, enter(chromium, served, "second-administrator") as two:
        yield one.new_page(), two.new_page()


def register(page: Page, portal: Portal, key: Jwk) -> str:
    """Answer every question, and return the address of the change."""
    page.goto(f"{portal.address}/admin")
    page.get_by_role("button", name="Register a service").click()
    page.get_by_label("Harbour Home Care").check()
    press(page, "Continue")
    page.get_by_label("Name").fill("Meals at home")
    page.get_by_label("What is it for?").fill("Brings warm meals to people who cannot cook.")
    page.get_by_label("LGSL code").fill("315")
    press(page, "Continue")
    assert page.get_by_label("What is its client id?").input_value() == "meals-at-home"
    press(page, "Continue")
    page.get_by_label("Care at home").check()
    press(page, "Continue")
    assert "Brings warm meals" in page.inner_text("main")
    page.get_by_label("Paste the public keys").fill(json.dumps({"keys": [key.public_jwk().to_dict()]}))
    page.get_by_label("Why? (optional)").fill("The new contract begins in May.")
    press(page, "Ask a second person")
    assert "Someone else must approve it" in page.inner_text("main")
    return page.url


def approve(page: Page, address: str) -> None:
    """Approve the change at *address*, found in the inbox."""
    page.goto(address)
    press(page, "Approve")
    assert "Done" in page.inner_text("main")


def client_of(portal: Portal, key: Jwk, session: http.Session) -> OAuth2Client:
    here = portal.address
    return OAuth2Client(
        token_endpoint=f"{here}/oauth/token",
        backchannel_authentication_endpoint=f"{here}/oauth/bc-authorize",
        introspection_endpoint=f"{here}/oauth/introspect",
        issuer=here,
        dpop_bound_access_tokens=True,
        session=session,
        testing=True,
        auth=PrivateKeyJwt("meals-at-home", key, aud=here),
    )


def read(portal: Portal, session: http.Session, token: DPoPToken) -> http.Response:
    return session.get(f"{portal.address}/api/v1/records", auth=token, headers=ACTOR, timeout=10)


def share(portal: Portal) -> None:
    """Edith allows what the new service asks for."""
    citizen = Actor(kind="citizen", citizen_id=portal.citizen("edith"), account_id=portal.account("edith"))
    with portal.vault.transaction(citizen) as ctx:
        waiting = requests.waiting(ctx, citizen_id=portal.citizen("edith"))
        (asked,) = (each for each in waiting if each.service.slug == "meals-at-home")
        requests.decide(ctx, citizen_id=asked.citizen_id, request_id=asked.request_id, allowed=asked.fields)


def test_two_administrators_register_a_service_which_then_asks_reads_and_is_stopped_by_one(
    served: Portal, pair: tuple[Page, Page]
) -> None:
    first, second = pair
    key = Jwk.generate(alg="ES256").with_kid_thumbprint()
    address = register(first, served, key)
    second.goto(f"{served.address}/admin")
    assert "1 change waits for a second person" in second.inner_text("main")
    approve(second, address)

    person = next(each for each in council.residents(today=served.note.today) if each.slug == "edith")
    with http.Session() as session:
        client = client_of(served, key, session)
        asked = client.backchannel_authentication_request(
            login_hint=f"nhs:{person.nhs_number}:{person.born.isoformat()}", authorization_details=MADE_OF
        )
        share(served)
        token = client.ciba(asked)
        assert isinstance(token, DPoPToken)
        assert read(served, session, token).status_code == HTTPStatus.OK

        second.goto(f"{served.address}/admin/services/meals-at-home/suspend")
        press(second, "Suspend this service now")
        assert "Suspended" in second.inner_text("main")
        refused_everywhere(served, session, client, token)

        second.goto(f"{served.address}/admin/services/meals-at-home/resume")
        press(second, "Ask a second person")
        refused_everywhere(served, session, client, token)
        approve(first, second.url)
        assert client_of(served, key, session).introspect_token(token.access_token)["active"] is True


def refused_everywhere(portal: Portal, session: http.Session, client: OAuth2Client, token: DPoPToken) -> None:
    """A suspended service gets no data, no token, and learns of its token nothing."""
    try:
        assert read(portal, session, token).status_code in {HTTPStatus.FORBIDDEN, HTTPStatus.UNAUTHORIZED}
    except MissingDPoPNonce as refusal:
        assert refusal.response.status_code == HTTPStatus.UNAUTHORIZED  # noqa: PT017 -- this client raises at any 401
    with pytest.raises(EndpointError):
        client.refresh_token(token)
    with pytest.raises(EndpointError):
        client.backchannel_authentication_request(login_hint="ref:x:y", authorization_details=MADE_OF)
    try:
        assert client.introspect_token(token.access_token) == {"active": False}
    except EndpointError as refusal:
        assert refusal.response.status_code == HTTPStatus.UNAUTHORIZED  # noqa: PT017 -- refused before it is looked at


def test_a_member_of_staff_is_invited_without_scripts_and_the_link_is_shown_once(
    chromium: Browser, served: Portal
) -> None:
    with (
        enter(chromium, served, "administrator", java_script_enabled=False) as one,
        enter(chromium, served, "second-administrator", java_script_enabled=False) as two,
    ):
        first, second = one.new_page(), two.new_page()
        first.goto(f"{served.address}/admin/staff")
        first.get_by_role("button", name="Invite someone").click()
        first.get_by_label("Officer").check()
        press(first, "Continue")
        for label, words in (("First name", "Mina"), ("Job", "carer"), ("Team", "North")):
            first.get_by_label(label).fill(words)
        first.get_by_label("Home care, Harbour Home Care").check()
        press(first, "Ask a second person")
        code = first.inner_text("#code")
        first.get_by_role("button", name="I have given it to them").click()
        second.goto(first.url)
        assert code not in second.content()
        press(second, "Approve")
        assert code not in second.content()
        link = second.inner_text("#link")
        assert link.startswith(f"{served.address}/link/")
        second.goto(first.url)
        assert "/link/" not in second.content()
        first.goto(link)
        press(first, "Continue")
        assert "Check the code" in first.inner_text("main")
        first.get_by_label("The code that goes with it").fill(code)
        press(first, "Continue")
        assert first.url.endswith("/passkey/new")


def test_every_form_and_change_is_accessible_full_and_with_errors(
    served: Portal, pair: tuple[Page, Page], axe: str
) -> None:
    first, second = pair
    key = Jwk.generate(alg="ES256").with_kid_thumbprint()
    address = register(first, served, key)
    watched, wrong = Watched(second, served.address, axe), dict[str, list[str]]()

    def look(name: str) -> None:
        if found := watched.faults(pictures(), f"registry-{name}"):
            wrong[name] = found

    second.goto(f"{served.address}/admin/changes")
    look("inbox")
    second.goto(address)
    look("change-new-service")
    second.goto(f"{address}/reject")
    press(second, "Reject")
    assert second.title().startswith("Error: ")
    look("reject-error")
    for path, button in (
        ("/admin/purposes/new", "Ask a second person"),
        ("/admin/staff/invite", "Continue"),
        ("/admin/staff/invite/officer", "Ask a second person"),
        ("/admin/register", "Continue"),
        ("/admin/register/name", "Continue"),
        ("/admin/register/client-id", "Continue"),
        ("/admin/register/purposes", "Continue"),
        ("/admin/register/organisation", "Ask a second person"),
        ("/admin/services/home-care/keys/add", "Ask a second person"),
    ):
        second.goto(served.address + path)
        press(second, button)
        assert second.title().startswith("Error: "), path
        look(f"error{re.sub(r'[^a-z]+', '-', path)}")
    second.goto(f"{served.address}/admin/purposes/{PURPOSE}/change")
    second.get_by_label("How many days may a share last at most?").fill("30")
    second.locator("input[value='home_access.entry']").uncheck()
    press(second, "Ask a second person")
    first.goto(second.url)
    assert "No longer:" in first.inner_text("main")
    assert "So that the people who come" not in first.locator("main > div dl").first.inner_text()
    assert re.search(r"Now:\s+90", first.inner_text("main"))
    second.goto(second.url)
    look("change-purpose")
    assert wrong == {}
    assert [line for line in watched.said if "422" not in line] == []


@pytest.mark.parametrize(
    ("pasted", "said"),
    [
        ("", "Paste the public keys, or choose a file"),
        ("{", "The key set is not JSON"),
        ('{"keys": []}', "The key set holds no key"),
        ('{"keys": 1}', "must be a JSON object with a list called"),
        (json.dumps({"keys": [Jwk.generate(alg="ES256").to_dict()]}), "Key 1 is a private or secret key"),
        (json.dumps({"kty": "EC", "crv": "P-384", "x": "AA", "y": "AA", "kid": "k"}), "of a kind that is not taken"),
        (" " * (MOST_BYTES + 1) + "1", "The key set is too long"),
    ],
    ids=["nothing", "no-json", "empty", "no-list", "private", "kind", "long"],
)
def test_each_fault_of_a_key_set_has_its_sentence(portal: Portal, pasted: str, said: str) -> None:
    client = portal.client("administrator")
    page = client.get("/admin/services/home-care/keys/add")
    token = re.findall(r'name="csrf_token" value="([^"]+)"', page.text)[-1]
    answer = client.post("/admin/services/home-care/keys/add", data={"csrf_token": token, "jwks": pasted})
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert said in answer.text
    assert "&#34;d&#34;" not in answer.text


def test_a_key_set_in_a_file_is_taken_and_a_key_beside_the_old_one_too(portal: Portal, tmp_path: Path) -> None:
    client = portal.client("administrator")
    file = tmp_path / "keys.json"
    file.write_text(json.dumps(Jwk.generate(alg="ES256").with_kid_thumbprint().public_jwk().to_dict()))
    page = client.get("/admin/services/home-care/keys/add")
    token = re.findall(r'name="csrf_token" value="([^"]+)"', page.text)[-1]
    with file.open("rb") as sent:
        answer = client.post("/admin/services/home-care/keys/add", data={"csrf_token": token, "file": (sent, "k.json")})
    assert answer.status_code == HTTPStatus.SEE_OTHER
    assert "1 stays" in client.get(answer.location).text
