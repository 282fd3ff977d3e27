"""What attackers try at the service protocol, each attempt a function of the scene that answers what came back."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import requests
from flask.testing import FlaskClient
from jwskate import Jwk, Jwt
from requests_oauth2client import DPoPKey

from tests.protocol import ASSERTION, asking, assertion, granted, poll, post, proof_for, signed_in
from tests.service_world import ACTOR, World, details, names
from tests.visiting import TOKEN, Flow
from tests.web.api.test_oauth_endpoints import forged
from vault import services
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
