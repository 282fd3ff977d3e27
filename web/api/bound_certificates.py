"""Tokens bound to a client's certificate (RFC 8705, section 3), as the alternative to DPoP.

The proxy that ended the TLS connection has seen that the client holds the certificate's key; `web.certificates` makes
sure that it is the proxy who says so. A certificate is named like a key's thumbprint, with `PREFIX` before it: the two
kinds of binding can never be taken for one another.
"""

import base64
import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from vault.access import Proof
from web.api.jose import base64url
from web.faults import ProofInvalidError

PREFIX: Final = "x5t#S256:"
LARGEST: Final = 8192  # bytes of a certificate
_SEQUENCE: Final = 0x30
_FENCE: Final = ":"


def proof_of(shown: Sequence[str], *, now: datetime) -> Proof:
    """
    The proof that the client at the other end of the connection holds a certificate's key.

    Args:
        shown: Every ``Client-Cert`` header of the request.
        now: The server's clock.

    Raises:
        ProofInvalidError: There is not exactly one, or it is no certificate as RFC 9440, section 2.1, writes it.
    """
    if len(shown) != 1:
        raise ProofInvalidError("show exactly one client certificate")
    raw = _decoded(shown[0].strip())
    thumbprint = PREFIX + base64url(hashlib.sha256(raw).digest())
    # The connection itself is fresh, so there is nothing to show again: each use gets an id of its own.
    return Proof(thumbprint=thumbprint, jti=secrets.token_urlsafe(16), expires_at=now + timedelta(minutes=1))


def _decoded(text: str) -> bytes:
    if len(text) > LARGEST * 2 or not (text.startswith(_FENCE) and text.endswith(_FENCE) and text.isascii()):
        raise ProofInvalidError("the client certificate is not as RFC 9440 writes it")
    try:
        raw = base64.b64decode(text[1:-1], validate=True)
    except ValueError:
        raw = b""
    if not 0 < len(raw) <= LARGEST or raw[0] != _SEQUENCE:
        raise ProofInvalidError("the client certificate is not as RFC 9440 writes it")
    return raw


def confirmation(thumbprint: str) -> dict[str, str]:
    """What a token is bound to, as introspection says it (RFC 7800; RFC 8705, section 3.1; RFC 9449, section 6)."""
    if thumbprint.startswith(PREFIX):
        return {"x5t#S256": thumbprint.removeprefix(PREFIX)}
    return {"jkt": thumbprint}


def token_type(thumbprint: str) -> str:
    """How a token is shown: with a proof, or as a bearer token over the connection of its certificate."""
    return "Bearer" if thumbprint.startswith(PREFIX) else "DPoP"
