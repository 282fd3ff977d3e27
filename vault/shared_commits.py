"""Short writes of several threads in one transaction of SQLite, with one wait for the disk.

SQLite has one writer at a time. While one waits for the disk, others come; whoever has the next turn takes all of them
along. Each is answered only when the commit that it was in has been.
"""

import sqlite3
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from typing import Any, Final

from vault.committing import UNCONFIRMED
from vault.errors import CommitUncertainError
from vault.statements import Driver

Steps = Callable[[Driver], Any]
MOST: Final = 32
"""Writes in one transaction; the rest wait for the next turn."""


class _Asked:
    """One thread's write, and what became of it."""

    __slots__ = ("done", "error", "kept", "steps")

    def __init__(self, steps: Steps) -> None:
        self.steps = steps
        self.done = False
        self.kept: Any = None
        self.error: BaseException | None = None

    def end(self, *, kept: object = None, error: BaseException | None = None) -> None:
        self.kept, self.error, self.done = kept, error, True

    def answer(self) -> Any:  # noqa: ANN401 -- what its steps return
        if self.error is not None:
            raise self.error
        return self.kept


class Together:
    """
    The short writes of one process.

    Args:
        turn: Held by whoever writes to the database.
        lend: A connection, in autocommit, for one transaction.
    """

    def __init__(
        self, turn: AbstractContextManager[object], lend: Callable[[], AbstractContextManager[Driver]]
    ) -> None:
        self._turn = turn
        self._lend = lend
        self._waiting: list[_Asked] = []
        self._lock = threading.Lock()

    def write(self, steps: Steps) -> Any:  # noqa: ANN401 -- what *steps* return
        """
        Run *steps* in a transaction, perhaps with those of other threads; return what they return once it is kept.

        Steps may be run again after a rollback, so all that they do is on the connection they are given.

        Raises:
            CommitUncertainError: The commit was sent and its answer was not a plain yes.
        """
        asked = _Asked(steps)
        with self._lock:
            self._waiting.append(asked)
        with self._turn:
            while not asked.done:
                self._answer_all(self._next())
        return asked.answer()

    def _next(self) -> list[_Asked]:
        with self._lock:
            found, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
        return found

    def _answer_all(self, batch: list[_Asked]) -> None:
        """
        INVARIANT: whoever was taken along is answered, even where this thread is told to end in the midst of it.

        Nobody else would take them along again, and they would wait at their turn for ever.
        """
        try:
            self._go(batch)
        finally:
            for asked in batch:
                if not asked.done:
                    asked.end(error=CommitUncertainError(UNCONFIRMED))

    def _go(self, batch: list[_Asked]) -> None:
        """Answer everyone in *batch*: steps that fail take nobody with them, for then each write is made by itself."""
        try:
            with self._lend() as driver:
                found = _transact(driver, batch)
        except _StepsFailedError as failed:
            if len(batch) == 1:
                batch[0].end(error=failed.__cause__)
                return
            for asked in batch:
                self._go([asked])
        except BaseException as error:
            for asked in batch:
                asked.end(error=_for_each(error))
            if not isinstance(error, Exception):
                raise
        else:
            for asked, kept in zip(batch, found, strict=True):
                asked.end(kept=kept)


class _StepsFailedError(Exception):
    """The steps of a write raised, as the cause says; everything was rolled back."""


def _transact(driver: Driver, batch: list[_Asked]) -> list[Any]:
    driver.execute("BEGIN IMMEDIATE")
    try:
        found = [asked.steps(driver) for asked in batch]
    except BaseException as error:
        driver.execute("ROLLBACK")
        raise _StepsFailedError from error
    try:
        driver.execute("COMMIT")
    except sqlite3.Error as error:
        with suppress(sqlite3.Error):
            driver.execute("ROLLBACK")
        raise CommitUncertainError(UNCONFIRMED) from error
    return found


def _for_each(error: BaseException) -> BaseException:
    """*error* for one of those it befell; each raises an error of their own where nobody knows what became of it."""
    if not isinstance(error, CommitUncertainError):
        return error
    own = CommitUncertainError(UNCONFIRMED)
    own.__cause__ = error.__cause__
    return own
