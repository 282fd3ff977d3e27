"""The data API: the granted fields of the token's citizen, through the door and no other way."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final, TypeVar
from uuid import UUID

import orjson
from flask import Flask, Response, current_app, request
from flask.views import MethodView
from flask_smorest import Api, Blueprint
from marshmallow import RAISE
from werkzeug.exceptions import HTTPException

from vault import access
from vault.access import ActingPerson
from vault.errors import InvalidInputError
from vault.release import FieldState, Opened, RecordView, Refusal, Release
from web.api import receipts, structured
from web.api.edge import edge
from web.api.proofs import fresh_nonce, shown_proof, shown_token
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
        handle = shown_token()
        proof = shown_proof(handle)
        answer = access.read_with_token(
            edge().vault,
            handle=handle,
            proof=proof,
            acting=_acting(),
            fields=asked_fields(query),
            history=query["history"],
        )
        return _refused(answer) if isinstance(answer, Refusal) else _released(answer)


blueprint.route("/records", parameters=[_ACTOR, _PROOF])(Records)


def _acting() -> ActingPerson | None:
    shown = request.headers.getlist(structured.HEADER)
    if len(shown) > 1:
        raise MalformedRequestError(f"show one {structured.HEADER} header")
    return structured.acting_person(shown[0]) if shown else None


def _refused(refusal: Refusal) -> Response:
    reasons = {"because": list(refusal.because), "missing": list(refusal.missing)}
    return problem(HTTPStatus.FORBIDDEN, refusal.code, refusal.officer_words, **reasons)


def _released(release: Release) -> Response:
    body = orjson.dumps(_body(release, release.unseal()))
    headers = {"Cache-Control": "no-store", receipts.HEADER: receipts.of(edge().vault, release), **fresh_nonce()}
    return Response(body, mimetype="application/json", headers=headers)


def _body(release: Release, opened: Opened) -> dict[str, Any]:
    return {
        "records": [_record(_reader(release), record) for record in opened.records],
        "fields": sorted(release.fields),
        "missing": list(release.missing),
        "states": _states(opened.states),
    }


def _reader(release: Release) -> UUID:
    """The service it was released to; a release under a token always has one."""
    if release.service_id is None:
        raise TypeError("a release under a token names its service")
    return release.service_id


def _record(service_id: UUID, record: RecordView) -> dict[str, Any]:
    return {
        "id": edge().pairwise(service_id, record.record_id),
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
