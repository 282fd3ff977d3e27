"""The leaf: one line of the log as canonical JSON (RFC 8785), and the hash and mark it goes by.

A leaf's members, all of them always present::

    about       what the log says about itself, or null; only for the events of `ABOUT_THE_LOG`
    actor       opaque: "service:…", "officer:<pseudonym>", "citizen", "system", 1 to 200 characters
    commitment  64 hex digits: SHA-256 over the sealed payload (`audit.payload`); null only where `about` is given
    event       `audit.events.Event`
    format      1
    number      the writer's own count, from 0, without gaps
    policy_set  64 hex digits or null: the digest of the rules that were asked
    purpose     the registered reason's name, 1 to 200 characters, or null
    subject     32 hex digits or null: the subject's pseudonym of the month
    time        µs since 1970 in UTC
    touched     pairs [reference, 32 hex digits; digest, 64 hex digits] of rows and their new states
    writer      16 hex digits, random

A leaf's bytes are made once, by `encode`, and stored as they are; nothing ever writes them again.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from audit.errors import LeafInvalidError
from audit.events import ABOUT_THE_LOG, Event

FORMAT: Final = 1
MAX_LEAF_BYTES: Final = 65_535  # C2SP tlog-tiles: entries have a uint16 length
HASH_BYTES: Final = 32
SUBJECT_BYTES: Final = 16
MAX_NUMBER: Final = 2**53 - 1  # RFC 8785 numbers are IEEE 754 doubles

_MAC_LABEL = b"citizen-vault/outbox/1\0"
_HEX_16 = re.compile(r"[0-9a-f]{16}")
_HEX_32 = re.compile(r"[0-9a-f]{32}")
_HEX_64 = re.compile(r"[0-9a-f]{64}")
_WORD = re.compile(r"[^\x00-\x1f\x7f]{1,200}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One line of the log; the module says what each member may hold."""

    writer: str
    number: int
    time: int
    event: Event
    actor: str
    purpose: str | None = None
    policy_set: str | None = None
    subject: str | None = None
    commitment: str | None = None
    touched: tuple[tuple[str, str], ...] = ()
    about: Mapping[str, Any] | None = None
    format: int = FORMAT


def encode(leaf: Leaf) -> bytes:
    """Write *leaf* as canonical JSON, at most 65,535 bytes.

    RFC 8785 for the values a leaf can hold (ASCII names, strings, integers below 2**53) is JSON with sorted names and
    shortest escapes, which is what orjson writes at a fortieth of the cost of a general canonicaliser.

    Raises:
        LeafInvalidError: a member is not what the format allows, or the whole is too long.
    """
    _check(leaf)
    encoded = _canonical(_members(leaf))
    if len(encoded) > MAX_LEAF_BYTES:
        raise LeafInvalidError(f"leaf of {len(encoded)} bytes, at most {MAX_LEAF_BYTES} fit")
    return encoded


def decode(encoded: bytes) -> Leaf:
    """Read what `encode` wrote.

    Raises:
        LeafInvalidError: anything else, however small the difference: another order, spacing, member or type.
    """
    try:
        members = orjson.loads(encoded)
        leaf = Leaf(**{**members, "event": Event(members["event"]), "touched": _pairs(members["touched"])})
    except (orjson.JSONDecodeError, TypeError, KeyError, ValueError) as error:
        raise LeafInvalidError("not the bytes of a leaf") from error
    if encode(leaf) != encoded:
        raise LeafInvalidError("leaf is not in its canonical form")
    return leaf


def leaf_hash(encoded: bytes) -> bytes:
    """Return the hash by which a leaf goes: SHA-256(0x00 ‖ leaf), 32 bytes. RFC 6962, section 2.1."""
    return hashlib.sha256(b"\x00" + encoded).digest()


def mac(key: bytes, encoded: bytes) -> bytes:
    """Mark a queued leaf as this writer's: HMAC-SHA256 over ``"citizen-vault/outbox/1" 0x00 ‖ leaf``, 32 bytes.

    The leaf names its writer, its number, its commitment and the rows it touched, so the mark covers them all.

    Args:
        key: The writer's key, 32 bytes.
        encoded: The leaf's bytes.
    """
    return hmac.digest(key, _MAC_LABEL + encoded, "sha256")


def mac_is_sound(key: bytes, encoded: bytes, mark: bytes) -> bool:
    """Say in constant time whether *mark* is what `mac` makes of *encoded* under *key*."""
    return hmac.compare_digest(mac(key, encoded), mark)


@dataclass(frozen=True, slots=True)
class Named:
    """What stored leaf bytes say that other columns repeat; None for what a changed leaf does not say."""

    writer: str | None = None
    subject: bytes | None = None
    commitment: bytes | None = None


def named_in(encoded: bytes) -> Named:
    """Return what stored leaf bytes name, without judging them."""
    try:
        members = orjson.loads(encoded)
        writer, subject, committed = members["writer"], members["subject"], members["commitment"]
        return Named(
            writer if isinstance(writer, str) else None,
            None if subject is None else bytes.fromhex(subject),
            None if committed is None else bytes.fromhex(committed),
        )
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        return Named()


def _canonical(members: Mapping[str, Any]) -> bytes:
    try:
        return orjson.dumps(members, option=orjson.OPT_SORT_KEYS)
    except TypeError as error:  # lone surrogates, values JSON does not know
        raise LeafInvalidError("leaf holds a value that JSON cannot") from error


def _members(leaf: Leaf) -> dict[str, Any]:
    return {
        "about": leaf.about,
        "actor": leaf.actor,
        "commitment": leaf.commitment,
        "event": leaf.event.value,
        "format": leaf.format,
        "number": leaf.number,
        "policy_set": leaf.policy_set,
        "purpose": leaf.purpose,
        "subject": leaf.subject,
        "time": leaf.time,
        "touched": leaf.touched,
        "writer": leaf.writer,
    }


def _pairs(listed: list[list[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((reference, digest) for reference, digest in listed)


def _check(leaf: Leaf) -> None:
    # Integers are compared by type, because True counts as 1.
    sound = (
        type(leaf.format) is int
        and leaf.format == FORMAT
        and _is_count(leaf.number)
        and _is_count(leaf.time)
        and _is_text(_HEX_16, leaf.writer)
        and _is_text(_WORD, leaf.actor)
        and (leaf.purpose is None or _is_text(_WORD, leaf.purpose))
        and (leaf.policy_set is None or _is_text(_HEX_64, leaf.policy_set))
        and (leaf.subject is None or _is_text(_HEX_32, leaf.subject))
        and all(_is_text(_HEX_32, reference) and _is_text(_HEX_64, digest) for reference, digest in leaf.touched)
        and _says_one_thing(leaf)
    )
    if not sound:
        raise LeafInvalidError(f"leaf {leaf.number!r} of writer {leaf.writer!r} holds a member the format forbids")


def _says_one_thing(leaf: Leaf) -> bool:
    if leaf.event in ABOUT_THE_LOG:
        return leaf.commitment is None and isinstance(leaf.about, Mapping) and _is_plain(leaf.about)
    return leaf.about is None and _is_text(_HEX_64, leaf.commitment)


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value <= MAX_NUMBER


def _is_text(shape: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and shape.fullmatch(value) is not None


def _is_plain(value: object) -> bool:
    # No floats and no booleans: their canonical forms are where implementations differ.
    if isinstance(value, Mapping):
        return all(isinstance(name, str) and name.isascii() and _is_plain(held) for name, held in value.items())
    if isinstance(value, list | tuple):
        return all(_is_plain(held) for held in value)
    return value is None or isinstance(value, str) or _is_count(value)
