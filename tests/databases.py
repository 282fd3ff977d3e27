"""
Fresh, migrated databases, cheaply: each kind is migrated once in a run and then copied, PostgreSQL's used again.

A run has one folder, named by the environment variable `RUN`, which all test processes of the run share. Whoever comes
first makes what is missing there, under a lock.
"""

import fcntl
import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Final

from tests import emptied
from tests.postgres import Server, start

RUN: Final = "CITIZEN_VAULT_TEST_RUN"
PROCESS: Final = "CITIZEN_VAULT_TEST_PROCESS"  # the process that began the run
TEMPLATE: Final = "template_vault"

_numbers = itertools.count()
_free: list[tuple[str, str]] = []
"""This process's databases that no test uses just now, each with the shape it had when it was new."""


def run_folder() -> Path:
    """The folder that all test processes of this run share."""
    return Path(os.environ[RUN])


@contextmanager
def _alone() -> Iterator[None]:
    with (run_folder() / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _once(name: str, make: Callable[[], str]) -> str:
    """What *make* said when the first process of this run asked for *name*."""
    with _alone():
        note = run_folder() / name
        if not note.exists():
            note.write_text(make(), encoding="utf-8")
        return note.read_text(encoding="utf-8")


@cache
def server() -> Server:
    """The PostgreSQL server of this run, started by whoever asks first."""
    return Server(Path(_once("postgresql", lambda: str(start(int(os.environ[PROCESS])).folder))))


def migrate(url: str) -> None:
    """Bring the database at *url* to the newest revision, as ``citizen-vault init`` does."""
    from vault.migrations import upgrade  # noqa: PLC0415 -- tests of the house itself run without the vault

    upgrade(url)


def _postgresql_template() -> str:
    server().run(f"DROP DATABASE IF EXISTS {TEMPLATE}")
    server().run(f"CREATE DATABASE {TEMPLATE}")
    migrate(server().url(TEMPLATE))
    return TEMPLATE


def _sqlite_template() -> str:
    path = run_folder() / f"{TEMPLATE}.sqlite3"
    path.unlink(missing_ok=True)
    migrate(f"sqlite:///{path}")
    return str(path)


@contextmanager
def postgresql() -> Iterator[str]:
    """The URL of a migrated PostgreSQL database without a row, which nobody else uses."""
    running = server()
    name, shape = _free.pop() if _free else _copied()
    try:
        yield running.url(name)
    finally:
        if emptied.empty(running, name, shape):
            _free.append((name, shape))
        else:
            _drop(name)


@contextmanager
def postgresql_like(name: str) -> Iterator[str]:
    """The URL of a copy of the PostgreSQL database *name*, to which nobody may be connected meanwhile."""
    copied = _made(name)
    try:
        yield server().url(copied)
    finally:
        _drop(copied)


@contextmanager
def bare_postgresql() -> Iterator[str]:
    """The URL of a PostgreSQL database without a table, which nobody else uses."""
    name = _made("template0")
    try:
        yield server().url(name)
    finally:
        _drop(name)


def _copied() -> tuple[str, str]:
    name = _made(_once("postgresql.template", _postgresql_template))
    return name, emptied.shape(server(), name)


def _made(template: str) -> str:
    name = f"test_{os.getpid()}_{next(_numbers)}"
    # Copying files is twice as quick as writing each page of the template to the server's own log.
    server().run(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    return name


def _drop(name: str) -> None:
    server().run(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def sqlite(folder: Path) -> Iterator[str]:
    """The URL of a migrated SQLite database in *folder* that nobody else uses."""
    original = Path(_once("sqlite.template", _sqlite_template))
    path = folder / "vault.sqlite3"
    for ending in ("", "-wal"):
        with_ending = original.with_name(original.name + ending)
        if with_ending.exists():
            shutil.copyfile(with_ending, path.with_name(path.name + ending))
    yield f"sqlite:///{path}"
