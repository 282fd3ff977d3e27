"""What can come of a call: one class for each outcome that a service can act on, each with its remedy.

Messages hold codes and the vault's own words, which quote no value; never a token, a key or a field's value.
"""

import json
from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

_REMEDIES: Final = Path(__file__).with_name("remedies.json")


class ClientError(Exception):
    """Root of the tree; never raised itself."""

    remedy = ""
    """The next step of whoever catches it, a plain sentence."""


class KeyFileError(ClientError):
    """The file of private keys cannot be used."""

    remedy = "Name a file with one private JWK or a JWK set (RFC 7517), ES256, PS256 or Ed25519, mode 0600."


class NoAnswerError(ClientError):
    """Nobody answered; whether the call was kept is not known."""

    remedy = "Send the same again; with the same idempotency key nothing is written twice."


class AnswerUnsoundError(ClientError):
    """What was answered is not as the vault's description has it."""

    remedy = "Check the vault's address, and that nothing between changes its answers."


class ProblemError(ClientError):
    """The vault said no, with a code that stays the same."""

    def __init__(self, code: str, status: int, detail: str, more: Mapping[str, Any]) -> None:
        super().__init__(f"{code} ({status}): {detail}")
        self.code: Final = code
        """Stable; ``/developers`` lists every one."""
        self.status: Final = status
        self.detail: Final = detail
        self.missing: Final = tuple(str(name) for name in more.get("missing", ()))
        """Fields that were asked for and are not granted."""
        self.because: Final = tuple(str(rule) for rule in more.get("because", ()))
        """Ids of the rules that decided."""
        self.retry_after: Final = _seconds(more.get("retry_after"))
        """How many seconds to wait, where the vault says so."""
        self.remedy = remedies().get(code, "Read `detail`; the page /developers lists every code.")


class BadRequestError(ProblemError):
    """The call is not as described: mend it before sending it again."""


class SignInRefusedError(ProblemError):
    """The service did not prove who it is, or is suspended."""


class TokenEndedError(ProblemError):
    """The token or the request ended, or the person changed what they share: refresh, or ask again."""


class PendingError(ProblemError):
    """The person has not decided yet."""


class DeniedError(ProblemError):
    """The person shared nothing."""


class RequestExpiredError(ProblemError):
    """The request ended without an answer."""


class RefusedError(ProblemError):
    """The rules said no; it is in the log, and the person sees it. Asking again the same way gets the same answer."""


class NotFoundError(ProblemError):
    """There is no such thing for this service."""


class VersionPassedError(ProblemError):
    """The item changed since it was read; nothing was written."""


class WaitError(ProblemError):
    """Too much at once, or the vault cannot answer now: wait `retry_after` seconds, and send the same again."""


class ServerError(ProblemError):
    """Something is wrong at the vault; nothing was released."""


_KINDS: Final[Mapping[str, type[ProblemError]]] = {
    "invalid_client": SignInRefusedError,
    "unauthorized_client": SignInRefusedError,
    "token_invalid": TokenEndedError,
    "invalid_token": TokenEndedError,
    "invalid_grant": TokenEndedError,
    "authorization_pending": PendingError,
    "slow_down": PendingError,
    "access_denied": DeniedError,
    "expired_token": RequestExpiredError,
    "version_passed": VersionPassedError,
    "temporarily_unavailable": WaitError,
}
_STATUS: Final[Mapping[int, type[ProblemError]]] = {
    HTTPStatus.FORBIDDEN: RefusedError,
    HTTPStatus.NOT_FOUND: NotFoundError,
    HTTPStatus.GONE: NotFoundError,
}
_WAITING: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})


def problem(code: str, status: int, detail: str, more: Mapping[str, Any]) -> ProblemError:
    """The error of the class that *code*, or else *status*, belongs to."""
    if code == "access_denied" and status == HTTPStatus.FORBIDDEN:  # nobody was asked: the registry says no
        told = RefusedError(code, status, detail, more)
        told.remedy = "Ask for a purpose that is registered for your service; nobody was asked."
        return told
    if kind := _KINDS.get(code):
        return kind(code, status, detail, more)
    if status in _WAITING:
        return WaitError(code, status, detail, more)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return ServerError(code, status, detail, more)
    return _STATUS.get(status, BadRequestError)(code, status, detail, more)


@cache
def remedies() -> Mapping[str, str]:
    """The next step by code, as the vault's own list for developers has it."""
    held: dict[str, str] = json.loads(_REMEDIES.read_text(encoding="utf-8"))
    return held


def _seconds(text: object) -> int | None:
    return int(text) if isinstance(text, str) and text.isascii() and text.isdigit() else None
