"""The abuse table: what attackers try is refused with the standard's own error, is in the log, and reveals nothing.

More of single parts: assertions in `test_oauth_endpoints`, proofs in `test_dpop`, request objects in
`test_signed_requests`, codes in `test_visits`.
"""

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import pytest
import requests
from flask.testing import FlaskClient
from jwskate import Jwk, Jwt
from requests_oauth2client import DPoPKey

from tests.log_reading import refusals
from tests.protocol import ASSERTION, asking, assertion, granted, poll, post, proof_for, signed_in
from tests.service_world import ACTOR, VALUES, World, details, names
from tests.visiting import PAR, TOKEN, Flow, browser_of, opened
from tests.web.api.test_oauth_endpoints import forged
from vault import grants, services
from vault.context import OPERATOR
from vault.kinds import ServiceStatus
from web.api.jose import sha256_base64url

ONE = names({"medication": ["name"]})
RECORDS = "/api/v1/records"
NOW = Jwt.timestamp
Answer = requests.Response


@dataclass(frozen=True, slots=True)
class Scene:
    """A running vault, a citizen's browser, and a visit."""

    place: World
    browser: FlaskClient
    flow: Flow

    def authenticated(self, shown: str, path: str = "/oauth/introspect") -> Answer:
        """A call with *shown* as the client's assertion."""
        form = {"token": "t", **asking(), "client_assertion_type": ASSERTION, "client_assertion": shown}
        return post(self.place, path, form)

    def polled(self, proof: str) -> Answer:
        return poll(self.place, "unknown", proof=proof)

    def proved(self, *, path: str = TOKEN, method: str = "POST", **changed: Any) -> str:
        """A proof for the token endpoint with claims changed."""
        self.flow.proof(TOKEN)
        key = Jwk.generate(alg="ES256")
        claims = {
            "jti": f"j{NOW()}-{id(key)}",
            "htm": method,
            "htu": self.place.issuer + path,
            "iat": NOW(),
            "nonce": self.flow.nonce,
        }
        header = {"jwk": key.public_jwk().to_dict()}
        return str(Jwt.sign({**claims, **changed}, key, alg="ES256", typ="dpop+jwt", extra_headers=header))

    def read(self, handle: str, key: DPoPKey, **headers: str) -> Answer:
        """A read with a token."""
        url = self.place.issuer + RECORDS
        self.flow.proof(TOKEN)
        proof = str(key.proof(htm="GET", htu=url, nonce=self.flow.nonce, ath=sha256_base64url(handle)))
        shown = {**ACTOR, "Authorization": f"DPoP {handle}", "DPoP": proof, **headers}
        return self.place.session.get(url, headers=shown, timeout=10)

    def again(self, call: Callable[[], Answer]) -> Answer:
        call()
        return call()


@pytest.fixture(scope="module")
def browser(place: World) -> FlaskClient:
    return browser_of(place)


@pytest.fixture
def scene(place: World, browser: FlaskClient) -> Iterator[Scene]:
    yield Scene(place, browser, Flow.of(place))
    with place.vault.transaction(place.citizen) as ctx:
        for grant in grants.of_citizen(ctx, citizen_id=place.citizen_id):
            if grant.state == "active":
                grants.withdraw(ctx, citizen_id=place.citizen_id, grant_id=grant.grant_id)


def replayed_assertion(scene: Scene) -> Answer:
    shown = assertion(scene.place)
    return scene.again(lambda: scene.authenticated(shown))


def replayed_proof(scene: Scene) -> Answer:
    shown = scene.proved()
    return scene.again(lambda: scene.polled(shown))


def replayed_proof_at_the_data_api(scene: Scene) -> Answer:
    token = granted(scene.place, ONE)
    url = scene.place.issuer + RECORDS
    first = scene.place.session.get(url, auth=token, headers=ACTOR, timeout=10)
    return scene.place.session.get(url, headers=dict(first.request.headers), timeout=10)


def replayed_code(scene: Scene) -> Answer:
    code = scene.flow.code(scene.browser, ONE)
    return scene.again(lambda: scene.flow.redeem(code))


def replayed_request(scene: Scene) -> Answer:
    asked = post(scene.place, "/oauth/bc-authorize", {**asking(), **signed_in(scene.place)}).json()["auth_req_id"]
    scene.place.decide(ONE)
    return scene.again(lambda: poll(scene.place, asked, proof=scene.proved()))


def foreign_request(scene: Scene) -> Answer:
    asked = post(scene.place, "/oauth/bc-authorize", {**asking(), **signed_in(scene.place)}).json()["auth_req_id"]
    scene.place.decide(frozenset())
    return poll(scene.place, asked, proof=scene.proved(), service=scene.place.council_tax)


def foreign_code(scene: Scene) -> Answer:
    code = scene.flow.code(scene.browser, ONE)
    return scene.flow.redeem(code, service=scene.place.council_tax)


def swapped_key(scene: Scene) -> Answer:
    return scene.flow.redeem(scene.flow.code(scene.browser, ONE), key=DPoPKey.generate())


def swapped_key_at_refresh(scene: Scene) -> Answer:
    token = granted(scene.place, ONE)
    form = {"grant_type": "refresh_token", "refresh_token": str(token.refresh_token), **signed_in(scene.place)}
    return post(scene.place, TOKEN, form, DPoP=scene.flow.proof(TOKEN))


def swapped_key_at_the_data_api(scene: Scene) -> Answer:
    return scene.read(granted(scene.place, ONE).access_token, DPoPKey.generate())


def mixed_up_address(scene: Scene) -> Answer:
    code = scene.flow.code(scene.browser, ONE)
    return scene.flow.redeem(code, redirect_uri="https://home-care.example/back?from=vault")


def mixed_up_verifier(scene: Scene) -> Answer:
    return scene.flow.redeem(scene.flow.code(scene.browser, ONE), code_verifier=Flow.of(scene.place).verifier)


def confused_public_key(scene: Scene) -> Answer:
    """HS256 with the registered public key as its secret: verified by whoever lets the header choose."""
    public = json.dumps(scene.place.home_care.key.public_jwk().to_dict()).encode()
    secret = Jwk({"kty": "oct", "k": base64.urlsafe_b64encode(public).decode().rstrip("=")})
    claims = {"iss": "home-care", "sub": "home-care", "aud": scene.place.issuer, "exp": NOW() + 60, "jti": "confused"}
    return scene.authenticated(str(Jwt.sign(claims, secret, alg="HS256")))


def proof_of_none(scene: Scene) -> Answer:
    key = DPoPKey.generate().public_jwk.to_dict()
    claims = {"jti": "none", "htm": "POST", "htu": scene.place.issuer + TOKEN, "iat": NOW()}
    return scene.polled(forged({"alg": "none", "typ": "dpop+jwt", "jwk": key}, claims))


def proof_as_assertion(scene: Scene) -> Answer:
    return scene.authenticated(scene.proved())


def foreign_grant(scene: Scene) -> Answer:
    token = granted(scene.place, ONE)
    url = f"{scene.place.issuer}/oauth/grants/{'ab' * 16}"
    return scene.place.session.get(url, auth=token, timeout=10)


def token_of_a_suspended_service(scene: Scene) -> Answer:
    token = granted(scene.place, ONE)
    with scene.place.vault.transaction(OPERATOR) as ctx:
        services.set_status(ctx, slug="home-care", status=ServiceStatus.SUSPENDED)
    try:
        return scene.place.session.get(scene.place.issuer + RECORDS, auth=token, headers=ACTOR, timeout=10)
    finally:
        with scene.place.vault.transaction(OPERATOR) as ctx:
            services.set_status(ctx, slug="home-care", status=ServiceStatus.ACTIVE)


def refresh_of_a_suspended_service(scene: Scene) -> Answer:
    token = granted(scene.place, ONE)
    form = {"grant_type": "refresh_token", "refresh_token": str(token.refresh_token), **signed_in(scene.place)}
    proof = proof_for(scene.place, TOKEN, key=token.dpop_key, nonce=token.dpop_key.as_nonce)
    with scene.place.vault.transaction(OPERATOR) as ctx:
        services.set_status(ctx, slug="home-care", status=ServiceStatus.SUSPENDED)
    try:
        return post(scene.place, TOKEN, form, DPoP=proof)
    finally:
        with scene.place.vault.transaction(OPERATOR) as ctx:
            services.set_status(ctx, slug="home-care", status=ServiceStatus.ACTIVE)


def polluted(path: str) -> Callable[[Scene], Answer]:
    def send(scene: Scene) -> Answer:
        twice = [*signed_in(scene.place).items(), *asking().items(), ("scope", "openid")]
        return post(scene.place, path, twice)

    return send


def ciba(**changed: object) -> Callable[[Scene], Answer]:
    return lambda scene: post(scene.place, "/oauth/bc-authorize", {**asking(**changed), **signed_in(scene.place)})


def beyond(**changed: Any) -> Callable[[Scene], Answer]:
    return ciba(authorization_details=json.dumps(details(**changed)))


def with_assertion(**changed: Any) -> Callable[[Scene], Answer]:
    def send(scene: Scene) -> Answer:
        given = {name: value(scene) if callable(value) else value for name, value in changed.items()}
        return scene.authenticated(assertion(scene.place, **given))

    return send


def with_proof(**changed: Any) -> Callable[[Scene], Answer]:
    return lambda scene: scene.polled(scene.proved(**changed))


def pushed(**changed: object) -> Callable[[Scene], Answer]:
    return lambda scene: scene.flow.push(**changed)


CLIENT = (401, "invalid_client")
PROOF = (400, "invalid_dpop_proof")
GRANT = (400, "invalid_grant")
REQUEST = (400, "invalid_request")
DETAILS = (400, "invalid_authorization_details")

TABLE: dict[str, tuple[Callable[[Scene], Answer], tuple[int, str]]] = {
    "replayed assertion": (replayed_assertion, CLIENT),
    "replayed proof": (replayed_proof, PROOF),
    "replayed proof at the data API": (replayed_proof_at_the_data_api, (401, "invalid_dpop_proof")),
    "replayed code": (replayed_code, GRANT),
    "replayed auth_req_id": (replayed_request, GRANT),
    "another service's auth_req_id": (foreign_request, GRANT),
    "another service's code": (foreign_code, GRANT),
    "alg none in an assertion": (lambda s: s.authenticated(forged({"alg": "none"}, {"sub": "home-care"})), CLIENT),
    "alg none in a proof": (proof_of_none, PROOF),
    "HS256 by the public key": (confused_public_key, CLIENT),
    "proof as assertion": (proof_as_assertion, CLIENT),
    "assertion as proof": (lambda s: s.polled(assertion(s.place)), PROOF),
    "assertion for another server": (with_assertion(aud="https://other.example"), CLIENT),
    "assertion for the token endpoint": (with_assertion(aud=lambda s: s.place.issuer + TOKEN), CLIENT),
    "assertion of another issuer": (with_assertion(iss="council-tax"), CLIENT),
    "assertion that ended": (with_assertion(exp=1_700_000_000), CLIENT),
    "assertion of the future": (with_assertion(nbf=4_000_000_000), CLIENT),
    "assertion by a swapped key": (lambda s: s.authenticated(assertion(s.place, key=s.place.council_tax.key)), CLIENT),
    "proof for another method": (with_proof(method="GET"), PROOF),
    "proof for another address": (with_proof(path="/oauth/revoke"), PROOF),
    "proof for another server": (with_proof(htu="https://other.example/oauth/token"), PROOF),
    "proof that is old": (with_proof(iat=1_700_000_000), PROOF),
    "proof of the future": (with_proof(iat=4_000_000_000), PROOF),
    "key swapped between push and code": (swapped_key, GRANT),
    "key swapped at refresh": (swapped_key_at_refresh, GRANT),
    "key swapped at the data API": (swapped_key_at_the_data_api, (401, "invalid_token")),
    "challenge left out": (pushed(code_challenge=None, code_challenge_method=None), REQUEST),
    "challenge made plain": (pushed(code_challenge_method="plain"), REQUEST),
    "verifier of another visit": (mixed_up_verifier, GRANT),
    "verifier left out": (lambda s: s.flow.redeem(s.flow.code(s.browser, ONE), code_verifier=None), REQUEST),
    "address of another visit": (mixed_up_address, GRANT),
    "address that is not registered": (pushed(redirect_uri="https://evil.example/"), REQUEST),
    "parameter twice": (polluted("/oauth/bc-authorize"), REQUEST),
    "parameter twice in a push": (polluted(PAR), REQUEST),
    "another client's id": (ciba(client_id="council-tax"), REQUEST),
    "scope beyond": (ciba(scope="openid admin"), (400, "invalid_scope")),
    "scope beyond in a push": (pushed(scope="openid admin"), (400, "invalid_scope")),
    "field beyond": (beyond(datatypes=["identity"], fields={"identity": ["nhs_number"]}), DETAILS),
    "category beyond": (beyond(datatypes=["condition"], fields={"condition": ["name"]}), DETAILS),
    "purpose that is none": (beyond(purpose="anything"), DETAILS),
    "action beyond": (beyond(actions=["write"]), DETAILS),
    "another citizen's grant": (foreign_grant, (404, "invalid_request")),
    "token of a suspended service": (token_of_a_suspended_service, (403, "")),
    "refresh of a suspended service": (refresh_of_a_suspended_service, CLIENT),
}


def logged(place: World) -> int:
    return refusals(place.vault)


def error_of(answer: Answer) -> str:
    shown = answer.headers.get("WWW-Authenticate", "")
    if "error=" in shown:
        return shown.partition('error="')[2].partition('"')[0]
    body = answer.json()
    return str(body.get("error") or body.get("code"))


@pytest.mark.parametrize("what", TABLE)
def test_abuse_is_refused_in_the_standards_words_logged_and_reveals_nothing(scene: Scene, what: str) -> None:
    attempt, (status, error) = TABLE[what]
    before = logged(scene.place)
    answer = attempt(scene)
    assert answer.status_code == status, answer.text
    assert not error or error_of(answer) == error
    assert logged(scene.place) > before
    secrets = [value for values in VALUES.values() for value in values.values()]
    secrets += [str(scene.place.citizen_id), scene.place.citizen_id.hex, "HC-2041"]
    assert not any(secret in answer.text for secret in secrets)
    assert scene.place.waiting() == 0


def test_a_request_uri_shown_again_opens_nothing_and_is_counted(scene: Scene) -> None:
    uri = scene.flow.pushed()
    first = opened(scene.browser, "home-care", uri)
    before = logged(scene.place)
    assert opened(scene.browser, "home-care", uri).status_code == HTTPStatus.BAD_REQUEST
    assert logged(scene.place) > before
    assert first.status_code == HTTPStatus.OK
    assert scene.place.waiting() == 1
    scene.place.decide(frozenset())
