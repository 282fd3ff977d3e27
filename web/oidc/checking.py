"""Judging what an identity provider signed: the ID token of a sign-in, and the token that says somebody signed out.

The checks are those of OpenID Connect Core 1.0, section 3.1.3.7, and of Back-Channel Logout 1.0, section 2.6.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from web.faults import MalformedRequestError, ProviderRefusedError
from web.oidc.providers import Provider
from web.schemas import strict_json

SKEW: Final = 30  # seconds that two clocks may differ
OLDEST: Final = 600  # seconds since an ID token was issued
LOGOUT: Final = "http://schemas.openid.net/event/backchannel-logout"
LONGEST: Final = 16_384  # characters of a token
_DOTS: Final = 2  # header.payload.signature
_HASHES: Final = {"256": hashlib.sha256, "384": hashlib.sha384, "512": hashlib.sha512}


@dataclass(frozen=True, slots=True)
class Expected:
    """What an ID token must agree with."""

    nonce: str
    now: datetime
    max_age: int | None = None
    """Seconds since the person last proved themselves at the provider, at most; None where any time will do."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What a checked ID token says."""

    subject: str = field(repr=False)
    level: str
    all: Mapping[str, Any] = field(repr=False)


def key_id_of(token: str) -> str:
    """
    The key id in the header of *token*, not yet verified.

    Raises:
        ProviderRefusedError: It is no signed token of reasonable size.
    """
    if len(token) > LONGEST or not token.isascii() or token.count(".") != _DOTS:
        raise ProviderRefusedError("the token is not a compact JWS")
    return str(_object(_decoded(token.partition(".")[0])).get("kid", ""))


def id_token(provider: Provider, token: str, keys: KeySet, *, access_token: str, expected: Expected) -> Claims:
    """
    What the ID token *token* says, once everything about it holds.

    Raises:
        ProviderRefusedError: Something does not hold; the message names what, and quotes nothing.
    """
    claims, algorithm = _verified(provider, token, keys)
    _about_us(provider, claims, expected.now)
    _need(_number(claims, "exp") + SKEW > expected.now.timestamp(), "it has expired")
    _need(hmac.compare_digest(str(claims.get("nonce", "")), expected.nonce), "it answers another question")
    if "at_hash" in claims:
        right = _left_half(access_token, algorithm)
        _need(hmac.compare_digest(str(claims["at_hash"]), right), "it came with another access token")
    if expected.max_age is not None:
        since = expected.now.timestamp() - _number(claims, "auth_time")
        _need(since <= expected.max_age + SKEW, "the person did not prove themselves again")
    level = claims.get(provider.level_claim)
    _need(isinstance(level, str) and level in provider.levels, "the level of trust is not enough")
    subject = claims.get("sub")
    _need(isinstance(subject, str) and 0 < len(subject) <= 255, "it names nobody")  # noqa: PLR2004 -- OIDC Core, 2
    return Claims(str(subject), str(level), claims)


def proved_just_now(claims: Claims, *, now: datetime, within: int) -> bool:
    """Whether the provider says that the person proved themselves at most *within* seconds ago; silence is a no."""
    at = claims.all.get("auth_time")
    if isinstance(at, bool) or not isinstance(at, int | float):
        return False
    return -SKEW <= now.timestamp() - at <= within + SKEW


def logout_token(provider: Provider, token: str, keys: KeySet, *, now: datetime) -> tuple[str, str]:
    """
    Whom the logout token *token* signs out: the subject, and the token's own single-use id.

    Raises:
        ProviderRefusedError: Something does not hold.
    """
    claims, _algorithm = _verified(provider, token, keys)
    _about_us(provider, claims, now)
    events = claims.get("events")
    _need(isinstance(events, dict) and LOGOUT in events, "it is about something else")
    _need("nonce" not in claims, "it is an ID token")
    subject, token_id = claims.get("sub"), claims.get("jti")
    _need(isinstance(subject, str) and isinstance(token_id, str) and bool(subject and token_id), "it names nobody")
    return str(subject), str(token_id)


def _verified(provider: Provider, token: str, keys: KeySet) -> tuple[dict[str, Any], str]:
    key_id_of(token)
    registry = JWSRegistry(algorithms=sorted(provider.algorithms))
    try:
        found = jws.deserialize_compact(token, keys, registry=registry)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise ProviderRefusedError("the token's signature does not verify") from error
    return _object(bytes(found.payload)), str(found.headers()["alg"])


def _about_us(provider: Provider, claims: Mapping[str, Any], now: datetime) -> None:
    """Issued by this provider, for us, not long ago."""
    _need(claims.get("iss") == provider.issuer, "it is of another issuer")
    audience = claims.get("aud")
    audiences = [audience] if isinstance(audience, str) else audience
    _need(isinstance(audiences, list) and provider.client_id in audiences, "it is for somebody else")
    if isinstance(audiences, list) and len(audiences) > 1:
        _need(claims.get("azp") == provider.client_id, "it is for somebody else")
    _need(claims.get("azp", provider.client_id) == provider.client_id, "it is for somebody else")
    age = now.timestamp() - _number(claims, "iat")
    _need(-SKEW <= age <= OLDEST, "it is not of now")


def _need(holds: bool, otherwise: str) -> None:  # noqa: FBT001 -- reads as a sentence
    if not holds:
        raise ProviderRefusedError(f"the identity provider's token is refused: {otherwise}")


def _number(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ProviderRefusedError(f"the identity provider's token is refused: `{name}` is missing")
    return float(value)


def _left_half(access_token: str, algorithm: str) -> str:
    """The hash of an access token that belongs to an ID token (OpenID Connect Core, section 3.1.3.6)."""
    digest = _HASHES[algorithm[-3:]](access_token.encode()).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()


def _decoded(part: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError:
        raise ProviderRefusedError("a part of the token is not base64url") from None


def _object(raw: bytes) -> dict[str, Any]:
    try:
        value = strict_json.parse(raw, most_bytes=LONGEST)
    except MalformedRequestError:
        raise ProviderRefusedError("a part of the token is not strict JSON") from None
    if not isinstance(value, dict):
        raise ProviderRefusedError("a part of the token is not a JSON object")
    return value
