"""Reading the log: who looked, the newest entries, one entry, and the proof that it is in the tree."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import orjson
from sqlalchemy import Row, Select, func, literal, null, select, tuple_

from audit.cosignature import with_cosignatures
from audit.entry import Leaf, decode
from audit.errors import CheckpointNotFoundError, EntryNotFoundError, LeafInvalidError
from audit.log import Executor
from audit.models import CHECKPOINTS, ENTRIES, OUTBOX, PAYLOADS, WRITERS
from audit.payload import ClosedPayload
from audit.proof import InclusionProof
from audit.store import StoredTree, cosignatures_of, newest_log
from audit.tree import hashes_of, inclusion_ranges, places_of

_ENTRY = select(ENTRIES.c.log, ENTRIES.c.index.label("at"), ENTRIES.c.leaf_hash, ENTRIES.c.leaf)
_WAITING = select(
    null().label("log"), null().label("at"), OUTBOX.c.leaf_hash, OUTBOX.c.leaf, OUTBOX.c.payload, OUTBOX.c.month
).where(OUTBOX.c.refused == 0)
_NEWEST_FIRST = (ENTRIES.c.log.desc(), ENTRIES.c.index.desc())


class Position(NamedTuple):
    """Where an entry stands: its log and its index there. Written as "0-1234"."""

    log: int
    at: int

    def __str__(self) -> str:
        return f"{self.log}-{self.at}"

    @classmethod
    def parse(cls, written: str) -> Self:
        """Read what ``str`` wrote.

        Raises:
            ValueError: *written* is no position.
        """
        log, at = written.split("-")
        return cls(int(log), int(at))


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One entry as pages show it.

    `index` and `log` are None while it waits in the outbox. `payload` is None where the event has none or where its
    month's retention has ended.
    """

    log: int | None
    index: int | None
    leaf_hash: bytes
    leaf: Leaf
    encoded: bytes
    payload: ClosedPayload | None

    @property
    def position(self) -> Position | None:
        """Where it stands; None while it waits."""
        return None if self.log is None or self.index is None else Position(self.log, self.index)


def entries_for(
    connection: Executor,
    subjects: Sequence[bytes],
    *,
    before: Position | None = None,
    limit: int = 50,
    without: Collection[bytes] = (),
) -> list[EntryRow]:
    """Return the entries about any of *subjects* (monthly pseudonyms, 16 bytes each), newest first.

    What still waits in the outbox comes first, on the first page only.

    Args:
        connection: Any connection or session.
        subjects: The pseudonyms of every month asked about.
        before: The last position of the page before.
        limit: Most entries returned.
        without: Leaf hashes of entries that are left out, as if they were not there.

    Raises:
        LeafInvalidError: a stored leaf is not one; `audit.verify` names it.
    """
    if not subjects:
        return []
    wanted, left_out = list(subjects), list(without)
    waiting = _WAITING.where(OUTBOX.c.subject.in_(wanted))
    placed = _ENTRY.where(ENTRIES.c.subject.in_(wanted))
    if left_out:
        waiting = waiting.where(OUTBOX.c.leaf_hash.not_in(left_out))
        placed = placed.where(ENTRIES.c.leaf_hash.not_in(left_out))
    return _newest(connection, waiting, placed, before, limit)


def latest(connection: Executor, limit: int = 50, before: Position | None = None) -> list[EntryRow]:
    """Return the newest entries, newest first, as `entries_for` does."""
    return _newest(connection, _WAITING, _ENTRY, before, limit)


def entry(connection: Executor, leaf_hash: bytes) -> EntryRow:
    """Return the entry with *leaf_hash* (32 bytes), in the tree or in the outbox.

    Raises:
        EntryNotFoundError: there is none.
    """
    # The outbox first: a leaf moves from there into the tree, never back.
    waiting = connection.execute(_WAITING.where(OUTBOX.c.leaf_hash == leaf_hash)).all()
    placed = connection.execute(_ENTRY.where(ENTRIES.c.leaf_hash == leaf_hash)).all()
    if not placed and not waiting:
        raise EntryNotFoundError(f"no entry `{leaf_hash.hex()}`")
    return (_placed(connection, placed) or [_waiting(row) for row in waiting])[0]


def leaf_hash_at(connection: Executor, position: Position) -> bytes:
    """Return the leaf hash (32 bytes) of the entry at *position*.

    Raises:
        EntryNotFoundError: none stands there.
    """
    query = select(ENTRIES.c.leaf_hash).where(ENTRIES.c.log == position.log, ENTRIES.c.index == position.at)
    found: bytes | None = connection.execute(query).scalar()
    if found is None:
        raise EntryNotFoundError(f"no entry at {position}")
    return found


def proof(connection: Executor, leaf_hash: bytes) -> InclusionProof:
    """Prove the entry with *leaf_hash* (32 bytes) in the newest published tree of its log.

    Raises:
        EntryNotFoundError: no entry of that hash is under a published head (yet).
        TreeIncompleteError: a node that the proof needs is not stored.
    """
    found = connection.execute(_ENTRY.where(ENTRIES.c.leaf_hash == leaf_hash)).first()
    head = None if found is None else _newest_head(connection, found.log)
    if found is None or head is None or found.at >= head.size:
        raise EntryNotFoundError(f"no published head covers entry `{leaf_hash.hex()}`")
    tree = StoredTree(connection, found.log, head.size)
    ranges = inclusion_ranges(found.at, head.size)
    nodes = tree.nodes([place for start, end in ranges for place in places_of(start, end)])
    return InclusionProof(found.at, leaf_hash, tuple(hashes_of(ranges, nodes.__getitem__)), head.note)


def tlog_proof(connection: Executor, leaf_hash: bytes) -> str:
    """Return `proof` as a ``.tlog-proof`` file (C2SP tlog-proof).

    Raises:
        EntryNotFoundError, TreeIncompleteError: as `proof`.
    """
    return proof(connection, leaf_hash).text


def checkpoint(connection: Executor) -> str:
    """Return the newest published head, a signed note.

    Raises:
        CheckpointNotFoundError: none was published yet.
    """
    head = _newest_head(connection, newest_log(connection))
    if head is None:
        raise CheckpointNotFoundError("no checkpoint was published yet")
    return head.note


def every_leaf(connection: Executor) -> Iterator[Leaf]:
    """Yield every leaf there is, oldest first: those in the tree in their order, then those that wait.

    The caller reads in one transaction that sees one state, or an entry that moves meanwhile may come twice.

    Raises:
        LeafInvalidError: a stored leaf is not one; `audit.verify` names it.
    """
    placed = select(ENTRIES.c.leaf_hash, ENTRIES.c.leaf).order_by(ENTRIES.c.log, ENTRIES.c.index)
    waiting = select(OUTBOX.c.leaf_hash, OUTBOX.c.leaf).where(OUTBOX.c.refused == 0).order_by(OUTBOX.c.id)
    queued = connection.execute(waiting).all()  # read first: a leaf moves from the outbox into the tree, never back
    seen: set[bytes] = set()
    moving = {row.leaf_hash for row in queued}
    for row in connection.execute(placed.execution_options(yield_per=1000)):
        if row.leaf_hash in moving:
            seen.add(row.leaf_hash)
        yield decode(row.leaf)
    yield from (decode(row.leaf) for row in queued if row.leaf_hash not in seen)


def waiting_leaves(connection: Executor) -> Iterator[Leaf]:
    """Yield the leaves that wait for their place, oldest first; what is no leaf is passed over, as the sequencer will.

    Their marks are for `audit.stored` to check.
    """
    waiting = select(OUTBOX.c.leaf).where(OUTBOX.c.refused == 0).order_by(OUTBOX.c.id)
    for encoded in connection.execute(waiting).scalars().all():
        with suppress(LeafInvalidError):
            yield decode(encoded)


def rows_named(connection: Executor) -> Iterator[tuple[bytes, bytes]]:
    """Yield every row that a stored leaf ever named: reference (16 bytes) and digest (32).

    What is no leaf is passed over. For looking something up: `every_leaf` and `audit.stored` say what is true.
    """
    for table in (ENTRIES, OUTBOX):
        for encoded in connection.execute(select(table.c.leaf).execution_options(yield_per=1000)).scalars():
            try:
                pairs = [(bytes.fromhex(one), bytes.fromhex(other)) for one, other in orjson.loads(encoded)["touched"]]
            except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
                continue
            yield from pairs


def silent_writers(connection: Executor, *, since_us: int) -> list[str]:
    """List the writers that neither closed nor were heard of since *since_us*: killed, or cut short."""
    query = select(WRITERS.c.writer).where(WRITERS.c.last_number.is_(None), WRITERS.c.last_time < since_us)
    return list(connection.execute(query.order_by(WRITERS.c.last_time)).scalars())


def waiting_count(connection: Executor) -> int:
    """Count the leaves in the outbox that wait for their place."""
    counted: int = connection.execute(
        select(func.count()).select_from(OUTBOX).where(OUTBOX.c.refused == 0)
    ).scalar_one()
    return counted


def _newest(
    connection: Executor, waiting: Select[Any], placed: Select[Any], before: Position | None, limit: int
) -> list[EntryRow]:
    first = []
    if before is None:
        first = [_waiting(row) for row in connection.execute(waiting.order_by(OUTBOX.c.id.desc()).limit(limit))]
    else:
        placed = placed.where(tuple_(ENTRIES.c.log, ENTRIES.c.index) < tuple_(literal(before.log), literal(before.at)))
    rows = _placed(connection, connection.execute(placed.order_by(*_NEWEST_FIRST).limit(limit)).all())
    moved = {row.leaf_hash for row in rows}  # placed between the two queries
    return [*(row for row in first if row.leaf_hash not in moved), *rows][:limit]


def _placed(connection: Executor, rows: Sequence[Any]) -> list[EntryRow]:
    leaves = [decode(row.leaf) for row in rows]
    payloads = _payloads(connection, [bytes.fromhex(leaf.commitment) for leaf in leaves if leaf.commitment])
    return [
        EntryRow(row.log, row.at, row.leaf_hash, leaf, row.leaf, payloads.get(leaf.commitment or ""))
        for row, leaf in zip(rows, leaves, strict=True)
    ]


def _payloads(connection: Executor, commitments: Iterable[bytes]) -> dict[str, ClosedPayload]:
    rows = connection.execute(select(PAYLOADS).where(PAYLOADS.c.commitment.in_(list(commitments))))
    return {row.commitment.hex(): ClosedPayload(row.commitment, row.payload, row.month) for row in rows}


def _waiting(row: Row[Any]) -> EntryRow:
    leaf = decode(row.leaf)
    payload = None
    if leaf.commitment is not None and row.payload is not None:
        payload = ClosedPayload(bytes.fromhex(leaf.commitment), row.payload, row.month or "")
    return EntryRow(None, None, row.leaf_hash, leaf, row.leaf, payload)


class _Head(NamedTuple):
    size: int
    note: str


def _newest_head(connection: Executor, log: int) -> _Head | None:
    """The newest published head with every cosignature it has so far."""
    query = select(CHECKPOINTS).where(CHECKPOINTS.c.log == log).order_by(CHECKPOINTS.c.size.desc()).limit(1)
    row = connection.execute(query).first()
    if row is None:
        return None
    return _Head(row.size, with_cosignatures(row.note, cosignatures_of(connection, log, row.size)))
