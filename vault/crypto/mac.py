"""Marks (HMAC-SHA256) and the one canonical encoding of tuples that marks, places and contexts share."""

import hashlib
import hmac
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from types import NoneType
from typing import Any
from uuid import UUID

MAC_BYTES = 32

Part = str | int | bytes | bool | UUID | datetime | date | None
"""What a canonical tuple may hold; enumerations of strings count as their value."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def encode_tuple(*parts: Part) -> bytes:
    """
    Encode *parts* so that no two different tuples share one encoding.

    Layout: ``count (4) | part…``, each part ``kind (1) | length (4) | body``; integers big endian. Kinds and bodies:

    - ``n`` None: empty; ``b`` bool: one byte, 0 or 1
    - ``i`` int: two's complement, big endian, the fewest bytes that hold it (zero is one byte)
    - ``s`` str: UTF-8, taken as it is (callers normalise); ``x`` bytes
    - ``u`` UUID: its 16 bytes
    - ``t`` datetime: microseconds since 1970-01-01T00:00:00Z, 8 bytes, signed; ``d`` date: ``YYYY-MM-DD``

    Raises:
        ValueError: A datetime without a timezone, or text that is no Unicode (a lone surrogate).
        TypeError: A part of any other type.
    """
    return len(parts).to_bytes(4) + b"".join(map(encode_part, parts))


def encode_part(part: Part) -> bytes:
    """One part as it stands in `encode_tuple`, whose errors it raises; for callers that keep what never changes."""
    kind, encode = _KINDS.get(type(part)) or _kind_of(part)
    body = encode(part)
    return kind + len(body).to_bytes(4) + body


def _encode_int(part: int) -> bytes:
    return part.to_bytes((part if part >= 0 else ~part).bit_length() // 8 + 1, signed=True)


def _encode_moment(part: datetime) -> bytes:
    if part.tzinfo is None:
        raise ValueError("naive datetime: say which timezone")
    return ((part - _EPOCH) // timedelta(microseconds=1)).to_bytes(8, signed=True)


# Looked up by the exact type first: every mark of every row read is made this way. Subclasses come before their bases.
_KINDS: dict[type, tuple[bytes, Callable[[Any], bytes]]] = {
    str: (b"s", str.encode),
    UUID: (b"u", lambda part: part.bytes),
    bool: (b"b", lambda part: bytes([part])),
    int: (b"i", _encode_int),
    bytes: (b"x", bytes),
    datetime: (b"t", _encode_moment),
    date: (b"d", lambda part: part.isoformat().encode()),
    NoneType: (b"n", lambda _: b""),
}


def _kind_of(part: Part) -> tuple[bytes, Callable[[Any], bytes]]:
    """The kind of a subclass, an enumeration of strings for example."""
    for known, kind in _KINDS.items():
        if isinstance(part, known):
            return kind
    raise TypeError(f"a canonical tuple holds no {type(part).__name__}")


def mac(key: bytes, message: bytes) -> bytes:
    """HMAC-SHA256 of *message* under *key* (RFC 2104), 32 bytes."""
    return hmac.digest(key, message, hashlib.sha256)


def mac_of(key: bytes, *parts: Part) -> bytes:
    """HMAC-SHA256 of the canonical encoding of *parts* under *key*, 32 bytes: the mark of a row."""
    return mac(key, encode_tuple(*parts))


def mac_matches(key: bytes, message: bytes, mark: bytes) -> bool:
    """Whether *mark* is the whole 32-byte mark of *message* under *key*, compared in constant time."""
    return hmac.compare_digest(mac(key, message), mark)
