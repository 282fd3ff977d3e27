"""The two servers under measurement: ``citizen-vault serve`` and the bare app, with equally many workers."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Final

from web.cli.serve import THREADS

PATIENCE_SECONDS: Final = 40
ROOT: Final = Path(__file__).parents[2]


def free_port() -> int:
    """A port of this machine that nobody listens at."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


def workers(database_url: str) -> int:
    """How many worker processes `serve` runs on such a database."""
    return 1 if database_url.startswith("sqlite") else os.cpu_count() or 1


def processor_seconds(process: int) -> float:
    """The processor time that *process* and all below it have taken, as Linux counts it; not a number elsewhere."""
    return sum(_seconds(each) for each in _tree(process)) if Path("/proc/self/stat").exists() else float("nan")


def _tree(process: int) -> Iterator[int]:
    yield process
    with suppress(OSError):
        for child in Path(f"/proc/{process}/task/{process}/children").read_text().split():
            yield from _tree(int(child))


def _seconds(process: int) -> float:
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def governed(port: int, environment: Mapping[str, str], *, workers: int | None = None) -> AbstractContextManager[int]:
    """The vault as operators run it, its sequencer beside it; gives its process id."""
    sizes = [] if workers is None else ["--workers", str(workers)]
    return _running(["web.cli", "serve", "--host", "127.0.0.1", "--port", str(port), *sizes], port, environment)


def bare(port: int, environment: Mapping[str, str], *, count: int) -> AbstractContextManager[int]:
    """The bare app under granian, *count* workers with as many threads as `serve` gives each; gives its process id."""
    settings = ["--interface", "wsgi", "--factory", "--log-level", "warning"]
    sizes = ["--workers", str(count), "--blocking-threads", str(THREADS)]
    address = ["--host", "127.0.0.1", "--port", str(port)]
    return _running(["granian", *settings, *sizes, *address, "tests.benchmarks.bare:make"], port, environment)


@contextmanager
def _running(command: list[str], port: int, environment: Mapping[str, str]) -> Iterator[int]:
    process = subprocess.Popen(
        [sys.executable, "-m", *command], env=dict(environment), cwd=ROOT, stdout=subprocess.DEVNULL
    )
    try:
        _wait(port, process)
        yield process.pid
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(PATIENCE_SECONDS)
        if process.poll() is None:
            process.kill()
            process.wait()


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    last = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < last and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    raise RuntimeError("a server under measurement did not start")
