"""A demo of its own for tests: laid in a folder, served on a free port, by the commands that people use."""

import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.ports import free_port

PATIENCE: Final = 60  # seconds until a server on a busy machine answers
PREFIX: Final = "CITIZEN_VAULT_"
_LINK: Final = re.compile(r"^  an? (?P<who>[a-z]+).*\n +(?P<address>http\S+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Demo:
    """A vault that is being served, a demo or not."""

    address: str
    """Where it answers, without a slash at the end."""
    links: dict[str, str]
    """A one-time sign-in link each for ``resident``, ``officer``, ``auditor`` and ``administrator``."""
    home: Path
    """The folder with its database, its keys and ``server.log``, all it printed."""


def command(*arguments: str) -> list[str]:
    """The command line of ``citizen-vault`` *arguments*, run by this Python."""
    return [sys.executable, "-m", "web.cli", *arguments]


def settings(home: Path, database_url: str | None = None) -> dict[str, str]:
    """The environment for a vault in *home*, free of this machine's own settings of a vault."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    own = {"HOME": str(home)} | ({"DATABASE_URL": database_url} if database_url else {})
    return inherited | {PREFIX + name: value for name, value in own.items()}


def lay(home: Path, *arguments: str) -> None:
    """Lay a demo in the empty folder *home*."""
    subprocess.run(command("demo", *arguments), env=settings(home), check=True, capture_output=True)


@contextmanager
def serving(home: Path, database_url: str | None = None) -> Iterator[Demo]:
    """Serve the vault in *home* until the block ends."""
    port = free_port()
    address = f"http://localhost:{port}"
    log = home / "server.log"
    with log.open("wb") as words:
        server = subprocess.Popen(
            command("serve", "--port", str(port)),
            env=settings(home, database_url),
            stdout=words,
            stderr=words,
            start_new_session=True,
        )
    try:
        _wait(address, server, log)
        links = {found["who"]: found["address"] for found in _LINK.finditer(log.read_text(encoding="utf-8"))}
        yield Demo(address, links, home)
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(PATIENCE)


def _wait(address: str, server: "subprocess.Popen[bytes]", log: Path) -> None:
    last = time.monotonic() + PATIENCE
    while time.monotonic() < last and server.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/healthz", timeout=5):  # noqa: S310 -- our own address
                return
        except OSError:
            time.sleep(0.05)
    message = f"the server did not answer; its last words: {log.read_text(encoding='utf-8')[-1000:]}"
    raise TimeoutError(message)
