"""The OAuth endpoints: what is not sound gets a clear error, the same for every secret, and leaves nothing behind."""

import base64
import json
import uuid
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import pytest
from jwskate import Jwk, Jwt

from tests.protocol import ASSERTION, asking, assertion, poll, post, proof_for, signed_in
from tests.service_world import PERSON, SEVEN, STRANGER, World, details
from vault import services
from vault.context import OPERATOR
from vault.kinds import ServiceStatus

SECRET = "Doris Pritchard"
NOW = Jwt.timestamp


def test_the_server_says_at_both_addresses_what_it_can_do(place: World) -> None:
    first, second = (
        place.session.get(f"{place.issuer}/.well-known/{name}", timeout=10)
        for name in ("oauth-authorization-server", "openid-configuration")
    )
    assert first.json() == second.json()
    told = first.json()
    assert told["issuer"] == place.issuer
    assert told["backchannel_token_delivery_modes_supported"] == ["poll", "ping"]
    assert told["authorization_details_types_supported"] == ["vault_access", "vault_delivery"]
    assert told["token_endpoint_auth_methods_supported"] == ["private_key_jwt"]
    assert {"ES256", "PS256", "Ed25519"} <= set(told["dpop_signing_alg_values_supported"])
    named = [value for name, value in told.items() if name.endswith("_endpoint") and "grant" not in name]
    assert all(place.session.options(address, timeout=10).headers["Allow"] for address in named)


def test_the_data_api_says_who_gives_tokens_for_it(place: World) -> None:
    told = place.session.get(f"{place.issuer}/.well-known/oauth-protected-resource", timeout=10).json()
    assert told["authorization_servers"] == [place.issuer]
    assert told["resource"] == f"{place.issuer}/api/v1"
    assert told["dpop_bound_access_tokens_required"] is True


def test_no_private_key_is_published(place: World) -> None:
    (key,) = place.session.get(f"{place.issuer}/jwks", timeout=10).json()["keys"]
    assert set(key) == {"kty", "crv", "x", "kid", "alg", "use"}


def forged(header: dict[str, object], claims: dict[str, object]) -> str:
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in (header, claims)]
    return ".".join([*parts, ""])


def shown(place: World, what: str) -> str:
    """A client assertion with one fault."""
    sound = {"iss": "home-care", "sub": "home-care", "aud": place.issuer, "exp": NOW() + 60, "jti": uuid.uuid4().hex}
    changes: dict[str, dict[str, Any]] = {
        "the token endpoint as audience": {"aud": f"{place.issuer}/oauth/token"},
        "two audiences": {"aud": [place.issuer, "https://other.example"]},
        "no audience": {"aud": None},
        "ended": {"exp": NOW() - 60},
        "good for two minutes": {"exp": NOW() + 120},
        "no end": {"exp": None},
        "end as text": {"exp": "tomorrow"},
        "made tomorrow": {"iat": NOW() + 86_400},
        "not yet": {"nbf": NOW() + 60},
        "another issuer": {"iss": "council-tax"},
        "no subject": {"sub": None},
        "subject as list": {"sub": ["home-care"]},
        "unknown client": {"iss": "nobody", "sub": "nobody"},
        "no id": {"jti": None},
        "long id": {"jti": "j" * 129},
    }
    if what in changes:
        return assertion(place, **changes[what])
    makers: dict[str, Callable[[], str]] = {
        "another key": lambda: assertion(place, key=Jwk.generate(alg="ES256")),
        "another service's key": lambda: assertion(place, key=place.council_tax.key),
        "no signature": lambda: forged({"alg": "none"}, sound),
        "symmetric": lambda: str(Jwt.sign(sound, Jwk.generate(alg="HS256"), alg="HS256")),
        "not a JWT": lambda: "assertion",
        "broken": lambda: assertion(place)[:-4] + "AAAA",
        "deep": lambda: forged({"alg": "ES256"}, {"a": json.loads("[" * 500 + "]" * 500)}),
    }
    return makers[what]()


FAULTS = [
    *("the token endpoint as audience", "two audiences", "no audience", "ended", "good for two minutes", "no end"),
    *("end as text", "made tomorrow", "not yet", "another issuer", "no subject", "subject as list", "unknown client"),
    *(
        "no id",
        "long id",
        "another key",
        "another service's key",
        "no signature",
        "symmetric",
        "not a JWT",
        "broken",
        "deep",
    ),
]


@pytest.mark.parametrize("what", FAULTS)
def test_whatever_is_wrong_with_a_client_it_looks_the_same(place: World, what: str) -> None:
    form = {**asking(), "client_assertion_type": ASSERTION, "client_assertion": shown(place, what)}
    answer = post(place, "/oauth/bc-authorize", form)
    assert answer.status_code == HTTPStatus.UNAUTHORIZED
    assert answer.json() == {"error": "invalid_client", "error_description": "the client did not authenticate"}
    assert place.waiting() == 0


@pytest.mark.parametrize("path", ["/oauth/bc-authorize", "/oauth/introspect", "/oauth/revoke"])
def test_nobody_without_an_assertion(place: World, path: str) -> None:
    answer = post(place, path, {"token": "t", **asking()})
    assert answer.json()["error"] == "invalid_client"


def test_an_assertion_is_shown_once(place: World) -> None:
    form = {"token": "unknown", **signed_in(place)}
    assert post(place, "/oauth/introspect", form).json() == {"active": False}
    assert post(place, "/oauth/introspect", form).json()["error"] == "invalid_client"


def test_a_suspended_service_is_nobody(place: World) -> None:
    with place.vault.transaction(OPERATOR) as ctx:
        services.set_status(ctx, slug="council-tax", status=ServiceStatus.SUSPENDED)
    answer = post(place, "/oauth/introspect", {"token": "t", **signed_in(place, place.council_tax)})
    with place.vault.transaction(OPERATOR) as ctx:
        services.set_status(ctx, slug="council-tax", status=ServiceStatus.ACTIVE)
    assert answer.json()["error"] == "invalid_client"


DETAILS: dict[str, tuple[object, str]] = {
    "no details": (None, "invalid_authorization_details"),
    "no JSON": (SECRET, "invalid_authorization_details"),
    "deep": ("[" * 1000 + "]" * 1000, "invalid_authorization_details"),
    "duplicate key": ('[{"type":"vault_access","type":"x"}]', "invalid_authorization_details"),
    "unknown member": (json.dumps([{**details()[0], SECRET: 1}]), "invalid_authorization_details"),
    "unknown purpose": (json.dumps(details("nothing")), "invalid_authorization_details"),
    "purpose of others": (json.dumps(details("care-review", case_reference=None)), "invalid_authorization_details"),
    "field beyond the purpose": (
        json.dumps(details(fields={**SEVEN, "identity": ["nhs_number"]})),
        "invalid_authorization_details",
    ),
    "too many uses": (json.dumps(details(max_uses=1001)), "invalid_authorization_details"),
    "too long": (json.dumps(details(grant_period="P91D")), "invalid_authorization_details"),
    "another basis": (json.dumps(details(basis="6(1)(a)")), "invalid_authorization_details"),
    "writing": (json.dumps(details(actions=["write"])), "invalid_authorization_details"),
}
MEMBERS: dict[str, tuple[dict[str, object], str]] = {
    **{name: ({"authorization_details": value}, error) for name, (value, error) in DETAILS.items()},
    "no scope": ({"scope": None}, "invalid_scope"),
    "another scope": ({"scope": "openid profile"}, "invalid_scope"),
    "nobody named": ({"login_hint": None}, "invalid_request"),
    "a token as hint": ({"id_token_hint": "a.b.c"}, "invalid_request"),
    "hint without form": ({"login_hint": SECRET}, "unknown_user_id"),
    "hint with a wrong date": ({"login_hint": "nhs:9434765919:yesterday"}, "unknown_user_id"),
    "long hint": ({"login_hint": "ref:a:" + "b" * 300}, "unknown_user_id"),
    "long message": ({"binding_message": "a" * 21}, "invalid_binding_message"),
    "message with a link": ({"binding_message": "<b>"}, "invalid_binding_message"),
    "message in other letters": ({"binding_message": "сall me"}, "invalid_binding_message"),  # noqa: RUF001 -- Cyrillic
    "no wait": ({"requested_expiry": "0"}, "invalid_request"),
    "more than 24 days": ({"requested_expiry": "2073601"}, "invalid_request"),
    "wait as words": ({"requested_expiry": "soon"}, "invalid_request"),
    "a signed request with more beside it": ({"request": "a.b.c"}, "invalid_request"),
    "word to nowhere": ({"client_notification_token": "t" * 43}, "invalid_request"),
    "another client's name": ({"client_id": "council-tax"}, "invalid_request"),
    "a line break": ({"reason": "a\nb"}, "invalid_request"),
}


@pytest.mark.parametrize(("changed", "error"), MEMBERS.values(), ids=MEMBERS.keys())
def test_a_request_that_is_not_sound_gets_its_error_and_leaves_nothing(
    place: World, changed: dict[str, object], error: str
) -> None:
    answer = post(place, "/oauth/bc-authorize", {**asking(**changed), **signed_in(place)})
    assert answer.status_code == HTTPStatus.BAD_REQUEST
    assert answer.json()["error"] == error
    assert SECRET not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert place.waiting() == 0


def test_a_purpose_the_service_is_not_registered_for_is_denied(place: World) -> None:
    answer = post(place, "/oauth/bc-authorize", {**asking(), **signed_in(place, place.council_tax)})
    assert answer.status_code == HTTPStatus.FORBIDDEN
    assert answer.json()["error"] == "access_denied"
    assert place.waiting() == 0


BODIES: dict[str, tuple[bytes, str, int]] = {
    "bad UTF-8": (b"scope=openid&login_hint=%ff", "application/x-www-form-urlencoded", 400),
    "twice": (b"scope=openid&scope=openid", "application/x-www-form-urlencoded", 400),
    "too large": (b"scope=" + b"a" * 70_000, "application/x-www-form-urlencoded", 413),
    "JSON": (b'{"scope": "openid"}', "application/json", 415),
    "nothing": (b"", "application/x-www-form-urlencoded", 401),
    "no form": (b"\x00\x01\x02", "application/x-www-form-urlencoded", 400),
}


@pytest.mark.parametrize("path", ["/oauth/bc-authorize", "/oauth/introspect", "/oauth/revoke"])
@pytest.mark.parametrize(("body", "media_type", "status"), BODIES.values(), ids=BODIES.keys())
def test_a_body_that_cannot_be_read_is_refused_whole(
    place: World, path: str, body: bytes, media_type: str, status: int
) -> None:
    answer = post(place, path, body, **{"Content-Type": media_type})
    assert answer.status_code in {status, HTTPStatus.BAD_REQUEST}
    assert answer.json()["error"] in {"invalid_request", "invalid_client"}
    assert place.waiting() == 0


def test_credentials_in_the_address_are_not_read(place: World) -> None:
    answer = place.session.post(
        f"{place.issuer}/oauth/introspect", params=signed_in(place), data={"token": "t"}, timeout=10
    )
    assert answer.json()["error"] == "invalid_request"


def test_a_poll_without_a_proof_or_its_nonce_is_told_so_and_the_nonce_then_works(place: World) -> None:
    assert poll(place, "unknown", proof=None).json()["error"] == "invalid_dpop_proof"
    challenge = poll(place, "unknown", proof=proof_for(place, "/oauth/token"))
    assert challenge.status_code == HTTPStatus.BAD_REQUEST
    assert challenge.json()["error"] == "use_dpop_nonce"
    sound = proof_for(place, "/oauth/token", nonce=challenge.headers["DPoP-Nonce"])
    answer = poll(place, "unknown", proof=sound)
    assert answer.json()["error"] == "invalid_grant"
    assert "DPoP-Nonce" not in answer.headers
    assert poll(place, "unknown", proof=sound).json()["error"] == "invalid_dpop_proof"


def test_another_service_cannot_poll_for_a_request(place: World) -> None:
    asked = post(place, "/oauth/bc-authorize", {**asking(login_hint=STRANGER), **signed_in(place)}).json()
    nonce = poll(place, "unknown", proof=proof_for(place, "/oauth/token")).headers["DPoP-Nonce"]
    proof = proof_for(place, "/oauth/token", nonce=nonce)
    answer = poll(place, asked["auth_req_id"], proof=proof, service=place.council_tax)
    assert answer.json()["error"] == "invalid_grant"


@pytest.mark.parametrize("grant_type", ["implicit", "password", SECRET])
def test_other_grant_types_are_not_offered(place: World, grant_type: str) -> None:
    answer = post(place, "/oauth/token", {"grant_type": grant_type, **signed_in(place)})
    assert answer.json()["error"] == "unsupported_grant_type"
    assert SECRET not in answer.text


def test_known_and_unknown_people_get_the_same_answer(place: World) -> None:
    known, unknown = (
        post(place, "/oauth/bc-authorize", {**asking(login_hint=hint, requested_expiry=600), **signed_in(place)})
        for hint in (PERSON, STRANGER + "9")
    )
    place.decide(frozenset())
    assert known.status_code == unknown.status_code == HTTPStatus.OK
    assert {**known.json(), "auth_req_id": ""} == {**unknown.json(), "auth_req_id": ""}
    assert len(known.json()["auth_req_id"]) == len(unknown.json()["auth_req_id"])
    assert set(known.headers) == set(unknown.headers)


def test_a_statutory_purpose_makes_its_grant_at_once_with_a_case(place: World) -> None:
    without = post(
        place,
        "/oauth/bc-authorize",
        {**asking(authorization_details=json.dumps(details("care-review"))), **signed_in(place)},
    )
    assert without.json()["error"] == "invalid_request"
    client = place.client()
    asked = client.backchannel_authentication_request(
        login_hint=PERSON, authorization_details=json.dumps(details("care-review", case_reference="CR-7"))
    )
    token = client.ciba(asked)
    assert token.authorization_details[0]["choice"] == "may-object"
    assert place.waiting() == 0
