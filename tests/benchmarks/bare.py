"""The other side of the comparison: the same row in the clear, read by primary key, cut to the same fields, no more.

It is written by hand to be fast: the driver itself, one connection a thread, one prepared statement.
"""

import os
import sqlite3
import threading
from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

import orjson
import psycopg
from flask import Flask, Response
from sqlalchemy import make_url

DATABASE: Final = "CITIZEN_VAULT_DATABASE_URL"
TABLE: Final = "bare_records"
MAKE: Final = f"CREATE TABLE {TABLE} (id VARCHAR(36) PRIMARY KEY, body TEXT NOT NULL)"
FIELDS: Final = ("identity.name", "identity.date_of_birth")

Fetch = Callable[[str], Any]


def connect_sqlite(path: str) -> sqlite3.Connection:
    """A connection with the durability that the vault's own have."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    return connection


def connect_postgresql(url: str) -> psycopg.Connection:
    """A connection that commits each statement at once."""
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(plain, autocommit=True)


def _fetcher(url: str) -> Fetch:
    if url.startswith("sqlite"):
        database = connect_sqlite(str(make_url(url).database))
        return lambda key: database.execute(f"SELECT body FROM {TABLE} WHERE id = ?", (key,)).fetchone()
    server = connect_postgresql(url).cursor()
    return lambda key: server.execute(f"SELECT body FROM {TABLE} WHERE id = %s", (key,), prepare=True).fetchone()


def make() -> Flask:
    """What the WSGI server loads."""
    app = Flask("bare")
    url, local = os.environ[DATABASE], threading.local()

    @app.get("/bare/<uuid:key>")
    def read(key: UUID) -> Response:
        if not hasattr(local, "fetch"):
            local.fetch = _fetcher(url)
        row = local.fetch(str(key))
        held = orjson.loads(row[0])
        shown = {name: held[name] for name in FIELDS}
        return Response(orjson.dumps(shown), mimetype="application/json")

    return app
