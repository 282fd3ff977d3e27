"""Seals: one value of one citizen, encrypted so that it opens only with its category's key and only at its place.

Who may write the database can hide or restore whole rows (the log finds that), but cannot move, swap or change a
value: place and key are both bound in, and the key commitment leaves each seal exactly one key that opens it.
"""

import hmac
import os
from dataclasses import dataclass
from uuid import UUID

from vault.crypto.aead import KEY_BYTES, NONCE_BYTES, TAG_BYTES, aead_close, aead_open
from vault.crypto.kdf import hkdf_sha256
from vault.crypto.mac import encode_tuple
from vault.errors import SealBrokenError

VERSION = 1
FORMAT = "citizen-vault/seal/1"
EPOCH_BYTES = 4
COMMITMENT_BYTES = 32
HEADER_BYTES = 1 + EPOCH_BYTES
OVERHEAD_BYTES = HEADER_BYTES + COMMITMENT_BYTES + NONCE_BYTES + TAG_BYTES
"""How much longer a seal is than its value: 65 bytes."""

_NONCE_AT = HEADER_BYTES + COMMITMENT_BYTES
_BODY_AT = _NONCE_AT + NONCE_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """
    Where a sealed value belongs; not stored with it and not secret.

    Attributes:
        tenant: The council's short name.
        citizen: Whose value it is.
        category: The unit of sharing, ``medication``.
        record: Which record.
        version: Which version of the record, from 1.
        epoch: Which key of the category, 0 to 2**32 - 1.
    """

    tenant: str
    citizen: UUID
    category: str
    record: UUID
    version: int
    epoch: int

    def encode(self) -> bytes:
        """The canonical tuple (format, tenant, citizen, category, record, version, epoch), by `encode_tuple`."""
        return encode_tuple(FORMAT, self.tenant, self.citizen, self.category, self.record, self.version, self.epoch)


def seal(category_key: bytes, plaintext: bytes, *, place: Place) -> bytes:
    """
    Encrypt *plaintext* so that it opens only with *category_key* at *place*.

    HKDF-SHA256 of the category key with the place as info gives 64 bytes: AES-256-GCM key (32) and key commitment (32).
    The associated data is the place.

    Args:
        category_key: 32 random bytes.
        plaintext: At most 2**31 - 1 bytes.
        place: Where the value lives.

    Returns:
        ``version (1) | epoch (4, big endian) | commitment (32) | nonce (12, random) | ciphertext | tag (16)``.

    Raises:
        ValueError: The key has another size or the epoch is out of bounds.
    """
    where = place.encode()
    header = _header(place.epoch)
    key, commitment = _key_and_commitment(category_key, where)
    nonce = os.urandom(NONCE_BYTES)
    return header + commitment + nonce + aead_close(key, nonce, plaintext, associated=where)


def unseal(category_key: bytes, sealed: bytes, *, place: Place) -> bytes:
    """
    Open what `seal` closed. The commitment is compared first, in constant time.

    Raises:
        SealBrokenError: It was cut, changed, moved or swapped, or this is not its key.
        ValueError: The key has another size.
    """
    where = place.encode()
    key, commitment = _key_and_commitment(category_key, where)
    expected = _header(place.epoch) + commitment
    if len(sealed) < OVERHEAD_BYTES or not hmac.compare_digest(sealed[:_NONCE_AT], expected):
        raise SealBrokenError(f"unsealing record `{place.record}`: the seal does not match its key or place")
    try:
        return aead_open(key, sealed[_NONCE_AT:_BODY_AT], sealed[_BODY_AT:], associated=where)
    except SealBrokenError:
        raise SealBrokenError(f"unsealing record `{place.record}`: the seal was changed") from None


def _header(epoch: int) -> bytes:
    if not 0 <= epoch < 1 << 8 * EPOCH_BYTES:
        raise ValueError("an epoch is 0 to 2**32 - 1")
    return bytes([VERSION]) + epoch.to_bytes(EPOCH_BYTES)


def _key_and_commitment(category_key: bytes, where: bytes) -> tuple[bytes, bytes]:
    if len(category_key) != KEY_BYTES:
        raise ValueError(f"a category key has {KEY_BYTES} bytes, not {len(category_key)}")
    both = hkdf_sha256(category_key, info=where, length=KEY_BYTES + COMMITMENT_BYTES)
    return both[:KEY_BYTES], both[KEY_BYTES:]
