"""A service reports that it passed something on; the citizen reads to whom, what and why."""

import uuid
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
import requests as http
from requests_oauth2client import DPoPToken

from audit.events import Event
from tests.protocol import granted
from tests.service_world import ACTOR, SEVEN, World, names, world
from vault import services, trail
from vault.context import OPERATOR
from vault.holding import hold
from vault.kinds import ServiceStatus
from web.pages.lines import describe

TOLD: dict[str, Any] = {
    "fields": ["medication.name", "medication.dose"],
    "recipient": "Riverside Pharmacy",
    "why": "To prepare the weekly boxes",
    "on": "2026-11-20",
}


@pytest.fixture
def there(tmp_path: Path, database_url: str) -> Iterator[World]:
    """A world on each database."""
    with world(tmp_path, database_url) as made:
        yield made


@pytest.fixture(scope="module")
def token(place: World) -> DPoPToken:
    return token_of(place)


def token_of(place: World) -> DPoPToken:
    made = granted(place, names(SEVEN) - {"gp.practice"})
    assert place.session.get(f"{place.issuer}/api/v1/records", auth=made, headers=ACTOR, timeout=10).ok
    return made


def report(place: World, token: DPoPToken, *, key: str = "", **changed: Any) -> http.Response:
    headers = {**ACTOR, "Idempotency-Key": f'"{key or uuid.uuid4()}"'}
    address = f"{place.issuer}/api/v1/disclosures"
    return http.post(address, json={**TOLD, **changed}, auth=token, headers=headers, timeout=10)


def reported(place: World) -> list[trail.Line]:
    with place.vault.reading(OPERATOR) as ctx:
        lines = trail.of_citizen(ctx, citizen_id=place.citizen_id, limit=50)
    return [line for line in lines if line.event == Event.DISCLOSURE_REPORTED]


def test_the_citizen_reads_who_passed_on_what_to_whom_and_why(there: World) -> None:
    answer = report(there, token_of(there))
    assert answer.status_code == HTTPStatus.CREATED
    (line,) = reported(there)
    assert answer.json()["entry"] == line.leaf_hash.hex()
    assert answer.headers["Vault-Log-Receipt"]
    assert list(line.fields) == sorted(TOLD["fields"])
    assert {name: line.facts[name] for name in ("recipient", "why", "on")} == {
        name: TOLD[name] for name in ("recipient", "why", "on")
    }
    with there.app.test_request_context():
        assert describe(line).sentence == "Care-worker, north, Home-Care told us that it passed on some of your data"
    with there.vault.snapshot(OPERATOR) as ctx:
        assert hold(ctx.session).defects == ()


def test_the_same_report_under_the_same_key_is_one_line(there: World) -> None:
    token, key = token_of(there), str(uuid.uuid4())
    first, again = (report(there, token, key=key) for _ in "12")
    assert first.json() == again.json()
    assert len(reported(there)) == 1
    assert report(there, token, key=key, why="Another").json()["code"] == "idempotency_key_reused"


@pytest.mark.parametrize(
    "changed",
    [
        {"fields": []},
        {"fields": ["medication.colour"]},
        {"recipient": " "},
        {"why": ""},
        {"on": "soon"},
        {"more": 1},
    ],
)
def test_what_is_not_granted_or_not_as_described_is_no_report(
    place: World, token: DPoPToken, changed: dict[str, Any]
) -> None:
    before = len(reported(place))
    assert report(place, token, **changed).status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert len(reported(place)) == before


def test_what_was_not_granted_is_not_reported_as_passed_on_and_the_try_is_in_the_log(
    place: World, token: DPoPToken
) -> None:
    answer = report(place, token, fields=["gp.practice"])
    assert (answer.status_code, answer.json()["code"]) == (HTTPStatus.FORBIDDEN, "not_allowed")
    with place.vault.reading(OPERATOR) as ctx:
        newest = trail.of_citizen(ctx, citizen_id=place.citizen_id, limit=1)[0]
    assert (newest.event, newest.facts["action"]) == (Event.RECORD_REFUSED, "report")


def test_a_suspended_service_writes_nothing_into_anybodys_lines(there: World) -> None:
    token = token_of(there)
    with there.vault.transaction(OPERATOR) as ctx:
        services.set_status(ctx, slug="home-care", status=ServiceStatus.SUSPENDED)
    assert report(there, token).status_code in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
    assert reported(there) == []


def test_the_words_of_the_service_are_for_the_citizen_alone(there: World) -> None:
    assert report(there, token_of(there), why="Edith asked us to").ok
    (line,) = reported(there)
    assert line.facts["why"] == "Edith asked us to"
    with there.vault.reading(OPERATOR) as ctx:
        seen = trail.entry(ctx, leaf_hash=line.leaf_hash)
    assert seen.facts["recipient"] == TOLD["recipient"]
    assert "Edith" not in str(dict(seen.facts))
