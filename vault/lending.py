"""Drivers' connections kept at hand between the short uses of them that every read makes.

A pool that readies and resets a connection for each of three uses takes as long as the statements. What is lent here
leaves nothing open: one statement that ends by itself, or a short write that was committed or rolled back.
"""

import select
import threading
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Engine
from sqlalchemy.pool import PoolProxiedConnection

from vault.statements import Driver

MOST_KEPT: Final = 4
"""As many as one worker answers at once; beyond that they go back to the engine's pool, as from anybody."""


class Lender:
    """
    Connections of one engine for short uses.

    Args:
        engine: Whose they are; each counts among those of its pool.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._kept: list[PoolProxiedConnection] = []
        self._lock = threading.Lock()

    def lend(self) -> "Loan":
        """A connection on which nothing is open, for a use that leaves nothing open."""
        return Loan(self)

    def take(self) -> PoolProxiedConnection:
        """One that is kept and was not closed by the server, or one of the pool."""
        while True:
            with self._lock:
                if not self._kept:
                    break
                lent = self._kept.pop()
            if lent.is_valid and not (self._engine.name == "postgresql" and has_word(lent.driver_connection)):
                return lent
            lent.invalidate()
        return self._engine.raw_connection()

    def give_back(self, lent: PoolProxiedConnection) -> None:
        """Keep *lent*, if there are not enough."""
        with self._lock:
            if len(self._kept) < MOST_KEPT:
                self._kept.append(lent)
                return
        lent.close()

    def dispose(self) -> None:
        """Give all that is kept back to the pool, which is about to close."""
        with self._lock:
            kept, self._kept = self._kept, []
        for lent in kept:
            lent.close()


class Loan:
    """
    One use: the driver's connection while the block runs.

    After an error it goes back to the pool, which rolls back, or drops what is broken.
    """

    __slots__ = ("_lender", "_lent")

    def __init__(self, lender: Lender) -> None:
        self._lender = lender
        self._lent: PoolProxiedConnection | None = None

    def __enter__(self) -> Driver:
        self._lent = self._lender.take()
        return self._lent.driver_connection

    def __exit__(self, kind: type[BaseException] | None, *_error: object) -> None:
        lent, self._lent = self._lent, None
        if lent is not None:
            lent.close() if kind else self._lender.give_back(lent)

    @property
    def info(self) -> Mapping[Any, Any]:
        """What is kept with the connection, as long as it lives."""
        return {} if self._lent is None else self._lent.record_info or {}


def has_word(driver: Driver) -> bool:
    """Whether PostgreSQL said something on a connection where nothing was asked: that it closes it, most often."""
    look = select.poll()
    look.register(driver.fileno(), select.POLLIN)
    return bool(look.poll(0))
