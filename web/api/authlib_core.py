"""The one module that touches Authlib: its authorization server, cut to one client authentication and its own errors.

Authlib finds the endpoint or grant and drives it; what a client may do is decided by the modules beside this one.
Clients authenticate with ``private_key_jwt`` only (RFC 7523, OpenID Connect Core section 9), as FAPI 2.0 has it.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

import orjson
from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import BaseGrant, InvalidClientError, OAuth2Error, TokenEndpointMixin
from authlib.oauth2.rfc6749.endpoint import Endpoint
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7523 import JWTBearerClientAssertion
from authlib.oauth2.rfc7662 import IntrospectionEndpoint
from flask import Response

from vault import services, tokens
from vault.context import SYSTEM, Actor
from vault.errors import NotFoundError, ReplayedError
from vault.kinds import ServiceStatus
from web.api import jose, refusing
from web.api.edge import edge, service_actor

__all__ = [
    "AUTH_METHOD",
    "BaseGrant",
    "Client",
    "ClientAssertion",
    "Endpoint",
    "IntrospectionEndpoint",
    "InvalidClientError",
    "OAuthRefusedError",
    "RevocationEndpoint",
    "Server",
    "TokenEndpointMixin",
]

AUTH_METHOD: Final = "private_key_jwt"
LONGEST_LIFE: Final = timedelta(seconds=60)
CLOCK_SLACK: Final = timedelta(seconds=10)
LONGEST_JTI: Final = 128
NO_STORE: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}

# Authlib's own debug lines may quote what a client sent.
logging.getLogger("authlib").setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class Client:
    """A registered service as Authlib asks for it."""

    service_id: UUID
    organisation_id: UUID
    slug: str
    jwks: Mapping[str, Any]
    jwks_uri: str | None
    """Where its keys are fetched; those in `jwks` count where it is empty."""
    notification_endpoint: str | None
    """Where it is told of decisions."""
    active: bool

    @property
    def actor(self) -> Actor:
        """The service as it acts, once it has authenticated."""
        return service_actor(self.service_id, self.organisation_id)

    def check_endpoint_auth_method(self, method: str, _endpoint: str) -> bool:
        """Whether this client may authenticate so: it is not suspended, and the method is the only one."""
        return self.active and method == AUTH_METHOD


class OAuthRefusedError(OAuth2Error):  # type: ignore[misc] # Authlib carries no types
    """An OAuth error answer: RFC 6749's shape, with a description that quotes nothing the client sent."""

    def __init__(
        self,
        code: str,
        words: str,
        *,
        status: HTTPStatus = HTTPStatus.BAD_REQUEST,
        headers: Mapping[str, str] | None = None,
        reason: str | None = None,
        logged: bool = False,
    ) -> None:
        """Make the answer *code* with *words* (ASCII without quotation marks).

        *reason* is what the log says of it, the code if None; *logged* that it is in the log already.
        """
        super().__init__(error=code, description=words.replace('"', "'").replace("\\", "/"), status_code=int(status))
        self._more = dict(headers or {})
        self.reason = reason or code
        self.logged = logged

    def get_headers(self) -> list[tuple[str, str]]:
        """Authlib's headers and this answer's own."""
        return [*super().get_headers(), *self._more.items()]


class ClientAssertion(JWTBearerClientAssertion):  # type: ignore[misc] # Authlib carries no types
    """
    Client authentication by a signed assertion: for the issuer alone, at most a minute ahead, shown once.

    FAPI 2.0 Security Profile, section 5.3.2.1: the audience is the issuer, as a single value.
    """

    CLIENT_AUTH_METHOD = AUTH_METHOD

    def resolve_client_public_key(self, client: Client) -> Client:
        """Whose keys count; they are looked up with the assertion in hand (`web.api.client_keys`)."""
        refusing.begin(client.actor)
        return client

    def process_assertion_claims(self, assertion: str, resolve_key: Client) -> dict[str, Any]:
        """The claims of *assertion* once signature, audience, time and single use are sound."""
        try:
            claims = edge().client_keys.verified(resolve_key, assertion)
        except jose.SignatureRefusedError as error:
            raise InvalidClientError from error
        self.verify_claims(claims)
        return claims

    def verify_claims(self, claims: Mapping[str, Any]) -> None:
        """Judge the claims, and spend the assertion's id last, so that only sound assertions are remembered."""
        now = edge().vault.clock()
        expires = _moment(claims.get("exp"))
        jti = claims.get("jti")
        sound = (
            claims.get("iss") == claims.get("sub")
            and claims.get("aud") in (edge().issuer, [edge().issuer])
            and expires is not None
            and now - CLOCK_SLACK < expires <= now + LONGEST_LIFE + CLOCK_SLACK
            and all(_is_past(claims[name], now) for name in ("iat", "nbf") if name in claims)
            and isinstance(jti, str)
            and 0 < len(jti) <= LONGEST_JTI
        )
        if not sound or expires is None:
            raise InvalidClientError
        self._spend(str(claims["sub"]), str(jti), expires)
        refusing.proven()

    @staticmethod
    def _spend(client_id: str, jti: str, expires: datetime) -> None:
        owner = f"client:{client_id}"
        try:
            with edge().vault.transaction(SYSTEM) as ctx:
                tokens.spend(ctx, owner=owner, jti=jti, expires_at=expires + CLOCK_SLACK)
        except ReplayedError as error:
            refusing.replayed("assertion-replayed", owner=owner, jti=jti, expires_at=expires + CLOCK_SLACK)
            raise InvalidClientError from error


def _moment(seconds: object) -> datetime | None:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds < 2**40:
        return None
    return datetime.fromtimestamp(seconds, UTC)


def _is_past(seconds: object, now: datetime) -> bool:
    moment = _moment(seconds)
    return moment is not None and moment <= now + CLOCK_SLACK


class Server(AuthorizationServer):  # type: ignore[misc] # Authlib carries no types
    """Authlib's authorization server on this vault."""

    def __init__(self, more_headers: Callable[[], Mapping[str, str]]) -> None:
        """Make the server; *more_headers* go on every success."""
        super().__init__(query_client=find_client, save_token=lambda _token, _request: None)
        self._more_headers = more_headers
        self.register_client_auth_method(AUTH_METHOD, ClientAssertion())

    def handle_response(self, status_code: int, payload: Any, headers: Any) -> Response:  # noqa: ANN401 -- Authlib's own call
        """An answer of this server that no cache may keep: JSON, or a text whose type the headers say."""
        body = b"" if payload is None else payload.encode() if isinstance(payload, str) else orjson.dumps(payload)
        answer = Response(body, status=status_code, mimetype="application/json")
        answer.headers.update(dict(headers or []))
        answer.headers.update(NO_STORE)
        if status_code < HTTPStatus.BAD_REQUEST:
            answer.headers.update(self._more_headers())
        return answer

    def handle_error_response(self, request: Any, error: OAuth2Error) -> Response:  # noqa: ANN401 -- Authlib's own call
        """An error answer, once it is logged. Whatever was wrong with a client's authentication looks the same."""
        refusing.log(error)
        if isinstance(error, InvalidClientError):
            error = OAuthRefusedError(
                "invalid_client",
                "the client did not authenticate",
                status=HTTPStatus.UNAUTHORIZED,
                headers={"WWW-Authenticate": AUTH_METHOD},
            )
        answer: Response = super().handle_error_response(request, error)
        return answer


def find_client(client_id: str) -> Client | None:
    """The registered service with this client id."""
    try:
        with edge().vault.reading(SYSTEM) as ctx:
            service = services.by_slug(ctx, slug=client_id)
            addresses = services.addresses(ctx, service_id=service.service_id)
    except NotFoundError:
        return None
    return Client(
        service_id=service.service_id,
        organisation_id=service.organisation_id,
        slug=service.slug,
        jwks=service.jwks,
        jwks_uri=addresses.jwks_uri,
        notification_endpoint=addresses.notification_endpoint,
        active=service.status is ServiceStatus.ACTIVE,
    )
