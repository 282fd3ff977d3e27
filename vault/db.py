"""The database: two engines, one unit of work, and what each promises.

`Database.reading` never writes; `Database.transaction` writes at once or not at all. On SQLite a write begins with
``BEGIN IMMEDIATE`` (a read that
turns into a write half-way fails at once), on PostgreSQL with READ COMMITTED and a commit that waits for the disk.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Literal, TypeVar

from sqlalchemy import URL, Connection, Engine, bindparam, create_engine, event, make_url, text
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.orm import ORMExecuteState, Session

from vault.committing import READ_ONLY, READ_ONLY_WORDS, UNCONFIRMED, demand_silence, notices_of, readable_refusals
from vault.errors import CommitUncertainError, DatabaseReadOnlyError
from vault.lending import Lender, has_word
from vault.shared_commits import Together
from vault.statements import Driver

BUSY_MILLISECONDS = 15_000  # how long a SQLite writer waits for another before it gives up

Outcome = Literal["kept", "rolled_back", "uncertain"]
EndHook = Callable[[Outcome], None]
Kept = TypeVar("Kept")


def normalise_url(url: str) -> URL:
    """*url* with the driver this project uses; a path alone means SQLite."""
    parsed = make_url(url if "://" in url else f"sqlite:///{url}")
    return parsed.set(drivername="postgresql+psycopg") if parsed.drivername in {"postgresql", "postgres"} else parsed


def _sqlite_connect(connection: Any, _record: object) -> None:  # noqa: ANN401 -- the driver's own connection
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "secure_delete=ON",
        "foreign_keys=ON",
        "trusted_schema=OFF",
        "cell_size_check=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")


def _postgres_connect(connection: Any, record: Any) -> None:  # noqa: ANN401 -- the driver's own connection
    notices: list[str] = []
    record.info["notices"] = notices
    connection.add_notice_handler(lambda notice: notices.append(str(notice.sqlstate)))


def _postgres_checkout(connection: Any, _record: object, _lent: object) -> None:  # noqa: ANN401 -- the driver's own connection
    """Take no connection that the server has closed: it has something to read where nothing was asked."""
    if has_word(connection):
        raise DisconnectionError("the server closed this connection")


def _engine(url: URL, *, writes: bool) -> Engine:
    if url.get_backend_name() == "sqlite":
        engine = create_engine(
            url,
            connect_args={"timeout": BUSY_MILLISECONDS / 1000},
            isolation_level=None if writes else "AUTOCOMMIT",
            hide_parameters=True,
        )
        event.listen(engine, "connect", _sqlite_connect)
        if writes:
            event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
        else:
            event.listen(engine, "connect", lambda connection, _record: connection.execute("PRAGMA query_only=ON"))
        return engine
    # A session setting outranks one of the role or the database, so nobody can make our commits lazy from there.
    options = "-c synchronous_commit=on -c lock_timeout=15s" if writes else "-c default_transaction_read_only=on"
    engine = create_engine(
        url,
        connect_args={"options": options},
        isolation_level="READ COMMITTED" if writes else "AUTOCOMMIT",
        hide_parameters=True,
    )
    event.listen(engine, "connect", _postgres_connect)
    event.listen(engine, "checkout", _postgres_checkout)
    return engine


class Database:
    """One database, seen through an engine that only reads and an engine that writes."""

    def __init__(self, url: str, *, info: dict[str, Any] | None = None) -> None:
        """
        Open *url* (nothing is connected yet).

        Args:
            url: A SQLAlchemy URL, ``sqlite:///path`` or ``postgresql://…``.
            info: What every session carries, such as the keys that mark its rows (`vault.authentic`).
        """
        self.url = normalise_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.read = _engine(self.url, writes=False)
        self.write = _engine(self.url, writes=True)
        self.info: Mapping[str, Any] = dict(info or {})
        # SQLite has one writer at a time and lets others sleep up to 0.1 s between looks; our threads wait here.
        self._turn: AbstractContextManager[object] = threading.RLock() if self.is_sqlite else nullcontext()
        self._readers, self._writers = Lender(self.read), Lender(self.write)
        self._together = Together(self._turn, self._writers.lend)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that sees what is committed and can write nothing."""
        with Session(self.read, expire_on_commit=False, autoflush=False, info=dict(self.info)) as session:
            yield session

    def driver_reading(self) -> AbstractContextManager[Driver]:
        """The driver's own connection, which sees what is committed and can write nothing; each statement by itself."""
        return self._readers.lend()

    @contextmanager
    def snapshot(self, of: str | None = None) -> Iterator[Session]:
        """A session that sees one moment and writes nothing: now, or *of* what another of PostgreSQL exported."""
        level = "AUTOCOMMIT" if self.is_sqlite else "REPEATABLE READ"
        with self.read.connect().execution_options(isolation_level=level) as connection:
            if self.is_sqlite:
                connection.exec_driver_sql("BEGIN")
                connection.exec_driver_sql("SELECT 1 FROM sqlite_master LIMIT 1").all()  # the moment is its first read
            elif of is not None:
                connection.execute(
                    text("SET TRANSACTION SNAPSHOT :of").bindparams(bindparam("of", of, literal_execute=True))
                )
            try:
                with Session(connection, expire_on_commit=False, autoflush=False, info=dict(self.info)) as session:
                    yield session
            finally:
                if self.is_sqlite:
                    connection.exec_driver_sql("ROLLBACK")

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """
        One unit of work: commit on the way out, roll back on any error.

        Functions in ``session.info["on_end"]`` are told how it ended: kept, rolled_back or uncertain.

        Raises:
            CommitUncertainError: The commit was sent and its answer was not a plain yes.
            DatabaseReadOnlyError: The database takes no writes.
        """
        hooks: list[EndHook] = []
        outcome: Outcome = "rolled_back"
        try:
            with (
                readable_refusals(),
                self._turn,
                self._connect() as connection,
                _Working(connection, expire_on_commit=False, info={**self.info, "on_end": hooks}) as session,
            ):
                yield session
                session.flush()
                notices = notices_of(connection.connection.record_info or {})
                notices.clear()
                outcome = "uncertain"
                _commit(session, connection)
                demand_silence(notices)
                outcome = "kept"
        finally:
            for hook in hooks:
                hook(outcome)

    def at_once(self, steps: Callable[[Driver], Kept]) -> Kept:
        """
        Run *steps* on the driver's own connection as one short unit of work, and return what they return.

        On SQLite they run between ``BEGIN IMMEDIATE`` and ``COMMIT``, perhaps with those of other threads and, after a
        rollback, again (`vault.shared_commits`). On PostgreSQL they must be one statement, which commits by itself in
        one round trip.

        Raises:
            CommitUncertainError: It was sent and its answer was not a plain yes.
            DatabaseReadOnlyError: The database takes no writes.
        """
        with readable_refusals():
            if self.is_sqlite:
                found: Kept = self._together.write(steps)
                return found
            with (loan := self._writers.lend()) as driver:
                return _by_itself(driver, steps, loan.info)

    def _connect(self) -> Connection:
        return self.write.connect()

    def dispose(self) -> None:
        """Close every connection that is not in use; needed before a process forks."""
        self._readers.dispose()
        self._writers.dispose()
        self.read.dispose()
        self.write.dispose()


def is_writing(session: Session) -> bool:
    """Whether *session* is a unit of work of `Database.transaction`, not a reading one."""
    return "on_end" in session.info


def _commit(session: Session, connection: Connection) -> None:
    try:
        session.commit()
    except BaseException as error:
        connection.invalidate()  # it may still be inside its transaction, and would go back to the pool like that
        if not isinstance(error, DBAPIError):
            raise
        raise CommitUncertainError(UNCONFIRMED) from error


class _Working(Session):
    """A session that writes: what it locks it reads as it is held, even where it read the row before."""


@event.listens_for(_Working, "do_orm_execute")
def _read_as_held(asked: ORMExecuteState) -> None:
    # DANGER: else a row that was read before the lock keeps its old columns, and what changed meanwhile is lost.
    if asked.is_select and getattr(asked.statement, "_for_update_arg", None) is not None:
        asked.update_execution_options(populate_existing=True)


def _by_itself(driver: Driver, steps: Callable[[Driver], Kept], info: Mapping[str, Any]) -> Kept:
    notices = notices_of(info)
    notices.clear()
    driver.autocommit = True
    try:
        found = steps(driver)
    except Exception as error:
        if getattr(error, "sqlstate", None) == READ_ONLY:
            raise DatabaseReadOnlyError(READ_ONLY_WORDS) from error
        if driver.closed or driver.broken:
            message = "the database did not answer a write; nothing was released"
            raise CommitUncertainError(message) from error
        raise
    finally:
        if not driver.closed:
            driver.autocommit = False
    demand_silence(notices)
    return found
