"""A read of the data API: what is asked, the door's answer, and its form as JSON with an entity tag.

Every read is decided and logged, one that is answered "not changed" too.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

import orjson
from flask import Response
from marshmallow import ValidationError
from werkzeug.http import parse_etags

from vault import access
from vault.access import ActingPerson
from vault.errors import UnknownFieldError
from vault.release import FieldState, RecordView, Refusal, Release
from web.api import receipts, structured
from web.api.challenges import scheme
from web.api.edge import RECORDS_PATH, Edge
from web.api.pace import Tally
from web.api.proofs import Shown, nonce_of, proof_shown, token_shown
from web.errors import problem
from web.faults import MalformedRequestError
from web.schemas.records import RecordsQuery, asked_fields


@dataclass(frozen=True, slots=True)
class Asked:
    """What a query asks for."""

    fields: frozenset[str] | None
    """None for what may be seen."""
    history: bool
    """Whether what is past is wanted too."""
    limit: int | None = None
    """How many items at most; None for all."""
    after: str = ""
    """The id of the last item that came before; pages go by the order of ids."""

    @classmethod
    def of(cls, loaded: Mapping[str, Any]) -> "Asked":
        """What a loaded query asks for; raises `UnknownFieldError`."""
        return cls(asked_fields(loaded), loaded["history"], loaded.get("limit"), loaded.get("after", ""))


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer before it is anybody's response."""

    status: HTTPStatus
    body: bytes
    headers: dict[str, str]


_QUERY: Final = RecordsQuery()


@lru_cache(maxsize=1024)
def asked_in(query: str) -> Asked | None:
    """What a query string asks for; None where the app must say what is wrong with it."""
    try:
        given = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query), errors="strict")
        return Asked.of(_QUERY.load(dict(given))) if len(dict(given)) == len(given) else None
    except (ValueError, ValidationError, UnknownFieldError):
        return None


def look(here: Edge, headers: Shown, *, method: str, asked: Asked, tally: Tally) -> Release | Refusal:
    """
    Ask the door, with the token, the proof and the acting person among *headers*; the call is counted in *tally*.

    Raises:
        WebError: One of them is missing or unsound.
        VaultError: The door does not let this caller ask.
    """
    handle = token_shown(headers)
    proof = proof_shown(here, headers, method=method, path=RECORDS_PATH, access_token=handle)
    acting = acting_in(headers)
    return access.read_with_token(
        here.vault,
        handle=handle,
        proof=proof,
        acting=acting,
        fields=asked.fields,
        history=asked.history,
        admit=tally.admit,
    )


def acting_in(headers: Shown) -> ActingPerson | None:
    """
    The person whom *headers* name, if they name one.

    Raises:
        MalformedRequestError: The header cannot be read, or stands twice.
    """
    shown = headers.getlist(structured.HEADER)
    if len(shown) > 1:
        raise MalformedRequestError(f"show one {structured.HEADER} header")
    return structured.acting_person(shown[0]) if shown else None


def status_of_refusal(refusal: Refusal) -> HTTPStatus:
    """401 where the citizen's proof is all that is missing (RFC 9470, section 3), else 403."""
    return HTTPStatus.FORBIDDEN if refusal.proof is None else HTTPStatus.UNAUTHORIZED


def challenge_of(refusal: Refusal) -> dict[str, str]:
    """The header that says which proof is asked for, where one is."""
    if refusal.proof is None:
        return {}
    more = [f'acr_values="{refusal.proof.acr}"'] if refusal.proof.acr else []
    more += [f"max_age={refusal.proof.max_age}"] if refusal.proof.max_age is not None else []
    return {"WWW-Authenticate": scheme(refusal.code, *more)}


def refused(refusal: Refusal) -> Response:
    """The answer to a refusal, with its reasons."""
    reasons = {"because": list(refusal.because), "missing": list(refusal.missing)}
    made = problem(status_of_refusal(refusal), refusal.code, refusal.officer_words, **reasons)
    made.headers.extend(challenge_of(refusal))
    return made


def opened(here: Edge, headers: Shown, release: Release, asked: Asked) -> Answered:
    """The answer to a release: JSON, or that nothing changed since the tag that *headers* show."""
    tag = _tag(here, release, asked)
    promise = {receipts.HEADER: receipts.of(here.vault, release)}
    own = {"Cache-Control": "no-store", "ETag": f'"{tag}"', **promise, **nonce_of(here)}
    known = headers.getlist("If-None-Match")
    if known and parse_etags(", ".join(known)).contains_weak(tag):
        return Answered(HTTPStatus.NOT_MODIFIED, b"", own)
    return _whole(here, release, asked, own)


def _tag(here: Edge, release: Release, asked: Asked) -> str:
    """32 hex digits that stay the same while nothing that is asked for changes; made without opening anything."""
    items = sorted(f"{item.record['record_id']}/{item.record['version']}" for item in release.items)
    told = [str(release.service_id), sorted(release.fields), release.missing, release.partial]
    made = orjson.dumps([*told, asked.history, asked.limit, asked.after, items])
    return hmac.new(here.pairwise_key, b"tag\0" + made, hashlib.sha256).hexdigest()[:32]


def body_of(here: Edge, release: Release) -> dict[str, Any]:
    """What a release says, opened: the answer's JSON."""
    opened = release.unseal()
    reader = _reader(release)
    return {
        "records": [_record(here, reader, record) for record in opened.records],
        "fields": sorted(release.fields),
        "missing": list(release.missing),
        "states": _states(opened.states),
    }


def _whole(here: Edge, release: Release, asked: Asked, headers: dict[str, str]) -> Answered:
    body = body_of(here, release)
    if asked.limit is not None:
        body["records"], rest = _page(body["records"], asked.limit, asked.after)
        headers |= {"Link": _next(asked, body["records"][-1]["id"])} if rest else {}
    return Answered(HTTPStatus.OK, orjson.dumps(body), headers)


def _page(records: list[dict[str, Any]], limit: int, after: str) -> tuple[list[dict[str, Any]], bool]:
    """One page by the order of ids, which do not change, and whether there are more."""
    rest = sorted((record for record in records if record["id"] > after), key=lambda record: str(record["id"]))
    return rest[:limit], len(rest) > limit


def _next(asked: Asked, last: str) -> str:
    """Where the next page is (RFC 8288)."""
    query = {"fields": ",".join(sorted(asked.fields))} if asked.fields is not None else {}
    history = {"history": "true"} if asked.history else {}
    whole = urlencode({**query, **history, "limit": asked.limit, "after": last}, safe=",")
    return f'<{RECORDS_PATH}?{whole}>; rel="next"'


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
