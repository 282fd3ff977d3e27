import http.client
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.ports import free_port
from web.cli import serve as serving
from web.config import Config

PATIENCE = 60  # seconds, on a machine that does much else


def _until(happened: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.1)


class Server:
    """``citizen-vault serve`` as a process of its own."""

    def __init__(self, home: Path) -> None:
        self.port = free_port()
        self.home = home
        names = {name: value for name, value in os.environ.items() if not name.startswith("CITIZEN_VAULT_")}
        self.environment = {**names, "CITIZEN_VAULT_HOME": str(home)}
        self.process: subprocess.Popen[bytes] | None = None

    def call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "web.cli", *arguments]
        return subprocess.run(
            command, env=self.environment, capture_output=True, text=True, timeout=PATIENCE, check=False
        )

    def start(self) -> None:
        command = [sys.executable, "-m", "web.cli", "serve", "--port", str(self.port)]
        self.process = subprocess.Popen(
            command, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        _until(lambda: self.status("/") == 200)

    def status(self, path: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        except OSError:
            return 0
        finally:
            connection.close()

    def stop(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)
        self.process.wait(PATIENCE)

    def log(self, query: str) -> list[bytes]:
        with sqlite3.connect(self.home / "vault.db") as database:
            return [row[0] for row in database.execute(query)]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = Server(tmp_path / "home")
    assert made.call("init").returncode == 0
    yield made
    if made.process is not None:
        made.process.kill()
        made.process.wait(PATIENCE)


def test_a_server_that_is_stopped_ends_its_writers_and_leaves_nothing_waiting(server: Server) -> None:
    server.start()
    assert server.status("/sign-in") == 200
    server.stop(signal.SIGINT)
    assert server.process is not None
    assert server.process.returncode == 0
    assert server.log("SELECT 1 FROM audit_outbox") == []
    assert server.call("audit", "verify").returncode == 0


def test_a_server_that_is_killed_takes_its_workers_and_its_sequencer_with_it(server: Server) -> None:
    server.start()
    assert server.process is not None
    mark = f"--parent\0{server.process.pid}\0".encode()

    def runs() -> bool:
        lines = (path / "cmdline" for path in Path("/proc").iterdir() if path.name.isdigit())
        return any(mark in _read(line) for line in lines)

    assert runs()
    server.process.kill()
    _until(lambda: not runs() and server.status("/") == 0)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def test_a_port_that_is_taken_is_told_in_a_sentence(server: Server) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", server.port))
        taken.listen()
        answer = server.call("serve", "--port", str(server.port))
    assert answer.returncode == 1
    assert "choose another with --port" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_vault_that_was_not_made_is_not_served(tmp_path: Path) -> None:
    answer = Server(tmp_path / "nothing").call("serve")
    assert answer.returncode == 1
    assert "key store" in answer.stderr


def test_what_strangers_tried_is_in_the_log_as_a_sum_when_the_server_has_stopped(server: Server) -> None:
    server.start()
    tried = [server.status("/link/never-was") for _ in range(3)]
    assert tried == [410] * 3
    assert server.log("SELECT 1 FROM refusal_sums") == []  # counted in memory until the minute is over
    server.stop(signal.SIGINT)
    assert server.log("SELECT 1 FROM refusal_sums") == []
    leaves = [json.loads(leaf) for leaf in server.log("SELECT leaf FROM audit_entries")]
    assert 1 <= len([leaf for leaf in leaves if leaf["event"] == "audit:sums"]) <= 2  # the tries may span two minutes
    assert server.log("SELECT 1 FROM audit_outbox") == []
    assert server.call("audit", "verify").returncode == 0


@pytest.mark.parametrize(
    ("address", "issuer", "demo", "words"),
    [
        ("127.0.0.1", "http://localhost:8000", True, []),
        ("::1", "http://localhost:8000", False, []),
        ("0.0.0.0", "https://vault.example.org", False, []),  # noqa: S104 -- nothing listens there
        ("0.0.0.0", "http://localhost:8000", False, ["in clear"]),  # noqa: S104 -- as above
        ("192.0.2.7", "http://localhost:8000", True, ["in clear", "anybody"]),
        ("vault.example.org", "https://vault.example.org", True, ["anybody"]),
    ],
)
def test_whoever_listens_where_others_can_reach_it_is_warned(
    address: str, issuer: str, words: list[str], *, demo: bool
) -> None:
    config = Config.from_environment({"CITIZEN_VAULT_ISSUER": issuer, "CITIZEN_VAULT_DEMO": str(int(demo))})
    found = serving.warnings(address, config)
    assert len(found) == len(words)
    assert all(word in said for word, said in zip(words, found, strict=True))
