"""Putting an entry into the log, closed and durable, against one bare INSERT and COMMIT of a row of the same size."""

import secrets
import time
from collections.abc import Callable
from typing import Final

from audit.events import Event
from tests.benchmarks import bare
from vault.context import SYSTEM, Vault
from vault.journal import Happening, keys_for, queue

TABLE: Final = "bare_entries"
MAKE: Final = f"CREATE TABLE {TABLE} (id VARCHAR(36) PRIMARY KEY, leaf {{blob}} NOT NULL, payload {{blob}} NOT NULL)"
SIZES: Final = (450, 650)  # bytes of a leaf and of its closed payload


def governed(vault: Vault, count: int) -> float:
    """Entries per second, each with its payload closed, in a transaction of its own."""
    with vault.transaction(SYSTEM) as ctx:
        keys = keys_for(ctx, citizen_id=None)
    happening = Happening(event=Event.RECORD_WRITTEN, facts={"items": 1, "categories": ["identity"]})

    def one() -> None:
        with vault.transaction(SYSTEM) as ctx:
            queue(ctx.session, vault, now=ctx.now, actor=SYSTEM, keys=keys, happening=happening, pairs=[])

    return _rate(one, count)


def plain(vault: Vault, count: int) -> float:
    """Rows per second through the driver itself, one commit each."""
    url = vault.db.url.render_as_string(hide_password=False)
    leaf, payload = (secrets.token_bytes(size) for size in SIZES)
    if vault.db.is_sqlite:
        database = bare.connect_sqlite(str(vault.db.url.database))
        database.execute(MAKE.format(blob="BLOB").replace("TABLE", "TABLE IF NOT EXISTS"))
        insert = f"INSERT INTO {TABLE} VALUES (?, ?, ?)"
        rate = _rate(lambda: database.execute(insert, (secrets.token_hex(16), leaf, payload)), count)
        database.close()
        return rate
    server = bare.connect_postgresql(url)
    server.execute(MAKE.format(blob="BYTEA").replace("TABLE", "TABLE IF NOT EXISTS"))
    insert = f"INSERT INTO {TABLE} VALUES (%s, %s, %s)"
    rate = _rate(lambda: server.execute(insert, (secrets.token_hex(16), leaf, payload), prepare=True), count)
    server.close()
    return rate


def _rate(one: Callable[[], object], count: int) -> float:
    began = time.perf_counter()
    for _ in range(count):
        one()
    return count / (time.perf_counter() - began)
