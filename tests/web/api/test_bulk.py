"""Many people at once: each decided and logged singly, whoever stopped is refused, and a service must keep its pace."""

import json
import uuid
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import requests as http
from requests import Response
from requests_oauth2client import DPoPToken

from audit.events import Event
from tests.protocol import ASSERTION, assertion, granted
from tests.service_world import ACTOR, SEVEN, SYSTEM, VALUES, World, names, world
from vault import citizens, grants, records, requests, trail
from vault.context import OPERATOR, Actor
from vault.holding import hold
from vault.journal import note
from vault.kinds import CitizenStatus
from vault.records import NewItem, Source
from web.api import bulk
from web.api.pace import Gate

REMINDERS = "care-reminders"
ALL = names(SEVEN)


@pytest.fixture
def there(tmp_path: Path, database_url: str) -> Iterator[World]:
    """A world on each database."""
    with world(tmp_path, database_url) as made:
        yield made


def resident(place: World, number: int) -> UUID:
    """Somebody more, with a medicine."""
    with place.vault.transaction(OPERATOR) as ctx:
        person = citizens.make(ctx, status=CitizenStatus.ACTIVE)
        organisation = place.home_care_organisation
        citizens.add_reference(
            ctx, citizen_id=person, organisation_id=organisation, system=SYSTEM, value=f"N-{number}", verified_how="x"
        )
        source = Source(organisation_id=organisation, system=SYSTEM, type="medication", id=f"{number}")
        item = NewItem(
            category="medication", fields=VALUES["medication"], source=source, purpose=REMINDERS, sensitivity=0
        )
        records.keep(ctx, citizen_id=person, item=item)
        note(ctx, Event.RECORD_WRITTEN, citizen_id=person, facts={})
    return person


def shares(place: World, citizen_id: UUID, number: int, purpose: str = REMINDERS) -> UUID:
    """A grant of *citizen_id* for the purpose; returns its id."""
    service = Actor(kind="service", service_id=place.home_care.service_id, organisation_id=place.home_care_organisation)
    hint = requests.Hint.parse(f"ref:{SYSTEM}:N-{number}")
    with place.vault.transaction(service) as ctx:
        ask = requests.Ask(service_id=place.home_care.service_id, hint=hint, purpose=purpose, fields=ALL)
        asked = requests.ask(ctx, asked=ask)
    with place.vault.transaction(Actor(kind="citizen", citizen_id=citizen_id)) as ctx:
        made = requests.decide(ctx, citizen_id=citizen_id, request_id=asked.request_id, allowed=ALL)
    assert made
    return made.grant_id


def ask(place: World, headers: dict[str, str] | None = None, **members: str) -> Response:
    form = {
        "client_assertion_type": ASSERTION,
        "client_assertion": assertion(place),
        "purpose": REMINDERS,
        "fields": "medication.name",
        **members,
    }
    return http.post(f"{place.issuer}/api/v1/bulk", data=form, headers=headers or {}, timeout=30)


def lines(answer: Response) -> list[dict[str, Any]]:
    assert answer.status_code == HTTPStatus.OK, answer.text
    assert answer.headers["Content-Type"] == "application/x-ndjson"
    return [json.loads(line) for line in answer.text.splitlines()]


def test_each_person_is_one_line_and_one_entry_and_who_stopped_is_refused(there: World) -> None:
    people = [resident(there, number) for number in range(3)]
    given = [shares(there, person, number) for number, person in enumerate(people)]
    with there.vault.transaction(Actor(kind="citizen", citizen_id=people[2])) as ctx:
        grants.withdraw(ctx, citizen_id=people[2], grant_id=given[2])
    *read, last = lines(ask(there))
    assert last == {"end": {"complete": True, "read": 2, "refused": 0, "after": read[-1]["grant_id"]}}
    assert [line["answer"]["fields"] for line in read] == [["medication.name"]] * 2
    assert len({line["sub"] for line in read} | {line["grant_id"] for line in read}) == 4
    assert all(line["receipt"] for line in read)
    for person, looks in zip(people, (1, 1, 0), strict=True):
        with there.vault.reading(OPERATOR) as ctx:
            told = trail.of_citizen(ctx, citizen_id=person, limit=50)
            assert sum(line.event == Event.RECORD_OPENED for line in told) == looks
    with there.vault.snapshot(OPERATOR) as ctx:
        assert hold(ctx.session).defects == ()


def test_a_part_says_where_it_goes_on_and_nobody_comes_twice(there: World) -> None:
    for number in range(3):
        shares(there, resident(there, number), number)
    *first, end = lines(ask(there, limit="2"))
    assert (len(first), end["end"]["complete"]) == (2, False)
    *second, last = lines(ask(there, limit="2", after=end["end"]["after"]))
    assert (len(second), last["end"]["complete"]) == (1, True)
    assert len({line["grant_id"] for line in (*first, *second)}) == 3


def test_a_purpose_that_is_no_batch_purpose_needs_somebody_who_acts(there: World) -> None:
    shares(there, resident(there, 1), 1, "home-care-support")
    refused, end = lines(ask(there, purpose="home-care-support"))
    assert refused["problem"]["because"] == ["acting-person-is-not-named"]
    assert end["end"]["refused"] == 1
    named, _ = lines(ask(there, purpose="home-care-support", headers=ACTOR))
    assert named["answer"]["fields"] == ["medication.name"]


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"client_assertion": "x"}, HTTPStatus.UNAUTHORIZED, "invalid_client"),
        ({"purpose": "nothing"}, HTTPStatus.NOT_FOUND, "not_found"),
        ({"fields": "medication.colour"}, HTTPStatus.UNPROCESSABLE_ENTITY, "unknown_field"),
        ({"limit": "1001"}, HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_input"),
        ({"citizen": "x"}, HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_input"),
    ],
)
def test_what_is_wrong_is_said_before_anybody_is_read(
    place: World, changed: dict[str, str], status: HTTPStatus, code: str
) -> None:
    answer = ask(place, None, **changed)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_an_assertion_counts_for_one_call(place: World) -> None:
    once = assertion(place)
    assert ask(place, client_assertion=once).ok
    assert ask(place, client_assertion=once).status_code == HTTPStatus.UNAUTHORIZED


def test_one_stream_too_many_is_sent_away_and_may_come_again(place: World) -> None:
    gate: Gate = place.app.extensions[bulk._GATE]
    leave = gate.enter()
    answer = ask(place)
    leave()
    leave()  # a second time changes nothing
    assert (answer.status_code, answer.json()["code"]) == (HTTPStatus.SERVICE_UNAVAILABLE, "overloaded")
    assert int(answer.headers["Retry-After"]) > 0
    assert ask(place).ok
    assert ask(place).ok  # the place is given back when a stream ends


@pytest.fixture(scope="module")
def token(place: World) -> DPoPToken:
    made = granted(place, ALL)
    assert read(place, made).ok
    return made


def read(place: World, token: DPoPToken) -> Response:
    return place.session.get(f"{place.issuer}/api/v1/records", auth=token, headers=ACTOR, timeout=10)


@pytest.mark.parametrize(("setting", "name"), [("SERVICE_CALLS", "service"), ("CITIZEN_CALLS", "citizen")])
def test_who_calls_too_often_waits_and_is_told_how_long(
    place: World, token: DPoPToken, monkeypatch: pytest.MonkeyPatch, setting: str, name: str
) -> None:
    first = read(place, token)
    assert f'"{name}";q=' in first.headers["RateLimit-Policy"]
    assert '";r=' in first.headers["RateLimit"]
    monkeypatch.setitem(place.app.config, setting, 1)
    answer = read(place, token)
    assert (answer.status_code, answer.json()["code"]) == (HTTPStatus.TOO_MANY_REQUESTS, "too_fast")
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    assert answer.headers["RateLimit"].startswith(f'"{name}";r=0;t=')
    monkeypatch.undo()
    assert read(place, token).ok


def test_a_write_is_counted_like_a_read(place: World, token: DPoPToken, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(place.app.config, "CITIZEN_CALLS", 0)
    answer = place.session.post(
        f"{place.issuer}/api/v1/records",
        json={"fields": {"care_visit.note": "x"}},
        auth=token,
        headers={**ACTOR, "Idempotency-Key": f'"{uuid.uuid4()}"'},
        timeout=10,
    )
    assert answer.status_code == HTTPStatus.TOO_MANY_REQUESTS
