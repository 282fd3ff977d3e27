"""What was proved before, held against what is stored now: whether a proof may go on from there."""

from sqlalchemy import ColumnElement, Table, func, select

from audit.errors import TreeIncompleteError
from audit.forks import Root
from audit.log import Executor
from audit.models import CHECKPOINTS, ENTRIES, NODES
from audit.report import DefectKind, Report
from audit.signer import Head
from audit.standing import Standing
from audit.store import StoredTree, newest_log, stored_tree


def hold_before(connection: Executor, report: Report, since: Standing, head: Head | None) -> bool:
    """Hold *since*, which was proved before, against the tables; return whether a proof may go on from there.

    Named in *report*: a log that is shorter than was proved or another one, a signer that remembers less, and rows of
    the tree that are fewer than were proved. Where a recovery closed the log, the next one says what was lost.
    """
    if newest_log(connection) > since.log:
        return False
    size = stored_tree(connection, since.log).size
    if size < since.size:
        report.add(DefectKind.SIZE_DIFFERS, since.log, f"{size} entries, {since.size} proved before")
        return False
    if head is not None and (head.log, head.size) < (since.log, since.size):
        report.add(DefectKind.HEAD_DIFFERS, head.log, f"{head.size} entries remembered, {since.size} proved before")
    _hold_counts(connection, report, since)
    return _same_root(connection, report, since)


def root_in_tables(connection: Executor, log: int, size: int) -> Root:
    """The roots of a log in its tables, which holds so many entries."""

    def root(at: int) -> bytes | None:
        try:
            return None if at > size else StoredTree(connection, log, at).frontier().root
        except TreeIncompleteError:
            return None

    return root


def _same_root(connection: Executor, report: Report, since: Standing) -> bool:
    try:
        root = StoredTree(connection, since.log, since.size).frontier().root
    except TreeIncompleteError:
        root = b""
    if root != since.frontier.root:
        report.add(DefectKind.ROOT_DIFFERS, since.log, f"the first {since.size} entries are not those proved before")
    return root == since.frontier.root


def _hold_counts(connection: Executor, report: Report, since: Standing) -> None:
    entries = _count(connection, ENTRIES, ENTRIES.c.log == since.log, ENTRIES.c.index < since.size)
    if entries != since.size:
        report.add(DefectKind.ENTRY_MISSING, since.log, f"{since.size - entries} of the first {since.size} entries")
    for level in range(1, since.size.bit_length()):
        proved = since.size >> level
        kept = _count(connection, NODES, NODES.c.log == since.log, NODES.c.level == level, NODES.c.index < proved)
        if kept != proved:
            report.add(DefectKind.NODE_MISSING, since.log, f"{proved - kept} of the first {proved} at level {level}")
    heads = _count(connection, CHECKPOINTS, CHECKPOINTS.c.log == since.log, CHECKPOINTS.c.size <= since.size)
    if heads != since.heads:
        kind = DefectKind.CHECKPOINT_MISSING if heads < since.heads else DefectKind.CHECKPOINT_BAD
        report.add(kind, since.log, f"{heads} checkpoints up to size {since.size}, {since.heads} proved before")


def _count(connection: Executor, table: Table, *conditions: ColumnElement[bool]) -> int:
    counted: int = connection.execute(select(func.count()).select_from(table).where(*conditions)).scalar_one()
    return counted
