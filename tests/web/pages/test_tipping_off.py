"""Two residents with the same life, one of whom was looked at and may not know it yet: nothing tells them apart."""

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Final
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pypdf import PdfReader
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from audit.events import Event
from audit.sequencer import sequence
from tests.demo_world import settings
from tests.portal_world import token_in
from tests.vault.house import ALLOWED, Clock, House, furnish
from vault import accounts, citizens, delays, requests, sign_ins, trail
from vault.clock import microseconds
from vault.context import OPERATOR, Actor, Context
from vault.delays import Wanted
from vault.grants import GrantView
from vault.journal import note
from vault.kinds import CitizenStatus, Role
from vault.runtime import create_vault
from web.app import create_app
from web.auth import COOKIE, EVERY_ROLE, ROLE_OF
from web.config import Config
from web.opening import TENANT, begin_log, signer_of

KINDS: Final = ("html", "pdf", "csv", "json", "fhir")
_IDS: Final = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\b[0-9a-f]{64}\b|\b0-\d+\b"
    r'|name="csrf_token" value="[^"]+"|left="\d+"'
    r"|\b[0-9A-F]{4} [0-9A-F]{4}\b|Line \d+ of|^index \d+$|^(?:[A-Za-z0-9+/]{43}=\n)+",
    re.MULTILINE,
)
"""Ids, references made of them, and where the lines that both have stand in the tree."""

_LINKS: Final = re.compile(r'href="(/activity/[0-9a-f]{64})">([^<]*)<')


class Still(Clock):
    """A clock that stands until it is moved on."""

    def __call__(self) -> datetime:
        """Noon of one day, and what it was moved on by."""
        return datetime(2026, 11, 24, 12, tzinfo=UTC) + self.ahead


@dataclass(frozen=True)
class Person:
    """One of the two."""

    house: House
    grant: GrantView
    account: UUID

    def client(self, app: Flask) -> FlaskClient:
        with self.house.vault.transaction(OPERATOR) as ctx:
            cookie = sign_ins.begin(ctx, account_id=self.account, method="test", proven=True)
        made = app.test_client()
        made.set_cookie(COOKIE, cookie, domain="localhost")
        return made


@dataclass(frozen=True)
class Place:
    """The vault, its portal, and the two."""

    app: Flask
    config: Config
    clock: Still
    looked_at: Person
    left_alone: Person
    first: Actor
    second: Actor

    def move(self, hours: int) -> None:
        """Let time pass, and everything get its place in the log."""
        self.clock.ahead += timedelta(hours=hours)
        vault = self.looked_at.house.vault
        sequence(
            vault.db.write,
            writer_key=vault.keyring.writer_key,
            signer=signer_of(vault, self.config),
            now_us=microseconds(vault.clock()),
            writers=vault.writers,
        )
        trail.catch_up(vault)

    def hide(self) -> UUID:
        """Two people keep the look from its citizen; the delay's id."""
        vault = self.looked_at.house.vault
        with vault.reading(self.first) as ctx:
            (look,) = trail.search(ctx, filters=trail.Filters(event="record:opened")).lines
        until = vault.clock() + timedelta(days=30)
        wanted = Wanted(
            leaf_hash=look.leaf_hash, until=until, law="crime", authority="Northshire Police", why="Reference 77"
        )
        with vault.transaction(self.first) as ctx:
            waiting = delays.propose(ctx, wanted=wanted)
        with vault.transaction(self.second) as ctx:
            return delays.approve(ctx, delay_id=waiting.delay_id).delay_id


def _person(house: House, reference: str) -> Person:
    """A resident with the record of every other, one share, and an account."""
    vault = house.vault
    with vault.transaction(OPERATOR) as ctx:
        citizen_id = citizens.make(ctx, status=CitizenStatus.ACTIVE)
        _known_by(ctx, house, citizen_id, reference)
        account = accounts.make(ctx, role=Role.CITIZEN, citizen_id=citizen_id)
    own = replace(house, citizen_id=citizen_id)
    own.keep("medication", f"m-{reference}", {"medication.name": "Apixaban"})
    own.keep("identity", f"i-{reference}", {"identity.name": "Edith Marlow"})
    hint = requests.Hint.parse(f"ref:pas:{reference}")
    with vault.transaction(house.service) as ctx:
        asked = requests.ask(
            ctx, asked=requests.Ask(service_id=house.service_id, hint=hint, purpose="home-care-support", fields=ALLOWED)
        )
    with vault.transaction(own.citizen) as ctx:
        made = requests.decide(ctx, citizen_id=citizen_id, request_id=asked.request_id, allowed=ALLOWED)
    assert made is not None
    return Person(own, made, account.account_id)


def _known_by(ctx: Context, house: House, citizen_id: UUID, reference: str) -> None:
    citizens.add_reference(
        ctx,
        citizen_id=citizen_id,
        organisation_id=house.council_id,
        system="pas",
        value=reference,
        verified_how="letter",
    )
    note(ctx, Event.CITIZEN_LINKED, citizen_id=citizen_id, facts={})


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    config = Config.from_environment(settings(tmp_path / "home"))
    config.home.mkdir()
    clock = Still()
    vault = create_vault(
        database_url=config.database_url,
        root_key=config.root_key,
        tenant=TENANT,
        origin=config.origin,
        clock=clock,
    )
    begin_log(vault, config)
    house = furnish(vault, clock)
    with vault.transaction(OPERATOR) as ctx:
        first, second = (
            accounts.make(ctx, role=Role.AUDITOR, organisation_id=house.council_id).actor() for _ in range(2)
        )
    one, other = _person(house, "T-1"), _person(house, "T-2")
    made = Place(create_app(config, vault), config, clock, one, other, first, second)
    made.move(1)
    house.read(house.token(one.grant))
    made.move(1)
    yield made
    vault.db.dispose()


def plain(answer: TestResponse) -> str:
    """What an answer says, without ids and form tokens."""
    told = f"{answer.status_code} {answer.headers.get('Location', '')}\n"
    return _IDS.sub("–", told + answer.get_data(as_text=True))


def addresses(place: Place, person: Person) -> Iterator[tuple[str, str]]:
    """Every page that a resident may open, with their own things in the address."""
    with place.looked_at.house.vault.reading(person.house.citizen) as ctx:
        lines = trail.of_citizen(ctx, citizen_id=person.house.citizen_id, limit=1000)
    made = next(line for line in lines if line.event == "grant:made")
    given = {
        "grant_id": person.grant.grant_id,
        "request_id": person.grant.request_id,
        "record_id": UUID(int=1),
        "case_id": UUID(int=1),
        "authority_id": UUID(int=1),
        "leaf_hash": made.leaf_hash,
        "category": "medication",
        "name": "medication",
        "field": "medication.name",
    }
    site = place.app.url_map.bind("localhost")
    for rule in place.app.url_map.iter_rules():
        if _is_theirs(rule) and rule.arguments <= given.keys():
            yield rule.endpoint, site.build(rule.endpoint, {name: given[name] for name in rule.arguments})
    for query in ("?all=1", "?outcome=looked", "?outcome=refused", "?period=7", "?what=medication", "?all=1&period=30"):
        yield f"activity{query}", f"/activity{query}"
    yield "activity, who", f"/activity?who={person.house.service_id}"


def _is_theirs(rule: Rule) -> bool:
    blueprint = rule.endpoint.partition(".")[0]
    theirs = ROLE_OF.get(blueprint) is Role.CITIZEN or blueprint in EVERY_ROLE or blueprint == "about"
    return theirs and "GET" in (rule.methods or ()) and rule.endpoint != "signed_in.leave"


def both(place: Place) -> Iterator[tuple[str, str, str]]:
    """Every page of the one and of the other, opened in turn."""
    one, other = (person.client(place.app) for person in (place.looked_at, place.left_alone))
    theirs = addresses(place, place.left_alone)
    for (name, address), (_same, beside) in zip(addresses(place, place.looked_at), theirs, strict=True):
        yield name, plain(one.get(address)), plain(other.get(beside))


def differing(place: Place) -> list[str]:
    return [name for name, one, other in both(place) if one != other]


def test_before_the_delay_the_two_are_told_apart(place: Place) -> None:
    assert {"citizen.home", "activity.overview", "sharing.overview", "sharing.show"} <= set(differing(place))


def test_every_page_of_the_two_is_the_same_byte_for_byte(place: Place) -> None:
    place.hide()
    place.move(1)
    pages = list(both(place))
    assert len(pages) > 40
    assert sum(one.startswith(str(HTTPStatus.OK.value)) for _name, one, _other in pages) > 25
    assert [name for name, one, other in pages if one != other] == []
    told = {name: one for name, one, _other in pages}
    assert "Nobody has looked at your data." in told["activity.overview"]
    for name in ("activity.overview", "sharing.overview", "sharing.show", "download.ask"):
        assert "In rare cases the law lets us show a line to you later." in told[name], name


@pytest.mark.parametrize("kind", KINDS)
def test_every_file_of_the_two_is_the_same(place: Place, kind: str) -> None:
    place.hide()
    place.move(1)
    one, other = (_taken(place, person, kind) for person in (place.looked_at, place.left_alone))
    assert one == other
    assert len(one) > 200


def _taken(place: Place, person: Person, kind: str) -> str:
    client = person.client(place.app)
    token = token_in(client.get("/download"))
    answers = {"csrf_token": token, "kind": kind, "with": ["sharing", "told", "looks"]}
    answer = client.post("/download", data=answers)
    assert answer.status_code == HTTPStatus.OK
    return _without_passing(_words(kind, answer))


def _words(kind: str, answer: TestResponse) -> str:
    if kind == "pdf":
        return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.data)).pages)
    if kind == "csv":
        with zipfile.ZipFile(io.BytesIO(answer.data)) as bundle:
            return "\n".join(bundle.read(name).decode() for name in bundle.namelist())
    return answer.text


def _without_passing(words: str) -> str:
    """Without ids, and without the proofs, which are of the lines that both have."""
    return _IDS.sub("–", re.sub(r'"proof": "(?:[^"\\]|\\.)*"|c2sp\.org/tlog-proof[^"]*', "proof", words))


def test_when_its_day_has_come_the_resident_reads_that_it_was_late_and_why(place: Place) -> None:
    place.hide()
    place.move(31 * 24)
    client = place.looked_at.client(place.app)
    page = client.get("/activity").text

    assert "You see 2 lines that the law kept from you for a time." in page, "the look, and the key it was made with"
    told = page.partition("kept from you for a time.")[2].partition("</ul>")[0]
    (address,) = [found for found, words in _LINKS.findall(told) if "looked at your data" in words]
    line = client.get(address).text
    assert "Northshire Police asked for it, and two people of the council agreed." in line
    assert "Data Protection Act 2018, Schedule 2, paragraph 2" in line
    assert differing(place)
