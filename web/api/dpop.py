"""Proof that the sender holds the key a token is bound to: DPoP (RFC 9449).

What a proof says is checked here; that it is shown once only is checked where it is spent: by `vault.tokens.spend` at
the OAuth endpoints, by the door itself at the data API.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from vault.access import Proof
from web.api import jose
from web.api.nonces import Nonces
from web.faults import NonceNeededError, ProofInvalidError

HEADER: Final = "DPoP"
NONCE_HEADER: Final = "DPoP-Nonce"
TYPE: Final = "dpop+jwt"
SLACK: Final = timedelta(seconds=60)  # how far a sender's clock may be off, either way
LONGEST_JTI: Final = 128

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class OpenedProof:
    """A proof whose signature verified under the key it carries; its claims are not judged yet."""

    thumbprint: str
    """RFC 7638 thumbprint of that key (SHA-256, base64url, 43 characters)."""
    claims: dict[str, Any]


def open_proof(shown: Sequence[str]) -> OpenedProof:
    """
    The one proof among the *shown* ``DPoP`` headers (RFC 9449, section 4.3, steps 1 to 7).

    Raises:
        ProofInvalidError: There is none or more than one, or it is not a DPoP JWT signed by the public key it carries.
    """
    if len(shown) != 1:
        raise ProofInvalidError("show exactly one DPoP proof")
    try:
        signer, claims = jose.by_its_own_key(shown[0])
    except jose.SignatureRefusedError as error:
        raise ProofInvalidError(f"the DPoP proof cannot be taken: {error}") from None
    if signer.header.get("typ") != TYPE:
        raise ProofInvalidError(f"the proof's type is not {TYPE}")
    return OpenedProof(signer.thumbprint, claims)


def check_proof(
    shown: Sequence[str], *, method: str, url: str, now: datetime, nonces: Nonces, access_token: str | None = None
) -> Proof:
    """
    Judge the proof of one request (RFC 9449, section 4.3).

    Args:
        shown: Every ``DPoP`` header of the request.
        method: The request's method.
        url: The endpoint's public address; query and fragment do not count.
        now: The server's clock.
        nonces: This server's nonces.
        access_token: The token shown with it, at a protected resource.

    Raises:
        ProofInvalidError: A claim is missing or is not what this request needs.
        NonceNeededError: All is well but the nonce.
    """
    opened = open_proof(shown)
    claims = opened.claims
    issued_at = _issued_at(claims, now)
    if claims.get("htm") != method:
        raise ProofInvalidError("the proof is for another method (htm)")
    if _plain(claims.get("htu")) != _plain(url):
        raise ProofInvalidError("the proof is for another address (htu)")
    if access_token is not None and claims.get("ath") != jose.sha256_base64url(access_token):
        raise ProofInvalidError("the proof is for another token (ath)")
    if not nonces.accepts(claims.get("nonce"), now):
        raise NonceNeededError("make the proof again with the nonce in the DPoP-Nonce header")
    return Proof(thumbprint=opened.thumbprint, jti=_jti(claims), expires_at=issued_at + 2 * SLACK)


def _issued_at(claims: dict[str, Any], now: datetime) -> datetime:
    seconds = claims.get("iat")
    if (
        isinstance(seconds, bool)
        or not isinstance(seconds, int | float)
        or abs(seconds - now.timestamp()) > SLACK.total_seconds()
    ):
        raise ProofInvalidError("the proof was not made within a minute of now (iat)")
    return datetime.fromtimestamp(seconds, UTC)


def _jti(claims: dict[str, Any]) -> str:
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 0 < len(jti) <= LONGEST_JTI:
        raise ProofInvalidError(f"the proof's id (jti) must be 1 to {LONGEST_JTI} characters")
    return jti


def _plain(url: object) -> tuple[str, str, int | None, str] | None:
    """*url* without query and fragment, scheme and host in lower case, its port filled in (RFC 3986, section 6.2)."""
    if not isinstance(url, str):
        return None
    try:
        parts = urlsplit(url)
        return parts.scheme, parts.hostname or "", parts.port or _DEFAULT_PORTS.get(parts.scheme), parts.path or "/"
    except ValueError:
        return None
