"""Several processes that read one moment of the vault: what is compared does not change while it is compared.

On PostgreSQL the others take the snapshot that this process exports. On SQLite nobody can write while all begin to
read, so that each begins with the same moment. Each has a connection of its own that can write nothing, and opens the
key store for itself: no key goes from one process to another.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Final

from audit.processes import Crew
from audit.stored_bundles import Rowsource
from vault.context import OPERATOR, Context, Vault
from vault.errors import BusyError, DatabaseReadOnlyError
from vault.runtime import assemble


@dataclass(frozen=True, slots=True)
class Seat:
    """Where a process finds the vault."""

    database_url: str
    root_key: str
    tenant: str
    origin: str


@dataclass(slots=True)
class _Place:
    """What a helping process holds until it ends."""

    vault: Vault | None = None
    ctx: Context | None = None
    source: Rowsource | None = None


_PLACE: Final = _Place()
_HELD: Final = ExitStack()


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
    crew.each(_look, str(exported))
    return ctx, crew


def _share_sqlite(vault: Vault, crew: Crew, held: ExitStack) -> tuple[Context, Crew | None]:
    try:
        with vault.db.transaction():  # nobody writes between the first that begins to read and the last
            ctx = held.enter_context(vault.snapshot(OPERATOR))
            crew.each(_look, None)
    except (BusyError, DatabaseReadOnlyError):
        return held.enter_context(vault.snapshot(OPERATOR)), None
    return ctx, crew


def _take_seat(seat: Seat) -> None:
    """In a helping process: open the vault, and be ready to read."""
    _PLACE.vault = assemble(
        database_url=seat.database_url, root_key=seat.root_key, tenant=seat.tenant, origin=seat.origin
    )
    with _PLACE.vault.reading(OPERATOR) as ctx:
        ctx.session.connection()


def _look(snapshot: str | None) -> None:
    """In a helping process: begin to read."""
    assert _PLACE.vault is not None  # noqa: S101 -- told first
    _PLACE.ctx = _HELD.enter_context(_PLACE.vault.snapshot(OPERATOR, of=snapshot))
    _PLACE.source = Rowsource(_PLACE.ctx.session)


def seen() -> Context:
    """In a helping process: the moment that all read."""
    assert _PLACE.ctx is not None  # noqa: S101 -- told first
    return _PLACE.ctx


def source_seen() -> Rowsource:
    """In a helping process: the log's tables in that moment."""
    assert _PLACE.source is not None  # noqa: S101 -- told first
    return _PLACE.source
