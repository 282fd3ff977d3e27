"""Identifiers: random, meaningless, and different for each service that sees them."""

import hashlib
import hmac
import secrets
from uuid import UUID, uuid4

HANDLE_BYTES = 32  # 256 bits: tokens, links and request handles cannot be guessed


def new_id() -> UUID:
    """A fresh random id (RFC 9562, version 4: 122 random bits)."""
    return uuid4()


def new_handle() -> str:
    """A fresh opaque handle: 32 random bytes as 43 URL-safe characters."""
    return secrets.token_urlsafe(HANDLE_BYTES)


def handle_hash(handle: str) -> bytes:
    """SHA-256 of *handle*, 32 bytes: what is stored. A 256-bit random value needs no slow hash."""
    return hashlib.sha256(handle.encode()).digest()


def pairwise(key: bytes, service_id: UUID, inner: UUID) -> str:
    """The name of *inner* for one service: HMAC-SHA256 under *key* (32 bytes), first 16 bytes as 32 hex digits.

    Two services cannot join what they know by comparing ids (OpenID Connect Core 1.0, section 8.1).
    """
    return hmac.new(key, b"pairwise\0" + service_id.bytes + inner.bytes, hashlib.sha256).digest()[:16].hex()
