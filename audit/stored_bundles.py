"""Whole bundles as the tables hold them, read by this process or by another of its own."""

from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Connection, Select, bindparam, create_engine, select, union_all

from audit.bundles import Summary, members_of, summarise
from audit.log import Executor
from audit.models import ENTRIES, NODES, PAYLOADS
from audit.months import month_of
from audit.tiles import TILE_HEIGHT, TILE_WIDTH

Members = dict[str, Any]


def _level(level: int) -> Select[Any]:
    first, end = (bindparam(f"{name}_{level}", type_=BigInteger) for name in ("start", "end"))
    return select(NODES.c.level, NODES.c.index, NODES.c.hash).where(
        NODES.c.log == bindparam("log"), NODES.c.level == level, NODES.c.index >= first, NODES.c.index < end
    )


# Made once: at some microseconds an entry, making them for each bundle would cost more than the hashing.
_ENTRIES = (
    select(ENTRIES.c.leaf_hash, ENTRIES.c.leaf, ENTRIES.c.subject)
    .where(ENTRIES.c.log == bindparam("log"), ENTRIES.c.index >= bindparam("start"), ENTRIES.c.index < bindparam("end"))
    .order_by(ENTRIES.c.index)
)
_PAYLOADS = select(PAYLOADS.c.commitment, PAYLOADS.c.payload, PAYLOADS.c.month).where(
    PAYLOADS.c.commitment.in_(bindparam("wanted", expanding=True))
)
_NODES = union_all(*map(_level, range(1, TILE_HEIGHT + 1)))


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
    rows = connection.execute(_ENTRIES, {"log": log, "start": start, "end": start + TILE_WIDTH}).all()
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
    rows = connection.execute(_PAYLOADS, {"wanted": wanted})
    found = {commitment.hex(): (payload, month) for commitment, payload, month in rows}
    kept = [found.get(each["commitment"] or "", (None, "")) for each in members]
    return [
        payload if month == month_of(each["time"]) else None
        for (payload, month), each in zip(kept, members, strict=True)
    ]


def _nodes_agree(connection: Executor, log: int, start: int, summary: Summary) -> bool:
    """Whether the stored nodes within the bundle are those its leaves make."""
    ends = {f"end_{level}": (start + TILE_WIDTH) >> level for level in range(1, TILE_HEIGHT + 1)}
    starts = {f"start_{level}": start >> level for level in range(1, TILE_HEIGHT + 1)}
    rows = sorted(map(tuple, connection.execute(_NODES, {"log": log, **starts, **ends})))
    return b"".join([held for _level, _index, held in rows]) == b"".join(summary.levels)
