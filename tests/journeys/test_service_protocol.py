"""The service protocol end to end over HTTP, driven by requests-oauth2client, unmodified: ask, read, be refused."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from pathlib import Path

import pytest
import requests as http
from requests_oauth2client import (
    BackChannelAuthenticationResponse,
    DPoPKey,
    DPoPToken,
    IdToken,
    MissingDPoPNonce,
    OAuth2Client,
)
from requests_oauth2client.exceptions import AccessDenied, AuthorizationPending, InvalidGrant, SlowDown

from audit.receipts import verify_receipt
from tests.service_world import ACTOR, HOME_CARE, PERSON, STRANGER, VALUES, World, details, world
from vault import grants
from web.api.jose import sha256_base64url

BUSY = 60  # seconds that a busy machine may take while the client counts down
FOUR = frozenset({"identity.name", "medication.name", "medication.dose", "allergy.to_what"})


@pytest.fixture
def place(tmp_path: Path, database_url: str) -> Iterator[World]:
    with world(tmp_path, database_url) as made:
        yield made


def ask(client: OAuth2Client, hint: str = PERSON, *, purpose: str = HOME_CARE) -> BackChannelAuthenticationResponse:
    return client.backchannel_authentication_request(
        login_hint=hint, binding_message="K 31", authorization_details=json.dumps(details(purpose))
    )


def granted(place: World, allowed: frozenset[str] = FOUR) -> tuple[DPoPToken, BackChannelAuthenticationResponse]:
    client = place.client()
    asked = ask(client)
    place.decide(allowed)
    token = client.ciba(asked)
    assert isinstance(token, DPoPToken)
    return token, asked


def read(place: World, token: DPoPToken, query: str = "", **headers: str) -> http.Response:
    return place.session.get(
        f"{place.issuer}/api/v1/records{query}", auth=token, headers={**ACTOR, **headers}, timeout=10
    )


def stopped(place: World, token: DPoPToken) -> http.Response:
    """The 401 of a token that has worked before; this client takes any 401 for a nonce challenge, and raises."""
    with pytest.raises(MissingDPoPNonce) as refusal:
        read(place, token)
    response: http.Response = refusal.value.response
    assert response.status_code == HTTPStatus.UNAUTHORIZED
    with response:
        assert response.content
    return response


def stop_sharing(place: World) -> None:
    with place.vault.transaction(place.citizen) as ctx:
        (grant,) = grants.of_citizen(ctx, citizen_id=place.citizen_id)
        grants.withdraw(ctx, citizen_id=place.citizen_id, grant_id=grant.grant_id)


def test_a_service_asks_waits_and_reads_exactly_what_was_allowed(place: World) -> None:
    client = place.client()
    asked = ask(client)
    assert asked.expires_in is not None
    with pytest.raises(AuthorizationPending):
        client.ciba(asked)
    place.decide(FOUR)
    token = client.ciba(asked)
    assert isinstance(token, DPoPToken)
    assert token.expires_in == pytest.approx(300, abs=BUSY)
    (granted_details,) = token.authorization_details
    assert granted_details["fields"] == {"identity": ["name"], "medication": ["dose", "name"], "allergy": ["to_what"]}
    answer = read(place, token)
    assert answer.status_code == HTTPStatus.OK
    seen = {name: value for record in answer.json()["records"] for name, value in record["fields"].items()}
    assert seen == {name: value for values in VALUES.values() for name, value in values.items() if name in FOUR}
    assert set(answer.json()["fields"]) == FOUR
    receipt = verify_receipt(answer.headers["Vault-Log-Receipt"], place.vault.keyring.store.public_key("receipt"))
    assert receipt.origin == place.vault.origin


def test_what_was_not_allowed_is_refused_with_the_reason_and_the_list(place: World) -> None:
    token, _ = granted(place)
    answer = read(place, token, "?fields=medication.name,gp.practice,identity.known_as")
    assert answer.status_code == HTTPStatus.FORBIDDEN
    problem = answer.json()
    assert problem["missing"] == ["gp.practice", "identity.known_as"]
    assert problem["detail"]
    assert not any(value in answer.text for values in VALUES.values() for value in values.values())


def test_a_stolen_token_opens_nothing_with_another_key(place: World) -> None:
    token, _ = granted(place)
    stolen = DPoPToken(access_token=token.access_token, _dpop_key=DPoPKey.generate())
    refusal = read(place, stolen)
    assert refusal.status_code == HTTPStatus.UNAUTHORIZED
    assert refusal.json()["code"] == "token_invalid"
    assert refusal.headers["WWW-Authenticate"].startswith('DPoP error="invalid_token"')
    bearer = place.session.get(
        f"{place.issuer}/api/v1/records", headers={"Authorization": f"Bearer {token.access_token}"}, timeout=10
    )
    assert bearer.status_code == HTTPStatus.UNAUTHORIZED


def test_the_next_call_after_stop_sharing_is_refused(place: World) -> None:
    token, _ = granted(place)
    assert read(place, token).ok
    stop_sharing(place)
    assert stopped(place, token).json()["code"] == "token_invalid"
    assert place.client().introspect_token(token.access_token) == {"active": False}


def test_a_request_gives_one_first_token(place: World) -> None:
    _, asked = granted(place)
    with pytest.raises(InvalidGrant):
        place.client().ciba(asked)


def test_a_citizen_who_shares_none_is_a_no(place: World) -> None:
    client = place.client()
    asked = ask(client)
    place.decide(frozenset())
    with pytest.raises(AccessDenied):
        client.ciba(asked)


def test_polling_faster_than_asked_is_told_to_slow_down(place: World) -> None:
    client = place.client()
    asked = ask(client)
    with pytest.raises(AuthorizationPending):
        client.ciba(asked)
    with pytest.raises(SlowDown):
        client.ciba(asked)


def test_known_and_unknown_people_look_the_same(place: World) -> None:
    client = place.client()
    known, unknown = ask(client, PERSON), ask(client, STRANGER)
    assert known.expires_in == pytest.approx(unknown.expires_in, abs=BUSY)
    assert len(known.auth_req_id) == len(unknown.auth_req_id)
    for asked in (known, unknown):
        with pytest.raises(AuthorizationPending):
            client.ciba(asked)
    for asked in (known, unknown):
        with pytest.raises(SlowDown):
            client.ciba(asked)


def test_a_token_is_described_to_its_own_service_and_absent_for_another(place: World) -> None:
    token, _ = granted(place)
    mine = place.client().introspect_token(token.access_token)
    assert mine["active"] is True
    assert mine["cnf"] == {"jkt": token.dpop_key.dpop_jkt}
    assert mine["authorization_details"][0]["purpose"] == HOME_CARE
    assert place.client(place.council_tax).introspect_token(token.access_token) == {"active": False}


def test_a_token_given_back_is_over_and_another_service_cannot_end_it(place: World) -> None:
    token, _ = granted(place)
    place.client(place.council_tax).revoke_access_token(token.access_token)
    assert read(place, token).ok
    place.client().revoke_access_token(token.access_token)
    assert stopped(place, token).json()["code"] == "token_invalid"


def test_a_grant_can_be_asked_about_and_given_back(place: World) -> None:
    token, _ = granted(place)
    address = f"{place.issuer}/oauth/grants/{token.grant_id}"
    found = place.session.get(address, auth=token, timeout=10)
    assert found.json()["status"] == "active"
    assert (
        place.session.get(f"{place.issuer}/oauth/grants/{'0' * 32}", auth=token, timeout=10).status_code
        == HTTPStatus.NOT_FOUND
    )
    assert place.session.delete(address, auth=token, timeout=10).status_code == HTTPStatus.NO_CONTENT
    assert stopped(place, token).json()["code"] == "token_invalid"


def test_the_id_token_is_signed_by_the_published_key_and_names_the_person_for_this_service_only(place: World) -> None:
    token, _ = granted(place)
    client = place.client()
    client.update_authorization_server_public_keys()
    (key,) = client.authorization_server_jwks.jwks
    assert isinstance(token.id_token, IdToken)
    assert token.id_token.verify_signature(key, alg="EdDSA")
    assert token.id_token.audiences == [client.client_id]
    assert token.id_token.issuer == place.issuer
    assert token.id_token.subject not in {str(place.citizen_id), place.citizen_id.hex}


def test_nobody_looks_without_a_name(place: World) -> None:
    token, _ = granted(place)
    answer = place.session.get(f"{place.issuer}/api/v1/records", auth=token, timeout=10)
    assert answer.status_code == HTTPStatus.FORBIDDEN


def test_a_proof_is_shown_once(place: World) -> None:
    token, _ = granted(place)
    first = read(place, token)
    again = place.session.get(str(first.request.url), headers=dict(first.request.headers), timeout=10)
    assert again.status_code == HTTPStatus.UNAUTHORIZED
    assert again.json()["code"] == "replayed"


def test_no_read_that_begins_after_stop_sharing_was_answered_gets_a_field(place: World) -> None:
    token, _ = granted(place)
    assert read(place, token).ok
    nonce = token.dpop_key.rs_nonce
    answered = threading.Event()

    def look(_number: int) -> tuple[bool, int]:
        key = DPoPKey(token.dpop_key.private_key, rs_nonce=nonce)
        proof = str(
            key.proof(htm="GET", htu=f"{place.issuer}/api/v1/records", ath=sha256_base64url(token.access_token))
        )
        headers = {**ACTOR, "Authorization": f"DPoP {token.access_token}", "DPoP": proof}
        after = answered.is_set()
        with http.get(f"{place.issuer}/api/v1/records", headers=headers, timeout=20) as answer:
            return after, answer.status_code

    with ThreadPoolExecutor(4) as readers:
        looks = [readers.submit(look, number) for number in range(12)]
        stop_sharing(place)
        answered.set()
        looks += [readers.submit(look, number) for number in range(12)]
        results = [each.result() for each in looks]
    assert {status for after, status in results if after} == {HTTPStatus.UNAUTHORIZED}
    assert {status for _, status in results} <= {HTTPStatus.OK, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}


def test_a_refreshed_token_carries_the_grant_as_it_is_now(place: World) -> None:
    token, _ = granted(place)
    assert read(place, token).ok
    with place.vault.transaction(place.citizen) as ctx:
        (grant,) = grants.of_citizen(ctx, citizen_id=place.citizen_id)
        grants.narrow(ctx, citizen_id=place.citizen_id, grant_id=grant.grant_id, keep=frozenset({"medication.name"}))
    assert stopped(place, token).json()["code"] == "token_invalid"
    fresh = place.client().refresh_token(token)
    assert isinstance(fresh, DPoPToken)
    assert fresh.authorization_details[0]["fields"] == {"medication": ["name"]}
    assert read(place, fresh).json()["fields"] == ["medication.name"]
    stop_sharing(place)
    with pytest.raises(InvalidGrant):
        place.client().refresh_token(token)


def test_a_refresh_token_is_of_one_service_and_one_key_and_reads_nothing(place: World) -> None:
    token, _ = granted(place)
    stolen = DPoPToken(access_token="a", refresh_token=token.refresh_token, _dpop_key=DPoPKey.generate())
    with pytest.raises(InvalidGrant):
        place.client().refresh_token(stolen)
    with pytest.raises(InvalidGrant):
        place.client(place.council_tax).refresh_token(token)
    swapped = DPoPToken(access_token="a", refresh_token=token.access_token, _dpop_key=token.dpop_key)
    with pytest.raises(InvalidGrant):
        place.client().refresh_token(swapped)
    assert token.refresh_token is not None
    as_access = DPoPToken(access_token=token.refresh_token, _dpop_key=token.dpop_key)
    assert read(place, as_access).status_code == HTTPStatus.UNAUTHORIZED


def test_two_polls_at_once_give_one_token(place: World) -> None:
    asked = ask(place.client())
    place.decide(FOUR)
    barrier = threading.Barrier(3)

    def take(_number: int) -> bool:
        client = place.client(session=http.Session())
        with client.session:
            barrier.wait()
            try:
                client.ciba(asked)
            except InvalidGrant:
                return False
            return True

    with ThreadPoolExecutor(3) as takers:
        taken = list(takers.map(take, range(3)))
    assert sorted(taken) == [False, False, True]
