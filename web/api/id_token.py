"""The claims of an ID token (OpenID Connect Core 1.0, section 2), with a name for this service only."""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from web.api.jose import base64url

LIFETIME: Final = timedelta(seconds=300)
HALF: Final = 32  # bytes: the left half of SHA-512, the hash of Ed25519, for at_hash


def claims_of(
    *,
    issuer: str,
    audience: str,
    subject: str,
    auth_time: datetime | None,
    now: datetime,
    access_token: str,
    more: Mapping[str, str],
) -> dict[str, Any]:
    """
    What an ID token says.

    Args:
        issuer: This server.
        audience: The client id.
        subject: The citizen's name for this service only.
        auth_time: When the citizen proved who they are, or the rule decided; left out where it is not known.
        now: The server's clock.
        access_token: The token issued with it, bound by ``at_hash``.
        more: Further claims: ``nonce``, ``acr``.
    """
    return {
        "iss": issuer,
        "sub": subject,
        "aud": audience,
        "iat": int(now.timestamp()),
        "exp": int((now + LIFETIME).timestamp()),
        "at_hash": base64url(hashlib.sha512(access_token.encode("ascii")).digest()[:HALF]),
        **({"auth_time": int(auth_time.timestamp())} if auth_time else {}),
        **more,
    }
