"""
A real PostgreSQL for the tests, started by them: a private folder, a Unix socket, no port, no password.

The first test that needs it starts it. A keeper (this module, run as a command) stands between the tests and the
server: when the process that runs the tests is gone, however it went, the server ends and its folder is deleted.
"""

import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg

SUPERUSER: Final = "keeper"
START_SECONDS: Final = 60
SETTINGS: Final = {
    "listen_addresses": "",
    "fsync": "off",  # tests kill servers, never the machine: what the kernel was given, it keeps
    "full_page_writes": "off",
    "max_connections": "120",
    "shared_buffers": "64MB",
    "timezone": "UTC",
}

_keepers: list[subprocess.Popen[bytes]] = []  # a dropped handle of a running process is a warning


class PostgresIsMissingError(RuntimeError):
    """No PostgreSQL server is installed on this machine."""


class PostgresDidNotStartError(RuntimeError):
    """The server's programs are there, and no server answers."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server, known by the folder that holds its data and its socket."""

    folder: Path

    def url(self, database: str) -> str:
        """How SQLAlchemy reaches *database* on this server."""
        return f"postgresql+psycopg://{SUPERUSER}@/{database}?host={self.folder}"

    def run(self, statement: str) -> None:
        """Run one *statement* as the superuser, outside any transaction."""
        with self.connect() as connection:
            connection.execute(statement.encode())

    def ask(self, question: str) -> str:
        """The one value that a *question* to the superuser's database answers, as text."""
        with self.connect() as connection:
            row = connection.execute(question.encode()).fetchone()
        assert row is not None
        return str(row[0])

    def connect(self, database: str = "postgres") -> psycopg.Connection:
        """A connection of the superuser to *database*; each statement is a transaction of its own."""
        return psycopg.connect(host=str(self.folder), user=SUPERUSER, dbname=database, autocommit=True)

    def wait(self) -> None:
        """
        Come back when the server answers.

        Raises:
            PostgresDidNotStartError: It does not, in `START_SECONDS`; the message ends with its last words.
        """
        last = time.monotonic() + START_SECONDS
        while time.monotonic() < last:
            with suppress(psycopg.OperationalError), self.connect():
                return
            time.sleep(0.05)
        log = self.folder / "server.log"
        raise PostgresDidNotStartError(log.read_text()[-2000:] if log.exists() else "it left no log")


def programs() -> Path:
    """
    The folder with ``initdb`` and ``postgres``: Debian's newest, else what is on the path.

    Raises:
        PostgresIsMissingError: There is none.
    """
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: float(folder.parent.name))
    on_path = [Path(found).resolve().parent for found in [shutil.which("initdb")] if found]
    for folder in [*reversed(debian), *on_path]:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    message = "no PostgreSQL server found: run tests/setup, or install PostgreSQL 15 or newer"
    raise PostgresIsMissingError(message)


def unprivileged_user() -> str | None:
    """Who runs the server: ourselves, unless we are root, which PostgreSQL refuses to be."""
    if os.geteuid() != 0:
        return None
    names = {user.pw_name for user in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def start(on_behalf_of: int, **changed: str) -> Server:
    """
    Make and start a server that lives as long as the process *on_behalf_of*; come back when it answers.

    Args:
        on_behalf_of: A process id.
        changed: Settings that differ from `SETTINGS`, such as ``fsync="on"`` where durability is measured.
    """
    found, user = programs(), unprivileged_user()
    folder = Path(tempfile.mkdtemp(prefix="vault-pg-"))
    if user:
        shutil.chown(folder, user)
    make: list[str | Path] = [
        found / "initdb",
        "--no-sync",
        "--encoding=UTF8",
        "--locale=C",
        "--auth=trust",
        f"--username={SUPERUSER}",
    ]
    subprocess.run([*make, f"--pgdata={folder}/data"], user=user, check=True, capture_output=True, cwd="/")
    keeper = [
        sys.executable,
        "-m",
        "tests.postgres",
        json.dumps([on_behalf_of, str(found), str(folder), user, changed]),
    ]
    _keepers.append(subprocess.Popen(keeper, start_new_session=True, stdin=subprocess.DEVNULL))
    server = Server(folder)
    server.wait()
    return server


def _is_there(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def keep(on_behalf_of: int, found: str, folder: str, user: str | None, changed: dict[str, str]) -> None:
    """Run the server in *folder* until *on_behalf_of* is gone, then end it and delete the folder."""
    settings = [part for name, value in {**SETTINGS, **changed}.items() for part in ("-c", f"{name}={value}")]
    command = [f"{found}/postgres", "-D", f"{folder}/data", "-c", f"unix_socket_directories={folder}", *settings]
    with Path(folder, "server.log").open("wb") as log:
        server = subprocess.Popen(command, user=user, stdout=log, stderr=log, cwd="/")
    while _is_there(on_behalf_of) and server.poll() is None:
        time.sleep(0.5)
    if server.poll() is None:
        server.send_signal(signal.SIGQUIT)
        server.wait()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    keep(*json.loads(sys.argv[1]))
