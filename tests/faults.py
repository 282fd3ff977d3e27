"""Faults, one at a time: the n-th write of some work is the last thing that happens, before or after it was kept."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

import pytest
from sqlalchemy import Connection, Engine, event

from audit import signer
from audit.signer import replace_durably

WRITES: Final = ("INSERT", "UPDATE", "DELETE")


class KilledError(Exception):
    """The work ended here; what its transaction had not committed is gone."""


def raise_it() -> NoReturn:
    """Fail as an error of the database or the disk does: the process goes on."""
    raise KilledError


def kill_it() -> NoReturn:
    """End this process as a power cut does."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


@dataclass(slots=True)
class Steps:
    """The writes of one piece of work: statements, commits and head files, as they are reached."""

    fatal: int
    """Which write ends it, from 1."""
    after: bool
    """Whether that write is kept."""
    end: Callable[[], NoReturn]
    reached: list[str] = field(default_factory=list)

    @property
    def done(self) -> bool:
        """Whether the work had fewer writes than that, so that nothing ended it."""
        return len(self.reached) < self.fatal

    def step(self, name: str, *, after: bool) -> None:
        """Come to the write *name*, before or after it was kept."""
        if after is self.after:
            self.reached.append(name)
            if len(self.reached) == self.fatal:
                self.end()

    def statement(self, text: str, *, after: bool) -> None:
        """Come to a statement; reading counts for nothing."""
        if text.startswith(WRITES):
            self.step(text, after=after)


@contextmanager
def ending_at(engine: Engine, fatal: int, *, after: bool, end: Callable[[], NoReturn] = raise_it) -> Iterator[Steps]:
    """Let the write number *fatal* through *engine*, or of a head file, be the last thing that happens."""
    steps = Steps(fatal, after, end)

    def before_statement(_c: Connection, _cursor: Any, statement: str, *_rest: Any) -> None:
        steps.statement(statement, after=False)

    def after_statement(_c: Connection, _cursor: Any, statement: str, *_rest: Any) -> None:
        steps.statement(statement, after=True)

    def commit(_self: Any, connection: Any) -> None:
        steps.step("commit", after=False)
        connection.commit()
        steps.step("commit", after=True)

    def remember(path: Any, content: bytes) -> None:
        steps.step("head", after=False)
        replace_durably(path, content)
        steps.step("head", after=True)

    with pytest.MonkeyPatch.context() as patched:
        event.listen(engine, "before_cursor_execute", before_statement)
        event.listen(engine, "after_cursor_execute", after_statement)
        patched.setattr(type(engine.dialect), "do_commit", commit)
        patched.setattr(signer, "replace_durably", remember)
        try:
            yield steps
        finally:
            event.remove(engine, "before_cursor_execute", before_statement)
            event.remove(engine, "after_cursor_execute", after_statement)
