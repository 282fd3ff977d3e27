"""Keys made from keys: HKDF-SHA256 (RFC 5869) with labels, so that no derived key serves two ends."""

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from vault.crypto.mac import Part, encode_tuple

FINGERPRINT_BYTES = 32
_FINGERPRINT = "citizen-vault/fingerprint/1"


def hkdf_sha256(secret: bytes, *, info: bytes, length: int, salt: bytes = b"") -> bytes:
    """
    Extract and expand *secret* into *length* bytes (RFC 5869, sections 2.2 and 2.3).

    Args:
        secret: The input keying material. The vault's are 32 random bytes, which need no salt (section 3.1).
        info: What the result is for; different *info*, independent keys.
        length: 1 to 8,160 bytes (255 times the hash).
        salt: Empty means 32 zero bytes, as the RFC says.

    Raises:
        ValueError: *length* is out of bounds.
    """
    if length < 1:
        raise ValueError("a derived key has at least one byte")
    return HKDF(algorithm=SHA256(), length=length, salt=salt or None, info=info).derive(secret)


def derive(secret: bytes, label: str, *parts: Part, length: int = 32) -> bytes:
    """The key for *label* and *parts* under *secret*: `hkdf_sha256` with info ``encode_tuple(label, *parts)``."""
    return hkdf_sha256(secret, info=encode_tuple(label, *parts), length=length)


def fingerprint(key: bytes) -> bytes:
    """A public name for *key*, 32 bytes: says whether two keys are one, and nothing else about a random key."""
    return derive(key, _FINGERPRINT, length=FINGERPRINT_BYTES)
