"""
Statements are compiled once in a test process, as they are in a server, and not once for each test's own database.

SQLAlchemy keeps what it compiled by engine and by dialect, and every test has engines of its own: without this, a third
of the time of the tests with a database goes into compiling the same statements again.
"""

from typing import Any, Final

from sqlalchemy import Connection, event
from sqlalchemy.engine import Engine
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache

MOST: Final = 5_000  # statements kept of each kind of database

_compiled: Final[dict[type[object], LRUCache[object, object]]] = {}


def _same(one: DefaultDialect, other: object) -> bool:
    """Dialects of one class and way of naming parameters compile alike."""
    return type(one) is type(other) and one.paramstyle == getattr(other, "paramstyle", None)


def _hash(dialect: Any) -> int:
    return hash((type(dialect), dialect.paramstyle))


def _share(connection: Connection) -> None:
    engine = connection.engine
    if engine._compiled_cache is not None:
        engine._compiled_cache = _compiled.setdefault(type(engine.dialect), LRUCache(MOST))  # type: ignore[assignment]


def keep_compiled() -> None:
    """Let all engines of this process that speak to one kind of database share what was compiled."""
    DefaultDialect.__eq__ = _same  # type: ignore[method-assign,assignment]
    DefaultDialect.__hash__ = _hash  # type: ignore[method-assign,assignment]
    event.listen(Engine, "engine_connect", _share)
