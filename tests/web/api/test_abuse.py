"""The abuse table: what attackers try is refused with the standard's own error, is in the log, and reveals nothing.

More of single parts: assertions in `test_oauth_endpoints`, proofs in `test_dpop`, request objects in
`test_signed_requests`, codes in `test_visits`.
"""

from collections.abc import Callable, Iterator
from http import HTTPStatus

import pytest
from flask.testing import FlaskClient

from tests.abuse import (
    ONE,
    Answer,
    Scene,
    beyond,
    ciba,
    confused_public_key,
    foreign_code,
    foreign_grant,
    foreign_request,
    mixed_up_address,
    mixed_up_verifier,
    polluted,
    proof_as_assertion,
    proof_of_none,
    pushed,
    refresh_of_a_suspended_service,
    replayed_assertion,
    replayed_code,
    replayed_proof,
    replayed_proof_at_the_data_api,
    replayed_request,
    swapped_key,
    swapped_key_at_refresh,
    swapped_key_at_the_data_api,
    token_of_a_suspended_service,
    with_assertion,
    with_proof,
)
from tests.log_reading import refusals
from tests.protocol import assertion
from tests.service_world import VALUES, World
from tests.visiting import PAR, TOKEN, Flow, browser_of, opened
from tests.web.api.test_oauth_endpoints import forged
from vault import grants


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
