"""The data API: exactly what was granted, to the one who proves the key, and never a value in a refusal."""

from http import HTTPStatus

import pytest
from requests import Response
from requests_oauth2client import DPoPToken

from tests.protocol import granted
from tests.service_world import ACTOR, SEVEN, VALUES, World, names
from vault import access
from vault.context import OPERATOR
from vault.tokens import find

ALL = names(SEVEN)
EVERY_VALUE = [value for values in VALUES.values() for value in values.values()]


def read(place: World, token: DPoPToken, query: str = "", headers: dict[str, str] | None = None) -> Response:
    sent = ACTOR if headers is None else headers
    return place.session.get(f"{place.issuer}/api/v1/records{query}", auth=token, headers=sent, timeout=10)


@pytest.fixture(scope="module")
def token(place: World) -> DPoPToken:
    made = granted(place, ALL)
    assert read(place, made).ok  # the client has the nonce now
    return made


def test_a_selection_gives_those_fields_and_no_others(place: World, token: DPoPToken) -> None:
    answer = read(place, token, "?fields=medication.name,gp.practice").json()
    assert answer["fields"] == ["gp.practice", "medication.name"]
    assert sorted(name for record in answer["records"] for name in record["fields"]) == [
        "gp.practice",
        "medication.name",
    ]


def test_a_danger_field_never_shows_an_empty_row(place: World, token: DPoPToken) -> None:
    states = read(place, token).json()["states"]
    assert states["medication.name"]["kind"] == "value"
    assert {state["kind"] for state in states.values()} <= {"value", "none-known", "not-recorded", "not-shared"}


def test_each_item_says_where_it_came_from_under_a_name_for_this_service_only(place: World, token: DPoPToken) -> None:
    (record,) = read(place, token, "?fields=gp.practice").json()["records"]
    assert record["source"] == {"organisation": "Example Council", "system": "care-system"}
    assert set(record) == {"id", "category", "version", "status", "as_of", "received_at", "source", "fields"}
    with place.vault.reading(OPERATOR) as ctx:
        grant_id = find(ctx, handle=token.access_token).grant.grant_id
    assert record["id"].replace("-", "") not in {place.citizen_id.hex, grant_id.hex}


def test_an_answer_is_kept_by_no_cache_and_hands_out_the_next_nonce(place: World, token: DPoPToken) -> None:
    answer = read(place, token)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["DPoP-Nonce"]


QUERIES = {
    "unknown parameter": "?name=x",
    "unknown field": "?fields=identity.shoe_size",
    "unknown category": "?fields=secrets.all",
    "no field": "?fields=",
    "a category": "?fields=medication",
    "a star": "?fields=medication.*",
    "a space": "?fields=medication.name, gp.practice",
    "twice": "?fields=gp.practice,gp.practice",
    "101 fields": "?fields=" + ",".join(f"a.n{number}" for number in range(101)),
    "bad UTF-8": "?fields=%ff",
    "NUL": "?fields=gp.practice%00",
    "markup": "?fields=<script>",
    "history as words": "?history=perhaps",
    "very long": "?fields=" + "a" * 9000,
}


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES.keys())
def test_a_query_that_is_not_sound_is_a_problem_and_opens_nothing(place: World, token: DPoPToken, query: str) -> None:
    answer = read(place, token, query)
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] in {"invalid_input", "unknown_field"}
    assert answer.json()["detail"]
    assert "script" not in answer.text
    assert not any(value in answer.text for value in EVERY_VALUE)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "hc-0417",
        "reference=a",
        "role=b",
        'reference=a, role="b',
        "reference=a, role=b, x=c",
        "reference=a;p, role=b",
    ],
)
def test_a_person_who_cannot_be_read_is_not_guessed(place: World, token: DPoPToken, header: str) -> None:
    answer = read(place, token, headers={"Vault-Actor": header})
    assert answer.status_code == HTTPStatus.BAD_REQUEST
    assert answer.json()["code"] == "malformed_request"


def test_nobody_looks_without_a_name_unless_the_purpose_is_a_batch_purpose(place: World, token: DPoPToken) -> None:
    assert read(place, token, headers={}).status_code == HTTPStatus.FORBIDDEN
    batch = granted(place, ALL, purpose="care-reminders")
    assert read(place, batch, headers={}).status_code == HTTPStatus.OK


@pytest.mark.parametrize(
    "authorization",
    ["", "DPoP", "DPoP ", "DPoP a b", "Bearer {token}", "Basic {token}", "{token}", "DPoP é", "DPoP " + "a" * 5000],
    ids=["nothing", "no token", "blank", "two", "bearer", "basic", "bare", "not ASCII", "long"],
)
def test_a_token_is_shown_in_one_way_only(place: World, token: DPoPToken, authorization: str) -> None:
    shown = authorization.replace("{token}", token.access_token).encode()
    answer = place.session.get(f"{place.issuer}/api/v1/records", headers={"Authorization": shown}, timeout=10)
    assert answer.status_code == HTTPStatus.UNAUTHORIZED
    assert answer.headers["WWW-Authenticate"].startswith("DPoP algs=")


def test_a_token_in_the_address_is_not_read(place: World, token: DPoPToken) -> None:
    address = f"{place.issuer}/api/v1/records"
    answer = place.session.get(address, params={"access_token": token.access_token}, timeout=10)
    assert answer.status_code in {HTTPStatus.UNAUTHORIZED, HTTPStatus.UNPROCESSABLE_ENTITY}


def test_a_token_without_a_proof_is_refused_and_only_a_missing_nonce_brings_one(place: World, token: DPoPToken) -> None:
    address, shown = f"{place.issuer}/api/v1/records", {"Authorization": f"DPoP {token.access_token}"}
    bare = place.session.get(address, headers=shown, timeout=10)
    assert (bare.status_code, bare.json()["code"]) == (HTTPStatus.UNAUTHORIZED, "invalid_dpop_proof")
    assert "DPoP-Nonce" not in bare.headers
    token.dpop_key.rs_nonce, kept = None, token.dpop_key.rs_nonce
    ath = "A" * 43
    proof = str(token.dpop_key.proof(htm="GET", htu=address, ath=ath))
    wrong = place.session.get(address, headers={**shown, "DPoP": proof}, timeout=10)
    token.dpop_key.rs_nonce = kept
    assert wrong.json()["code"] == "invalid_dpop_proof"


def test_what_goes_wrong_inside_tells_nothing(place: World, token: DPoPToken, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: object, **_named: object) -> None:
        raise RuntimeError(EVERY_VALUE[0])

    monkeypatch.setattr(access, "read_with_token", broken)
    answer = read(place, token)
    assert answer.status_code == HTTPStatus.INTERNAL_SERVER_ERROR
    assert answer.json()["code"] == "internal_error"
    assert EVERY_VALUE[0] not in answer.text
