"""The main job on the imported people: services ask over HTTP, people decide in Chromium, and the door answers."""

import json
import re
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
import requests as http
from playwright.sync_api import Browser, Page, Response
from requests_oauth2client import BackChannelAuthenticationResponse, DPoPKey, DPoPToken, OAuth2Client
from requests_oauth2client.exceptions import AuthorizationPending

from audit.receipts import verify_receipt
from tests import databases
from tests.people_world import COUNCIL, Place, council_files, council_row, served
from tests.real_people import Someone
from tests.service_world import ACTOR, details
from vault import accounts, services, withholding
from vault.accounts import StaffLabel
from vault.clock import utc_now
from vault.context import OPERATOR
from vault.kinds import Role
from vault.records import Source
from web.api.jose import sha256_base64url

pytestmark = [pytest.mark.realdata, pytest.mark.timeout(400)]

SEVEN = {
    "identity": ["name", "date_of_birth"],
    "contact": ["address", "phone"],
    "medication": ["name", "dose"],
    "allergy": ["to_what"],
}
FOUR = frozenset({"identity.name", "contact.phone", "medication.name", "allergy.to_what"})
THREE = frozenset({"identity.date_of_birth", "contact.address", "medication.dose"})
READERS = 4
NHS_NUMBER = "https://fhir.nhs.uk/Id/nhs-number"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def place(
    request: pytest.FixtureRequest, shared_data: Path, tmp_path_factory: pytest.TempPathFactory, chromium: Browser
) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp(f"people-{request.param}")
    made = databases.postgresql() if request.param == "postgresql" else databases.sqlite(folder)
    with made as url, served(shared_data, folder, url, chromium) as running:
        yield running


def ask(
    client: OAuth2Client, hint: str, purpose: str, fields: Mapping[str, list[str]], **more: Any
) -> BackChannelAuthenticationResponse:
    wanted = details(purpose, datatypes=sorted(fields), fields=fields, **more)
    return client.backchannel_authentication_request(login_hint=hint, authorization_details=json.dumps(wanted))


def take(client: OAuth2Client, asked: BackChannelAuthenticationResponse) -> DPoPToken:
    token = client.ciba(asked)
    assert isinstance(token, DPoPToken)
    return token


def read(place: Place, token: DPoPToken, fields: frozenset[str] | None = None) -> http.Response:
    """One read; with a proof of its own, for this client takes every 401 for a wish for a nonce."""
    address = f"{place.address}/api/v1/records"
    proven = DPoPKey(token.dpop_key.private_key, rs_nonce=token.dpop_key.rs_nonce)
    proof = str(proven.proof(htm="GET", htu=address, ath=sha256_base64url(token.access_token)))
    headers = {**ACTOR, "Authorization": f"DPoP {token.access_token}", "DPoP": proof}
    query = {"fields": ",".join(sorted(fields))} if fields else {}
    answer = http.get(address, params=query, headers=headers, timeout=30)
    fresh = answer.headers.get("DPoP-Nonce")
    if answer.status_code == HTTPStatus.UNAUTHORIZED and fresh and fresh != token.dpop_key.rs_nonce:
        token.dpop_key.rs_nonce = fresh
        return read(place, token, fields)
    return answer


def seen(answer: http.Response) -> dict[str, set[str]]:
    """What a read showed, by field."""
    assert answer.status_code == HTTPStatus.OK, answer.text
    shown: dict[str, set[str]] = {}
    for record in answer.json()["records"]:
        for name, value in record["fields"].items():
            shown.setdefault(name, set()).add(value if isinstance(value, str) else json.dumps(value))
    return shown


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).click()


def allow(page: Page, place: Place, fields: frozenset[str] | None) -> None:
    """Open the one request that waits, and share *fields* of it, or all, until its purpose's last day."""
    page.goto(f"{place.address}/requests")
    page.locator("main a[href^='/requests/']").first.click()
    page.locator(f"input[value={'some' if fields else 'all'}]").check()
    press(page, "Continue")
    if fields:
        assert page.locator("input[name=fields]").count() == 7
        assert page.locator("input[name=fields]:checked").count() == 0  # nothing is picked beforehand
        for name in fields:
            page.locator(f"input[value='{name}']").check()
        press(page, "Continue")
    page.locator("input[value=longest]").check()
    press(page, "Continue")
    press(page, "Share these")
    assert "You are sharing" in page.inner_text("h1")


@dataclass
class Looks:
    """Reads made side by side, each with when it began and how it was answered, and when the resident was answered."""

    made: list[tuple[float, int]] = field(default_factory=list)
    stopped_at: float | None = None

    def note(self, response: Response) -> None:
        """The portal's answer to Stop sharing has come."""
        if response.request.method == "POST" and response.url.endswith("/stop"):
            self.stopped_at = time.monotonic()

    def before(self) -> set[int]:
        """How reads were answered that began before the resident was."""
        assert self.stopped_at is not None
        return {status for began, status in self.made if began <= self.stopped_at}

    def after(self) -> list[int]:
        """How reads were answered that began after the resident was."""
        assert self.stopped_at is not None
        return [status for began, status in self.made if began > self.stopped_at]


@contextmanager
def looking(place: Place, token: DPoPToken) -> Iterator[Looks]:
    """Read on some connections at once, and a little longer than the block lasts."""
    looks, over = Looks(), threading.Event()

    def go_on(_number: int) -> None:
        left = 5
        while left:
            left -= over.is_set()
            began = time.monotonic()
            looks.made.append((began, read(place, token).status_code))

    with ThreadPoolExecutor(READERS) as readers:
        going = [readers.submit(go_on, number) for number in range(READERS)]
        try:
            while not looks.made:
                time.sleep(0.01)
            yield looks
        finally:
            over.set()
    assert [each.exception() for each in going] == [None] * READERS


def stop(page: Page, place: Place) -> None:
    page.goto(f"{place.address}/sharing")
    page.locator("main a[href$='/stop']").first.click()
    press(page, "Stop sharing")
    assert "You stopped sharing" in page.inner_text("h1")


def test_seven_are_asked_for_four_allowed_and_read_three_refused_and_none_after_stop(place: Place) -> None:
    decider = place.cast.decider
    with place.service("home-care") as client, place.resident(decider) as page:
        asked = ask(client, decider.hint, "home-care-support", SEVEN)
        allow(page, place, FOUR)
        token = take(client, asked)
        answer = read(place, token)
        shown = seen(answer)
        assert set(answer.json()["fields"]) == FOUR
        assert set(shown) == FOUR
        assert shown["allergy.to_what"] == decider.names("AllergyIntolerance")
        assert shown["medication.name"] == decider.names("MedicationRequest")
        with place.home.open() as vault:
            verify_receipt(answer.headers["Vault-Log-Receipt"], vault.keyring.store.public_key("receipt"))
        refused = read(place, token, THREE | {"medication.name"})
        assert refused.status_code == HTTPStatus.FORBIDDEN
        assert set(refused.json()["missing"]) == THREE
        assert "not in the grant" in refused.json()["detail"]
        assert decider.born.isoformat() not in refused.text
        with looking(place, token) as looks:
            page.on("response", looks.note)
            stop(page, place)
        assert HTTPStatus.OK in looks.before()
        assert len(looks.after()) >= READERS
        assert set(looks.after()) == {HTTPStatus.UNAUTHORIZED}
        page.goto(f"{place.address}/activity")
        assert page.get_by_text("Home care", exact=False).count() > 2


def test_what_the_law_lets_be_seen_has_no_stop_and_can_be_objected_to(place: Place, tmp_path: Path) -> None:
    taxed, known = place.cast.taxed, {"system": "crm", "reference": "CT-1"}
    account = {**known, "account": "7700112", "band": "B", "balance": "41.20", "as_of": "2026-11-01"}
    files = council_files(tmp_path / "files", people=[council_row(taxed, "CT-1")], council_tax=[account])
    place.home.run("import", files, *COUNCIL)
    with place.service("council-tax") as client, place.resident(taxed) as page:
        asked = ask(
            client,
            "ref:crm:CT-1",
            "council-tax",
            {"council_tax": ["account", "balance"], "identity": ["name"]},
            case_reference="CT/2026/1",
        )
        token = take(client, asked)
        assert seen(read(place, token))["council_tax.balance"] == {"41.20"}
        page.goto(f"{place.address}/sharing")
        assert "CT/2026/1" in page.inner_text("main")
        assert page.get_by_text("Stop sharing").count() == 0
        grant = page.locator("main a[href*='/object/']").get_attribute("href") or ""
        forced = page.goto(f"{place.address}/sharing/{grant.rpartition('/')[2]}/stop")
        assert forced is not None
        assert page.get_by_role("button", name="Stop sharing").count() == 0
        page.goto(place.address + grant)
        page.get_by_label("In your own words").fill("I moved out in May.")
        press(page, "Send")
        assert "We have your message" in page.inner_text("h1")
        assert read(place, token).status_code in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}


def test_a_word_by_telephone_counts_as_far_as_it_went_and_the_resident_sees_who_wrote_it_down(
    place: Place, tmp_path: Path
) -> None:
    caller = place.cast.caller
    place.home.run("import", council_files(tmp_path / "files", people=[council_row(caller, "PH-1")]), *COUNCIL)
    fields = {"identity": ["name"], "contact": ["phone", "address"]}
    with place.service("adult-social-care") as client, place.officer("adult-social-care") as desk:
        asked = ask(client, caller.hint, "hospital-discharge", fields)
        write_down(desk, place, "contact.phone")
        assert "The decision is recorded" in desk.inner_text("h1")
        token = take(client, asked)
        assert set(seen(read(place, token))) == {"contact.phone"}
        assert read(place, token, frozenset({"contact.address"})).status_code == HTTPStatus.FORBIDDEN
    with place.resident(caller) as page:
        page.goto(f"{place.address}/sharing")
        assert "You told us on the phone, and a member of staff wrote it down" in page.inner_text("main")
        stop(page, place)
    assert read(place, token).status_code == HTTPStatus.UNAUTHORIZED


def write_down(desk: Page, place: Place, named: str) -> None:
    """As the officer at *desk*: write down that the person of the one request that waits said yes to *named*."""
    desk.goto(f"{place.address}/officer/requests?show=waiting")
    desk.locator("main th a[href*='/officer/requests/']").last.click()
    desk.locator("main a[href$='/decision']").click()
    desk.locator("input[value=some]").check()
    press(desk, "Continue")
    desk.locator(f"input[value='{named}']").check()
    press(desk, "Continue")
    desk.locator("input[value=phone]").check()
    desk.locator("textarea").fill("Rang the number we hold; gave the full birth date.")
    press(desk, "Record this decision")


def test_a_childs_own_word_is_not_written_down(place: Place) -> None:
    child = place.cast.child
    with place.service("rowan-ward") as client, place.officer("rowan-ward") as desk:
        asked = ask(client, child.hint, "hospital-discharge", {"contact": ["phone", "address"]})
        write_down(desk, place, "contact.phone")
        assert "not" in desk.inner_text("h1")
        with pytest.raises(AuthorizationPending):
            client.ciba(asked)


def test_of_all_conditions_the_more_private_one_is_kept_back_and_its_owner_sees_it(place: Place) -> None:
    private = place.cast.private
    with place.service("home-care") as client, place.resident(private) as page:
        asked = ask(
            client, private.hint, "home-care-support", {"condition": ["name", "status"], "allergy": ["to_what"]}
        )
        allow(page, place, None)
        shown = seen(read(place, take(client, asked)))
        assert private.usual() <= shown["condition.name"]
        assert not private.sensitive() & shown["condition.name"]
        held = own_words(page, place, "condition")
        assert [words for words in private.sensitive() | private.usual() if words not in held] == []


def total(page: Page, place: Place, category: str) -> str:
    """What the resident's overview says of a category."""
    page.goto(f"{place.address}/record")
    return page.locator("main li", has=page.locator(f"a[href$='/record/{category}']")).inner_text()


def own_words(page: Page, place: Place, category: str) -> str:
    """All that the resident's own pages say of a category."""
    said, number = "", 1
    while True:
        page.goto(f"{place.address}/record/{category}?page={number}")
        said += page.inner_text("main")
        number += 1
        if page.locator(f"main a[href*='page={number}']").count() == 0:
            return said


def test_an_item_held_back_by_two_people_is_hinted_at_nowhere_on_its_owners_pages(place: Place, tmp_path: Path) -> None:
    watched = place.cast.watched
    base = {"system": "crm", "reference": "CA-1", "date": "2026-11-02", "assessor_role": "social worker"}
    need = {**base, "item": "need-1", "kind": "need", "decision_or_need": "Help with shopping"}
    risk = {
        **base,
        "item": "risk-1",
        "kind": "risk",
        "decision_or_need": "Possible loss of money",
        "date": "2026-11-03",
    }
    files = council_files(tmp_path / "files", people=[council_row(watched, "CA-1")], care=[need, risk])
    place.home.run("import", files, *COUNCIL)
    item, staff = desk_of(place, watched, "CA-1/risk-1")
    with place.resident(watched) as page, place.service("adult-social-care") as client:
        assert "3 November 2026" in own_words(page, place, "care_needs")  # what it says is cut, when it was said is not
        hold_back(place, watched, item, staff, tmp_path)
        asked = ask(client, watched.hint, "home-care-support", {"care_needs": ["needs", "risks"]})
        page.goto(f"{place.address}/requests")
        page.locator("main a[href^='/requests/']").first.click()
        page.locator("input[value=some]").check()
        press(page, "Continue")
        assert not re.search("Possible loss|3 November 2026", page.inner_text("main"))  # not beside the field either
        allow(page, place, None)
        assert "Possible loss" in str(seen(read(place, take(client, asked)))["care_needs.risks"])
        words = own_words(page, place, "care_needs")
        assert "shopping" in words
        assert [each for each in ("Possible loss", "3 November 2026", "held back", item) if each in words] == []
        assert "1 thing" in total(page, place, "care_needs")
        page.goto(f"{place.address}/activity?all=1")
        assert "held" not in page.inner_text("main")
        place.home.run("citizen", "show-again", str(watched.citizen_id(place.home)), item, "--by", staff[0])
        assert "3 November 2026" in own_words(page, place, "care_needs")  # what it says is cut, when it was said is not
        assert "2 things" in total(page, place, "care_needs")


def desk_of(place: Place, someone: Someone, number: str) -> tuple[str, list[str]]:
    """The item that the council's care system knows by *number*, and the accounts of two who may hold it back."""
    label, citizen_id = StaffLabel("Petra", "social worker", "North"), someone.citizen_id(place.home)
    with place.home.open() as vault, vault.transaction(OPERATOR) as ctx:
        works_for = services.by_slug(ctx, slug="adult-social-care")
        made = [
            accounts.make(
                ctx,
                role=Role.OFFICER,
                organisation_id=works_for.organisation_id,
                service_id=works_for.service_id,
                label=label,
            )
            for _ in range(2)
        ]
        council = services.organisation(ctx, slug="ferndale-council").organisation_id
        source = Source(organisation_id=council, system="crm", type="care.csv", id=number)
        item = withholding.item_of(ctx, citizen_id=citizen_id, source=source)
    return str(item), [str(each.account_id) for each in made]


def hold_back(place: Place, someone: Someone, item: str, staff: list[str], folder: Path) -> None:
    """Hold *item* back until next month, as two of the *staff* agreed."""
    reason = folder / "why.txt"
    reason.write_text("An enquiry is open.", encoding="utf-8")
    day = (utc_now() + timedelta(days=30)).date().isoformat()
    why = ("--until", day, "--authority", "DPA 2018 Sch. 3 para. 11", "--reason", reason)
    place.home.run("citizen", "hold-back", str(someone.citizen_id(place.home)), item, *why, "--by", *staff)


def refused_command(place: Place, *arguments: str) -> str:
    """What a command printed that must not go well."""
    running = place.home.start(*arguments)
    printed, _ = running.communicate()
    assert running.returncode == 1, printed
    return printed.decode()


@pytest.mark.parametrize("who", ["dead", "child"])
def test_for_the_dead_and_for_children_nobody_signs_in_and_nothing_is_deleted(place: Place, who: str) -> None:
    someone: Someone = getattr(place.cast, who)
    citizen_id = str(someone.citizen_id(place.home))
    assert "may have no account" in refused_command(place, "enrol-link", "--citizen", citizen_id)
    held = json.loads(place.home.run("citizen", "show", citizen_id, "--json"))
    assert held["status"] == {"dead": "deceased"}.get(who, who)
    assert sum(held["items"].values()) > 20
    with place.service("home-care") as client:
        known = ask(client, someone.hint, "home-care-support", SEVEN)
        unknown = ask(client, f"nhs:9990000000:19{len(who)}0-01-01", "home-care-support", SEVEN)
        assert known.expires_in == pytest.approx(unknown.expires_in, abs=60)
        for asked in (known, unknown):
            with pytest.raises(AuthorizationPending):
                client.ciba(asked)


def test_when_someone_dies_sign_in_and_sharing_stop_with_the_news_and_the_record_stays(
    place: Place, tmp_path: Path
) -> None:
    dying = place.cast.dying
    citizen_id = str(dying.citizen_id(place.home))
    with place.service("home-care") as client, place.resident(dying) as page:
        asked = ask(client, dying.hint, "home-care-support", {"identity": ["name"], "contact": ["phone"]})
        allow(page, place, None)
        token = take(client, asked)
        assert seen(read(place, token))["identity.name"]
        before = json.loads(place.home.run("citizen", "show", citizen_id, "--json"))
        place.home.bring_in(news_of_death(dying, tmp_path))
        assert read(place, token).status_code in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
        page.goto(f"{place.address}/home")
        assert page.url.endswith("/sign-in")
        press(page, "Sign in with your passkey")
        page.get_by_role("alert").wait_for(state="visible")
        page.goto(f"{place.address}/home")
        assert page.url.endswith("/sign-in")
    after = json.loads(place.home.run("citizen", "show", citizen_id, "--json"))
    assert (before["status"], after["status"]) == ("active", "deceased")
    assert after["items"] == before["items"]
    assert "may have no account" in refused_command(place, "enrol-link", "--citizen", citizen_id)


def news_of_death(someone: Someone, folder: Path) -> Path:
    """The hospital's file about *someone* as it is after their death."""
    told = json.loads(someone.file.read_bytes())
    for entry in told["entry"]:
        if entry["resource"]["resourceType"] == "Patient":
            entry["resource"]["deceasedDateTime"] = "2026-11-20T10:00:00Z"
            number = {"system": NHS_NUMBER, "value": someone.row["nhs_number"]}
            entry["resource"]["identifier"].append(number)
    path = folder / someone.file.name
    path.write_text(json.dumps(told), encoding="utf-8")
    return path


def test_a_young_person_signs_in_and_decides_for_themselves(place: Place) -> None:
    young = place.cast.young
    with place.service("home-care") as client, place.resident(young) as page:
        asked = ask(client, young.hint, "home-care-support", {"identity": ["name"], "allergy": ["to_what"]})
        allow(page, place, None)
        assert seen(read(place, take(client, asked)))["allergy.to_what"] == young.names("AllergyIntolerance")
        stop(page, place)
