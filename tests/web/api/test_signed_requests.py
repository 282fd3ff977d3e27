"""Signed request objects: pushed and by CIBA, by the service's own key, for this server, once."""

import json
import uuid
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import pytest
from jwskate import Jwk, Jwt

from tests.protocol import asking, post, signed_in
from tests.service_world import World, details
from tests.visiting import PAR, Flow
from tests.web.api.test_oauth_endpoints import forged

CIBA = "/oauth/bc-authorize"
NOW = Jwt.timestamp


def claims_of(place: World, inside: dict[str, Any], **changed: Any) -> dict[str, Any]:
    sound = {
        "iss": "home-care",
        "aud": place.issuer,
        "nbf": NOW(),
        "exp": NOW() + 300,
        "jti": uuid.uuid4().hex,
        "client_id": "home-care",
        **inside,
        "authorization_details": details(),
    }
    return {name: value for name, value in {**sound, **changed}.items() if value is not None}


def signed(place: World, path: str, *, key: Jwk | None = None, kind: str | None = None, **changed: Any) -> str:
    inside: dict[str, Any] = {**Flow.of(place).asking()} if path == PAR else {**asking()}
    made = Jwt.sign(
        claims_of(place, inside, **changed),
        key or place.home_care.key,
        alg="ES256",
        typ=kind or "JWT",
    )
    return str(made)


def sent(place: World, path: str, request: str, **beside: str) -> Any:
    form = {"request": request, **beside, **signed_in(place)}
    more = {"DPoP": Flow.of(place).proof(PAR)} if path == PAR else {}
    return post(place, path, form, **more)


@pytest.mark.parametrize("path", [PAR, CIBA])
def test_a_signed_request_is_taken_once(place: World, path: str) -> None:
    request = signed(place, path, kind="oauth-authz-req+jwt" if path == PAR else None)
    assert sent(place, path, request, client_id="home-care").ok
    if path == CIBA:
        place.decide(frozenset())
    again = sent(place, path, request)
    assert again.json()["error"] == "invalid_request_object"


BAD: dict[str, Callable[[World, str], str]] = {
    "by another key": lambda place, path: signed(place, path, key=Jwk.generate(alg="ES256")),
    "by another service": lambda place, path: signed(place, path, key=place.council_tax.key, iss="council-tax"),
    "no signature": lambda place, _: forged({"alg": "none"}, claims_of(place, {})),
    "symmetric": lambda place, _: str(Jwt.sign(claims_of(place, {}), Jwk.generate(alg="HS256"), alg="HS256")),
    "for another server": lambda place, path: signed(place, path, aud="https://other.example"),
    "for no server": lambda place, path: signed(place, path, aud=None),
    "ended": lambda place, path: signed(place, path, nbf=NOW() - 900, exp=NOW() - 600),
    "not yet": lambda place, path: signed(place, path, nbf=NOW() + 600, exp=NOW() + 900),
    "too long": lambda place, path: signed(place, path, exp=NOW() + 4000),
    "too old": lambda place, path: signed(place, path, nbf=NOW() - 4000),
    "after all dates": lambda place, path: signed(place, path, exp=10**12),
    "without end": lambda place, path: signed(place, path, exp=None),
    "without begin": lambda place, path: signed(place, path, nbf=None),
    "made tomorrow": lambda place, path: signed(place, path, iat=NOW() + 86_400),
    "without id": lambda place, path: signed(place, path, jti=None),
    "long id": lambda place, path: signed(place, path, jti="j" * 129),
    "that could authenticate": lambda place, path: signed(place, path, sub="home-care"),
    "a proof": lambda place, path: signed(place, path, kind="dpop+jwt"),
    "another one inside": lambda place, path: signed(place, path, request="a.b.c"),
    "one by reference inside": lambda place, path: signed(place, path, request_uri="https://home-care.example/r"),
    "a truth value inside": lambda place, path: signed(place, path, binding_message=True),
    "a line break inside": lambda place, path: signed(place, path, binding_message="a\nb"),
}


@pytest.mark.parametrize("path", [PAR, CIBA])
@pytest.mark.parametrize("make", BAD.values(), ids=BAD.keys())
def test_a_request_object_that_is_not_sound_is_refused(
    place: World, path: str, make: Callable[[World, str], str]
) -> None:
    answer = sent(place, path, make(place, path))
    assert answer.status_code == HTTPStatus.BAD_REQUEST
    assert answer.json()["error"] == "invalid_request_object"
    assert place.waiting() == 0


@pytest.mark.parametrize("path", [PAR, CIBA])
def test_nothing_may_stand_beside_a_request_object(place: World, path: str) -> None:
    answer = sent(place, path, signed(place, path), authorization_details=json.dumps(details()))
    assert answer.json()["error"] == "invalid_request"


@pytest.mark.parametrize("path", [PAR, CIBA])
def test_what_stands_inside_is_judged_like_a_form(place: World, path: str) -> None:
    beyond = details(fields={"identity": ["nhs_number"]}, datatypes=["identity"])
    answer = sent(place, path, signed(place, path, authorization_details=beyond))
    assert answer.json()["error"] == "invalid_authorization_details"
    assert sent(place, path, signed(place, path, scope="openid profile")).json()["error"] == "invalid_scope"
    assert sent(place, path, signed(place, path, client_id="council-tax")).json()["error"] == "invalid_request"
