"""Signed request objects (RFC 9101): whatever a service asks for, in one JWT by its own key, shown once.

The same for a pushed request and for CIBA (CIBA Core 1.0, section 7.1.1). What stands beside the object in the form is
refused, not ignored: two readings of one request are how parameters are smuggled in (RFC 9101, section 10.2).
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import orjson

from vault import tokens
from vault.context import SYSTEM
from vault.errors import ReplayedError
from web.api import jose
from web.api.authlib_core import Client, OAuthRefusedError
from web.api.edge import edge

PARAMETER: Final = "request"
LONGEST_LIFE: Final = timedelta(minutes=60)
"""Between ``nbf`` and ``exp``, and how old ``nbf`` may be (FAPI 2.0 Message Signing, section 5.3.1)."""
SLACK: Final = timedelta(seconds=10)
LONGEST_JTI: Final = 128
LATEST: Final = 253_402_300_800  # seconds since 1970: the year 10000, which no date reaches
_TYPES: Final = frozenset({None, "JWT", "oauth-authz-req+jwt"})
_BESIDE: Final = frozenset({PARAMETER, "client_id", "client_assertion", "client_assertion_type"})
_ABOUT_ITSELF: Final = frozenset({"iss", "aud", "exp", "nbf", "iat", "jti"})
_NEVER: Final = frozenset({PARAMETER, "request_uri", "sub", "client_assertion", "client_assertion_type"})
"""``sub`` too: an object with it could pass for a client assertion (RFC 9101, section 10.8)."""


def read(form: dict[str, str], client: Client) -> dict[str, str]:
    """
    The parameters of a request: those of its signed object where it has one, else *form* itself.

    Raises:
        OAuthRefusedError: The object is not the client's own, is not for this server and this moment, was shown before,
            or something stands beside it.
    """
    if PARAMETER not in form:
        return form
    if form.keys() - _BESIDE:
        raise OAuthRefusedError("invalid_request", "with a signed request object, everything stands inside it")
    claims = _opened(form[PARAMETER], client)
    given = {name: _text(value) for name, value in claims.items() if name not in _ABOUT_ITSELF}
    return {name: value for name, value in given.items() if value}


def _opened(token: str, client: Client) -> dict[str, Any]:
    try:
        claims = edge().client_keys.verified(client, token)
        is_object = jose.read_header(token).get("typ") in _TYPES
    except jose.SignatureRefusedError as error:
        raise _refused(str(error)) from error
    if not is_object or _NEVER & claims.keys():
        raise _refused("it is not a request object, or holds a member that none may hold")
    if claims.get("iss") != client.slug or claims.get("aud") not in (edge().issuer, [edge().issuer]):
        raise _refused("it is not by the client that authenticated, or not for this server")
    _spend(client, str(claims.get("jti") or ""), _end(claims))
    return claims


def _end(claims: Mapping[str, Any]) -> datetime:
    """When the object ends, once its times are sound."""
    now = edge().vault.clock()
    begins, ends = (_moment(claims.get(name)) for name in ("nbf", "exp"))
    made = _moment(claims.get("iat", 0))
    if begins is None or ends is None or made is None or made > now + SLACK:
        raise _refused("its times (nbf, exp) are missing or are none")
    if not now - LONGEST_LIFE <= begins <= now + SLACK or not now - SLACK < ends <= begins + LONGEST_LIFE:
        raise _refused("it is not for now (nbf, exp)")
    return ends


def _moment(seconds: object) -> datetime | None:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds < LATEST:
        return None
    return datetime.fromtimestamp(seconds, UTC)


def _spend(client: Client, jti: str, ends: datetime) -> None:
    if not 0 < len(jti) <= LONGEST_JTI:
        raise _refused(f"its id (jti) must be 1 to {LONGEST_JTI} characters")
    try:
        with edge().vault.transaction(SYSTEM) as ctx:
            tokens.spend(ctx, owner=f"request:{client.slug}", jti=jti, expires_at=ends + SLACK)
    except ReplayedError as error:
        raise _refused("it was shown before", reason="request-object-replayed") from error


def _text(value: object) -> str:
    """A claim as the form member that it stands for; details are JSON there."""
    match value:
        case str() if value.isprintable():
            return value
        case bool():
            raise _refused("a member is of a kind that none may be")
        case int():
            return str(value)
        case list() | dict():
            return orjson.dumps(value).decode()
    raise _refused("a member is of a kind that none may be")


def _refused(words: str, *, reason: str | None = None) -> OAuthRefusedError:
    return OAuthRefusedError("invalid_request_object", words, reason=reason)
