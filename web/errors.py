"""Errors on their way out: one table from a class to an HTTP status, and one shape for each kind of reader.

The data API answers with problem details (RFC 9457), OAuth endpoints with RFC 6749's shape, pages with a page. No
answer and no line of the server's log carries a field's value.
"""

import logging
import traceback
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final

import orjson
from flask import Flask, Response, current_app, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from vault import errors as vault
from vault.sums import Refused
from web import faults
from web.faults import NonceNeededError, ProofInvalidError, WebError
from web.runtime import Runtime

PROBLEM_TYPE: Final = "application/problem+json"
FHIR: Final = "application/fhir+json"
PROBLEM_NAMES: Final = "urn:citizen-vault:problem:"
ERROR_PAGE: Final = "vault.error-page"

ErrorPage = Callable[[HTTPStatus, str], ResponseReturnValue]

log = logging.getLogger(__name__)


STATUS: Final[Mapping[type[Exception], HTTPStatus]] = {
    vault.SealBrokenError: HTTPStatus.INTERNAL_SERVER_ERROR,
    vault.KeyDestroyedError: HTTPStatus.GONE,
    vault.KeyNotFoundError: HTTPStatus.INTERNAL_SERVER_ERROR,
    vault.KeyStoreError: HTTPStatus.SERVICE_UNAVAILABLE,
    vault.WrongRootKeyError: HTTPStatus.SERVICE_UNAVAILABLE,
    vault.RowForgedError: HTTPStatus.INTERNAL_SERVER_ERROR,
    vault.UnloggedChangeError: HTTPStatus.INTERNAL_SERVER_ERROR,
    vault.CommitUncertainError: HTTPStatus.SERVICE_UNAVAILABLE,
    vault.DatabaseReadOnlyError: HTTPStatus.SERVICE_UNAVAILABLE,
    vault.BusyError: HTTPStatus.SERVICE_UNAVAILABLE,
    vault.SchemaOutdatedError: HTTPStatus.SERVICE_UNAVAILABLE,
    vault.NotFoundError: HTTPStatus.NOT_FOUND,
    vault.EntryDamagedError: HTTPStatus.INTERNAL_SERVER_ERROR,
    vault.NotAllowedError: HTTPStatus.FORBIDDEN,
    vault.NotKnownHereError: HTTPStatus.FORBIDDEN,
    vault.RecoveryWaitsError: HTTPStatus.FORBIDDEN,
    vault.ProofNeededError: HTTPStatus.FORBIDDEN,
    vault.SignInAskedError: HTTPStatus.FORBIDDEN,
    vault.InvalidInputError: HTTPStatus.UNPROCESSABLE_ENTITY,
    vault.TooLargeError: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    vault.NoMoreError: HTTPStatus.FORBIDDEN,
    vault.UnknownFieldError: HTTPStatus.UNPROCESSABLE_ENTITY,
    vault.BeyondPurposeError: HTTPStatus.UNPROCESSABLE_ENTITY,
    vault.KeyReusedError: HTTPStatus.UNPROCESSABLE_ENTITY,
    vault.WrongStateError: HTTPStatus.CONFLICT,
    vault.TooOftenError: HTTPStatus.TOO_MANY_REQUESTS,
    vault.VersionPassedError: HTTPStatus.PRECONDITION_FAILED,
    vault.ReplayedError: HTTPStatus.UNAUTHORIZED,
    vault.AskedTooSoonError: HTTPStatus.TOO_MANY_REQUESTS,
    vault.LinkUsedError: HTTPStatus.GONE,
    vault.SignInEndedError: HTTPStatus.UNAUTHORIZED,
    vault.TokenInvalidError: HTTPStatus.UNAUTHORIZED,
    vault.ImportRefusedError: HTTPStatus.UNPROCESSABLE_ENTITY,
    vault.SecondPersonNeededError: HTTPStatus.FORBIDDEN,
    vault.VerifiedUnusableError: HTTPStatus.INTERNAL_SERVER_ERROR,
    faults.SettingError: HTTPStatus.INTERNAL_SERVER_ERROR,
    faults.SignInNeededError: HTTPStatus.UNAUTHORIZED,
    faults.WrongRoleError: HTTPStatus.FORBIDDEN,
    faults.PasskeyRefusedError: HTTPStatus.BAD_REQUEST,
    faults.ProviderRefusedError: HTTPStatus.FORBIDDEN,
    faults.ProviderFailedError: HTTPStatus.BAD_GATEWAY,
    faults.MalformedRequestError: HTTPStatus.BAD_REQUEST,
    faults.RequestTooLargeError: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    faults.WrongMediaTypeError: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    faults.PreconditionNeededError: HTTPStatus.PRECONDITION_REQUIRED,
    faults.TooFastError: HTTPStatus.TOO_MANY_REQUESTS,
    faults.ClientUnprovenError: HTTPStatus.UNAUTHORIZED,
    faults.OverloadedError: HTTPStatus.SERVICE_UNAVAILABLE,
    faults.TokenMissingError: HTTPStatus.UNAUTHORIZED,
    faults.ProofInvalidError: HTTPStatus.UNAUTHORIZED,
    faults.NonceNeededError: HTTPStatus.UNAUTHORIZED,
    faults.TypesettingFailedError: HTTPStatus.SERVICE_UNAVAILABLE,
}
"""The one table: every class of `vault.errors` and `web.faults`, and its status."""

COUNTED: Final[Mapping[type[Exception], Refused]] = {
    vault.LinkUsedError: Refused.LINK,
}
"""What strangers try at the portal; summed for the log (`vault.refusals`)."""

SPOKEN: Final = (vault.InvalidInputError, vault.ImportRefusedError, WebError)
"""Errors whose message was written for the caller; of the others only the title is shown."""

WAIT_SECONDS: Final = 5
"""What an answer of 503 asks for, where nothing better is known (RFC 9110, section 10.2.3)."""

WORDS: Final[Mapping[HTTPStatus, str]] = {
    HTTPStatus.UNAUTHORIZED: "the token, or the proof that it is yours, is not valid now",
    HTTPStatus.FORBIDDEN: "this is not allowed",
    HTTPStatus.NOT_FOUND: "there is no such thing for you",
    HTTPStatus.CONFLICT: "that is not possible in the state it is in now",
    HTTPStatus.GONE: "this is no longer there",
    HTTPStatus.PRECONDITION_FAILED: "this was changed meanwhile; read it again",
    HTTPStatus.TOO_MANY_REQUESTS: "too many requests; wait and try again",
    HTTPStatus.SERVICE_UNAVAILABLE: "the vault cannot answer now; nothing was released and nothing was kept",
    HTTPStatus.INTERNAL_SERVER_ERROR: "something is wrong on our side; nothing was released",
}


def status_of(error: Exception) -> HTTPStatus:
    """The status of *error*: that of its class, or of the nearest class above it; 500 for a stranger."""
    known = (STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)
    return next(known, HTTPStatus.INTERNAL_SERVER_ERROR)


def code_of(error: Exception) -> str:
    """The stable code of *error*; ``internal_error`` for a stranger."""
    code = getattr(error, "code", None)
    return code if isinstance(code, str) else "internal_error"


def words_of(error: Exception) -> str:
    """What the caller may be told of *error*."""
    status = status_of(error)
    return str(error) if isinstance(error, SPOKEN) and str(error) else WORDS.get(status, status.phrase.lower())


def problem(status: HTTPStatus, code: str, detail: str, **members: Any) -> Response:  # noqa: ANN401 -- JSON values
    """A problem-details answer (RFC 9457, section 3); *members* are its extensions."""
    body = problem_body(status, code, detail)
    answer = Response(orjson.dumps({**body, **members}), status=status, content_type=PROBLEM_TYPE)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def problem_body(status: HTTPStatus, code: str, detail: str) -> dict[str, Any]:
    """The members that every problem has (RFC 9457, section 3.1)."""
    return {"type": PROBLEM_NAMES + code, "title": status.phrase, "status": int(status), "code": code, "detail": detail}


def operation_outcome(status: HTTPStatus, code: str, detail: str) -> Response:
    """An error as FHIR clients read it (FHIR R4, section 2.31); the vault's own code stands in ``details``."""
    kind = _BY_CODE.get(code) or _ISSUES.get(
        status, "exception" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "invalid"
    )
    issue = {"severity": "error", "code": kind, "details": {"text": code}, "diagnostics": detail}
    body = orjson.dumps({"resourceType": "OperationOutcome", "issue": [issue]})
    return Response(body, status=status, content_type=FHIR, headers={"Cache-Control": "no-store"})


def shaped(status: HTTPStatus, code: str, detail: str) -> Response:
    """An error of the data API, in the shape that the reader of this address expects."""
    made = operation_outcome if request.path.startswith("/fhir") else problem
    return made(status, code, detail)


_BY_CODE: Final = {"unsupported": "not-supported"}
_ISSUES: Final[Mapping[HTTPStatus, str]] = {
    HTTPStatus.UNAUTHORIZED: "login",
    HTTPStatus.FORBIDDEN: "forbidden",
    HTTPStatus.NOT_FOUND: "not-found",
    HTTPStatus.GONE: "deleted",
    HTTPStatus.METHOD_NOT_ALLOWED: "not-supported",
    HTTPStatus.CONFLICT: "conflict",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "not-supported",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "too-long",
    HTTPStatus.TOO_MANY_REQUESTS: "throttled",
    HTTPStatus.SERVICE_UNAVAILABLE: "transient",
}


def oauth_error(status: HTTPStatus, code: str, description: str) -> Response:
    """An OAuth error answer (RFC 6749, section 5.2)."""
    plain = description.replace('"', "'").replace("\\", "/").encode("ascii", "replace").decode()
    answer = Response(
        orjson.dumps({"error": code, "error_description": plain}), status=status, mimetype="application/json"
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


def use_error_page(app: Flask, page: ErrorPage) -> None:
    """Let *page* answer errors outside the data API and the OAuth endpoints; it gets the status and the code."""
    app.extensions[ERROR_PAGE] = page


def init_app(app: Flask) -> None:
    """Answer every error of *app* in the shape its reader expects."""
    app.register_error_handler(vault.VaultError, answer)
    app.register_error_handler(WebError, answer)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unknown)


def answer(error: Exception) -> ResponseReturnValue:
    """The answer for a known outcome, in the shape that the reader of this address expects."""
    status = status_of(error)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _note(error)
    if type(error) in COUNTED:
        Runtime.of(current_app).vault.count_refused(COUNTED[type(error)])
    made = current_app.make_response(_answer(status, code_of(error), words_of(error)))
    made.headers.extend(error.headers if isinstance(error, WebError) else {})
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        made.headers.setdefault("Retry-After", str(WAIT_SECONDS))
    return made


def _http(error: HTTPException) -> ResponseReturnValue:
    status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    if status < HTTPStatus.BAD_REQUEST:
        return error.get_response()
    made = current_app.make_response(_answer(status, status.name.lower(), WORDS.get(status, status.phrase.lower())))
    kept = {name: value for name, value in error.get_headers() if name.lower() in {"allow", "retry-after"}}
    made.headers.extend(kept)
    return made


def _unknown(error: Exception) -> ResponseReturnValue:
    _note(error)
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    return _answer(status, "internal_error", WORDS[status])


def _answer(status: HTTPStatus, code: str, words: str) -> ResponseReturnValue:
    if request.path.startswith("/oauth/"):
        return oauth_error(status, _oauth_code(status, code), words)
    page: ErrorPage | None = current_app.extensions.get(ERROR_PAGE)
    if (
        page is None
        or request.path.startswith(("/api/", "/fhir/", "/.well-known/", "/log/"))
        or request.path == "/fhir"
    ):
        return shaped(status, code, words)
    return page(status, code)


_PROGRAMS: Final = ("/api/", "/fhir/", "/.well-known/", "/log/")
"""What programs ask for, and no browser."""


def _oauth_code(status: HTTPStatus, code: str) -> str:
    """RFC 6749's word for a status that no OAuth module answered itself."""
    if code in {ProofInvalidError.code, NonceNeededError.code}:
        return code
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return "temporarily_unavailable" if status == HTTPStatus.SERVICE_UNAVAILABLE else "server_error"
    return "temporarily_unavailable" if status == HTTPStatus.TOO_MANY_REQUESTS else "invalid_request"


def _note(error: Exception) -> None:
    """Log where *error* came from. Its message is left out: a library's message may quote a value."""
    frames = traceback.extract_tb(error.__traceback__)[-8:]
    places = " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(frames))
    log.error("%s (%s) at %s", type(error).__name__, code_of(error), places)
