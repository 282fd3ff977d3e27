"""Wraps: one 32-byte key encrypted under another, so that it opens only under that key and in its context."""

import os
from typing import Final

from vault.crypto.aead import KEY_BYTES, NONCE_BYTES, TAG_BYTES, aead_close, aead_open
from vault.crypto.mac import encode_tuple
from vault.errors import SealBrokenError

VERSION = 1
FORMAT = "citizen-vault/wrap/1"
KEY_ID_BYTES = 4
_HEADER_BYTES = 1 + KEY_ID_BYTES
_BODY_AT = _HEADER_BYTES + NONCE_BYTES
WRAP_BYTES: Final = _BODY_AT + KEY_BYTES + TAG_BYTES
"""The size of every wrap: 65 bytes."""


def wrap(wrapping_key: bytes, key: bytes, *, key_id: int, context: bytes) -> bytes:
    """
    Encrypt *key* under *wrapping_key* so that it opens only in *context*.

    AES-256-GCM; the associated data is the canonical tuple (format, key id, context). One wrapping key may make
    2**32 wraps, for its nonces are random (NIST SP 800-38D, section 8.3).

    Args:
        wrapping_key: 32 bytes.
        key: 32 bytes.
        key_id: Which wrapping key this is, 0 to 2**32 - 1: the root version, or a short name of a citizen's key.
        context: What the key is for, from `vault.crypto.mac.encode_tuple`; not stored.

    Returns:
        ``version (1) | key id (4, big endian) | nonce (12, random) | ciphertext (32) | tag (16)``, 65 bytes.

    Raises:
        ValueError: A key has another size, or the key id is out of bounds.
    """
    if len(key) != KEY_BYTES:
        raise ValueError(f"only keys of {KEY_BYTES} bytes are wrapped")
    if not 0 <= key_id < 1 << 8 * KEY_ID_BYTES:
        raise ValueError("a key id is 0 to 2**32 - 1")
    nonce = os.urandom(NONCE_BYTES)
    closed = aead_close(wrapping_key, nonce, key, associated=_associated(key_id, context))
    return bytes([VERSION]) + key_id.to_bytes(KEY_ID_BYTES) + nonce + closed


def unwrap(wrapping_key: bytes, blob: bytes, *, context: bytes) -> bytes:
    """
    Open what `wrap` closed: 32 bytes.

    Raises:
        SealBrokenError: The wrap was cut, changed or swapped, or this is not its key or context.
        ValueError: The wrapping key has another size.
    """
    associated = _associated(key_id_of(blob), context)
    try:
        return aead_open(wrapping_key, blob[_HEADER_BYTES:_BODY_AT], blob[_BODY_AT:], associated=associated)
    except SealBrokenError:
        raise SealBrokenError("unwrapping a key: the wrap does not match its key or context") from None


def key_id_of(blob: bytes) -> int:
    """
    Which wrapping key *blob* says it needs (believed only once `unwrap` has opened it).

    Raises:
        SealBrokenError: The wrap has another size or version.
    """
    if len(blob) != WRAP_BYTES or blob[0] != VERSION:
        raise SealBrokenError("unwrapping a key: this is no wrapped key of a known version")
    return int.from_bytes(blob[1:_HEADER_BYTES])


def _associated(key_id: int, context: bytes) -> bytes:
    return encode_tuple(FORMAT, key_id, context)
