"""Marks (HMAC-SHA256) and the one canonical encoding of tuples that marks, places and contexts share."""

import hashlib
import hmac
from datetime import UTC, date, datetime, timedelta
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
    return len(parts).to_bytes(4) + b"".join(map(_encode_part, parts))


def _encode_part(part: Part) -> bytes:
    kind, body = _kind_and_body(part)
    return kind + len(body).to_bytes(4) + body


def _kind_and_body(part: Part) -> tuple[bytes, bytes]:  # noqa: PLR0911 - a table of types, one line each
    match part:
        case str():
            return b"s", part.encode()
        case UUID():
            return b"u", part.bytes
        case bool():  # before int: True is an int
            return b"b", bytes([part])
        case int():
            return b"i", part.to_bytes((part if part >= 0 else ~part).bit_length() // 8 + 1, signed=True)
        case bytes():
            return b"x", part
        case datetime():  # before date: a datetime is a date
            return b"t", _microseconds(part).to_bytes(8, signed=True)
        case date():
            return b"d", part.isoformat().encode()
        case None:
            return b"n", b""
        case _:
            raise TypeError(f"a canonical tuple holds no {type(part).__name__}")


def _microseconds(moment: datetime) -> int:
    if moment.tzinfo is None:
        raise ValueError("naive datetime: say which timezone")
    return (moment - _EPOCH) // timedelta(microseconds=1)


def mac(key: bytes, message: bytes) -> bytes:
    """HMAC-SHA256 of *message* under *key* (RFC 2104), 32 bytes."""
    return hmac.digest(key, message, hashlib.sha256)


def mac_of(key: bytes, *parts: Part) -> bytes:
    """HMAC-SHA256 of the canonical encoding of *parts* under *key*, 32 bytes: the mark of a row."""
    return mac(key, encode_tuple(*parts))


def mac_matches(key: bytes, message: bytes, mark: bytes) -> bool:
    """Whether *mark* is the whole 32-byte mark of *message* under *key*, compared in constant time."""
    return hmac.compare_digest(mac(key, message), mark)
