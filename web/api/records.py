"""The data API: the granted fields of the token's citizen, through the door and no other way."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl
from uuid import UUID

import orjson
from flask import Flask, Response, current_app, request
from flask.views import MethodView
from flask_smorest import Api, Blueprint
from marshmallow import RAISE, ValidationError
from werkzeug.exceptions import HTTPException

from vault import access
from vault.access import ActingPerson
from vault.errors import InvalidInputError, UnknownFieldError
from vault.release import FieldState, Opened, RecordView, Refusal, Release
from web.api import receipts, structured
from web.api.edge import RECORDS_PATH, Edge, edge
from web.api.proofs import Shown, nonce_of, proof_shown, token_shown
from web.errors import PROBLEM_TYPE, problem
from web.faults import MalformedRequestError
from web.limits import limiter
from web.schemas.records import Problem, RecordsAnswer, RecordsQuery, asked_fields

View = TypeVar("View", bound=Callable[..., Any])

CALLS: Final = "6000 per minute"
"""For one address, as the setting ``RECORDS_CALLS`` of the app may change it."""

blueprint = Blueprint(
    "records", __name__, url_prefix="/api/v1", description="Read what a citizen or a rule has granted."
)
limiter.limit(lambda: str(current_app.config["RECORDS_CALLS"]))(blueprint)


def init_app(app: Flask) -> None:
    """Offer the data API and its OpenAPI 3.1 description at ``/api/v1/openapi.json``."""
    for name, value in {
        "RECORDS_CALLS": CALLS,
        "API_TITLE": "Citizen data vault",
        "API_VERSION": "v1",
        "OPENAPI_VERSION": "3.1.0",
        "OPENAPI_URL_PREFIX": "/api/v1",
        "OPENAPI_JSON_PATH": "openapi.json",
    }.items():
        app.config.setdefault(name, value)
    api = _Api(app)
    api.spec.components.security_scheme(
        "dpop", {"type": "http", "scheme": "dpop", "description": "An access token bound to a key (RFC 9449)."}
    )
    api.register_blueprint(blueprint)


class _Api(Api):  # type: ignore[misc] # flask-smorest carries no types
    """flask-smorest without its own error answers: `web.errors` gives all of them."""

    def _register_error_handlers(self) -> None:
        """Leave errors to the app."""


_ACTOR: Final = {
    "in": "header",
    "name": structured.HEADER,
    "required": False,
    "description": "Who looks, vouched for by the service (RFC 9651 dictionary). Only a batch purpose may do without.",
    "schema": {"type": "string", "examples": ['reference="hc-0417", role="care-worker", team="north"']},
}
_PROMISE: Final = {
    receipts.HEADER: {
        "description": "A signed promise that this look stands in the log: origin, leaf hash, time.",
        "schema": {"type": "string"},
    }
}
_PROOF: Final = {"in": "header", "name": "DPoP", "required": True, "schema": {"type": "string"}}


_PROBLEMS: Final = {
    HTTPStatus.BAD_REQUEST: "A header cannot be read.",
    HTTPStatus.UNAUTHORIZED: "The token or its proof is not valid now.",
    HTTPStatus.FORBIDDEN: "Refused, with the reason; logged.",
    HTTPStatus.UNPROCESSABLE_ENTITY: "The query is not sound, or names what the catalogue does not hold.",
    HTTPStatus.TOO_MANY_REQUESTS: "Too many calls from one address.",
}
_DESCRIPTION: Final = (
    blueprint.doc(security=[{"dpop": []}]),
    blueprint.arguments(RecordsQuery, location="query", unknown=RAISE),
    blueprint.response(HTTPStatus.OK, RecordsAnswer, headers=_PROMISE),
    *(
        blueprint.alt_response(status, schema=Problem, description=words, content_type=PROBLEM_TYPE)
        for status, words in _PROBLEMS.items()
    ),
)


def _described(view: View) -> View:
    """*view* with its query read and its answers described (flask-smorest's decorators carry no types)."""
    for decorate in reversed(_DESCRIPTION):
        view = decorate(view)
    return view


class Records(MethodView):
    """The one collection there is for a token."""

    @_described
    def get(self, query: dict[str, Any]) -> Response:
        """
        Read the granted fields.

        Logged for the citizen before anything is opened. `Vault-Log-Receipt` is a signed promise of that entry.
        """
        asked = Asked(asked_fields(query), query["history"])
        answer = look(edge(), request.headers, method=request.method, asked=asked)
        if isinstance(answer, Refusal):
            return refused(answer)
        body, headers = opened(edge(), answer)
        return Response(body, mimetype="application/json", headers=headers)


blueprint.route("/records", parameters=[_ACTOR, _PROOF])(Records)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a query asks for: fields (None for what may be seen), and whether what is past is wanted too."""

    fields: frozenset[str] | None
    history: bool


@lru_cache(maxsize=1024)
def asked_in(query: str) -> Asked | None:
    """What a query string asks for; None where the app must say what is wrong with it."""
    try:
        given = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query), errors="strict")
        loaded = _QUERY.load(dict(given))
        return Asked(asked_fields(loaded), loaded["history"]) if len(dict(given)) == len(given) else None
    except (ValueError, ValidationError, UnknownFieldError):
        return None


_QUERY: Final = RecordsQuery()


def look(here: Edge, headers: Shown, *, method: str, asked: Asked) -> Release | Refusal:
    """
    Ask the door, with the token, the proof and the acting person among *headers*.

    Raises:
        WebError: One of them is missing or unsound.
        VaultError: The door does not let this caller ask.
    """
    handle = token_shown(headers)
    proof = proof_shown(here, headers, method=method, path=RECORDS_PATH, access_token=handle)
    acting = _acting(headers)
    return access.read_with_token(
        here.vault, handle=handle, proof=proof, acting=acting, fields=asked.fields, history=asked.history
    )


def _acting(headers: Shown) -> ActingPerson | None:
    shown = headers.getlist(structured.HEADER)
    if len(shown) > 1:
        raise MalformedRequestError(f"show one {structured.HEADER} header")
    return structured.acting_person(shown[0]) if shown else None


def refused(refusal: Refusal) -> Response:
    """The answer to a refusal, with its reasons."""
    reasons = {"because": list(refusal.because), "missing": list(refusal.missing)}
    return problem(HTTPStatus.FORBIDDEN, refusal.code, refusal.officer_words, **reasons)


def opened(here: Edge, release: Release) -> tuple[bytes, dict[str, str]]:
    """The body of the answer to a release, JSON, and the headers of its own."""
    body = orjson.dumps(_body(here, release, release.unseal()))
    promise = {receipts.HEADER: receipts.of(here.vault, release)}
    return body, {"Cache-Control": "no-store", **promise, **nonce_of(here)}


def _body(here: Edge, release: Release, opened: Opened) -> dict[str, Any]:
    return {
        "records": [_record(here, _reader(release), record) for record in opened.records],
        "fields": sorted(release.fields),
        "missing": list(release.missing),
        "states": _states(opened.states),
    }


def _reader(release: Release) -> UUID:
    """The service it was released to; a release under a token always has one."""
    if release.service_id is None:
        raise TypeError("a release under a token names its service")
    return release.service_id


def _record(here: Edge, service_id: UUID, record: RecordView) -> dict[str, Any]:
    return {
        "id": here.pairwise(service_id, record.record_id),
        "category": record.category,
        "version": record.version,
        "status": str(record.status),
        "as_of": record.as_of,
        "received_at": record.received_at,
        "source": {"organisation": record.organisation_name, "system": record.source_system},
        "fields": record.fields,
    }


def _states(states: Mapping[str, FieldState]) -> dict[str, dict[str, str]]:
    return {name: {"kind": state.kind, "detail": state.detail} for name, state in states.items()}


def _unsound(error: HTTPException) -> Response:
    """Which parameters are wrong, by name; unknown ones are not quoted, since their names came from outside."""
    messages = getattr(error, "data", {}).get("messages", {}).get("query", {})
    wrong = [f"`{name}` is not as described" for name in ("fields", "history") if name in messages]
    unknown = ["it has a parameter that is not known"] if messages.keys() - {"fields", "history"} else []
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, InvalidInputError.code, "; ".join([*wrong, *unknown]))


blueprint.register_error_handler(HTTPStatus.UNPROCESSABLE_ENTITY, _unsound)
