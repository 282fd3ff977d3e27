"""What a leaf commits to: two parts, sealed under keys of their own.

*Facts* are what an auditor may read (fields, grant, request, reason, facts judged); *personal* are the values that name
the citizen. Each part is encrypted under a fresh key. The facts' key is wrapped under the subject's audit key (events
without a citizen use the house key) and under the month's accountability key; the personal part's key under the
subject's only. Destroying those keys erases the payload and leaves the tree and its proofs valid.

Bytes of a payload, version 1::

    version           1   0x01: facts alone; 0x02: facts and personal
    salt             32   random; the payload's own name, bound into every seal
    facts digest     32   SHA-256("citizen-vault/part/1" 0x00 ‖ part salt ‖ part)
    personal digest  32   the same for the personal part (version 0x02 only)
    wraps            60   each: nonce (12) ‖ AES-256-GCM of the part's key (32) ‖ tag (16):
                          facts by subject, facts by month, personal by subject (version 0x02 only)
    facts length      4   big-endian, of the sealed facts (version 0x02 only)
    facts                 nonce (12) ‖ AES-256-GCM of part salt (32) ‖ JSON ‖ tag (16)
    personal              the same (version 0x02 only)

Associated data of every seal: a label with its role, then everything from the version to the last digest. The
commitment in the leaf covers all the bytes, so anyone finds a changed payload without a key, and through the salted
digests it covers the plaintext, so that no second key can open the same bytes to another meaning.
"""

import hashlib
import hmac
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from audit.errors import PayloadBrokenError

KEY_BYTES: Final = 32
SALT_BYTES: Final = 32

_NONCE_BYTES = 12
_TAG_BYTES = 16
_DIGEST_BYTES = 32
_LENGTH_BYTES = 4
_WRAP_BYTES = _NONCE_BYTES + KEY_BYTES + _TAG_BYTES
_FACTS_ALONE = b"\x01"
_BOTH = b"\x02"
_SALT_ENDS = 1 + SALT_BYTES
_COMMIT_LABEL = b"citizen-vault/commit/1\0"
_PART_LABEL = b"citizen-vault/part/1\0"
_SEAL_LABEL = b"citizen-vault/payload/1\0"


@dataclass(frozen=True, slots=True)
class ClosedPayload:
    """A sealed payload: the commitment its leaf carries (32 bytes), its bytes, and the month ("2026-11") it is kept by.

    `intact` is false once the bytes were lost or changed in storage: the leaf still proves that they existed.
    """

    commitment: bytes
    blob: bytes = field(repr=False)
    month: str

    @property
    def intact(self) -> bool:
        """Whether the bytes are those that the commitment was made over; needs no key."""
        return hmac.compare_digest(commitment_of(self.blob), self.commitment)


@dataclass(frozen=True, slots=True)
class OpenedPayload:
    """Both parts in clear; *personal* is None where the event names no citizen."""

    facts: dict[str, Any] = field(repr=False)
    personal: dict[str, Any] | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Parts:
    bound: bytes
    wraps: tuple[bytes, ...]
    facts: bytes
    personal: bytes | None


def commit_payload(salt: bytes, payload: bytes) -> bytes:
    """Return SHA-256(``"citizen-vault/commit/1" 0x00`` ‖ *salt* (32) ‖ *payload*), 32 bytes.

    *payload* is the sealed payload's version byte and everything after its salt.
    """
    return hashlib.sha256(_COMMIT_LABEL + salt + payload).digest()


def commitment_of(blob: bytes) -> bytes:
    """Return the commitment that a leaf over the payload *blob* must carry, 32 bytes."""
    return hashlib.sha256(_COMMIT_LABEL + blob[1:_SALT_ENDS] + blob[:1] + blob[_SALT_ENDS:]).digest()


def close(
    facts: Mapping[str, Any], personal: Mapping[str, Any] | None, *, subject_key: bytes, month_key: bytes, month: str
) -> ClosedPayload:
    """Seal both parts.

    Args:
        facts: What an auditor may read; JSON values.
        personal: What names the citizen; JSON values, or None.
        subject_key: The citizen's audit key, or the house key; 32 bytes.
        month_key: The month's accountability key; 32 bytes.
        month: The month it is kept by, as "2026-11".
    """
    salt = os.urandom(SALT_BYTES)
    facts_part = _part(facts)
    if personal is None:
        bound = _FACTS_ALONE + salt + _part_digest(facts_part)
        wraps, sealed = _seal_part(facts_part, bound, b"facts", (subject_key, month_key))
        blob = bound + wraps + sealed
    else:
        personal_part = _part(personal)
        bound = _BOTH + salt + _part_digest(facts_part) + _part_digest(personal_part)
        wraps, sealed = _seal_part(facts_part, bound, b"facts", (subject_key, month_key))
        more_wraps, more_sealed = _seal_part(personal_part, bound, b"personal", (subject_key,))
        blob = bound + wraps + more_wraps + len(sealed).to_bytes(_LENGTH_BYTES) + sealed + more_sealed
    return ClosedPayload(commitment_of(blob), blob, month)


def open_with_subject(closed: ClosedPayload, subject_key: bytes) -> OpenedPayload:
    """Open both parts with the citizen's audit key (or the house key).

    Raises:
        PayloadBrokenError: the bytes are not those committed to, or the key is another.
    """
    parts = _split(closed)
    facts = _open_part(parts, 0, b"facts", parts.facts, subject_key)
    if parts.personal is None:
        return OpenedPayload(facts, None)
    return OpenedPayload(facts, _open_part(parts, 2, b"personal", parts.personal, subject_key))


def open_with_month(closed: ClosedPayload, month_key: bytes) -> dict[str, Any]:
    """Open the facts with the month's accountability key.

    Raises:
        PayloadBrokenError: the bytes are not those committed to, or the key is another.
    """
    parts = _split(closed)
    return _open_part(parts, 1, b"facts", parts.facts, month_key)


def _part(held: Mapping[str, Any]) -> bytes:
    return os.urandom(SALT_BYTES) + orjson.dumps(held, option=orjson.OPT_SORT_KEYS)


def _part_digest(part: bytes) -> bytes:
    return hashlib.sha256(_PART_LABEL + part).digest()


def _seal_part(part: bytes, bound: bytes, role: bytes, wrapping: tuple[bytes, ...]) -> tuple[bytes, bytes]:
    fresh = os.urandom(KEY_BYTES)
    wraps = [_seal(key, fresh, _SEAL_LABEL + b"key " + role + b"\0" + bound) for key in wrapping]
    return b"".join(wraps), _seal(fresh, part, _SEAL_LABEL + role + b"\0" + bound)


def _seal(key: bytes, plaintext: bytes, bound_to: bytes) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plaintext, bound_to)


def _open(key: bytes, sealed: bytes, bound_to: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], bound_to)
    except (InvalidTag, ValueError) as error:
        raise PayloadBrokenError("payload does not open with this key") from error


def _open_part(parts: _Parts, wrap: int, role: bytes, sealed: bytes, key: bytes) -> dict[str, Any]:
    fresh = _open(key, parts.wraps[wrap], _SEAL_LABEL + b"key " + role + b"\0" + parts.bound)
    part = _open(fresh, sealed, _SEAL_LABEL + role + b"\0" + parts.bound)
    start = 1 + SALT_BYTES + (0 if role == b"facts" else _DIGEST_BYTES)
    if not hmac.compare_digest(_part_digest(part), parts.bound[start : start + _DIGEST_BYTES]):
        raise PayloadBrokenError("payload opens to something else than was committed to")
    held: dict[str, Any] = orjson.loads(part[SALT_BYTES:])
    return held


def _split(closed: ClosedPayload) -> _Parts:
    # INVARIANT: nothing is parsed before the commitment was checked, so the lengths below are those that `close` wrote.
    if not closed.intact:
        raise PayloadBrokenError(f"payload `{closed.commitment.hex()}` is not the one its leaf committed to")
    blob = closed.blob
    if blob[:1] not in {_FACTS_ALONE, _BOTH}:
        raise PayloadBrokenError(f"payload `{closed.commitment.hex()}` has an unknown version")
    both = blob[:1] == _BOTH
    bound_end = 1 + SALT_BYTES + _DIGEST_BYTES * (1 + both)
    sealed_from = bound_end + _WRAP_BYTES * (2 + both)
    wraps = tuple(blob[at : at + _WRAP_BYTES] for at in range(bound_end, sealed_from, _WRAP_BYTES))
    if not both:
        return _Parts(blob[:bound_end], wraps, blob[sealed_from:], None)
    facts_from = sealed_from + _LENGTH_BYTES
    facts_end = facts_from + int.from_bytes(blob[sealed_from:facts_from])
    return _Parts(blob[:bound_end], wraps, blob[facts_from:facts_end], blob[facts_end:])
