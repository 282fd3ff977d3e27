"""Many people at once, for one purpose: a stream of lines (NDJSON), each decided and logged when it is made.

The service proves itself as at the token endpoint, by an assertion that counts for this one call; no token is needed.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

import orjson
from flask import Flask, Response, current_app, g, request
from flask.views import MethodView

from vault import access
from vault.access import Round
from vault.context import Actor
from vault.errors import VaultError
from vault.release import Refusal
from web.api import reading, receipts, refusing
from web.api.authlib_core import AUTH_METHOD, Client, InvalidClientError
from web.api.described import ACTOR, View, described, problems
from web.api.edge import Edge, edge
from web.api.forms import MEDIA_TYPE as FORM
from web.api.forms import check_form
from web.api.oauth import server
from web.api.pace import Gate, Tally
from web.api.records import blueprint
from web.api.returning import load
from web.errors import code_of, problem_body, status_of, words_of
from web.faults import ClientUnprovenError, TooFastError
from web.schemas.records import BulkForm, BulkLine, asked_fields

LINES: Final = "application/x-ndjson"
AT_ONCE: Final = 1
"""Streams in one process; each holds a thread for as long as it lasts, and pages need threads too."""

_GATE: Final = "vault.bulk"
_FORM: Final = BulkForm()
_NOT_HERE: Final = {"token_missing", "token_invalid", "invalid_dpop_proof", "use_dpop_nonce", "replayed", "refused"}


def init_app(app: Flask) -> None:
    """Let *app* answer so many streams at once; the address is one of the records' own."""
    app.extensions[_GATE] = Gate(AT_ONCE)


def _described(view: View) -> View:
    body = {"schema": BulkForm, "encoding": {"fields": {"style": "form", "explode": False}}}
    return described(
        view,
        blueprint.doc(requestBody={"required": True, "content": {FORM: body}}, security=[]),
        blueprint.response(HTTPStatus.OK, BulkLine, content_type=LINES),
        *problems(
            blueprint,
            *("invalid_client", "not_found", "overloaded", "unknown_field", "request_too_large", "wrong_media_type"),
            leaving_out=_NOT_HERE,
        ),
    )


class Bulk(MethodView):
    """Everybody who shares with this service for one purpose."""

    @_described
    def post(self) -> Response:
        """
        Read many people.

        Authenticate as at the token endpoint. Each line is one person under one grant: an `answer`, or a `problem`. It
        is decided, logged and counted when its line is made, so that somebody who stops sharing meanwhile is refused.
        The last line has `end`: a stream without it was cut off. Where `complete` is false, go on with its `after`.
        """
        form = g.form = check_form(request)
        client = _client()
        asked = load(_FORM, form)
        here, told = (
            edge(),
            Round(
                actor=client.actor,
                acting=reading.acting_in(request.headers),
                fields=asked_fields(asked),
                history=asked["history"],
            ),
        )
        found = access.grants_to_read(here.vault, actor=client.actor, purpose=asked["purpose"])
        part = _part(here, client.actor, found, asked.get("after", ""), asked["limit"])
        gate: Gate = current_app.extensions[_GATE]
        leave = gate.enter()
        answer = Response(_lines(here, told, part, Tally.of(current_app), leave), mimetype=LINES)
        answer.call_on_close(leave)
        answer.headers["Cache-Control"] = "no-store"
        return answer


def _client() -> Client:
    try:
        client: Client = server.authenticate_client(server.create_oauth2_request(None), [AUTH_METHOD], "bulk")
    except InvalidClientError as error:
        refusing.log(error)
        raise ClientUnprovenError("the service did not prove who it is") from error
    return client


@dataclass(frozen=True, slots=True)
class _Part:
    """The grants of one stream, by their names for the service, and whether they are the last."""

    grants: tuple[tuple[str, UUID], ...]
    is_last: bool


def _part(here: Edge, actor: Actor, found: list[UUID], after: str, limit: int) -> _Part:
    service_id = actor.service_id
    if service_id is None:
        raise ClientUnprovenError("only a service reads many at once")
    named = sorted((here.pairwise(service_id, grant_id), grant_id) for grant_id in found)
    rest = [pair for pair in named if pair[0] > after]
    return _Part(tuple(rest[:limit]), len(rest) <= limit)


def _lines(here: Edge, asked: Round, part: _Part, tally: Tally, leave: Callable[[], None]) -> Iterator[bytes]:
    """One line after another; none is made before the one before it was taken."""
    counted, last, stopped = {True: 0, False: 0}, None, False
    for name, grant_id in part.grants:
        line, stopped = _line(here, asked, grant_id, tally)
        if stopped:
            yield _json(line)
            break
        counted["answer" in line] += 1
        last = name
        yield _json({"grant_id": name, **line})
    leave()  # before the last line: whoever has read it may come again at once
    end = {"complete": part.is_last and not stopped, "read": counted[True], "refused": counted[False], "after": last}
    yield _json({"end": end})


def _line(here: Edge, asked: Round, grant_id: UUID, tally: Tally) -> tuple[dict[str, Any], bool]:
    """What there is to say of one grant, and whether the stream ends here."""
    try:
        citizen_id, answer = access.read_one_of_many(here.vault, grant_id=grant_id, asked=asked, admit=tally.admit)
        service_id = asked.actor.service_id
        sub = {"sub": here.pairwise(service_id, citizen_id)} if service_id else {}
        if isinstance(answer, Refusal):
            reasons = {"because": list(answer.because), "missing": list(answer.missing)}
            told = problem_body(reading.status_of_refusal(answer), answer.code, answer.officer_words)
            return {**sub, "problem": {**told, **reasons}}, False
        return {**sub, "answer": reading.body_of(here, answer), "receipt": receipts.of(here.vault, answer)}, False
    except TooFastError as error:
        return {"problem": problem_body(HTTPStatus.TOO_MANY_REQUESTS, error.code, str(error))}, True
    except VaultError as error:
        return {"problem": problem_body(status_of(error), code_of(error), words_of(error))}, False


def _json(line: dict[str, Any]) -> bytes:
    return orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)


blueprint.route("/bulk", parameters=[ACTOR])(Bulk)
