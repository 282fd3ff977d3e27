"""Writing back over the data API: the body read strictly, the door asked, what was kept told."""

import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

import orjson
from flask import Request, Response, current_app
from marshmallow import Schema, ValidationError

from vault import access
from vault.access import Change, Kept, Once, ToWrite
from vault.errors import InvalidInputError
from vault.release import Refusal
from web.api import reading, receipts
from web.api.edge import RECORDS_PATH, Edge
from web.api.pace import Tally
from web.api.proofs import nonce_of, proof_shown, token_shown
from web.faults import MalformedRequestError, PreconditionNeededError, RequestTooLargeError, WrongMediaTypeError
from web.schemas import strict_json
from web.schemas.records import NewRecord, PutRight

IDEMPOTENCY_KEY: Final = "Idempotency-Key"
MEDIA_TYPE: Final = "application/json"
_KEY: Final = re.compile(r'"([A-Za-z0-9._:-]{8,64})"')
_VERSION: Final = re.compile(r'"([1-9][0-9]{0,8})"')
_NEW: Final = NewRecord()
_PUT_RIGHT: Final = PutRight()


def add(here: Edge, sent: Request) -> Response:
    """Add what *sent* holds; raises as the door does."""
    return _asked(here, sent, _NEW, None)


def put_right(here: Edge, sent: Request, name: str) -> Response:
    """
    Put right the item that the service knows as *name*; raises as the door does.

    Raises:
        PreconditionNeededError: The request does not say which version it was made on.
    """
    return _asked(here, sent, _PUT_RIGHT, name)


def _asked(here: Edge, sent: Request, schema: Schema, name: str | None) -> Response:
    handle = token_shown(sent.headers)
    proof = proof_shown(here, sent.headers, method=sent.method, path=sent.path, access_token=handle)
    acting = reading.acting_in(sent.headers)
    wanted = _wanted(here, sent, schema, name)
    tally = Tally.of(current_app)
    answer = access.write_with_token(
        here.vault, handle=handle, proof=proof, acting=acting, wanted=wanted, admit=tally.admit
    )
    made = reading.refused(answer) if isinstance(answer, Refusal) else _told(here, answer, is_new=name is None)
    made.headers.extend(tally.headers)
    return made


def _wanted(here: Edge, sent: Request, schema: Schema, name: str | None) -> ToWrite:
    key = key_of(sent)
    version = version_of(sent) if name is not None else None
    body = read_json(sent)
    loaded = load(schema, body)
    said = orjson.dumps([sent.method, sent.path, version, body], option=orjson.OPT_SORT_KEYS)
    return ToWrite(
        fields=loaded["fields_"],
        once=Once(key=key, request=said),
        as_of=loaded.get("as_of"),
        reason=loaded.get("reason", ""),
        change=None if name is None or version is None else Change(is_meant=_is(here, name), expected=version),
    )


def key_of(sent: Request) -> str:
    """
    The idempotency key of *sent*.

    Raises:
        MalformedRequestError: There is none, or it is not one in quotes.
    """
    return _header(sent, IDEMPOTENCY_KEY, _KEY)


def _is(here: Edge, name: str) -> Callable[[UUID, UUID], bool]:
    def is_meant(service_id: UUID, record_id: UUID) -> bool:
        return here.pairwise(service_id, record_id) == name

    return is_meant


def version_of(sent: Request) -> int:
    """
    The version that *sent* was made on.

    Raises:
        PreconditionNeededError: It does not say.
        MalformedRequestError: It is not one in quotes.
    """
    if "If-Match" not in sent.headers:
        raise PreconditionNeededError("say in If-Match which version you read")
    return int(_header(sent, "If-Match", _VERSION))


def _header(sent: Request, name: str, form: re.Pattern[str]) -> str:
    shown = sent.headers.getlist(name)
    found = form.fullmatch(shown[0]) if len(shown) == 1 else None
    if found is None:
        raise MalformedRequestError(f"send one {name} header, in quotes, as the description says")
    return found.group(1)


def read_json(sent: Request, *, most_bytes: int = strict_json.MOST_BYTES) -> Any:  # noqa: ANN401 -- JSON values
    """
    The body of *sent*, JSON.

    Raises:
        WrongMediaTypeError: It is of another type.
        RequestTooLargeError: It is longer than *most_bytes*.
        MalformedRequestError: It does not say how long it is, or is not sound JSON.
    """
    if sent.mimetype != MEDIA_TYPE:
        raise WrongMediaTypeError(f"send JSON ({MEDIA_TYPE})")
    if sent.content_length is None:
        raise MalformedRequestError("the request does not say how long it is")
    if sent.content_length > most_bytes:
        raise RequestTooLargeError(f"the request is longer than {most_bytes} bytes")
    return strict_json.parse(sent.get_data(cache=True), most_bytes=most_bytes)


def load(schema: Schema, body: Any) -> dict[str, Any]:  # noqa: ANN401 -- JSON values
    """
    *body* as *schema* has it.

    Raises:
        InvalidInputError: It is not as described; members are named, values never.
    """
    if not isinstance(body, dict):
        raise InvalidInputError("send an object")
    try:
        loaded: dict[str, Any] = schema.load(body)
    except ValidationError as error:
        known = sorted({field.data_key or name for name, field in schema.fields.items()} & set(error.messages_dict))
        words = [f"`{name}` is missing or is not as described" for name in known]
        unknown = ["it has a member that is not known"] if set(error.messages_dict) - set(known) else []
        raise InvalidInputError("; ".join([*words, *unknown])) from None
    return loaded


def _told(here: Edge, kept: Kept, *, is_new: bool) -> Response:
    name = here.pairwise(kept.service_id, kept.record_id)
    body = orjson.dumps({"id": name, "version": kept.version})
    place = {"Location": f"{RECORDS_PATH}/{name}"} if is_new else {}
    headers = {"Cache-Control": "no-store", "ETag": f'"{kept.version}"', **place, **nonce_of(here)}
    headers[receipts.HEADER] = receipts.of(here.vault, kept)
    status = HTTPStatus.CREATED if is_new else HTTPStatus.OK
    return Response(body, status=status, mimetype=MEDIA_TYPE, headers=headers)
