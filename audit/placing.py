"""Placing leaves: entries, the nodes they complete, their payloads, and how far each writer is, in one transaction."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, delete, insert, update

from audit.intake import Arrival, Intake
from audit.models import ENTRIES, NODES, OUTBOX, PAYLOADS, WRITERS
from audit.numbers import Progress
from audit.store import StoredTree
from audit.tree import Frontier


def place(connection: Connection, tree: StoredTree, intake: Intake) -> Frontier:
    """Append the accepted leaves of *intake* to *tree*, take them out of the outbox, and mark the refused ones.

    Returns:
        The right edge of the tree that this makes.

    Raises:
        TreeIncompleteError: the tree's right edge is not stored.
    """
    frontier = _store_leaves(connection, tree, intake.accepted)
    _store_payloads(connection, intake.accepted)
    store_progress(connection, intake.progress)
    placed = [arrival.row_id for arrival in intake.accepted]
    connection.execute(delete(OUTBOX).where(OUTBOX.c.id.in_(placed)))
    if intake.refused:
        connection.execute(update(OUTBOX).where(OUTBOX.c.id.in_(intake.refused)).values(refused=1))
    return frontier


def store_progress(connection: Connection, progress: Mapping[str, Progress]) -> None:
    """Keep how far each writer was followed."""
    if not progress:
        return
    connection.execute(delete(WRITERS).where(WRITERS.c.writer.in_(list(progress))))
    _insert(
        connection,
        WRITERS,
        [
            {"writer": writer, "next_number": at.next_number, "last_number": at.last_number, "last_time": at.last_time}
            for writer, at in progress.items()
        ],
    )


def _store_leaves(connection: Connection, tree: StoredTree, arrivals: Sequence[Arrival]) -> Frontier:
    frontier = tree.frontier()
    entries: list[dict[str, Any]] = []
    nodes: list[dict[str, Any]] = []
    for arrival in arrivals:
        entries.append(
            {
                "log": tree.log,
                "index": frontier.size,
                "leaf_hash": arrival.leaf_hash,
                "subject": arrival.subject,
                "leaf": arrival.encoded,
            }
        )
        for (level, index), held in frontier.append(arrival.leaf_hash):
            nodes.append({"log": tree.log, "level": level, "index": index, "hash": held})
    _insert(connection, ENTRIES, entries)
    _insert(connection, NODES, nodes)
    return frontier


def _store_payloads(connection: Connection, arrivals: Sequence[Arrival]) -> None:
    # Stored under the commitment that the leaf carries, even where the bytes were changed: verification names them.
    kept = {
        bytes.fromhex(arrival.members["commitment"]): arrival
        for arrival in arrivals
        if arrival.payload is not None and arrival.members["commitment"] is not None
    }
    if kept:  # whatever was planted under a commitment before its leaf came gives way
        connection.execute(delete(PAYLOADS).where(PAYLOADS.c.commitment.in_(list(kept))))
    _insert(
        connection,
        PAYLOADS,
        [
            {"commitment": commitment, "month": arrival.month or "", "payload": arrival.payload}
            for commitment, arrival in kept.items()
        ],
    )


def _insert(connection: Connection, table: Any, rows: list[dict[str, Any]]) -> None:  # noqa: ANN401 -- any of our tables
    if rows:
        connection.execute(insert(table), rows)
