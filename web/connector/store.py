"""What the connector remembers between two steps, in one SQLite file: written before each step, mode 0600.

It holds requests and tokens, which are secrets of the service, and no field's value.
"""

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

from web.connector.jobs import Job


class State(StrEnum):
    """How far a request has come."""

    NEW = "new"
    """Taken; the person is asked next."""
    WAITING = "waiting"
    """The person was asked and has not decided."""
    GRANTED = "granted"
    """Something was shared; for a file drop, it is read next."""
    ANSWERED = "answered"
    """The answer was written, or was shared and can be read."""
    ENDED = "ended"
    """There is no answer: a no, no reply, or a refusal; `code` says which."""


OPEN: Final = (State.NEW, State.WAITING, State.GRANTED)


class IdReusedError(Exception):
    """This id came before with another request; nothing was taken."""


@dataclass(frozen=True, slots=True)
class Row:
    """One request as it stands."""

    job: Job
    state: State
    by_file: bool
    """Whether its answer goes into the folder."""
    asked: str = field(repr=False)
    """The ``auth_req_id``; empty before the person was asked."""
    token: str = field(repr=False)
    """The token as JSON; empty before something was shared."""
    code: str
    tries: int

    @property
    def is_shared(self) -> bool:
        """Whether something can be read."""
        return bool(self.token) and self.state is not State.ENDED


_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS requests (
    id TEXT PRIMARY KEY, digest TEXT NOT NULL, job TEXT NOT NULL, state TEXT NOT NULL, by_file INTEGER NOT NULL,
    asked TEXT NOT NULL DEFAULT '', token TEXT NOT NULL DEFAULT '', code TEXT NOT NULL DEFAULT '',
    tries INTEGER NOT NULL DEFAULT 0, due REAL NOT NULL, since REAL NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS due ON requests (state, due);
"""
_COLUMNS: Final = "job, state, by_file, asked, token, code, tries"


class Store:
    """The file. One connection, one step at a time."""

    def __init__(self, path: Path) -> None:
        path.touch(mode=0o600)
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._lock = threading.Lock()
        self._db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON;" + _SCHEMA)

    def close(self) -> None:
        """Let the file go."""
        self._db.close()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                self._db.execute("ROLLBACK")
                raise

    def take(self, jobs: list[Job], *, by_file: bool, now: float) -> int:
        """
        Take requests, all or none; return how many are new. The same id with the same request is taken once.

        Raises:
            IdReusedError: An id came before with another request.
        """
        new = 0
        with self._writing() as db:
            for job in jobs:
                held = db.execute("SELECT digest FROM requests WHERE id = ?", (job.id,)).fetchone()
                if held is not None and held[0] != job.digest:
                    raise IdReusedError(f"the id `{job.id}` came before with another request")
                if held is None:
                    new += 1
                    row = (job.id, job.digest, job.as_json(), State.NEW, by_file, now, now)
                    db.execute(
                        "INSERT INTO requests (id, digest, job, state, by_file, due, since) VALUES (?,?,?,?,?,?,?)", row
                    )
        return new

    def find(self, name: str) -> Row | None:
        """The request *name*, where it is still held; None where it never came, or was forgotten."""
        with self._lock:
            found = self._db.execute(f"SELECT {_COLUMNS} FROM requests WHERE id = ? AND job != ''", (name,)).fetchone()  # noqa: S608 -- our own column names
        return _row(found) if found else None

    def due(self, now: float) -> list[Row]:
        """The open requests whose turn it is, the longest due first."""
        marks = ",".join("?" * len(OPEN))
        with self._lock:
            rows = self._db.execute(
                f"SELECT {_COLUMNS} FROM requests WHERE state IN ({marks}) AND due <= ? ORDER BY due, id",  # noqa: S608 -- as above
                (*OPEN, now),
            ).fetchall()
        return [_row(one) for one in rows]

    def change(
        self, row: Row, state: State, *, now: float, wait: float = 0, asked: str = "", token: str = "", code: str = ""
    ) -> None:
        """Say how far a request has come, and when its next turn is; what is left empty stays as it is."""
        with self._writing() as db:
            db.execute(
                "UPDATE requests SET state = ?, due = ?, asked = ?, token = ?, code = ?, tries = ?, since = ?"
                " WHERE id = ?",
                (
                    state,
                    now + wait,
                    asked or row.asked,
                    token or row.token,
                    code,
                    row.tries + 1 if state is row.state else 0,
                    now,
                    row.job.id,
                ),
            )

    def forget(self, *, before: float) -> int:
        """
        Forget what came to its end *before*: the request, the token. The id stays, so that nobody is asked again.

        What was shared for calls stays for as long as it is shared.

        Returns:
            How many were forgotten.
        """
        with self._writing() as db:
            done = db.execute(
                "UPDATE requests SET job = '', asked = '', token = ''"
                " WHERE (state = ? OR (state = ? AND by_file)) AND since < ? AND job != ''",
                (State.ENDED, State.ANSWERED, before),
            )
            return done.rowcount


def _row(found: tuple[str, str, int, str, str, str, int]) -> Row:
    job, state, by_file, asked, token, code, tries = found
    return Row(Job.of(json.loads(job)), State(state), bool(by_file), asked, token, code, tries)
