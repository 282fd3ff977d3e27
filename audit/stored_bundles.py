"""Whole bundles as the tables hold them, read by this process or by another of its own."""

from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, create_engine

from audit.bundles import Summary, members_of, summarise
from audit.log import Executor
from audit.months import month_of
from audit.tiles import TILE_HEIGHT, TILE_WIDTH

Members = dict[str, Any]
Rows = list[tuple[Any, ...]]

# Asked of the driver itself, always in the same words: at some microseconds an entry, what stands between would cost
# several times the hashing.
_ENTRIES: Final = (
    'SELECT leaf_hash, leaf, subject FROM audit_entries WHERE log = {0} AND "index" >= {0} AND "index" < {0}'
    ' ORDER BY "index"'
)
_PAYLOADS: Final = "SELECT commitment, payload, month FROM audit_payloads WHERE commitment"
_LEVEL: Final = (
    'SELECT level, "index", hash FROM audit_nodes WHERE log = {0} AND level = {0} AND "index" >= {0} AND "index" < {0}'
)
_NODE: Final = 'SELECT hash FROM audit_nodes WHERE log = {0} AND level = {0} AND "index" = {0}'
_NODES: Final = " UNION ALL ".join([_LEVEL] * TILE_HEIGHT)


class Rowsource:
    """The database as its driver gives it: no rows but tuples, and every statement prepared once."""

    def __init__(self, executor: Executor) -> None:
        """Read through *executor*, in its transaction."""
        connection = executor if isinstance(executor, Connection) else executor.connection()
        self._lent = connection.connection
        self._sqlite = connection.dialect.name == "sqlite"
        mark = "?" if self._sqlite else "%s"
        many = f" IN ({', '.join('?' * TILE_WIDTH)})" if self._sqlite else " = ANY(%s)"
        self._entries, self._nodes = _ENTRIES.format(mark), _NODES.format(mark)
        self._node = _NODE.format(mark)
        self._payloads = _PAYLOADS + many

    def entries(self, log: int, start: int) -> Rows:
        """Leaf hash, leaf and subject of each entry of the bundle that begins at *start*."""
        return self._all(self._entries, (log, start, start + TILE_WIDTH))

    def payloads(self, commitments: list[bytes]) -> Rows:
        """Commitment, payload and month of each payload that is kept under one of *commitments*, 256 at most."""
        if not self._sqlite:
            return self._all(self._payloads, (commitments,))
        if not commitments:
            return []
        return self._all(self._payloads, [*commitments, *[commitments[-1]] * (TILE_WIDTH - len(commitments))])

    def nodes(self, log: int, start: int) -> Rows:
        """Level, index and hash of each node within the bundle that begins at *start*."""
        levels = range(1, TILE_HEIGHT + 1)
        return self._all(
            self._nodes, [each for at in levels for each in (log, at, start >> at, (start + TILE_WIDTH) >> at)]
        )

    def node(self, log: int, level: int, index: int) -> bytes | None:
        """The hash that is stored of one node."""
        found = self._all(self._node, (log, level, index))
        return found[0][0] if found else None

    def _all(self, words: str, values: Any) -> Rows:  # noqa: ANN401 -- the driver's own
        driver: Any = self._lent.driver_connection
        if self._sqlite:
            return driver.execute(words, values).fetchall()  # type: ignore[no-any-return] # the driver's own
        return driver.cursor(binary=True).execute(words, values, prepare=True).fetchall()  # type: ignore[no-any-return]


@cache
def _source(url: str) -> Rowsource:
    """This process's own look at the database, kept until the process ends with its work."""
    return Rowsource(create_engine(url, isolation_level="AUTOCOMMIT", hide_parameters=True).connect())


def summary_at(url: str, log: int, number: int) -> Summary | None:
    """As `summary_in`, for a process that has only the database's address.

    It may see a later state than another: what stands below a size that was read is never changed by the vault, and
    what someone else changes makes no summary or another root.
    """
    return summary_in(_source(url), log, number)


def summary_in(source: Rowsource, log: int, number: int) -> Summary | None:
    """What bundle *number* of *log* comes to; None where a row is missing or is not what the leaves say."""
    start = number * TILE_WIDTH
    rows = source.entries(log, start)
    tile = b"".join([row[0] for row in rows])
    members = members_of([row[1] for row in rows], tile)
    if members is None or [row[2] and row[2].hex() for row in rows] != [each["subject"] for each in members]:
        return None
    summary = summarise(members, tile, _payloads(source, members), with_touched=True)
    return summary if summary is not None and _nodes_agree(source, log, start, summary) else None


def _payloads(source: Rowsource, members: list[Members]) -> list[bytes | None]:
    """The payload of each leaf; None where there is none, or it is kept by another month than the leaf's."""
    wanted = [bytes.fromhex(each["commitment"]) for each in members if each["commitment"] is not None]
    found = {(commitment.hex(), month): payload for commitment, payload, month in source.payloads(wanted)}
    return [found.get((each["commitment"], month_of(each["time"]))) for each in members]


def _nodes_agree(source: Rowsource, log: int, start: int, summary: Summary) -> bool:
    """Whether the stored nodes within the bundle are those its leaves make."""
    rows = sorted(source.nodes(log, start))
    return b"".join([held for _level, _index, held in rows]) == b"".join(summary.levels)
