"""Whole bundles as the tables hold them, read by this process or by another of its own."""

from functools import cache
from typing import Any

from sqlalchemy import Connection, create_engine, select

from audit.bundles import Summary, members_of, summarise
from audit.log import Executor
from audit.models import ENTRIES, NODES, PAYLOADS
from audit.months import month_of
from audit.tiles import TILE_WIDTH

Members = dict[str, Any]


@cache
def _connection(url: str) -> Connection:
    """This process's own connection, kept until the process ends with its work."""
    return create_engine(url, isolation_level="AUTOCOMMIT", hide_parameters=True).connect()


def summary_at(url: str, log: int, number: int) -> Summary | None:
    """As `summary_in`, for a process that has only the database's address.

    It may see a later state than another: what stands below a size that was read is never changed by the vault, and
    what someone else changes makes no summary or another root.
    """
    return summary_in(_connection(url), log, number)


def summary_in(connection: Executor, log: int, number: int) -> Summary | None:
    """What bundle *number* of *log* comes to; None where a row is missing or is not what the leaves say."""
    start = number * TILE_WIDTH
    query = (
        select(ENTRIES.c.leaf_hash, ENTRIES.c.leaf, ENTRIES.c.subject)
        .where(ENTRIES.c.log == log, ENTRIES.c.index >= start, ENTRIES.c.index < start + TILE_WIDTH)
        .order_by(ENTRIES.c.index)
    )
    rows = connection.execute(query).all()
    tile = b"".join([row[0] for row in rows])
    members = members_of([row[1] for row in rows], tile)
    if members is None or any(
        (None if row[2] is None else row[2].hex()) != each["subject"] for row, each in zip(rows, members, strict=True)
    ):
        return None
    summary = summarise(members, tile, _payloads(connection, members), with_touched=True)
    return summary if summary is not None and _nodes_agree(connection, log, start, summary) else None


def _payloads(connection: Executor, members: list[Members]) -> list[bytes | None]:
    """The payload of each leaf; None where there is none, or it is kept by another month than the leaf's."""
    wanted = [bytes.fromhex(each["commitment"]) for each in members if each["commitment"] is not None]
    query = select(PAYLOADS.c.commitment, PAYLOADS.c.payload, PAYLOADS.c.month).where(PAYLOADS.c.commitment.in_(wanted))
    found = {commitment.hex(): (payload, month) for commitment, payload, month in connection.execute(query)}
    kept = [found.get(each["commitment"] or "", (None, "")) for each in members]
    return [
        payload if month == month_of(each["time"]) else None
        for (payload, month), each in zip(kept, members, strict=True)
    ]


def _nodes_agree(connection: Executor, log: int, start: int, summary: Summary) -> bool:
    """Whether the stored nodes within the bundle are those its leaves make."""
    for level, hashes in enumerate(summary.levels, 1):
        first, last = start >> level, ((start + TILE_WIDTH) >> level) - 1
        query = (
            select(NODES.c.hash)
            .where(NODES.c.log == log, NODES.c.level == level, NODES.c.index.between(first, last))
            .order_by(NODES.c.index)
        )
        if b"".join(connection.execute(query).scalars()) != hashes:
            return False
    return True
