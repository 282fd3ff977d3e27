"""The read of the data API, answered before the app makes ready for a page.

Sessions, sign-ins, routes and hooks are no business of a service's read, and cost as much as the read itself. Only a
plain yes leaves here: a refusal, a fault, any other method or address is the app's to answer, as it answers all others.
"""

from collections.abc import Iterable
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import limits
from flask import Flask
from limits.strategies import FixedWindowRateLimiter
from werkzeug.exceptions import TooManyRequests

from vault.release import Refusal
from web.api import reading
from web.api.edge import RECORDS_PATH, Edge
from web.api.pace import Tally
from web.headers import headers_of
from web.limits import limiter

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_READS: Final = "records"
_parsed: Final = lru_cache(maxsize=8)(limits.parse)


class Front:
    """A WSGI application in front of *app*'s own."""

    def __init__(self, app: Flask, here: Edge) -> None:
        self._app = app
        self._here = here
        self._behind: WSGIApplication = app.wsgi_app
        self._limits: FixedWindowRateLimiter | None = None
        self._always = [*headers_of(app).items(), ("Content-Type", "application/json")]

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one request."""
        if environ.get("PATH_INFO") != RECORDS_PATH or environ.get("REQUEST_METHOD") != "GET":
            return self._behind(environ, start_response)
        try:
            self._count(str(environ.get("REMOTE_ADDR", "")))
            asked = reading.asked_in(environ.get("QUERY_STRING", ""))
            if asked is None:
                return self._behind(environ, start_response)
            headers = _Headers(environ)
            tally = Tally.of(self._app)
            answer = reading.look(self._here, headers, method="GET", asked=asked, tally=tally)
            if isinstance(answer, Refusal):
                return self._by_app(environ, start_response, answer)
            made = reading.opened(self._here, headers, answer, asked)
        except Exception as error:  # noqa: BLE001 -- the app answers every fault, and notes the unknown ones
            return self._by_app(environ, start_response, error)
        length = [("Content-Length", str(len(made.body)))] if made.status == HTTPStatus.OK else []
        start_response(
            f"{made.status.value} {made.status.phrase}",
            [*self._always, *length, *made.headers.items(), *tally.headers.items()],
        )
        return [made.body]

    def _count(self, address: str) -> None:
        limit = _parsed(str(self._app.config["RECORDS_CALLS"]))
        if self._limits is None or self._limits.storage is not limiter.storage:
            self._limits = FixedWindowRateLimiter(limiter.storage)
        if not self._limits.hit(limit, _READS, address):
            raise TooManyRequests(retry_after=limit.get_expiry())

    def _by_app(
        self, environ: "WSGIEnvironment", start_response: "StartResponse", answer: Refusal | Exception
    ) -> Iterable[bytes]:
        """Let the app answer in its own way, its headers and all."""
        with self._app.request_context(environ):
            if isinstance(answer, Exception):
                response = self._app.make_response(self._app.handle_user_exception(answer))
            else:
                response = reading.refused(answer)
            return self._app.process_response(response)(environ, start_response)


class _Headers:
    """The headers of *environ*, looked up by name; WSGI gives each of them once (PEP 3333)."""

    __slots__ = ("_environ",)

    def __init__(self, environ: "WSGIEnvironment") -> None:
        self._environ = environ

    def getlist(self, key: str) -> list[str]:
        """Its one value, if there is one."""
        value = self._environ.get("HTTP_" + key.upper().replace("-", "_"))
        return [] if value is None else [value]


def init_app(app: Flask, here: Edge) -> None:
    """Put it in front of *app*."""
    app.wsgi_app = Front(app, here)  # type: ignore[method-assign] # Flask's own way to wrap itself
