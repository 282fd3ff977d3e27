"""Requests of the service protocol made by hand, so that each part can be wrong."""

import json
import uuid
from typing import Any, Final

import requests
from jwskate import Jwk, Jwt
from requests_oauth2client import DPoPKey, DPoPToken

from tests.service_world import HOME_CARE, PERSON, Service, World, details

ASSERTION: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
CIBA: Final = "urn:openid:params:grant-type:ciba"


def assertion(place: World, service: Service | None = None, *, key: Jwk | None = None, **changed: Any) -> str:
    """A client assertion of *service*, with what is given changed; a claim given as None is left out."""
    known, now = service or place.home_care, Jwt.timestamp()
    claims = {
        "iss": known.slug,
        "sub": known.slug,
        "aud": place.issuer,
        "iat": now,
        "exp": now + 60,
        "jti": uuid.uuid4().hex,
    }
    kept = {name: value for name, value in {**claims, **changed}.items() if value is not None}
    return str(Jwt.sign(kept, key or known.key, alg="ES256"))


def signed_in(place: World, service: Service | None = None) -> dict[str, str]:
    """The form members by which *service* authenticates."""
    return {"client_assertion_type": ASSERTION, "client_assertion": assertion(place, service)}


def asking(**changed: object) -> dict[str, str]:
    """The form members of a sound request for the one citizen; a member given as None is left out."""
    sound = {
        "scope": "openid",
        "login_hint": PERSON,
        "authorization_details": json.dumps(details()),
        "binding_message": "K 31",
    }
    return {name: str(value) for name, value in {**sound, **changed}.items() if value is not None}


def post(place: World, path: str, form: Any, **headers: str) -> requests.Response:
    """A form request, sent as it is."""
    sent = {"Content-Type": "application/x-www-form-urlencoded", **headers}
    return place.session.post(place.issuer + path, data=form, headers=sent, timeout=10)


def poll(place: World, handle: str, *, proof: str | None, service: Service | None = None) -> requests.Response:
    """One poll of the token endpoint."""
    form = {"grant_type": CIBA, "auth_req_id": handle, **signed_in(place, service)}
    return post(place, "/oauth/token", form, **({"DPoP": proof} if proof else {}))


def proof_for(
    place: World, path: str, *, method: str = "POST", key: DPoPKey | None = None, nonce: str | None = None
) -> str:
    """A DPoP proof for one endpoint."""
    return str((key or DPoPKey.generate()).proof(htm=method, htu=place.issuer + path, nonce=nonce))


def granted(
    place: World, allowed: frozenset[str], *, purpose: str = HOME_CARE, service: Service | None = None
) -> DPoPToken:
    """A token for *allowed*, asked for and decided."""
    client = place.client(service)
    asked = client.backchannel_authentication_request(
        login_hint=PERSON, authorization_details=json.dumps(details(purpose))
    )
    place.decide(allowed)
    token = client.ciba(asked)
    assert isinstance(token, DPoPToken)
    return token
