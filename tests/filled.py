"""Put the rows of one database into another of the same shape that is empty: cheaper than to make them again."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from psycopg import sql

from tests import databases

_TABLES: Final = (
    "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
    " AND relname <> 'alembic_version'"
)
_SEQUENCES: Final = "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public'"


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of each table of a PostgreSQL database, as ``COPY`` tells them, and the last number of each sequence."""

    tables: Mapping[str, bytes]
    numbers: Mapping[str, int]


def rows(database: str) -> Rows:
    """What the PostgreSQL *database* of this run's server holds."""
    with databases.server().connect(database) as connection:
        found = {}
        for (table,) in connection.execute(_TABLES).fetchall():
            statement = sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(table))
            with connection.cursor() as cursor, cursor.copy(statement) as taken:
                if told := b"".join(bytes(part) for part in taken):
                    found[table] = told
        numbers = {name: last for name, last in connection.execute(_SEQUENCES).fetchall() if last is not None}
    return Rows(found, numbers)


def fill(database: str, wanted: Rows) -> None:
    """Put *wanted* into the empty PostgreSQL *database*, in one transaction."""
    with databases.server().connect(database) as connection, connection.transaction():
        # Foreign keys are not followed: every row comes, in whichever order.
        connection.execute("SET LOCAL session_replication_role = replica")
        for table, told in wanted.tables.items():
            statement = sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(table))
            with connection.cursor() as cursor, cursor.copy(statement) as given:
                given.write(told)
        for name, last in wanted.numbers.items():
            connection.execute("SELECT setval(%s, %s)", [name, last])


def replace_file(original: Path, path: Path) -> None:
    """Put the SQLite database *original*, which nobody has open, in the place of the one at *path*."""
    path.with_name(path.name + "-wal").unlink(missing_ok=True)
    shutil.copyfile(original, path)
