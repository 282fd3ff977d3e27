"""Errors on their way out: every outcome has its status, each reader their shape, and nobody a value."""

import logging
import re
from http import HTTPStatus
from typing import NoReturn

import pytest
from flask import Flask
from flask.testing import FlaskClient

from vault import errors as vault_errors
from vault.errors import NotFoundError, RowForgedError, SealBrokenError, UnknownFieldError, VaultError
from web import errors, faults
from web.errors import STATUS
from web.faults import MalformedRequestError, WebError

SECRET = "Doris Pritchard"


def descendants(root: type[Exception]) -> set[type[Exception]]:
    below = set(root.__subclasses__())
    return below.union(*(descendants(kind) for kind in below)) if below else below


def outcomes() -> set[type[Exception]]:
    every = descendants(VaultError) | descendants(WebError)
    return {kind for kind in every if kind.__module__ in {vault_errors.__name__, faults.__name__}}


def test_every_outcome_has_a_status_and_no_stranger_has_one() -> None:
    assert outcomes() == set(STATUS)


def test_codes_are_stable_words_and_no_two_outcomes_share_one() -> None:
    codes = [kind.code for kind in outcomes()]  # type: ignore[attr-defined] # every outcome has one
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", code) for code in codes)
    assert len(set(codes)) == len(codes)


def test_a_class_of_another_module_answers_as_the_nearest_class_it_comes_from() -> None:
    class StrangerError(UnknownFieldError):
        pass

    assert errors.status_of(StrangerError()) == HTTPStatus.UNPROCESSABLE_ENTITY
    assert errors.status_of(RuntimeError()) == HTTPStatus.INTERNAL_SERVER_ERROR


@pytest.fixture
def client() -> FlaskClient:
    app = Flask("test")
    errors.init_app(app)
    failures = {
        "mine": RuntimeError(SECRET),
        "forged": RowForgedError(SECRET),
        "absent": NotFoundError(SECRET),
        "seal": SealBrokenError(SECRET),
        "shape": MalformedRequestError("the JSON text is not UTF-8 (byte 3)"),
    }

    def fail(what: str) -> NoReturn:
        raise failures[what]

    for number, prefix in enumerate(("/api/v1/", "/oauth/", "/")):
        app.add_url_rule(f"{prefix}fail/<what>", endpoint=f"fail{number}", view_func=fail)
    return app.test_client()


@pytest.mark.parametrize("prefix", ["/api/v1", "/oauth", ""])
@pytest.mark.parametrize("what", ["mine", "forged", "absent", "seal"])
def test_no_answer_and_no_line_of_the_log_tells_a_value(
    client: FlaskClient, caplog: pytest.LogCaptureFixture, prefix: str, what: str
) -> None:
    with caplog.at_level(logging.DEBUG):
        answer = client.get(f"{prefix}/fail/{what}")
    assert SECRET not in answer.text
    assert SECRET not in caplog.text


def test_what_is_wrong_on_our_side_leaves_its_place_in_the_log(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    client.get("/api/v1/fail/forged")
    assert "RowForgedError (row_forged) at fail:" in caplog.text


def test_the_data_api_answers_with_problem_details(client: FlaskClient) -> None:
    answer = client.get("/api/v1/fail/shape")
    assert answer.status_code == HTTPStatus.BAD_REQUEST
    assert answer.content_type == "application/problem+json"
    assert answer.json == {
        "type": "urn:citizen-vault:problem:malformed_request",
        "title": "Bad Request",
        "status": 400,
        "code": "malformed_request",
        "detail": "the JSON text is not UTF-8 (byte 3)",
    }
    assert answer.headers["Cache-Control"] == "no-store"


def test_oauth_endpoints_answer_in_oauth_words(client: FlaskClient) -> None:
    answer = client.get("/oauth/fail/shape")
    assert answer.json == {"error": "invalid_request", "error_description": "the JSON text is not UTF-8 (byte 3)"}
    assert client.get("/oauth/fail/mine").json["error"] == "server_error"  # type: ignore[index] # it is JSON


def test_a_wrong_method_names_the_right_ones(client: FlaskClient) -> None:
    answer = client.post("/api/v1/fail/shape")
    assert answer.status_code == HTTPStatus.METHOD_NOT_ALLOWED
    assert "GET" in answer.headers["Allow"]


def test_pages_answer_with_the_page_they_gave() -> None:
    app = Flask("test")
    errors.init_app(app)
    errors.use_error_page(app, lambda status, code: (f"<h1>{code}</h1>", status))
    assert app.test_client().get("/nowhere").text == "<h1>not_found</h1>"
    assert app.test_client().get("/api/nowhere").content_type == "application/problem+json"
