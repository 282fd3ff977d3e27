"""A service writes back: once for each key, under what its purpose may write, as newer versions of its own items."""

import json
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
import requests
from requests_oauth2client import DPoPToken

from audit.events import Event
from tests.protocol import granted
from tests.service_world import ACTOR, SEVEN, VISITS, World, names, world
from vault import access, grants, items, trail
from vault.access import read_own
from vault.context import OPERATOR
from vault.holding import hold
from vault.kinds import GrantState
from vault.release import Release
from web.api.jose import sha256_base64url

VISIT = {"care_visit.tasks": "Breakfast and tablets", "care_visit.note": "Cheerful today"}
SHOWN = {**VISIT, "care_visit.note": "left out"}  # to its resident: a note may be about others
BODY: dict[str, Any] = {"fields": VISIT, "as_of": "2026-11-20"}


@pytest.fixture
def there(tmp_path: Path, database_url: str) -> Iterator[World]:
    """A world on each database."""
    with world(tmp_path, database_url) as made:
        yield made


def token_of(place: World, purpose: str = VISITS) -> DPoPToken:
    token = granted(place, names(SEVEN), purpose=purpose)
    assert place.session.get(f"{place.issuer}/api/v1/records", auth=token, headers=ACTOR, timeout=10).ok
    return token


@pytest.fixture(scope="module")
def token(place: World) -> DPoPToken:
    return token_of(place)


def send(place: World, token: DPoPToken, body: Any = BODY, path: str = "", **headers: str) -> requests.Response:
    """A write; a header given as nothing is left out."""
    usual = {"Idempotency-Key": f'"{uuid.uuid4()}"', "Content-Type": "application/json", **ACTOR}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    sent = {name: value for name, value in {**usual, **named}.items() if value}
    method, data = "PUT" if path else "POST", body if isinstance(body, bytes) else json.dumps(body)
    address = f"{place.issuer}/api/v1/records{path}"
    return requests.request(method, address, data=data, auth=token, headers=sent, timeout=30)


def shown(place: World, token: DPoPToken) -> dict[str, str]:
    """The headers of one write, made by hand."""
    handle = token.access_token
    proof = token.dpop_key.proof(htm="POST", htu=f"{place.issuer}/api/v1/records", ath=sha256_base64url(handle))
    return {**ACTOR, "Authorization": f"DPoP {handle}", "DPoP": str(proof), "Idempotency-Key": f'"{uuid.uuid4()}"'}


def visits(place: World) -> list[Any]:
    wanted = frozenset({"care_visit"})
    answer = read_own(place.vault, actor=place.citizen, citizen_id=place.citizen_id, categories=wanted)
    assert isinstance(answer, Release)
    return list(answer.unseal().records)


def test_what_a_service_adds_is_the_citizens_with_its_service_and_whose_hand_it_was(there: World) -> None:
    answer = send(there, token_of(there))
    assert answer.status_code == HTTPStatus.CREATED
    assert answer.headers["ETag"] == '"1"'
    assert answer.headers["Location"] == f"/api/v1/records/{answer.json()['id']}"
    assert answer.headers["Vault-Log-Receipt"]
    (held,) = visits(there)
    assert (held.fields, held.as_of, held.source_system) == (SHOWN, "2026-11-20", "service")
    with there.vault.reading(OPERATOR) as ctx:
        (author,) = items.authors(ctx, citizen_id=there.citizen_id, category="care_visit").values()
        line = trail.of_citizen(ctx, citizen_id=there.citizen_id, limit=5)
        (written,) = [one for one in line if one.event == Event.RECORD_WRITTEN]
    assert (author.role, author.team) == ("care-worker", "north")
    assert written.facts["fields"] == sorted(VISIT)
    assert "Breakfast" not in str(written.facts)
    with there.vault.snapshot(OPERATOR) as ctx:
        assert hold(ctx.session).defects == ()


def test_the_same_key_and_request_write_once_and_are_answered_alike(there: World) -> None:
    token, key = token_of(there), f'"{uuid.uuid4()}"'
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: send(there, token, Idempotency_Key=key), range(6)))
    assert {answer.status_code for answer in answers} == {HTTPStatus.CREATED}
    assert len({answer.text for answer in answers}) == 1
    assert len(visits(there)) == 1
    other = send(there, token, {"fields": {"care_visit.note": "Another"}}, Idempotency_Key=key)
    assert (other.status_code, other.json()["code"]) == (HTTPStatus.UNPROCESSABLE_ENTITY, "idempotency_key_reused")
    assert len(visits(there)) == 1


def test_after_a_day_a_key_may_be_used_for_something_else(place: World, token: DPoPToken) -> None:
    key = f'"{uuid.uuid4()}"'
    first = send(place, token, Idempotency_Key=key).json()
    with place.vault.transaction(OPERATOR) as ctx:
        later = type(ctx)(ctx.session, ctx.vault, ctx.now + timedelta(days=1, seconds=1), ctx.actor)
        access.forget_kept_answers(later)
    assert send(place, token, Idempotency_Key=key).json()["id"] != first["id"]


def test_a_newer_version_takes_the_place_of_what_was_wrong_and_says_why(place: World, token: DPoPToken) -> None:
    made = send(place, token).json()
    change = {"fields": {"care_visit.tasks": "Breakfast alone"}, "reason": "I wrote it for somebody else"}
    answer = send(place, token, change, f"/{made['id']}", If_Match='"1"')
    assert (answer.status_code, answer.json()) == (HTTPStatus.OK, {"id": made["id"], "version": 2})
    assert answer.headers["ETag"] == '"2"'
    held = next(one for one in visits(place) if one.version == 2)
    assert held.fields == {**SHOWN, "care_visit.tasks": "Breakfast alone"}
    with place.vault.reading(OPERATOR) as ctx:
        author = items.authors(ctx, citizen_id=place.citizen_id, category="care_visit")[held.record_id]
    assert author.reason == "I wrote it for somebody else"
    late = send(place, token, change, f"/{made['id']}", If_Match='"1"')
    assert (late.status_code, late.json()["code"]) == (HTTPStatus.PRECONDITION_FAILED, "version_passed")
    blind = send(place, token, change, f"/{made['id']}")
    assert blind.status_code == HTTPStatus.PRECONDITION_REQUIRED


def test_nobody_puts_right_what_another_service_or_system_wrote(place: World, token: DPoPToken) -> None:
    read = place.session.get(f"{place.issuer}/api/v1/records", auth=token, headers=ACTOR, timeout=10).json()
    known = {record["category"]: record["id"] for record in read["records"]}
    change = {"fields": {"medication.dose": "10 mg"}, "reason": "more"}
    imported = send(place, token, change, f"/{known['medication']}", If_Match='"1"')
    nothing = send(place, token, change, f"/{'0' * 32}", If_Match='"1"')
    assert imported.status_code == nothing.status_code == HTTPStatus.NOT_FOUND
    assert imported.json() == nothing.json()


BAD = {
    "no JSON": (b"{", HTTPStatus.BAD_REQUEST),
    "a list": ([], HTTPStatus.UNPROCESSABLE_ENTITY),
    "a member twice": (b'{"fields": {}, "fields": {}}', HTTPStatus.BAD_REQUEST),
    "nothing": ({"fields": {}}, HTTPStatus.UNPROCESSABLE_ENTITY),
    "two categories": (
        {"fields": {**VISIT, "care_needs.needs": "Help to stand"}},
        HTTPStatus.UNPROCESSABLE_ENTITY,
    ),
    "an unknown field": ({"fields": {"care_visit.mood": "x"}}, HTTPStatus.UNPROCESSABLE_ENTITY),
    "how to get in": ({"fields": {"home_access.key_safe_code": "1234"}}, HTTPStatus.UNPROCESSABLE_ENTITY),
    "an unknown member": ({**BODY, "citizen": "x"}, HTTPStatus.UNPROCESSABLE_ENTITY),
    "a number": ({"fields": {"care_visit.note": 3}}, HTTPStatus.UNPROCESSABLE_ENTITY),
    "spaces": ({"fields": {"care_visit.note": "  "}}, HTTPStatus.UNPROCESSABLE_ENTITY),
    "too long": ({"fields": {"care_visit.note": "x" * 2001}}, HTTPStatus.UNPROCESSABLE_ENTITY),
    "no day": ({**BODY, "as_of": "2026-13-01"}, HTTPStatus.UNPROCESSABLE_ENTITY),
    "much too long": (b'"' + b"x" * 70_000 + b'"', HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
}


@pytest.mark.parametrize(("body", "status"), BAD.values(), ids=BAD.keys())
def test_what_is_not_as_described_is_named_and_nothing_is_written(
    place: World, token: DPoPToken, body: Any, status: HTTPStatus
) -> None:
    before = len(visits(place))
    answer = send(place, token, body)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "1234" not in answer.text
    assert len(visits(place)) == before


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"Idempotency_Key": ""}, HTTPStatus.BAD_REQUEST),
        ({"Idempotency_Key": "unquoted-key"}, HTTPStatus.BAD_REQUEST),
        ({"Content_Type": "text/plain"}, HTTPStatus.UNSUPPORTED_MEDIA_TYPE),
        ({"Vault_Actor": ""}, HTTPStatus.FORBIDDEN),
    ],
)
def test_what_must_be_sent_with_a_write_is_demanded(
    place: World, token: DPoPToken, changed: dict[str, str], status: HTTPStatus
) -> None:
    assert send(place, token, **changed).status_code == status


def test_a_purpose_that_may_not_write_writes_nothing_and_the_no_is_in_the_log(place: World) -> None:
    before = len(visits(place))
    answer = send(place, token_of(place, "home-care-support"))
    assert (answer.status_code, answer.json()["code"]) == (HTTPStatus.FORBIDDEN, "beyond_grant")
    assert answer.json()["missing"] == sorted(VISIT)
    assert len(visits(place)) == before
    with place.vault.reading(OPERATOR) as ctx:
        newest = trail.of_citizen(ctx, citizen_id=place.citizen_id, limit=10)
    refused = next(line for line in newest if line.event == Event.RECORD_REFUSED)
    assert refused.facts["action"] == "write"


def test_nothing_is_written_once_the_citizen_has_stopped(there: World) -> None:
    token = token_of(there)
    assert send(there, token).ok
    with there.vault.transaction(there.citizen) as ctx:
        (grant,) = grants.of_citizen(ctx, citizen_id=there.citizen_id)
        grants.withdraw(ctx, citizen_id=there.citizen_id, grant_id=grant.grant_id)
    answer = requests.post(f"{there.issuer}/api/v1/records", json=BODY, headers=shown(there, token), timeout=10)
    assert (answer.status_code, answer.json()["code"]) == (HTTPStatus.UNAUTHORIZED, "token_invalid")
    assert len(visits(there)) == 1
    with there.vault.reading(OPERATOR) as ctx:
        assert grants.of_citizen(ctx, citizen_id=there.citizen_id)[0].state is GrantState.WITHDRAWN


def test_a_write_cannot_be_sent_twice_with_one_proof(place: World, token: DPoPToken) -> None:
    before = len(visits(place))
    once = shown(place, token)
    first, again = (requests.post(f"{place.issuer}/api/v1/records", json=BODY, headers=once, timeout=10) for _ in "12")
    assert first.status_code == HTTPStatus.CREATED
    assert (again.status_code, again.json()["code"]) == (HTTPStatus.UNAUTHORIZED, "replayed")
    assert len(visits(place)) == before + 1


def read(place: World, token: DPoPToken, query: str = "", **headers: str) -> requests.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    address = f"{place.issuer}/api/v1/records{query}"
    return place.session.get(address, auth=token, headers={**ACTOR, **named}, timeout=10)


def test_a_read_of_what_has_not_changed_is_logged_and_sends_nothing(place: World, token: DPoPToken) -> None:
    first = read(place, token, "?fields=medication.name")
    again = read(place, token, "?fields=medication.name", If_None_Match=first.headers["ETag"])
    assert (again.status_code, again.content) == (HTTPStatus.NOT_MODIFIED, b"")
    assert again.headers["Vault-Log-Receipt"] != first.headers["Vault-Log-Receipt"]
    assert again.headers["ETag"] == first.headers["ETag"]
    assert read(place, token, "?fields=medication.dose", If_None_Match=first.headers["ETag"]).ok
    assert read(place, token, "?fields=medication.dose").headers["ETag"] != first.headers["ETag"]


def test_pages_hold_each_item_once_and_every_page_has_the_state_of_dangers(place: World, token: DPoPToken) -> None:
    whole = read(place, token).json()
    seen, address = [], "?limit=1"
    while address:
        answer = read(place, token, address)
        assert answer.ok, answer.text
        seen += [record["id"] for record in answer.json()["records"]]
        assert answer.json()["states"] == whole["states"]
        address = answer.links.get("next", {}).get("url", "").removeprefix("/api/v1/records")
    assert sorted(seen) == sorted(record["id"] for record in whole["records"])
    assert len(seen) == len(set(seen)) > 1


@pytest.mark.parametrize("query", ["?limit=0", "?limit=201", "?limit=x", "?after=x", "?limit=1&limit=2"])
def test_a_page_that_cannot_be_is_refused(place: World, token: DPoPToken, query: str) -> None:
    assert read(place, token, query).status_code == HTTPStatus.UNPROCESSABLE_ENTITY
