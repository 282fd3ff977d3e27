"""The file drop: requests come as files in one folder, answers go as files into another.

A file is moved into the folder when it is whole; names that end in ``.part`` or begin with a dot are left alone. Each
answer is written beside its place, synced, and renamed, mode 0600: a reader sees all of it or nothing.
"""

import csv
import io
import json
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from web.connector.jobs import Job, JobRefusedError
from web.connector.store import IdReusedError, Store

KINDS: Final = frozenset({".json", ".csv"})
MOST_BYTES: Final = 16 * 1024 * 1024
_LOG: Final = logging.getLogger("citizen-vault.connector")


class Drop:
    """The two folders; what was taken goes to ``done`` below the first, what cannot be read to ``bad``."""

    def __init__(self, incoming: Path, outgoing: Path) -> None:
        self._incoming, self._outgoing = incoming, outgoing
        self._done, self._bad = incoming / "done", incoming / "bad"
        for folder in (incoming, outgoing, self._done, self._bad):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def take(self, store: Store, *, now: float) -> int:
        """Take what lies in the folder; return how many requests are new. A file is taken whole or not at all."""
        new = 0
        for path in sorted(self._incoming.iterdir()):
            if path.suffix not in KINDS or path.name.startswith(".") or not path.is_file():
                continue
            try:
                new += store.take(_jobs(path), by_file=True, now=now)
                # After it was kept: a kill between the two takes the same file again, which changes nothing.
                path.replace(self._done / path.name)
            except (JobRefusedError, IdReusedError) as error:
                self._refuse(path, str(error))
            except OSError as error:  # it is gone again, or not ours to read: the others are taken all the same
                _LOG.warning("%r is left where it is (%s)", path.name, error.strerror)
        return new

    def _refuse(self, path: Path, words: str) -> None:
        _LOG.warning("%r cannot be taken: %s", path.name, words)
        try:
            write(self._bad / f"{path.name}.error", f"{words}\n".encode())
            path.replace(self._bad / path.name)
        except OSError as error:
            _LOG.warning("%r is left where it is (%s)", path.name, error.strerror)

    def deliver(self, name: str, answer: Mapping[str, Any]) -> None:
        """Write the answer to request *name*."""
        write(self._outgoing / f"{name}.json", json.dumps(answer, indent=1).encode())

    def sweep(self, *, before: float) -> int:
        """Delete answers, and files that were taken or refused, older than *before*; return how many."""
        gone = 0
        for folder in (self._outgoing, self._done, self._bad):
            for path in folder.iterdir():
                if path.is_file() and path.stat().st_mtime < before:
                    path.unlink(missing_ok=True)
                    gone += 1
        return gone


def _jobs(path: Path) -> list[Job]:
    if path.stat().st_size > MOST_BYTES:
        raise JobRefusedError("the file is too long")
    try:
        text = path.read_text(encoding="utf-8-sig")
        given = list(csv.DictReader(io.StringIO(text), strict=True)) if path.suffix == ".csv" else json.loads(text)
    except (ValueError, RecursionError, csv.Error) as error:
        raise JobRefusedError(f"the file cannot be read ({type(error).__name__})") from None
    rows = given if isinstance(given, list) else [given]
    jobs = []
    for number, row in enumerate(rows, 1):
        try:
            jobs.append(Job.of(row))
        except JobRefusedError as error:
            raise JobRefusedError(f"request {number}: {error}") from None
    return jobs


def write(path: Path, body: bytes) -> None:
    """
    Write *path* whole or not at all, mode 0600, and sync it before it has its name.

    DANGER: what lies at the place beside it may be a link, or open elsewhere: it is removed, and never written into.
    """
    beside = path.with_name(f".{path.name}.part")
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
