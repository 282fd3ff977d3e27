"""The data API: read what is granted of the token's citizen, write back what a purpose may; through the door alone."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from flask import Flask, Response, current_app, request
from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import EXCLUDE, RAISE, Schema
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException

from vault.errors import InvalidInputError
from vault.release import Refusal
from web.api import openapi, pace, reading, returning
from web.api.described import ACTOR, PACE, PROMISE, PROOF, Decorate, View, described, problems
from web.api.edge import edge
from web.api.pace import Tally
from web.errors import problem
from web.limits import limiter
from web.schemas.records import KnownTag, NewRecord, PutRight, RecordsAnswer, RecordsQuery, Written
from web.session import csrf

CALLS: Final = "6000 per minute"
"""For one address, as the setting ``RECORDS_CALLS`` of the app may change it."""

blueprint = Blueprint(
    "records", __name__, url_prefix="/api/v1", description="Read what was granted, write back what a purpose may."
)
limiter.limit(lambda: str(current_app.config["RECORDS_CALLS"]))(blueprint)


def init_app(app: Flask) -> None:
    """Offer the records of a token's citizen; a token and its proof count here, no cookie."""
    app.config.setdefault("RECORDS_CALLS", CALLS)
    pace.init_app(app)
    csrf.exempt(blueprint)
    openapi.describe(app, blueprint)


_TAG: Final = {"ETag": {"description": "Changes when anything of it does.", "schema": {"type": "string"}}}
_NEXT: Final = {
    "Link": {"description": "Where the next page is (RFC 8288), if there is one.", "schema": {"type": "string"}}
}
KEY: Final = {
    "in": "header",
    "name": returning.IDEMPOTENCY_KEY,
    "required": True,
    "description": "A key of its own for each thing you write, in quotes. Kept for a day: the same request again gets"
    " the same answer, another request is refused.",
    "schema": {"type": "string", "pattern": '^"[A-Za-z0-9._:-]{8,64}"$', "examples": ['"8e03978e-40d5-43dd-bc93"']},
}
VERSION: Final = {
    "in": "header",
    "name": "If-Match",
    "required": True,
    "description": "The version that you read, in quotes; another version by now is refused.",
    "schema": {"type": "string", "pattern": '^"[1-9][0-9]{0,8}"$', "examples": ['"1"']},
}
ID: Final = {
    "in": "path",
    "name": "record_id",
    "required": True,
    "description": "The item's `id`.",
    "schema": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
}


def _described_as_read(view: View) -> View:
    return described(
        view,
        blueprint.doc(security=[{"dpop": []}]),
        blueprint.arguments(RecordsQuery, location="query", unknown=RAISE),
        blueprint.arguments(KnownTag, location="headers", unknown=EXCLUDE),
        blueprint.response(HTTPStatus.OK, RecordsAnswer, headers={**PROMISE, **PACE, **_TAG, **_NEXT}),
        blueprint.alt_response(
            HTTPStatus.NOT_MODIFIED, description="Nothing changed.", headers={**PROMISE, **_TAG}, success=True
        ),
        *problems(blueprint, "beyond_grant", "unknown_field"),
    )


_ON_WRITING: Final = ("beyond_grant", "idempotency_key_reused", "wrong_media_type", "request_too_large")


def _takes(schema: type[Schema], *parameters: Mapping[str, Any]) -> Decorate[Any]:
    body = {"required": True, "content": {returning.MEDIA_TYPE: {"schema": schema}}}
    described_so: Decorate[Any] = blueprint.doc(
        security=[{"dpop": []}], parameters=[KEY, *parameters], requestBody=body
    )
    return described_so


def _described_as_adding(view: View) -> View:
    place = {"Location": {"description": "Where it is put right.", "schema": {"type": "string"}}}
    return described(
        view,
        _takes(NewRecord),
        blueprint.response(HTTPStatus.CREATED, Written, headers={**PROMISE, **PACE, **_TAG, **place}),
        *problems(blueprint, *_ON_WRITING),
    )


def _described_as_putting_right(view: View) -> View:
    return described(
        view,
        _takes(PutRight, VERSION),
        blueprint.response(HTTPStatus.OK, Written, headers={**PROMISE, **PACE, **_TAG}),
        *problems(blueprint, *_ON_WRITING, "not_found", "version_passed", "precondition_needed", "wrong_state"),
    )


class Records(MethodView):
    """The one collection there is for a token."""

    @_described_as_read
    def get(self, query: dict[str, Any], _known: dict[str, Any]) -> Response:
        """
        Read the granted fields.

        Logged for the citizen before anything is opened. `Vault-Log-Receipt` is a signed promise of that entry. A read
        of many items may be cut into pages with `limit`; each page is a look of its own.
        """
        once_each(request.args)
        asked = reading.Asked.of(query)
        tally = Tally.of(current_app)
        answer = reading.look(edge(), request.headers, method=request.method, asked=asked, tally=tally)
        if isinstance(answer, Refusal):
            return reading.refused(answer)
        made = reading.opened(edge(), request.headers, answer, asked)
        headers = {**made.headers, **tally.headers}
        return Response(made.body, status=made.status, mimetype="application/json", headers=headers)

    @_described_as_adding
    def post(self) -> Response:
        """
        Add an item.

        A care visit, an assessment: fields of one category that the purpose may write. The citizen sees it, with your
        service and the role of who acts. The same `Idempotency-Key` with the same request adds it once.
        """
        once_each(request.args)
        return returning.add(edge(), request)


class OneRecord(MethodView):
    """One item that this service wrote."""

    @_described_as_putting_right
    def put(self, record_id: str) -> Response:
        """
        Put right an item that your service added.

        Nothing is overwritten: a newer version takes its place, with your reason, which the citizen sees. Fields that
        you leave out stay as they are.
        """
        once_each(request.args)
        return returning.put_right(edge(), request, record_id)


blueprint.route("/records", parameters=[ACTOR, PROOF])(Records)
blueprint.route("/records/<string:record_id>", parameters=[ACTOR, PROOF, ID])(OneRecord)


def once_each(query: MultiDict[str, str]) -> None:
    """
    Refuse a query that names a parameter twice: what it means may not depend on who parses.

    Raises:
        InvalidInputError: It does.
    """
    if len(query) != len(list(query.items(multi=True))):
        raise InvalidInputError("a parameter stands twice")


def _unsound(error: HTTPException) -> Response:
    """Which parameters are wrong, by name; unknown ones are not quoted, since their names came from outside."""
    messages = getattr(error, "data", {}).get("messages", {}).get("query", {})
    known = {"fields", "history", "limit", "after"}
    wrong = [f"`{name}` is not as described" for name in sorted(known & messages.keys())]
    unknown = ["it has a parameter that is not known"] if messages.keys() - known else []
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, InvalidInputError.code, "; ".join([*wrong, *unknown]))


blueprint.register_error_handler(HTTPStatus.UNPROCESSABLE_ENTITY, _unsound)
