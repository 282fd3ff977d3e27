"""Several processes that read one moment of the vault: what is compared does not change while it is compared.

On PostgreSQL the others take the snapshot that this process exports. On SQLite nobody can write while all begin to
read, so that each begins with the same moment. Each has a connection of its own that can write nothing, and opens the
key store for itself: no key goes from one process to another.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from audit.processes import Crew
from vault.context import OPERATOR, Context, Vault
from vault.errors import BusyError, DatabaseReadOnlyError
from vault.runtime import assemble
from vault.seen import look, sit


@dataclass(frozen=True, slots=True)
class Seat:
    """Where a process finds the vault."""

    database_url: str
    root_key: str
    tenant: str
    origin: str


@contextmanager
def one_moment(vault: Vault, crew: Crew | None) -> Iterator[tuple[Context, Crew | None]]:
    """
    A view of one moment, and the crew that sees the same one; nobody where this database lets no moment be shared.

    Raises:
        WorkerFailedError: A process of the crew could not begin.
    """
    with ExitStack() as held:
        if crew is None:
            yield held.enter_context(vault.snapshot(OPERATOR)), None
            return
        described = vault.keyring.store.describe()
        url = vault.db.url.render_as_string(hide_password=False)
        crew.each(
            _take_seat, Seat(url, f"{described['kind']}:{described['place']}", vault.keyring.tenant, vault.origin)
        )
        shared = _share_sqlite if vault.db.is_sqlite else _share_postgresql
        yield shared(vault, crew, held)


def _share_postgresql(vault: Vault, crew: Crew, held: ExitStack) -> tuple[Context, Crew | None]:
    ctx = held.enter_context(vault.snapshot(OPERATOR))
    exported = ctx.session.connection().exec_driver_sql("SELECT pg_export_snapshot()").scalar_one()
    crew.each(look, str(exported))
    return ctx, crew


def _share_sqlite(vault: Vault, crew: Crew, held: ExitStack) -> tuple[Context, Crew | None]:
    try:
        with vault.db.transaction():  # nobody writes between the first that begins to read and the last
            ctx = held.enter_context(vault.snapshot(OPERATOR))
            crew.each(look, None)
    except (BusyError, DatabaseReadOnlyError):
        return held.enter_context(vault.snapshot(OPERATOR)), None
    return ctx, crew


def _take_seat(seat: Seat) -> None:
    """In a helping process: open the vault, and be ready to read."""
    sit(assemble(database_url=seat.database_url, root_key=seat.root_key, tenant=seat.tenant, origin=seat.origin))
