"""What the service protocol shows to a stranger: a listed few addresses, and a description anyone may read."""

import re
from http import HTTPStatus

import pytest
from flask import Flask
from werkzeug.routing import Rule

from tests.service_world import World

PUBLIC = frozenset(
    {
        "/.well-known/oauth-authorization-server",
        "/.well-known/openid-configuration",
        "/.well-known/oauth-protected-resource",
        "/.well-known/oauth-protected-resource/api/v1",
        "/api/v1/openapi.json",
        "/fhir/metadata",
        "/healthz",
        "/jwks",
        "/log/checkpoint",
        "/log/tile/<path:path>",
        "/readyz",
    }
)
OURS = ("/.well-known/", "/api/", "/fhir/", "/oauth/", "/jwks", "/healthz", "/readyz", "/log/")


def rules(app: Flask) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if rule.rule.startswith(OURS)]


def test_every_address_of_the_protocol_is_closed_unless_listed(place: World) -> None:
    found = rules(place.app)
    assert {rule.rule for rule in found} >= PUBLIC
    for rule in found:
        if rule.rule in PUBLIC:
            continue
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            address = place.issuer + re.sub(r"<string:\w+>", "0" * 32, rule.rule)
            answer = place.session.request(
                method, address, data={"grant_type": "x"} if method == "POST" else None, timeout=10
            )
            assert answer.status_code in {HTTPStatus.UNAUTHORIZED, HTTPStatus.BAD_REQUEST}, (method, rule.rule)
            assert not answer.ok


def test_the_description_is_openapi_3_1_and_names_what_a_client_needs(place: World) -> None:
    told = place.session.get(f"{place.issuer}/api/v1/openapi.json", timeout=10).json()
    assert told["openapi"] == "3.1.0"
    path = told["paths"]["/api/v1/records"]
    read = path["get"]
    named = {parameter["name"] for parameter in [*path["parameters"], *read["parameters"]]}
    assert named == {"fields", "history", "limit", "after", "If-None-Match", "Vault-Actor", "DPoP"}
    assert {"200", "401", "403"} <= set(read["responses"])
    assert read["security"] == [{"dpop": []}]
    assert told["components"]["securitySchemes"]["dpop"]["scheme"] == "dpop"


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_a_running_vault_says_so(place: World, path: str) -> None:
    answer = place.session.get(place.issuer + path, timeout=10)
    assert answer.status_code == HTTPStatus.OK
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"


def test_before_the_log_has_a_signed_head_there_is_none_to_show(place: World) -> None:
    answer = place.session.get(f"{place.issuer}/log/checkpoint", timeout=10)
    assert answer.status_code == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize("path", ["0/000", "entries/000", "entries/000.p/1", "nothing"])
def test_no_tile_is_shown_beyond_the_signed_head_and_no_entry_ever(place: World, path: str) -> None:
    answer = place.session.get(f"{place.issuer}/log/tile/{path}", timeout=10)
    assert answer.status_code == HTTPStatus.NOT_FOUND
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_wrong_method_says_which_is_right(place: World) -> None:
    answer = place.session.put(f"{place.issuer}/api/v1/records", timeout=10)
    assert answer.status_code == HTTPStatus.METHOD_NOT_ALLOWED
    assert "GET" in answer.headers["Allow"]
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(("path", "setting"), [("/oauth/token", "OAUTH_CALLS"), ("/api/v1/records", "RECORDS_CALLS")])
def test_one_address_cannot_keep_the_vault_busy(
    place: World, monkeypatch: pytest.MonkeyPatch, path: str, setting: str
) -> None:
    monkeypatch.setitem(place.app.config, setting, "3 per minute")
    answers = [
        place.session.request("GET" if "api" in path else "POST", place.issuer + path, timeout=10) for _ in range(4)
    ]
    assert HTTPStatus.TOO_MANY_REQUESTS not in [answer.status_code for answer in answers[:3]]
    assert answers[3].status_code == HTTPStatus.TOO_MANY_REQUESTS
    assert "wait" in answers[3].text


def test_an_api_answer_is_no_page_and_may_not_be_framed_or_guessed(place: World) -> None:
    answer = place.session.get(f"{place.issuer}/api/v1/records", timeout=10)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" not in answer.headers


def test_a_vault_whose_key_store_is_gone_is_alive_and_not_ready(place: World) -> None:
    keys = place.keys
    keys.rename(keys.with_name("moved"))
    try:
        assert place.session.get(f"{place.issuer}/healthz", timeout=10).ok
        answer = place.session.get(f"{place.issuer}/readyz", timeout=10)
    finally:
        keys.with_name("moved").rename(keys)
    assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert str(keys) not in answer.text
    assert place.session.get(f"{place.issuer}/readyz", timeout=10).ok
