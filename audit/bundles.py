"""Whole bundles of 256 entries, judged by themselves: what can be proved of many leaves by two processes at once.

Pure. A bundle in which everything is as it almost always is becomes a short summary; of any other there is none, and it
is read leaf by leaf (`audit.checking`), which names what is wrong. So nothing is found sound here that is not there.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from hashlib import sha256
from typing import Any, Final

import orjson

from audit.entry import HASH_BYTES, Leaf
from audit.events import ABOUT_THE_LOG
from audit.months import month_of
from audit.payload import commitment_of
from audit.tiles import TILE_HEIGHT, TILE_WIDTH
from audit.tree import places_of

TOUCHED_BYTES: Final = 48
"""A row's reference (16 bytes) and the digest of its state (32)."""
MEMBERS: Final = {member.name for member in fields(Leaf)}
_SPECIAL: Final = frozenset(map(str, ABOUT_THE_LOG))


@dataclass(frozen=True, slots=True)
class Run:
    """Leaves of one writer with consecutive numbers, none of which says something about the log."""

    writer: str
    first: int
    last: int
    time: int
    """The latest time among them, µs since 1970."""


@dataclass(frozen=True, slots=True)
class Summary:
    """A bundle in which every leaf is canonical, in the tree, of an ordinary event and with its own payload."""

    runs: tuple[Run, ...]
    tile: bytes
    """The 256 leaf hashes."""
    levels: tuple[bytes, ...]
    """The hashes of the complete nodes in it, from level 1 (128 of 32 bytes) to level 8 (one)."""
    payloads: Mapping[str, int]
    """How many of the leaves came with their payload, by month ("2026-11")."""
    touched: bytes = b""
    """Where that was asked for, the rows that the leaves name, in their order: reference (16), digest (32), each."""

    def nodes(self, start: int, end: int) -> list[bytes]:
        """The complete nodes that cover the leaves from *start* to *end* (exclusive), counted within the bundle."""
        hashes = (self.tile, *self.levels)
        return [hashes[level][at * HASH_BYTES : (at + 1) * HASH_BYTES] for level, at in places_of(start, end)]


def members_of(leaves: Sequence[bytes], tile: bytes) -> list[dict[str, Any]] | None:
    """
    The members of a bundle's leaves; None where one of them is no ordinary leaf, or not what the tree holds.

    Args:
        leaves: Its leaves, as they are stored.
        tile: What the tree holds for them, 32 bytes each.
    """
    if len(leaves) != TILE_WIDTH:
        return None
    if b"".join([sha256(b"\x00" + leaf).digest() for leaf in leaves]) != tile:
        return None
    try:
        return [_ordinary(leaf) for leaf in leaves]
    except (orjson.JSONDecodeError, _OddError, KeyError, TypeError):
        return None


def summarise(
    members: Sequence[dict[str, Any]] | None,
    tile: bytes,
    payloads: Sequence[bytes | None] | None,
    *,
    with_touched: bool = False,
) -> Summary | None:
    """
    What there is to know of one bundle; None where anything about it is out of the ordinary.

    Args:
        members: What `members_of` found.
        tile: The leaf hashes, 32 bytes each.
        payloads: The sealed payloads of its leaves; None where payloads do not come with them.
        with_touched: Whether to say which rows the leaves name.
    """
    if members is None:
        return None
    try:
        if payloads is not None and not _all_committed(members, payloads):
            return None
        runs = _runs(members)
        named = b"".join(map(touched_of, members)) if with_touched else b""
    except (_OddError, KeyError, TypeError, ValueError):
        return None
    kept = {} if payloads is None else dict(_months(members))
    return Summary(runs, tile, tuple(_levels(tile)), kept, named)


def touched_of(members: Mapping[str, Any]) -> bytes:
    """
    The rows that a leaf names: reference (16 bytes) and digest (32) of each, one after the other.

    Raises:
        TypeError, ValueError: they are not of that form.
    """
    pairs = members["touched"]
    named = bytes.fromhex("".join([reference + digest for reference, digest in pairs]))
    if len(named) != TOUCHED_BYTES * len(pairs):
        raise ValueError("a row is not named by 16 bytes and its state by 32")
    return named


def _months(members: Iterable[dict[str, Any]]) -> Counter[str]:
    return Counter([month_of(each["time"]) for each in members if each["commitment"] is not None])


class _OddError(Exception):
    """This is no ordinary leaf."""


def _ordinary(leaf: bytes) -> dict[str, Any]:
    members: dict[str, Any] = orjson.loads(leaf)
    if (
        orjson.dumps(members, option=orjson.OPT_SORT_KEYS) != leaf
        or members.keys() != MEMBERS
        or members["event"] in _SPECIAL
        or type(members["number"]) is not int
        or type(members["time"]) is not int
        or type(members["writer"]) is not str
    ):
        raise _OddError
    return members


def _all_committed(members: Iterable[dict[str, Any]], payloads: Sequence[bytes | None]) -> bool:
    held = [None if payload is None else commitment_of(payload).hex() for payload in payloads]
    named = [each["commitment"] for each in members]
    return held == named or all(one is None or one == other for one, other in zip(named, held, strict=True))


def _runs(members: Iterable[dict[str, Any]]) -> tuple[Run, ...]:
    found: dict[str, tuple[int, int, int]] = {}
    for each in members:
        writer, number, time = each["writer"], each["number"], each["time"]
        first, last, latest = found.get(writer, (number, number - 1, time))
        if number != last + 1 or number == 0:
            raise _OddError
        found[writer] = first, number, max(latest, time)
    return tuple(Run(writer, *rest) for writer, rest in found.items())


def _levels(hashes: bytes) -> Iterator[bytes]:
    """The hashes of each level above *hashes*, up to the one that covers them all (RFC 6962, section 2.1)."""
    for _ in range(TILE_HEIGHT):
        starts = range(0, len(hashes), 2 * HASH_BYTES)
        hashes = b"".join([sha256(b"\x01" + hashes[at : at + 2 * HASH_BYTES]).digest() for at in starts])
        yield hashes
