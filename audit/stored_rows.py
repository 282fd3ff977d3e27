"""The rows of the log's tables beside its entries: nodes beyond the tree, heads, payloads, writers, the outbox."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import func, select

from audit.checking import Checker
from audit.checkpoint import Checkpoint, open_checkpoint
from audit.entry import leaf_hash, mac_is_sound, named_in
from audit.errors import CheckpointInvalidError
from audit.log import Executor
from audit.models import CHECKPOINTS, ENTRIES, NODES, OUTBOX, PAYLOADS, WRITERS
from audit.report import DefectKind, Report
from audit.signer import Head


def check_unknown_nodes(connection: Executor, report: Report, log: int, size: int) -> None:
    """Name nodes that no tree of *size* has."""
    levels = connection.execute(select(NODES.c.level).where(NODES.c.log == log).distinct()).scalars().all()
    for level in levels:
        bound = size >> level if level > 0 else 0
        query = select(NODES.c.index).where(NODES.c.log == log, NODES.c.level == level)
        for index in connection.execute(query.where((NODES.c.index >= bound) | (NODES.c.index < 0))).scalars():
            report.add(DefectKind.NODE_UNKNOWN, log, f"level {level}, index {index}")


def published_heads(
    connection: Executor, log: int, public_keys: Sequence[bytes], origin: str, report: Report, *, least: int = 0
) -> dict[int, Checkpoint]:
    """Return the published heads of *log* from size *least* on, by size; those that are not sound are named."""
    heads = {}
    query = select(CHECKPOINTS).where(CHECKPOINTS.c.log == log, CHECKPOINTS.c.size >= least)
    for row in connection.execute(query):
        try:
            held = open_checkpoint(row.note, public_keys=public_keys, origin=origin)
        except CheckpointInvalidError:
            held = None
        if held is None or held.size != row.size or row.origin != origin:
            report.add(DefectKind.CHECKPOINT_BAD, log, f"the checkpoint of size {row.size}")
        else:
            heads[held.size] = held
    return heads


def check_roots(
    report: Report, log: int, heads: Mapping[int, Checkpoint], head: Head | None, roots: Mapping[int, bytes]
) -> None:
    """Name heads whose root is not that of the entries, the one that the signer remembers too."""
    for size, checkpoint in heads.items():
        if roots.get(size) != checkpoint.root:
            report.add(DefectKind.ROOT_DIFFERS, log, f"the root of {size} entries")
    if head is not None and roots.get(head.size) != head.root:
        report.add(DefectKind.HEAD_DIFFERS, log, f"the remembered root of {head.size} entries")


def check_payload_rows(connection: Executor, checker: Checker) -> None:
    """Name payloads that no leaf commits to, and how many are missing of those that were proved before."""
    report, disposed = checker.report, set(checker.disposed_months)
    kept = {
        row[0]: row[1] for row in connection.execute(select(PAYLOADS.c.month, func.count()).group_by(PAYLOADS.c.month))
    }
    for month, count in checker.months.items() if report.since else ():
        missing = count - kept.get(month, 0)
        if missing > 0 and month in disposed:
            report.absent[month] = report.absent.get(month, 0) + missing
        elif missing > 0:
            report.add(DefectKind.PAYLOAD_MISSING, checker.log, f"{missing} of {count} payloads of {month}")
    if any(count > checker.months.get(month, 0) for month, count in kept.items()):
        _name_unknown(connection, report)


def _name_unknown(connection: Executor, report: Report) -> None:
    # Only where the counts differ is every leaf looked at again.
    known = {named_in(leaf).commitment for leaf in connection.execute(select(ENTRIES.c.leaf)).scalars()}
    for commitment in connection.execute(select(PAYLOADS.c.commitment)).scalars():
        if commitment not in known:
            report.add(DefectKind.PAYLOAD_UNKNOWN, 0, f"payload {commitment.hex()}")


def check_writers(connection: Executor, checker: Checker) -> None:
    """Name writers of whom something else is kept than the leaves say."""
    kept = {row.writer: (row.next_number, row.last_number) for row in connection.execute(select(WRITERS))}
    shown = {writer: (at.next_number, at.last_number) for writer, at in checker.writers.items()}
    for writer in sorted(kept.keys() | shown.keys()):
        if kept.get(writer) != shown.get(writer):
            checker.report.add(DefectKind.WRITER_CHANGED, checker.log, f"writer {writer}")


def check_outbox(connection: Executor, report: Report, writer_key: Callable[[str], bytes] | None) -> None:
    """Name waiting rows that are not what their writer queued; marks are checked where *writer_key* derives keys."""
    told = " ".join(report.declared)
    for row in connection.execute(select(OUTBOX)):
        if not (leaf_hash(row.leaf).hex() in told if row.refused else _is_queued_right(row, writer_key)):
            report.add(DefectKind.OUTBOX_BAD, 0, f"outbox row {row.id}")


def _is_queued_right(row: Any, writer_key: Callable[[str], bytes] | None) -> bool:  # noqa: ANN401 -- a row
    named = named_in(row.leaf)
    if row.leaf_hash != leaf_hash(row.leaf) or row.subject != named.subject or named.writer is None:
        return False
    return writer_key is None or mac_is_sound(writer_key(named.writer), row.leaf, row.mac)
