"""The process: its folder and lock, its keys and secret, and the loop that works until it is told to end."""

import fcntl
import json
import os
import secrets
import socket
import stat
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from flask import Flask
from werkzeug.serving import make_server

from web.client import ProofKey
from web.connector.drop import Drop, write
from web.connector.working import Worker

TURN_SECONDS: Final = 1.0
SWEEP_SECONDS: Final = 60.0
SECRET_BYTES: Final = 32


class ConnectorError(Exception):
    """The connector cannot start; the message says why and what to do."""


@contextmanager
def home_of(path: Path) -> Iterator[Path]:
    """
    The folder that a connector keeps its state in, for this process alone.

    Raises:
        ConnectorError: Another process works in it, or others may read it.
    """
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    if stat.S_IMODE(path.stat().st_mode) & (stat.S_IRWXG | stat.S_IRWXO):
        raise ConnectorError(f"`{path}` is open to others, and will hold keys; `chmod 700` it")
    with (path / "lock").open("w", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ConnectorError(f"another connector works in `{path}`; each needs a folder of its own") from None
        yield path


def proof_key(home: Path) -> ProofKey:
    """The key that tokens are bound to, made once and kept: without it no token that is held would open anything."""
    path = home / "proof-key.json"
    if not path.exists():
        write(path, json.dumps(ProofKey.make().as_dict()).encode())
    return ProofKey.of(json.loads(path.read_text(encoding="utf-8")))


def secret(home: Path) -> str:
    """What callers of the local address show, made once and kept in ``secret``, mode 0600."""
    path = home / "secret"
    if not path.exists():
        write(path, secrets.token_urlsafe(SECRET_BYTES).encode())
    return path.read_text(encoding="utf-8").strip()


@contextmanager
def served(app: Flask, *, host: str, port: int) -> Iterator[None]:
    """
    Serve *app* on this machine, as long as the caller goes on.

    Args:
        app: The application.
        host: A loopback address, or ``unix:`` and the path of a socket that this user alone may open.
        port: The port; of no meaning for a socket.

    Raises:
        ConnectorError: The place is taken.
    """
    if host.startswith("unix:"):
        _clear(Path(host.removeprefix("unix://")))
    before = os.umask(0o177)  # a socket is for this user alone from the moment it is there
    try:
        server = make_server(host, port, app, threaded=True)
    except (OSError, SystemExit):
        raise ConnectorError("cannot listen there: the place is taken, or not ours to take") from None
    finally:
        os.umask(before)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _clear(path: Path) -> None:
    """Remove a socket that a killed connector left; nothing else is removed."""
    with suppress(FileNotFoundError):
        if not stat.S_ISSOCK(path.stat().st_mode):
            raise ConnectorError(f"`{path}` is there and is no socket")
        with socket.socket(socket.AF_UNIX) as trial:
            try:
                trial.connect(os.fspath(path))
            except OSError:
                path.unlink()
                return
        raise ConnectorError(f"somebody answers at `{path}` already")


def work_on(
    worker: Worker, drop: Drop | None, *, keep_seconds: float, ended: threading.Event, progress: Callable[[int], None]
) -> None:
    """Take, move on, and sweep, a turn each second, until *ended* is set; *progress* is told how many moved."""
    swept = 0.0
    while True:
        turn(worker, drop, progress=progress)
        if worker.clock() - swept >= SWEEP_SECONDS:
            sweep(worker, drop, keep_seconds=keep_seconds)
            swept = worker.clock()
        if ended.wait(TURN_SECONDS):
            return


def turn(worker: Worker, drop: Drop | None, *, progress: Callable[[int], None] = lambda _moved: None) -> int:
    """One turn: take what lies there, and move everything one step on whose turn it is; returns how many moved."""
    if drop is not None:
        drop.take(worker.store, now=worker.clock())
    moved = worker.work()
    progress(moved)
    return moved


def sweep(worker: Worker, drop: Drop | None, *, keep_seconds: float) -> None:
    """Delete answers that were kept long enough, and forget the requests behind them."""
    before = worker.clock() - keep_seconds
    worker.store.forget(before=before)
    if drop is not None:
        drop.sweep(before=before)


def nowhere(_name: str, _answer: Mapping[str, Any]) -> None:
    """Where answers go when there is no folder: requests by files do not come then."""
    raise ConnectorError("there is a request by file from before, and no folder for its answer; name it with --out")


def now() -> float:
    """Seconds since 1970."""
    return time.time()
