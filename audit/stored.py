"""The log's own tables held against themselves: what files do not show.

`check_tables` reads what `audit.verify` reads from files, and besides it every node, every published head, payloads
that no leaf commits to, what is kept about writers, and what waits or was refused in the outbox.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy import func, select

from audit.bundles import Summary
from audit.checking import Checker
from audit.checkpoint import Checkpoint, open_checkpoint
from audit.entry import leaf_hash, mac_is_sound, named_in
from audit.errors import CheckpointInvalidError
from audit.log import Executor
from audit.models import CHECKPOINTS, ENTRIES, NODES, OUTBOX, PAYLOADS, WRITERS
from audit.processes import in_order
from audit.report import DefectKind, Report
from audit.signer import Head, origin_of
from audit.store import newest_log, stored_tree
from audit.stored_bundles import summary_at, summary_in
from audit.tiles import TILE_WIDTH
from audit.tree import EMPTY_ROOT, Place

Progress = Callable[[int, int], None]


def _no_progress(_done: int, _total: int) -> None:
    """Report to nobody."""


def check_tables(
    connection: Executor,
    public_keys: Sequence[bytes],
    *,
    origin: str,
    head: Head | None = None,
    writer_key: Callable[[str], bytes] | None = None,
    disposed_months: Collection[str] = (),
    url: str | None = None,
    progress: Progress = _no_progress,
) -> Report:
    """Verify the stored log; the report names every defect.

    Args:
        connection: Sees one state throughout (`audit.store.one_state`).
        public_keys: Keys that may have signed the heads, Ed25519, 32 bytes each.
        origin: The configured name of the log.
        head: What the signer remembers, read before *connection* began; None if it is out of reach.
        writer_key: Derives writers' keys, to check the marks of waiting rows; None leaves the marks unchecked.
        disposed_months: Months ("2026-11") whose payloads may be absent.
        url: Where other processes reach the same database, so that all cores read; None reads with *connection* alone.
        progress: Told how many entries of how many are done, once a bundle.
    """
    checker = Checker(disposed_months=disposed_months, with_payloads=True)
    newest = newest_log(connection)
    for log in range(newest + 1):
        heads = _heads(connection, log, public_keys, origin_of(origin, log), checker.report)
        own_head = head if head is not None and head.log == log else None
        _check_log(connection, checker, log, heads, own_head, closed=log < newest, url=url, progress=progress)
    if head is not None and head.log > newest:
        checker.report.add(DefectKind.HEAD_DIFFERS, head.log, "the log that the signer remembers is not stored")
    _check_payload_rows(connection, checker.report)
    _check_writers(connection, checker)
    _check_outbox(connection, checker.report, writer_key)
    return checker.finish()


def _check_log(
    connection: Executor,
    checker: Checker,
    log: int,
    heads: Mapping[int, Checkpoint],
    head: Head | None,
    *,
    closed: bool,
    url: str | None,
    progress: Progress,
) -> None:
    newest = heads[max(heads)] if heads else None
    if newest is None:
        checker.report.add(DefectKind.CHECKPOINT_MISSING, log, "no checkpoint was published")
    elif head is not None and newest.size < head.size:
        checker.report.add(DefectKind.CHECKPOINT_MISSING, log, f"the checkpoint of size {head.size}")
    checker.begin(log, newest, closed=closed or head is not None)  # a live log may be ahead of its published head
    size = stored_tree(connection, log).size
    roots = {0: EMPTY_ROOT}
    wanted = sorted({*heads, -1 if head is None else head.size})
    here = partial(summary_in, connection, log)
    there = None if url is None else partial(summary_at, url, log)
    with in_order(there, size // TILE_WIDTH, here=here) as summaries:
        for start in range(0, size, TILE_WIDTH):
            end = min(start + TILE_WIDTH, size)
            summary = next(summaries) if end - start == TILE_WIDTH else None
            inner = [found for found in wanted if start < found <= end]
            completed = _take_whole(checker, summary, inner, roots)
            if completed is None:
                completed = _take_one_by_one(connection, checker, start, end, inner, roots)
            _check_nodes(connection, checker.report, log, completed)
            progress(checker.frontier.size, size)
    checker.end()
    _check_unknown_nodes(connection, checker.report, log, size)
    _check_roots(checker.report, log, heads, head, roots)


def _take_whole(
    checker: Checker, summary: Summary | None, inner: Sequence[int], roots: dict[int, bytes]
) -> dict[Place, bytes] | None:
    """Take a bundle by its summary; the nodes above it that it completed, or None where it has to be read."""
    if summary is None:
        return None
    found = {size: checker.root_within(summary, size) for size in inner}
    completed = checker.take_bundle(summary)
    if completed is None:
        return None
    roots.update(found)
    return dict(completed)


def _take_one_by_one(
    connection: Executor, checker: Checker, start: int, end: int, inner: Sequence[int], roots: dict[int, bytes]
) -> dict[Place, bytes]:
    completed: dict[Place, bytes] = {}
    for nodes in _take_chunk(connection, checker, start, end):
        completed.update(nodes)
        if checker.frontier.size in inner:
            roots[checker.frontier.size] = checker.frontier.root
    return completed


def _take_chunk(connection: Executor, checker: Checker, start: int, end: int) -> Iterator[list[tuple[Place, bytes]]]:
    query = select(ENTRIES.c.index, ENTRIES.c.leaf_hash, ENTRIES.c.leaf, ENTRIES.c.subject).where(
        ENTRIES.c.log == checker.log, ENTRIES.c.index >= start, ENTRIES.c.index < end
    )
    rows = {index: (held, leaf, subject, named_in(leaf)) for index, held, leaf, subject in connection.execute(query)}
    payloads = _payloads(connection, [named.commitment for *_, named in rows.values()])
    for index in range(start, end):
        if index not in rows:
            yield checker.skip()
            continue
        held, leaf, subject, named = rows[index]
        if subject != named.subject:
            checker.report.add(DefectKind.ENTRY_CHANGED, checker.log, f"entry {index}")
        payload, month = payloads.get(named.commitment, (None, None))
        yield checker.take(leaf, held_hash=held, payload=payload, month=month)


def _payloads(connection: Executor, commitments: Sequence[bytes | None]) -> dict[bytes | None, tuple[bytes, str]]:
    wanted = [commitment for commitment in commitments if commitment is not None]
    query = select(PAYLOADS.c.commitment, PAYLOADS.c.payload, PAYLOADS.c.month).where(PAYLOADS.c.commitment.in_(wanted))
    return {commitment: (payload, month) for commitment, payload, month in connection.execute(query)}


def _check_nodes(connection: Executor, report: Report, log: int, completed: Mapping[Place, bytes]) -> None:
    levels: dict[int, list[int]] = {}
    for level, index in completed:
        levels.setdefault(level, []).append(index)
    for level, indices in levels.items():
        query = select(NODES.c.index, NODES.c.hash).where(
            NODES.c.log == log, NODES.c.level == level, NODES.c.index.between(indices[0], indices[-1])
        )
        stored = {row[0]: row[1] for row in connection.execute(query)}
        for index in indices:
            if index not in stored:
                report.add(DefectKind.NODE_MISSING, log, f"level {level}, index {index}")
            elif stored[index] != completed[level, index]:
                report.add(DefectKind.NODE_CHANGED, log, f"level {level}, index {index}")


def _check_unknown_nodes(connection: Executor, report: Report, log: int, size: int) -> None:
    levels = connection.execute(select(NODES.c.level).where(NODES.c.log == log).distinct()).scalars().all()
    for level in levels:
        bound = size >> level if level > 0 else 0
        query = select(NODES.c.index).where(NODES.c.log == log, NODES.c.level == level)
        for index in connection.execute(query.where((NODES.c.index >= bound) | (NODES.c.index < 0))).scalars():
            report.add(DefectKind.NODE_UNKNOWN, log, f"level {level}, index {index}")


def _heads(
    connection: Executor, log: int, public_keys: Sequence[bytes], origin: str, report: Report
) -> dict[int, Checkpoint]:
    heads = {}
    for row in connection.execute(select(CHECKPOINTS).where(CHECKPOINTS.c.log == log)):
        try:
            held = open_checkpoint(row.note, public_keys=public_keys, origin=origin)
        except CheckpointInvalidError:
            held = None
        if held is None or held.size != row.size or row.origin != origin:
            report.add(DefectKind.CHECKPOINT_BAD, log, f"the checkpoint of size {row.size}")
        else:
            heads[held.size] = held
    return heads


def _check_roots(
    report: Report, log: int, heads: Mapping[int, Checkpoint], head: Head | None, roots: Mapping[int, bytes]
) -> None:
    for size, checkpoint in heads.items():
        if roots.get(size) != checkpoint.root:
            report.add(DefectKind.ROOT_DIFFERS, log, f"the root of {size} entries")
    if head is not None and roots.get(head.size) != head.root:
        report.add(DefectKind.HEAD_DIFFERS, log, f"the remembered root of {head.size} entries")


def _check_payload_rows(connection: Executor, report: Report) -> None:
    count = connection.execute(select(func.count()).select_from(PAYLOADS)).scalar_one()
    if count == report.payloads:
        return
    # Only when there are more than the leaves account for, every leaf is looked at again.
    known = {named_in(leaf).commitment for leaf in connection.execute(select(ENTRIES.c.leaf)).scalars()}
    for commitment in connection.execute(select(PAYLOADS.c.commitment)).scalars():
        if commitment not in known:
            report.add(DefectKind.PAYLOAD_UNKNOWN, 0, f"payload {commitment.hex()}")


def _check_writers(connection: Executor, checker: Checker) -> None:
    kept = {row.writer: (row.next_number, row.last_number) for row in connection.execute(select(WRITERS))}
    shown = {writer: (at.next_number, at.last_number) for writer, at in checker.writers.items()}
    for writer in sorted(kept.keys() | shown.keys()):
        if kept.get(writer) != shown.get(writer):
            checker.report.add(DefectKind.WRITER_CHANGED, checker.log, f"writer {writer}")


def _check_outbox(connection: Executor, report: Report, writer_key: Callable[[str], bytes] | None) -> None:
    told = " ".join(report.declared)
    for row in connection.execute(select(OUTBOX)):
        if not (leaf_hash(row.leaf).hex() in told if row.refused else _is_queued_right(row, writer_key)):
            report.add(DefectKind.OUTBOX_BAD, 0, f"outbox row {row.id}")


def _is_queued_right(row: Any, writer_key: Callable[[str], bytes] | None) -> bool:  # noqa: ANN401 -- a row
    named = named_in(row.leaf)
    if row.leaf_hash != leaf_hash(row.leaf) or row.subject != named.subject or named.writer is None:
        return False
    return writer_key is None or mac_is_sound(writer_key(named.writer), row.leaf, row.mac)
