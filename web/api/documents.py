"""Documents over the data API: the file of an item, up to 100 MiB, sent and read as a stream, in ranges if wished."""

from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any, Final

import orjson
from flask import Flask, Request, Response, current_app, request
from flask.views import MethodView

from vault import access
from vault.access import Change, Kept, Once, ToAttach
from vault.documents import MEDIA_TYPES, MOST_BYTES, Arriving, Opened
from vault.release import Refusal, Release
from web import ranges
from web.api import reading, receipts, returning
from web.api.described import ACTOR, PACE, PROMISE, PROOF, View, described, problems
from web.api.edge import Edge, edge
from web.api.pace import Gate, Tally
from web.api.proofs import nonce_of, proof_shown, shown_proof, shown_token, token_shown
from web.api.records import ID, KEY, VERSION, blueprint, once_each
from web.faults import MalformedRequestError, RequestTooLargeError, WrongMediaTypeError
from web.schemas.records import Written

AT_ONCE: Final = 2
"""Documents on their way in one process: each holds a thread for as long as it lasts, and others need threads too."""
BLOCK_BYTES: Final = 64 * 1024
_GATE: Final = "vault.documents"
_NAME: Final = "document"
_TEXT: Final = {"schema": {"type": "string"}}
_RANGES: Final[tuple[dict[str, Any], ...]] = (
    {
        "in": "header",
        "name": "Range",
        "required": False,
        "description": "One range of bytes (RFC 9110, section 14.2); of several the whole is sent.",
        "schema": {"type": "string", "examples": ["bytes=0-65535"]},
    },
    {
        "in": "header",
        "name": "If-Range",
        "required": False,
        "description": "The `ETag` of the part that you have: if the document is another by now, the whole is sent.",
        "schema": {"type": "string"},
    },
)
_FILE: Final = {
    "ETag": {"description": "Changes when the document does.", **_TEXT},
    "Accept-Ranges": {"description": "`bytes`", **_TEXT},
    "Content-Disposition": {"description": "A file to keep, and its name.", **_TEXT},
}
_CONTENT_RANGE: Final = {"Content-Range": {"description": "Which part of how many bytes this is.", **_TEXT}}
_BINARY: Final = {"type": "string", "format": "binary"}


def init_app(app: Flask) -> None:
    """Let *app* take and give so many documents at once; the addresses are the records' own."""
    app.extensions[_GATE] = Gate(AT_ONCE)


def _described_as_read(view: View) -> View:
    content = {kind: {"schema": _BINARY} for kind in MEDIA_TYPES}
    whole = {"description": "The whole document.", "content": content}
    part = {"description": "The range that was asked for.", "content": content}
    return described(
        view,
        blueprint.doc(
            security=[{"dpop": []}],
            parameters=list(_RANGES),
            responses={
                "200": {**whole, "headers": {**PROMISE, **PACE, **_FILE}},
                "206": {**part, "headers": {**PROMISE, **PACE, **_FILE, **_CONTENT_RANGE}},
            },
        ),
        blueprint.alt_response(HTTPStatus.NOT_MODIFIED, description="Nothing changed.", headers=PROMISE, success=True),
        blueprint.alt_response(
            HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, description="There is no such part.", headers=_CONTENT_RANGE
        ),
        *problems(blueprint, "beyond_grant", "not_found", "overloaded"),
    )


def _described_as_sent(view: View) -> View:
    body = {"required": True, "content": {kind: {"schema": _BINARY} for kind in MEDIA_TYPES}}
    return described(
        view,
        blueprint.doc(security=[{"dpop": []}], parameters=[KEY, VERSION], requestBody=body),
        blueprint.response(
            HTTPStatus.OK, Written, headers={**PROMISE, **PACE, "ETag": {"description": "The version.", **_TEXT}}
        ),
        *problems(
            blueprint,
            *("beyond_grant", "not_found", "overloaded", "idempotency_key_reused", "version_passed"),
            *("precondition_needed", "wrong_state", "wrong_media_type", "request_too_large", "too_large"),
        ),
    )


class Document(MethodView):
    """The document of one item."""

    @_described_as_read
    def get(self, record_id: str) -> Response:
        """
        Read the document of an item.

        Decided and logged before its first byte, like every read; each call is a look of its own, of whatever range.
        What was changed or cut off is refused as a whole. When the person stops sharing, a read that is under way is
        cut off before its next mebibyte: a body shorter than `Content-Length` is not the document.
        """
        once_each(request.args)
        here, tally = edge(), Tally.of(current_app)
        handle = shown_token()
        proof, acting = shown_proof(handle), reading.acting_in(request.headers)
        leave = entered()
        try:
            answer = access.open_with_token(
                here.vault,
                handle=handle,
                proof=proof,
                acting=acting,
                is_meant=lambda service_id, one: here.pairwise(service_id, one) == record_id,
                admit=tally.admit,
            )
            made = reading.refused(answer) if isinstance(answer, Refusal) else _answer(here, *answer)
        except BaseException:
            leave()
            raise
        made.headers.extend(tally.headers)
        made.call_on_close(leave)
        return made

    @_described_as_sent
    def put(self, record_id: str) -> Response:
        """
        Send the document of an item that your service added.

        First add the item with what the document is called (`document.file`), then send the file as it is. The item's
        version grows by one; a document that was there before stays with the version before. The type must be one that
        is listed, and the file must begin as that type does.
        """
        once_each(request.args)
        leave = entered()
        try:
            return _put(edge(), request, record_id)
        finally:
            leave()


def entered() -> Callable[[], None]:
    """
    A place among the documents on their way; call what is returned to give it back.

    Raises:
        OverloadedError: There is none.
    """
    gate: Gate = current_app.extensions[_GATE]
    return gate.enter()


def _answer(here: Edge, release: Release, opened: Opened) -> Response:
    headers = {receipts.HEADER: receipts.of(here.vault, release), **nonce_of(here)}
    assert release.service_id is not None  # noqa: S101 -- read under a grant
    # INVARIANT: two services that compare what they were given cannot tell by it that they read of one person.
    tag = here.pairwise(release.service_id, opened.link.document_id)
    asked = ranges.Asked.of(request.method, request.headers)
    return ranges.answer(opened, asked, tag=tag, name=_NAME, headers=headers)


def _put(here: Edge, sent: Request, name: str) -> Response:
    handle = token_shown(sent.headers)
    proof = proof_shown(here, sent.headers, method=sent.method, path=sent.path, access_token=handle)
    acting = reading.acting_in(sent.headers)
    wanted, tally = _wanted(here, sent, name), Tally.of(current_app)
    answer = access.attach_with_token(
        here.vault, handle=handle, proof=proof, acting=acting, wanted=wanted, admit=tally.admit
    )
    made = reading.refused(answer) if isinstance(answer, Refusal) else _told(here, answer)
    made.headers.extend(tally.headers)
    return made


def _wanted(here: Edge, sent: Request, name: str) -> ToAttach:
    key, version = returning.key_of(sent), returning.version_of(sent)
    media_type, size = _announced(sent)

    def once(digest: bytes) -> Once:
        return Once(key=key, request=orjson.dumps([sent.method, sent.path, version, media_type, digest.hex()]))

    arriving = Arriving(media_type=media_type, size=size, blocks=_blocks(sent, size))
    change = Change(is_meant=lambda service_id, one: here.pairwise(service_id, one) == name, expected=version)
    return ToAttach(change=change, arriving=arriving, once=once)


def _announced(sent: Request) -> tuple[str, int]:
    """The kind and the length that the request says it has."""
    if sent.mimetype not in MEDIA_TYPES or sent.content_encoding:
        raise WrongMediaTypeError(f"send the file as it is, of one of these types: {', '.join(MEDIA_TYPES)}")
    if sent.content_length is None:
        raise MalformedRequestError("the request does not say how long it is")
    if sent.content_length > MOST_BYTES:
        raise RequestTooLargeError(f"a document has at most {MOST_BYTES} bytes")
    return sent.mimetype, sent.content_length


def _blocks(sent: Request, size: int) -> Iterator[bytes]:
    """The body as it comes; never more of it in memory, and never on a disk."""
    sent.max_content_length = MOST_BYTES
    left = size
    while left and (block := sent.stream.read(min(left, BLOCK_BYTES))):
        left -= len(block)
        yield block


def _told(here: Edge, kept: Kept) -> Response:
    name = here.pairwise(kept.service_id, kept.record_id)
    headers = {"Cache-Control": "no-store", "ETag": f'"{kept.version}"', **nonce_of(here)}
    headers[receipts.HEADER] = receipts.of(here.vault, kept)
    body = orjson.dumps({"id": name, "version": kept.version})
    return Response(body, status=HTTPStatus.OK, mimetype=returning.MEDIA_TYPE, headers=headers)


blueprint.route("/records/<string:record_id>/document", parameters=[ACTOR, PROOF, ID])(Document)
