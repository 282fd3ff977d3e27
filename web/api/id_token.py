"""The ID token that CIBA owes a client (OpenID Connect Core 1.0, section 2), with a name for this service only."""

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import orjson

from web.api.jose import base64url

KEY_NAME: Final = "issuer"
ALGORITHM: Final = "EdDSA"  # Ed25519; RFC 9864 renamed it, and clients know it by this name
LIFETIME: Final = timedelta(seconds=300)
HALF: Final = 32  # bytes: the left half of SHA-512, the hash of Ed25519, for at_hash

Sign = Callable[[bytes], bytes]


def make(
    sign: Sign,
    *,
    key_id: str,
    issuer: str,
    audience: str,
    subject: str,
    auth_time: datetime | None,
    now: datetime,
    access_token: str,
    more: Mapping[str, str],
) -> str:
    """
    A signed ID token.

    Args:
        sign: Signs bytes with Ed25519; returns 64 bytes (RFC 8037, section 3.1).
        key_id: The key's id in ``/jwks``.
        issuer: This server.
        audience: The client id.
        subject: The citizen's name for this service only.
        auth_time: When the citizen proved who they are, or the rule decided; left out where it is not known.
        now: The server's clock.
        access_token: The token issued with it, bound by ``at_hash``.
        more: Further claims: ``nonce``, ``acr``.
    """
    header = {"typ": "JWT", "alg": ALGORITHM, "kid": key_id}
    claims: dict[str, Any] = {
        "iss": issuer,
        "sub": subject,
        "aud": audience,
        "iat": int(now.timestamp()),
        "exp": int((now + LIFETIME).timestamp()),
        "at_hash": base64url(hashlib.sha512(access_token.encode("ascii")).digest()[:HALF]),
        **({"auth_time": int(auth_time.timestamp())} if auth_time else {}),
        **more,
    }
    signed = f"{base64url(orjson.dumps(header))}.{base64url(orjson.dumps(claims))}"
    return f"{signed}.{base64url(sign(signed.encode('ascii')))}"
