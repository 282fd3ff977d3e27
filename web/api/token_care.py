"""Asking about a token and giving it back: RFC 7662 and RFC 7009, each for the token's own client only."""

from http import HTTPStatus
from typing import Any, Final

from flask import request as flask_request

from vault import tokens
from vault.errors import TokenInvalidError
from vault.grants import GrantView
from vault.tokens import TokenView
from web.api import issuer_key
from web.api.authlib_core import AUTH_METHOD, Client, IntrospectionEndpoint, OAuthRefusedError, RevocationEndpoint
from web.api.bound_certificates import confirmation, token_type
from web.api.edge import API_PATH, edge
from web.api.forms import form
from web.schemas import access_details

LONGEST_HANDLE: Final = 128
SIGNED: Final = "application/token-introspection+jwt"
SIGNED_TYPE: Final = "token-introspection+jwt"


def _handle() -> str:
    handle = form().get("token", "")
    if not 0 < len(handle) <= LONGEST_HANDLE or not handle.isascii():
        raise OAuthRefusedError("invalid_request", "the token is missing or is not one")
    return handle


class Introspection(IntrospectionEndpoint):  # type: ignore[misc] # Authlib carries no types
    """``POST /oauth/introspect``. Someone else's token looks like one that never was."""

    CLIENT_AUTH_METHODS = (AUTH_METHOD,)

    def create_endpoint_response(self, request: Any) -> tuple[int, dict[str, Any] | str, list[tuple[str, str]]]:  # noqa: ANN401 -- Authlib's own request
        """What the token is good for now; signed, where the client asks for that (RFC 9701)."""
        handle = _handle()
        client: Client = self.authenticate_endpoint_client(request)
        said = _about(handle, client)
        if not _wants_signed():
            return HTTPStatus.OK, said, []
        return HTTPStatus.OK, _signed(said, client), [("Content-Type", SIGNED)]


def _wants_signed() -> bool:
    accepted = flask_request.accept_mimetypes
    return SIGNED in [kind for kind, _ in accepted] and accepted[SIGNED] >= accepted["application/json"]


def _about(handle: str, client: Client) -> dict[str, Any]:
    try:
        with edge().vault.reading(client.actor) as ctx:
            token = tokens.find(ctx, handle=handle)
    except TokenInvalidError:
        return {"active": False}
    return _described(token, client) if token.service_id == client.service_id else {"active": False}


def _signed(said: dict[str, Any], client: Client) -> str:
    """A JWT that proves to others what was answered (RFC 9701, section 5)."""
    here = edge()
    claims = {
        "iss": here.issuer,
        "aud": client.slug,
        "iat": int(here.vault.clock().timestamp()),
        "token_introspection": said,
    }
    return issuer_key.signed(here.vault, claims, kind=SIGNED_TYPE)


def _described(token: TokenView, client: Client) -> dict[str, Any]:
    here = edge()
    return {
        "active": True,
        "iss": here.issuer,
        "client_id": client.slug,
        "sub": here.pairwise(client.service_id, token.grant.citizen_id),
        "scope": "openid",
        "token_type": token_type(token.thumbprint),
        "iat": int(token.issued_at.timestamp()),
        "exp": int(token.expires_at.timestamp()),
        "cnf": confirmation(token.thumbprint),
        "grant_id": here.pairwise(client.service_id, token.grant.grant_id),
        **_signed_in(token.grant),
        access_details.PARAMETER: access_details.of_grant(token.grant, location=here.url(API_PATH)),
    }


def _signed_in(grant: GrantView) -> dict[str, Any]:
    """When and how the citizen who decided had proved who they are (RFC 9470, section 6.2)."""
    if grant.proven_at is None:
        return {}
    return {"auth_time": int(grant.proven_at.timestamp()), **({"acr": grant.proven_by} if grant.proven_by else {})}


class Revocation(RevocationEndpoint):  # type: ignore[misc] # Authlib carries no types
    """``POST /oauth/revoke``. The answer is the same whether there was such a token (RFC 7009, section 2.2)."""

    CLIENT_AUTH_METHODS = (AUTH_METHOD,)

    def create_endpoint_response(self, request: Any) -> tuple[int, dict[str, Any], list[tuple[str, str]]]:  # noqa: ANN401 -- Authlib's own request
        """End the token, if it is this client's."""
        handle = _handle()
        client: Client = self.authenticate_endpoint_client(request)
        with edge().vault.transaction(client.actor) as ctx:
            tokens.revoke(ctx, service_id=client.service_id, handle=handle)
        return HTTPStatus.OK, {}, []
