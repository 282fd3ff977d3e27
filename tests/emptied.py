"""Make a used PostgreSQL database as new again: cheaper than a copy of the template, and just as empty.

A copy writes some 450 files. Most tests fill a few tables and change no table's shape, so what they wrote is deleted
and the sequences begin again. A database whose shape changed is not given to another test.
"""

from typing import Final

import psycopg
from psycopg import sql

from tests.postgres import Server

ENDING_MS: Final = 5_000

_END_OTHERS: Final = (
    "SELECT bool_and(pg_terminate_backend(pid, %s)) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
_SHAPE: Final = """
SELECT md5(string_agg(part, '|' ORDER BY part)) FROM (
    SELECT concat_ws(':', c.oid, c.relname, c.relkind, c.relacl, c.relrowsecurity, c.reloptions) AS part
    FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace
    UNION ALL
    SELECT concat_ws(':', a.attrelid, a.attname, a.atttypid, a.atttypmod, a.attnotnull, a.attacl) FROM pg_attribute a
    JOIN pg_class c ON c.oid = a.attrelid WHERE c.relnamespace = 'public'::regnamespace
    UNION ALL SELECT concat_ws(':', oid, conname) FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT concat_ws(':', oid, tgname, tgenabled) FROM pg_trigger
    UNION ALL SELECT concat_ws(':', oid, proname) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION ALL SELECT concat_ws(':', setdatabase, setrole, setconfig) FROM pg_db_role_setting
    UNION ALL SELECT concat_ws(':', 'revision', version_num) FROM alembic_version
    UNION ALL SELECT concat_ws(':', oid, nspname) FROM pg_namespace WHERE nspname NOT LIKE 'pg\\_%'
) AS parts
"""
_TABLES: Final = (
    "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
    " AND relname <> 'alembic_version'"
)
_SEQUENCES: Final = "SELECT sequencename, start_value FROM pg_sequences WHERE schemaname = 'public'"


def shape(server: Server, database: str) -> str:
    """A digest of the tables, columns, constraints, triggers and functions of *database*, and its revision."""
    with server.connect(database) as connection:
        return _shape(connection)


def empty(server: Server, database: str, kept: str) -> bool:
    """
    Delete every row of *database* and end whoever is still connected.

    Args:
        server: Where it is.
        database: Its name.
        kept: The `shape` it had when it was new.

    Returns:
        Whether it is as new again; where not, it must be dropped.
    """
    with server.connect(database) as connection:
        ended = connection.execute(_END_OTHERS, [ENDING_MS]).fetchone()
        if (ended and ended[0] is False) or _shape(connection) != kept:
            return False
        # Foreign keys are not followed: every table ends empty, in whichever order.
        connection.execute("SET session_replication_role = replica")
        tables, sequences = connection.execute(_TABLES).fetchall(), connection.execute(_SEQUENCES).fetchall()
        with connection.pipeline():
            for (table,) in tables:
                connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
            for name, start in sequences:
                connection.execute("SELECT setval(%s, %s, false)", [name, start])
    return True


def _shape(connection: psycopg.Connection) -> str:
    row = connection.execute(_SHAPE.encode()).fetchone()
    assert row is not None
    return str(row[0])
