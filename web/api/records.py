"""The data API: the granted fields of the token's citizen, through the door and no other way."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qsl
from uuid import UUID

import orjson
from flask import Flask, Response, current_app, request
from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import RAISE, ValidationError
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException

from vault import access
from vault.access import ActingPerson
from vault.errors import InvalidInputError, UnknownFieldError
from vault.release import FieldState, Opened, RecordView, Refusal, Release
from web.api import openapi, receipts, structured
from web.api.described import ACTOR, PROMISE, PROOF, View, described, problems
from web.api.edge import RECORDS_PATH, Edge, edge
from web.api.proofs import Shown, nonce_of, proof_shown, token_shown
from web.errors import problem
from web.faults import MalformedRequestError
from web.limits import limiter
from web.schemas.records import RecordsAnswer, RecordsQuery, asked_fields

CALLS: Final = "6000 per minute"
"""For one address, as the setting ``RECORDS_CALLS`` of the app may change it."""

blueprint = Blueprint(
    "records", __name__, url_prefix="/api/v1", description="Read what a citizen or a rule has granted."
)
limiter.limit(lambda: str(current_app.config["RECORDS_CALLS"]))(blueprint)


def init_app(app: Flask) -> None:
    """Offer the records of a token's citizen."""
    app.config.setdefault("RECORDS_CALLS", CALLS)
    openapi.describe(app, blueprint)


def described_as_read(view: View) -> View:
    """*view* with its query read and its answers described."""
    return described(
        view,
        blueprint.doc(security=[{"dpop": []}]),
        blueprint.arguments(RecordsQuery, location="query", unknown=RAISE),
        blueprint.response(HTTPStatus.OK, RecordsAnswer, headers=PROMISE),
        *problems(blueprint, "beyond_grant", "unknown_field"),
    )


class Records(MethodView):
    """The one collection there is for a token."""

    @described_as_read
    def get(self, query: dict[str, Any]) -> Response:
        """
        Read the granted fields.

        Logged for the citizen before anything is opened. `Vault-Log-Receipt` is a signed promise of that entry.
        """
        once_each(request.args)
        asked = Asked(asked_fields(query), query["history"])
        answer = look(edge(), request.headers, method=request.method, asked=asked)
        if isinstance(answer, Refusal):
            return refused(answer)
        body, headers = opened(edge(), answer)
        return Response(body, mimetype="application/json", headers=headers)


blueprint.route("/records", parameters=[ACTOR, PROOF])(Records)


def once_each(query: MultiDict[str, str]) -> None:
    """
    Refuse a query that names a parameter twice: what it means may not depend on who parses.

    Raises:
        InvalidInputError: It does.
    """
    if len(query) != len(list(query.items(multi=True))):
        raise InvalidInputError("a parameter stands twice")


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
