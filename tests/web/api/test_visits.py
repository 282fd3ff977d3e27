"""The citizen is present: pushed, opened once, decided on the portal's own pages, brought back, and redeemed once."""

from collections.abc import Iterator
from datetime import timedelta
from http import HTTPStatus

import pytest
from flask.testing import FlaskClient
from requests_oauth2client import DPoPKey, DPoPToken, IdToken
from werkzeug.test import TestResponse

from tests.log_reading import told
from tests.protocol import post, proof_for, signed_in
from tests.service_world import ACTOR, BACK, SEVEN, World, names
from tests.visiting import PAR, TOKEN, Flow, answered, browser_of, decide, opened, walk
from vault import grants, services
from vault.context import OPERATOR
from vault.kinds import ServiceStatus

TWO = names({"medication": ["name"], "identity": ["name"]})


@pytest.fixture
def flow(place: World) -> Flow:
    return Flow.of(place)


@pytest.fixture(scope="module")
def browser(place: World) -> FlaskClient:
    return browser_of(place)


@pytest.fixture(autouse=True)
def nothing_shared_afterwards(place: World) -> Iterator[None]:
    yield
    with place.vault.transaction(place.citizen) as ctx:
        for grant in grants.of_citizen(ctx, citizen_id=place.citizen_id):
            if grant.state == "active":
                grants.withdraw(ctx, citizen_id=place.citizen_id, grant_id=grant.grant_id)


def test_the_server_says_how_a_present_citizen_is_asked(place: World) -> None:
    said = place.session.get(f"{place.issuer}/.well-known/oauth-authorization-server", timeout=10).json()
    assert said["require_pushed_authorization_requests"] is True
    assert said["authorization_response_iss_parameter_supported"] is True
    assert said["code_challenge_methods_supported"] == ["S256"]
    assert "authorization_code" in said["grant_types_supported"]


def test_a_citizen_comes_decides_some_of_it_and_the_service_reads_that_and_no_more(
    flow: Flow, browser: FlaskClient
) -> None:
    back = answered(walk(browser, "home-care", flow.pushed(), TWO))
    assert (back["state"], back["iss"]) == ("s t&te=", flow.place.issuer)
    answer = flow.redeem(back["code"])
    assert answer.status_code == HTTPStatus.OK
    body = answer.json()
    assert body["authorization_details"][0]["fields"] == {"identity": ["name"], "medication": ["name"]}
    assert (body["token_type"], body["expires_in"]) == ("DPoP", 300)
    token = DPoPToken(access_token=body["access_token"], _dpop_key=flow.key)
    read = flow.place.session.get(f"{flow.place.issuer}/api/v1/records", auth=token, headers=ACTOR, timeout=10)
    assert set(read.json()["fields"]) == TWO


def test_a_citizen_who_shares_nothing_is_led_back_with_a_no(flow: Flow, browser: FlaskClient) -> None:
    back = answered(walk(browser, "home-care", flow.pushed(), frozenset()))
    assert back == {"error": "access_denied", "state": "s t&te=", "iss": flow.place.issuer}


def test_an_address_keeps_its_own_query(flow: Flow, browser: FlaskClient) -> None:
    back = answered(walk(browser, "home-care", flow.pushed(redirect_uri=f"{BACK}?from=vault", state=None), TWO))
    assert back.keys() == {"from", "code", "iss"}
    assert flow.redeem(back["code"], redirect_uri=f"{BACK}?from=vault").status_code == HTTPStatus.OK


def test_whoever_is_not_signed_in_signs_in_first_and_comes_back_to_the_request(flow: Flow) -> None:
    stranger = flow.place.app.test_client()
    page = opened(stranger, "home-care", flow.pushed())
    assert "Sign in to choose" in page.text
    assert not any(field in page.text for field in SEVEN)
    away = stranger.get(f"{page.request.path}/decide")
    assert away.location == "/sign-in"
    with stranger.session_transaction() as note:
        assert note["return_to"] == f"{page.request.path}/decide"


def test_whoever_does_not_want_to_sign_in_is_led_back_with_a_no(flow: Flow) -> None:
    stranger = flow.place.app.test_client()
    page = opened(stranger, "home-care", flow.pushed())
    assert answered(stranger.get(f"{page.request.path}/leave"))["error"] == "access_denied"
    assert stranger.get(page.request.path).status_code == HTTPStatus.NOT_FOUND
    assert flow.place.waiting() == 0


def test_a_pushed_request_is_opened_once_and_within_its_time(
    flow: Flow, browser: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = flow.pushed()
    assert opened(browser, "home-care", uri).status_code == HTTPStatus.OK
    assert opened(browser, "home-care", uri).status_code == HTTPStatus.BAD_REQUEST
    assert opened(browser, "council-tax", flow.pushed()).status_code == HTTPStatus.BAD_REQUEST
    monkeypatch.setattr("vault.visits.arriving.PUSHED", timedelta(seconds=-1))
    assert opened(browser, "home-care", flow.pushed()).status_code == HTTPStatus.BAD_REQUEST
    assert opened(browser, "home-care", "urn:ietf:params:oauth:request_uri:" + "x" * 43).status_code == 400


def test_a_request_that_was_not_pushed_is_not_taken(flow: Flow, browser: FlaskClient) -> None:
    answer = browser.get("/oauth/authorize", query_string=flow.asking())
    assert answer.status_code == HTTPStatus.BAD_REQUEST
    uri = flow.pushed()
    twice = browser.get(f"/oauth/authorize?client_id=home-care&client_id=council-tax&request_uri={uri}")
    assert twice.status_code == HTTPStatus.BAD_REQUEST


def test_the_page_of_a_bad_link_repeats_nothing_as_a_script(browser: FlaskClient) -> None:
    page = browser.get("/oauth/authorize?client_id=%3Cscript%3Ehello&request_uri=urn:x")
    assert page.status_code == HTTPStatus.BAD_REQUEST
    assert "<script>hello" not in page.text


def test_another_citizen_cannot_take_up_a_visit_or_go_back_with_it(flow: Flow, browser: FlaskClient) -> None:
    first = opened(browser, "home-care", flow.pushed())
    stranger = flow.place.app.test_client()
    assert stranger.get(f"{first.request.path}/back").location == "/sign-in"
    decide(browser, first.request.path, frozenset())


def test_a_request_left_undecided_ends_when_the_citizen_comes_again(flow: Flow, browser: FlaskClient) -> None:
    first = opened(browser, "home-care", flow.pushed())
    second = opened(browser, "home-care", Flow.of(flow.place).pushed())
    assert first.request.path != second.request.path
    assert flow.place.waiting() == 1
    back = answered(browser.get(f"{first.request.path}/back"))
    assert back["error"] == "access_denied"
    decide(browser, second.request.path, frozenset())


def test_going_back_before_the_decision_leads_to_the_decision(flow: Flow, browser: FlaskClient) -> None:
    first = opened(browser, "home-care", flow.pushed())
    assert browser.get(f"{first.request.path}/back").location == first.request.path
    decide(browser, first.request.path, frozenset())


def test_going_back_twice_makes_the_first_code_worthless(flow: Flow, browser: FlaskClient) -> None:
    back = walk(browser, "home-care", flow.pushed(), TWO)
    again = browser.get(back.request.path)
    assert flow.redeem(answered(back)["code"]).json()["error"] == "invalid_grant"
    assert flow.redeem(answered(again)["code"]).status_code == HTTPStatus.OK


def test_the_id_token_names_the_nonce_and_how_and_when_the_citizen_signed_in(flow: Flow, browser: FlaskClient) -> None:
    body = flow.redeem(flow.code(browser)).json()
    client = flow.place.client()
    client.update_authorization_server_public_keys()
    token = DPoPToken(**body, _dpop_key=flow.key).id_token
    assert isinstance(token, IdToken)
    assert token.verify_signature(client.authorization_server_jwks.jwks[0], alg="EdDSA")
    assert (token.claims["nonce"], token.claims["acr"]) == ("n-1", "phr")
    assert abs(token.claims["auth_time"] - token.claims["iat"]) < 60
    assert str(token.subject) not in {str(flow.place.citizen_id), flow.place.citizen_id.hex}


def test_a_code_that_comes_again_ends_the_tokens_that_came_of_it(flow: Flow, browser: FlaskClient) -> None:
    code = flow.code(browser)
    body = flow.redeem(code).json()
    assert flow.redeem(code).json()["error"] == "invalid_grant"
    active = post(flow.place, "/oauth/introspect", {"token": body["access_token"], **signed_in(flow.place)})
    assert active.json() == {"active": False}
    refresh = {"grant_type": "refresh_token", "refresh_token": body["refresh_token"], **signed_in(flow.place)}
    assert post(flow.place, TOKEN, refresh, DPoP=flow.proof(TOKEN)).json()["error"] == "invalid_grant"
    reasons = [entry.facts["reason"] for entry in told(flow.place.vault, "token:refused")]
    assert "code-replayed" in reasons


def test_a_wrong_verifier_spends_the_code(flow: Flow, browser: FlaskClient) -> None:
    code = flow.code(browser)
    assert flow.redeem(code, code_verifier="v" * 43).json()["error"] == "invalid_grant"
    assert flow.redeem(code).json()["error"] == "invalid_grant"


def test_another_service_cannot_redeem_a_code_nor_spend_it(flow: Flow, browser: FlaskClient) -> None:
    code = flow.code(browser)
    assert flow.redeem(code, service=flow.place.council_tax).json()["error"] == "invalid_grant"
    assert flow.redeem(code).status_code == HTTPStatus.OK


def test_a_code_is_bound_to_the_key_that_is_named_where_no_proof_was_pushed(flow: Flow, browser: FlaskClient) -> None:
    form = {**flow.asking(dpop_jkt=flow.key.dpop_jkt), **signed_in(flow.place)}
    answer = post(flow.place, PAR, form)
    assert answer.status_code == HTTPStatus.CREATED
    code = answered(walk(browser, "home-care", answer.json()["request_uri"]))["code"]
    assert flow.redeem(code, key=DPoPKey.generate()).json()["error"] == "invalid_grant"


def test_a_push_takes_a_nonce_and_each_proof_once(flow: Flow) -> None:
    form = {**flow.asking(), **signed_in(flow.place)}
    stale = post(flow.place, PAR, form, DPoP=proof_for(flow.place, PAR))
    assert stale.json()["error"] == "use_dpop_nonce"
    proof = flow.proof(PAR)
    assert post(flow.place, PAR, {**flow.asking(), **signed_in(flow.place)}, DPoP=proof).status_code == 201
    again = post(flow.place, PAR, {**flow.asking(), **signed_in(flow.place)}, DPoP=proof)
    assert again.json()["error"] == "invalid_dpop_proof"


BAD: dict[str, tuple[dict[str, object], str]] = {
    "no challenge": ({"code_challenge": None}, "invalid_request"),
    "plain challenge": ({"code_challenge_method": "plain"}, "invalid_request"),
    "no method": ({"code_challenge_method": None}, "invalid_request"),
    "short challenge": ({"code_challenge": "a" * 42}, "invalid_request"),
    "implicit": ({"response_type": "token"}, "unsupported_response_type"),
    "hybrid": ({"response_type": "code id_token"}, "unsupported_response_type"),
    "fragment": ({"response_mode": "fragment"}, "invalid_request"),
    "another scope": ({"scope": "openid email"}, "invalid_scope"),
    "a hint about somebody": ({"login_hint": "ref:care-system:HC-2041"}, "invalid_request"),
    "no interaction": ({"prompt": "none"}, "invalid_request"),
    "another address": ({"redirect_uri": "https://evil.example/back"}, "invalid_request"),
    "a longer address": ({"redirect_uri": BACK + "?x=1"}, "invalid_request"),
    "no address": ({"redirect_uri": None}, "invalid_request"),
    "another client": ({"client_id": "council-tax"}, "invalid_request"),
    "a request by reference": ({"request_uri": "https://home-care.example/r"}, "invalid_request"),
    "another key than the proof": ({"dpop_jkt": "a" * 43}, "invalid_dpop_proof"),
    "a statutory purpose": ({"authorization_details": "care-review"}, "invalid_request"),
    "bad details": ({"authorization_details": '[{"type":"other"}]'}, "invalid_authorization_details"),
    "a long state": ({"state": "s" * 513}, "invalid_request"),
    "an age in words": ({"max_age": "soon"}, "invalid_request"),
}


@pytest.mark.parametrize(("changed", "error"), BAD.values(), ids=BAD.keys())
def test_a_push_that_is_not_sound_gets_its_error(flow: Flow, changed: dict[str, object], error: str) -> None:
    if changed.get("authorization_details") == "care-review":
        changed = {
            "authorization_details": flow.asking()["authorization_details"].replace("home-care-support", "care-review")
        }
    answer = flow.push(**changed)
    assert answer.status_code == HTTPStatus.BAD_REQUEST
    assert answer.json()["error"] == error
    assert "evil" not in answer.text


def test_a_push_without_a_key_is_not_taken(flow: Flow) -> None:
    answer = post(flow.place, PAR, {**flow.asking(), **signed_in(flow.place)})
    assert answer.json()["error"] == "invalid_request"


@pytest.mark.parametrize("asked", [{"max_age": 60}, {"prompt": "login"}, {"acr_values": "phr"}], ids=str)
def test_a_service_can_ask_for_a_fresh_and_a_strong_proof(
    flow: Flow, monkeypatch: pytest.MonkeyPatch, asked: dict[str, object]
) -> None:
    by_letter = browser_of(flow.place, method="letter", proven=False)
    page = by_letter.get(
        "/oauth/authorize", query_string={"client_id": "home-care", "request_uri": flow.pushed(**asked)}
    )
    away = by_letter.get(by_letter.get(page.location).location)
    assert answered(away)["error"] == "unmet_authentication_requirements"
    monkeypatch.setattr("vault.sign_ins.can_prove", lambda *_, **__: True)
    page = by_letter.get(
        "/oauth/authorize", query_string={"client_id": "home-care", "request_uri": flow.pushed(**asked)}
    )
    assert by_letter.get(by_letter.get(page.location).location).location == "/prove"
    assert by_letter.get("/prove").status_code == HTTPStatus.OK


def came_asking(browser: FlaskClient, flow: Flow, asked: dict[str, object]) -> TestResponse:
    """Where the browser is led once it is signed in."""
    query = {"client_id": "home-care", "request_uri": flow.pushed(**asked)}
    page = browser.get("/oauth/authorize", query_string=query)
    return browser.get(browser.get(page.location).location)


def test_a_fresh_proof_by_passkey_is_enough(flow: Flow, browser: FlaskClient) -> None:
    first = opened(browser, "home-care", flow.pushed(max_age=3600, acr_values="other phr"))
    assert first.request.path.startswith("/requests/")
    decide(browser, first.request.path, frozenset())


def test_a_service_suspended_meanwhile_is_not_asked_for(flow: Flow, browser: FlaskClient) -> None:
    uri = flow.pushed()
    with flow.place.vault.transaction(OPERATOR) as ctx:
        services.set_status(ctx, slug="home-care", status=ServiceStatus.SUSPENDED)
    try:
        assert opened(browser, "home-care", uri).status_code == HTTPStatus.FORBIDDEN
    finally:
        with flow.place.vault.transaction(OPERATOR) as ctx:
            services.set_status(ctx, slug="home-care", status=ServiceStatus.ACTIVE)
    assert flow.place.waiting() == 0
