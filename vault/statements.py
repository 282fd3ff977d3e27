"""Statements that SQLAlchemy writes once and the driver runs itself, for the few that every read needs.

What goes in and what comes out are the driver's own values; `vault.rows` knows how they become ours.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Dialect
from sqlalchemy.dialects.postgresql import psycopg
from sqlalchemy.dialects.sqlite import pysqlite
from sqlalchemy.sql import ClauseElement

Driver = Any
"""A connection of ``sqlite3`` or ``psycopg``, as `vault.db.Database` lends it."""

_SQLITE: Final[Dialect] = pysqlite.dialect(paramstyle="named")
_POSTGRESQL: Final[Dialect] = psycopg.dialect()  # type: ignore[no-untyped-call] # SQLAlchemy leaves it so


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement as text, with the values that never change."""

    text: str
    constants: Mapping[str, Any]
    sqlite: bool

    def run(self, driver: Driver, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Every row it gives; on PostgreSQL it is prepared and answers in binary."""
        given = {**self.constants, **values}
        if self.sqlite:
            return driver.execute(self.text, given).fetchall()  # type: ignore[no-any-return] # the driver's own
        return driver.cursor(binary=True).execute(self.text, given, prepare=True).fetchall()  # type: ignore[no-any-return]


def prepared(statement: ClauseElement, *, sqlite: bool) -> Statement:
    """*statement* for one of the two databases."""
    compiled = statement.compile(dialect=_SQLITE if sqlite else _POSTGRESQL)
    constants = {name: value for name, value in compiled.params.items() if value is not None}
    return Statement(str(compiled), constants, sqlite)
