"""Answers read into values: what is missing or of another kind is an `AnswerUnsoundError`, never a guess."""

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from web.client.errors import AnswerUnsoundError
from web.client.model import Asked, Person, Read, Record, State, Token, Written
from web.client.sending import Answer

RECEIPT: Final = "Vault-Log-Receipt"
_NEXT: Final = re.compile(r'<([^>]*)>; rel="next"')


def _unsound(what: str) -> AnswerUnsoundError:
    return AnswerUnsoundError(f"{what} is not as described")


def asked(told: Mapping[str, Any]) -> Asked:
    """The answer of ``/oauth/bc-authorize`` (CIBA Core 1.0, section 7.3)."""
    try:
        return Asked(str(told["auth_req_id"]), int(told["expires_in"]), int(told.get("interval", 5)))
    except (KeyError, TypeError, ValueError):
        raise _unsound("the answer to the request") from None


def token(told: Mapping[str, Any], *, subject: str, refresh_token: str = "") -> Token:
    """The answer of ``/oauth/token``; a token that is bound to no key is not taken."""
    try:
        if str(told["token_type"]).lower() != "dpop":
            raise _unsound("the token's type")
        return Token(
            access_token=str(told["access_token"]),
            expires_in=int(told["expires_in"]),
            grant_id=str(told["grant_id"]),
            subject=subject,
            details=tuple(told["authorization_details"]),
            refresh_token=str(told.get("refresh_token", refresh_token)),
        )
    except (KeyError, TypeError, ValueError):
        raise _unsound("the token's answer") from None


def read(told: Mapping[str, Any], *, receipt: str, tag: str = "", link: str = "") -> Read:
    """What one look showed."""
    try:
        return Read(
            records=tuple(_record(one) for one in told["records"]),
            fields=tuple(told["fields"]),
            missing=tuple(told["missing"]),
            states={name: State(str(one["kind"]), str(one["detail"])) for name, one in told["states"].items()},
            receipt=receipt,
            tag=tag,
            next_page=_after(link),
        )
    except (KeyError, TypeError, AttributeError):
        raise _unsound("the answer to the read") from None


def _record(told: Mapping[str, Any]) -> Record:
    return Record(
        id=str(told["id"]),
        category=str(told["category"]),
        version=int(told["version"]),
        status=str(told["status"]),
        as_of=told["as_of"],
        organisation=str(told["source"]["organisation"]),
        fields=dict(told["fields"]),
    )


def _after(link: str) -> str:
    found = _NEXT.search(link)
    return parse_qs(urlsplit(found.group(1)).query).get("after", [""])[0] if found else ""


def looked(answer: Answer) -> Read:
    """The answer of ``GET /api/v1/records``."""
    headers = answer.headers
    return read(
        answer.json, receipt=headers.get(RECEIPT, ""), tag=headers.get("ETag", ""), link=headers.get("Link", "")
    )


def written(answer: Answer) -> Written:
    """The answer to something written."""
    try:
        return Written(str(answer.json["id"]), int(answer.json["version"]), answer.headers.get(RECEIPT, ""))
    except (KeyError, TypeError, ValueError):
        raise _unsound("the answer to what was written") from None


def person(told: Mapping[str, Any]) -> Person:
    """One line of a bulk read."""
    opened = told.get("answer")
    return Person(
        grant_id=str(told.get("grant_id", "")),
        subject=str(told.get("sub", "")),
        read=read(opened, receipt=str(told.get("receipt", ""))) if isinstance(opened, dict) else None,
        problem=told.get("problem"),
    )
