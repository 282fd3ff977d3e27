"""Tokens bound to a client certificate: over its own connection alone, as the trusted proxy and nobody else says it."""

import base64
import ipaddress
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from tests import databases
from tests.log_reading import refusals
from tests.protocol import CIBA, asking, post, proof_for, signed_in
from tests.service_world import ACTOR, World, names, world
from tests.visiting import PAR, TOKEN, Flow, answered, browser_of, walk
from web.api.jose import sha256_base64url

ONE = names({"medication": ["name"]})
RECORDS = "/api/v1/records"


def certificate() -> str:
    """A fresh certificate as the proxy says it (RFC 9440, section 2.1)."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "home-care")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    return f":{base64.b64encode(made.public_bytes(Encoding.DER)).decode()}:"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A vault behind a trusted proxy, which is this machine."""
    folder = tmp_path_factory.mktemp("world")
    trusted = (ipaddress.ip_network("127.0.0.0/8"),)
    with databases.sqlite(folder) as url, world(folder, url, client_certificates_from=trusted) as made:
        yield made


@pytest.fixture(scope="module")
def token(place: World) -> dict[str, Any]:
    """A token bound to the certificate that stands beside it."""
    mine = certificate()
    handle = post(place, "/oauth/bc-authorize", {**asking(), **signed_in(place)}).json()["auth_req_id"]
    place.decide(ONE)
    form = {"grant_type": CIBA, "auth_req_id": handle, **signed_in(place)}
    answer = post(place, TOKEN, form, **{"Client-Cert": mine})
    assert answer.ok, answer.text
    return {**answer.json(), "certificate": mine}


def read(place: World, handle: str, **headers: str) -> requests.Response:
    shown = {
        **ACTOR,
        "Authorization": f"Bearer {handle}",
        **{name.replace("_", "-"): said for name, said in headers.items()},
    }
    return place.session.get(place.issuer + RECORDS, headers=shown, timeout=10)


def test_the_server_says_that_it_binds_tokens_to_certificates(place: World) -> None:
    for name in ("oauth-authorization-server", "oauth-protected-resource"):
        said = place.session.get(f"{place.issuer}/.well-known/{name}", timeout=10).json()
        assert said["tls_client_certificate_bound_access_tokens"] is True


def test_a_token_works_over_the_connection_of_its_certificate_again_and_again(
    place: World, token: dict[str, Any]
) -> None:
    assert token["token_type"] == "Bearer"
    for _ in range(2):
        answer = read(place, token["access_token"], Client_Cert=token["certificate"])
        assert answer.status_code == HTTPStatus.OK
        assert set(answer.json()["fields"]) == ONE


def test_a_stolen_token_opens_nothing_over_another_connection(place: World, token: dict[str, Any]) -> None:
    other = read(place, token["access_token"], Client_Cert=certificate())
    assert (other.status_code, other.json()["code"]) == (HTTPStatus.UNAUTHORIZED, "token_invalid")
    assert other.headers["WWW-Authenticate"].startswith('Bearer error="invalid_token"')
    assert read(place, token["access_token"]).status_code == HTTPStatus.UNAUTHORIZED
    flow = Flow.of(place)
    flow.proof(TOKEN)
    url = place.issuer + RECORDS
    proof = str(flow.key.proof(htm="GET", htu=url, nonce=flow.nonce, ath=sha256_base64url(token["access_token"])))
    by_key = {"Authorization": f"DPoP {token['access_token']}", "DPoP": proof, **ACTOR}
    assert place.session.get(url, headers=by_key, timeout=10).status_code == HTTPStatus.UNAUTHORIZED


def test_introspection_says_which_certificate(place: World, token: dict[str, Any]) -> None:
    form = {"token": token["access_token"], **signed_in(place)}
    said = post(place, "/oauth/introspect", form).json()
    assert (said["token_type"], set(said["cnf"])) == ("Bearer", {"x5t#S256"})


def test_a_refresh_takes_the_same_certificate(place: World, token: dict[str, Any]) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": token["refresh_token"]}
    other = post(place, TOKEN, {**form, **signed_in(place)}, **{"Client-Cert": certificate()})
    assert other.json()["error"] == "invalid_grant"
    mine = post(place, TOKEN, {**form, **signed_in(place)}, **{"Client-Cert": token["certificate"]})
    assert mine.json()["token_type"] == "Bearer"


def test_a_code_is_bound_to_the_certificate_it_was_pushed_with(place: World) -> None:
    flow, mine = Flow.of(place), certificate()
    pushed = post(place, PAR, {**flow.asking(), **signed_in(place)}, **{"Client-Cert": mine})
    browser = browser_of(place)
    code = answered(walk(browser, "home-care", pushed.json()["request_uri"], ONE))["code"]
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": flow.asking()["redirect_uri"],
        "code_verifier": flow.verifier,
    }
    stolen = post(place, TOKEN, {**form, **signed_in(place)}, **{"Client-Cert": certificate()})
    assert stolen.json()["error"] == "invalid_grant"


def test_a_key_that_is_named_counts_before_a_certificate(place: World) -> None:
    flow = Flow.of(place)
    form = {**flow.asking(dpop_jkt=flow.key.dpop_jkt), **signed_in(place)}
    pushed = post(place, PAR, form, **{"Client-Cert": certificate()})
    code = answered(walk(browser_of(place), "home-care", pushed.json()["request_uri"], ONE))["code"]
    assert flow.redeem(code).json()["token_type"] == "DPoP"


@pytest.mark.parametrize("said", ["", "x", ":x:", "::", ":AAAA:", ":" + "M" * 20_000 + ":", ":MAA=:, :MAA=:"])
def test_what_is_no_certificate_is_refused(place: World, said: str) -> None:
    form = {"grant_type": CIBA, "auth_req_id": "unknown", **signed_in(place)}
    answer = post(place, TOKEN, form, **{"Client-Cert": said})
    assert answer.json()["error"] == "invalid_dpop_proof"


@pytest.mark.parametrize("trusted", [(), ("10.0.0.5/32",)], ids=["nobody", "somebody else"])
@pytest.mark.parametrize("path", [TOKEN, PAR, RECORDS, "/oauth/introspect"])
def test_a_certificate_that_the_proxy_did_not_say_is_refused_and_counted(
    place: World, monkeypatch: pytest.MonkeyPatch, path: str, trusted: tuple[str, ...]
) -> None:
    monkeypatch.setattr(place.app.wsgi_app, "_trusted", tuple(ipaddress.ip_network(each) for each in trusted))
    before = refusals(place.vault)
    spoofed = {"Client-Cert": certificate(), "X-Forwarded-For": "10.0.0.5"}
    if path == RECORDS:
        answer = place.session.get(place.issuer + path, headers=spoofed, timeout=10)
    else:
        answer = post(place, path, {"token": "t", **signed_in(place)}, **spoofed)
    assert answer.status_code == HTTPStatus.BAD_REQUEST
    assert json.loads(answer.text).get("error", answer.json().get("code")) == "invalid_request"
    assert refusals(place.vault) > before


def test_elsewhere_such_a_header_means_nothing(place: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place.app.wsgi_app, "_trusted", ())
    answer = place.session.get(f"{place.issuer}/healthz", headers={"Client-Cert": certificate()}, timeout=10)
    assert answer.ok


def test_a_proof_by_key_still_works_beside_a_certificate(place: World) -> None:
    flow = Flow.of(place)
    form = {"grant_type": CIBA, "auth_req_id": "unknown", **signed_in(place)}
    more = {"Client-Cert": certificate(), "DPoP": proof_for(place, TOKEN)}
    assert post(place, TOKEN, form, **more).json()["error"] == "use_dpop_nonce"
    assert flow.nonce == ""
