"""The tree as it is stored: its size and its nodes; and the lock that lets one sequencer at a time add to it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

from sqlalchemy import Connection, Engine, TextClause, bindparam, func, select, text
from sqlalchemy.orm import Session

from audit.errors import TreeIncompleteError
from audit.models import CHECKPOINTS, COSIGNATURES, ENTRIES
from audit.tree import Frontier, Place, places_of

Executor = Connection | Session

_LOCK_NUMBER = 0x6369_7469_7A65_6E  # "citizen": any number that nothing else in the database locks by
_LARGEST = func.max(ENTRIES.c.index)
_LEAF_HASHES = select(ENTRIES.c.index, ENTRIES.c.leaf_hash).where(
    ENTRIES.c.log == bindparam("log"), ENTRIES.c.index.in_(bindparam("indices", expanding=True))
)
_LOCK = text("SELECT pg_try_advisory_xact_lock(:number)")


@dataclass(frozen=True, slots=True)
class StoredTree:
    """The tree of one log as the tables hold it, seen through one connection."""

    connection: Executor
    log: int
    size: int

    def nodes(self, places: Iterable[Place]) -> Mapping[Place, bytes]:
        """Fetch the complete nodes at *places*.

        Raises:
            TreeIncompleteError: one of them is not stored.
        """
        wanted = sorted(set(places))
        found = self._leaf_hashes([index for level, index in wanted if level == 0])
        found |= self._nodes([place for place in wanted if place[0] > 0])
        missing = next((place for place in wanted if place not in found), None)
        if missing is not None:
            raise TreeIncompleteError(f"log {self.log} has no node at level {missing[0]}, index {missing[1]}")
        return found

    def frontier(self) -> Frontier:
        """Return the right edge of the tree.

        Raises:
            TreeIncompleteError: one of its nodes is not stored.
        """
        places = places_of(0, self.size)
        nodes = self.nodes(places)
        return Frontier(self.size, [nodes[place] for place in places])

    def _leaf_hashes(self, indices: Sequence[int]) -> dict[Place, bytes]:
        rows = self.connection.execute(_LEAF_HASHES, {"log": self.log, "indices": indices}) if indices else ()
        return {(0, index): held for index, held in rows}

    def _nodes(self, places: Sequence[Place]) -> dict[Place, bytes]:
        if not places:
            return {}
        named = {
            f"{name}{at}": value for at, place in enumerate(places) for name, value in zip("li", place, strict=True)
        }
        rows = self.connection.execute(_nodes_query(len(places)), {"log": self.log, **named})
        return {(level, index): held for level, index, held in rows}


@cache
def _nodes_query(count: int) -> TextClause:
    """So many nodes of any level, in one statement: a proof in a log of a million is one round trip, not twenty."""
    wanted = ", ".join(f"(CAST(:l{at} AS BIGINT), CAST(:i{at} AS BIGINT))" for at in range(count))
    return text(
        f"WITH wanted(level, at) AS (VALUES {wanted})"  # noqa: S608 -- numbers that were just counted
        ' SELECT n.level, n."index", n.hash FROM wanted JOIN audit_nodes AS n'
        ' ON n.log = :log AND n.level = wanted.level AND n."index" = wanted.at'
    )


def stored_tree(connection: Executor, log: int) -> StoredTree:
    """Return the tree of *log*; an absent log is an empty tree."""
    largest = connection.execute(select(_LARGEST).where(ENTRIES.c.log == log)).scalar()
    return StoredTree(connection, log, 0 if largest is None else largest + 1)


def newest_log(connection: Executor) -> int:
    """Return the number of the log that entries go to now, 0 before the first one."""
    logs = [connection.execute(select(func.max(table.c.log))).scalar() for table in (ENTRIES, CHECKPOINTS)]
    return max(log or 0 for log in logs)


def cosignatures_of(connection: Executor, log: int, size: int) -> list[str]:
    """Return what witnesses said of the head of that *size*: lines of its note, by the witnesses' names."""
    query = select(COSIGNATURES.c.line).where(COSIGNATURES.c.log == log, COSIGNATURES.c.size == size)
    return list(connection.execute(query.order_by(COSIGNATURES.c.witness)).scalars())


@contextmanager
def one_state(engine: Engine) -> Iterator[Connection]:
    """Lend a connection that sees one state of the database throughout, whatever is committed meanwhile.

    Args:
        engine: One that reads, in autocommit.
    """
    postgresql = engine.dialect.name == "postgresql"
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" if postgresql else "BEGIN")
        try:
            yield connection
        finally:
            connection.exec_driver_sql("ROLLBACK")


def take_turn(connection: Connection) -> bool:
    """Try to become the one sequencer until the transaction ends.

    On PostgreSQL this is a transaction-scoped advisory lock; on SQLite the transaction began IMMEDIATE and is the lock.
    """
    if connection.dialect.name != "postgresql":
        return True
    return bool(connection.execute(_LOCK, {"number": _LOCK_NUMBER}).scalar())
