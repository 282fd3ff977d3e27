"""Client certificates (RFC 8705), as the proxy in front says them: in the header ``Client-Cert`` (RFC 9440).

Whoever reaches this server directly can write any header. So the header counts from the addresses that the operator
listed and from nowhere else, judged by who really connected, before anything in the request could change that. From
anywhere else it is refused where a token or a client could be meant, and taken out everywhere else.
"""

import ipaddress
from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from flask import Flask

from vault.sums import Refused
from web.errors import oauth_error, problem
from web.outgoing_http import Network
from web.runtime import Runtime

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

HEADER: Final = "Client-Cert"
_KEY: Final = "HTTP_CLIENT_CERT"
_WORDS: Final = "a client certificate is taken from the proxy in front alone"


class Certificates:
    """A WSGI application in front of all others, the proxies' own fixes included."""

    def __init__(self, app: Flask, trusted: tuple[Network, ...]) -> None:
        self._app = app
        self._trusted = trusted
        self._behind: WSGIApplication = app.wsgi_app

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Let a request through whose certificate, if it has one, may be believed."""
        if _KEY in environ and not self._is_trusted(str(environ.get("REMOTE_ADDR", ""))):
            del environ[_KEY]
            path = str(environ.get("PATH_INFO", ""))
            if path.startswith(("/oauth/", "/api/")):
                Runtime.of(self._app).vault.count_refused(Refused.PROOF)
                refused = oauth_error if path.startswith("/oauth/") else problem
                return refused(HTTPStatus.BAD_REQUEST, "invalid_request", _WORDS)(environ, start_response)
        return self._behind(environ, start_response)

    def _is_trusted(self, address: str) -> bool:
        try:
            found = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(found in network for network in self._trusted if network.version == found.version)


def init_app(app: Flask) -> None:
    """Put it in front of *app*, after everything else was."""
    app.wsgi_app = Certificates(app, Runtime.of(app).config.client_certificates_from)  # type: ignore[method-assign] # Flask's own way to wrap itself
