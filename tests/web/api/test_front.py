"""A read that is answered before the app is answered as the app itself would."""

from http import HTTPStatus

import pytest
from requests import Response
from requests_oauth2client import DPoPToken

from tests.protocol import granted
from tests.service_world import ACTOR, SEVEN, World, names
from web.headers import ALWAYS

ALL = names(SEVEN)
CHANGING = {"date", "dpop-nonce", "vault-log-receipt", "server", "connection", "vary", "ratelimit"}
"""``Vary: Cookie`` is said only where the app looked for one."""


def ask(place: World, token: DPoPToken, method: str = "GET", query: str = "") -> Response:
    address = f"{place.issuer}/api/v1/records{query}"
    return place.session.request(method, address, auth=token, headers=ACTOR, timeout=10)


@pytest.fixture(scope="module")
def token(place: World) -> DPoPToken:
    made = granted(place, ALL)
    assert ask(place, made).ok  # the client has the nonce now
    return made


def _plain(answer: Response) -> dict[str, str]:
    return {name.lower(): value for name, value in answer.headers.items() if name.lower() not in CHANGING}


def test_its_answer_carries_the_headers_of_every_other_answer(place: World, token: DPoPToken) -> None:
    quick, whole = ask(place, token), ask(place, token, "HEAD")
    assert (quick.status_code, whole.status_code) == (HTTPStatus.OK, HTTPStatus.OK)
    assert _plain(quick) == _plain(whole)
    assert ALWAYS.items() <= dict(quick.headers).items()
    assert quick.headers["Vault-Log-Receipt"]


def test_a_refusal_and_a_fault_are_the_apps_own_answers(place: World, token: DPoPToken) -> None:
    refused = ask(place, token, query="?fields=identity.sex")
    assert refused.status_code == HTTPStatus.FORBIDDEN
    assert refused.json()["missing"] == ["identity.sex"]
    fault = place.session.get(f"{place.issuer}/api/v1/records", timeout=10)
    assert fault.status_code == HTTPStatus.UNAUTHORIZED
    for answer in (refused, fault):
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.headers["Cache-Control"] == "no-store"
        assert ALWAYS.items() <= dict(answer.headers).items()


def test_a_query_in_two_parts_is_read_as_the_description_says(place: World, token: DPoPToken) -> None:
    answer = ask(place, token, query="?fields=gp.practice&history=true")
    assert answer.status_code in {HTTPStatus.OK, HTTPStatus.FORBIDDEN}


@pytest.mark.parametrize("query", ["?fields=gp.practice&fields=medication.name", "?history=true&history=false"])
def test_a_parameter_that_stands_twice_is_refused_whoever_would_win(place: World, token: DPoPToken, query: str) -> None:
    answer = ask(place, token, query=query)
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "twice" in answer.json()["detail"]
