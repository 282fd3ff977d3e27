"""A small load generator: requests made beforehand as bytes, sent over kept-alive connections of this machine."""

import socket
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from typing import Final

from tests.benchmarks.servers import processor_seconds

CONNECTIONS: Final = 4
SECONDS: Final = 30


class AnswerRefusedError(RuntimeError):
    """A request of the measurement was not answered with 200: the figures would mean nothing."""


@dataclass(frozen=True, slots=True)
class Round:
    """What one round took."""

    per_second: float
    processor: float
    """Microseconds of the server's processor time for each request, its helpers' included; not a number if unknown."""
    latencies: tuple[float, ...]
    """Seconds for each request, shortest first."""

    def milliseconds(self, share: float) -> float:
        """The latency that *share* of the requests stayed below."""
        return 1000 * self.latencies[min(int(share * len(self.latencies)), len(self.latencies) - 1)]


class Connection:
    """One kept-alive connection."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def ask(self, request: bytes) -> tuple[int, bytes, bytes]:
        """Send *request*; return status, head and body of its answer."""
        self._socket.sendall(request)
        received = b""
        while b"\r\n\r\n" not in received:
            received += self._more()
        head, _, body = received.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        while len(body) < length:
            body += self._more()
        return int(head[9:12]), head, body

    def _more(self) -> bytes:
        received = self._socket.recv(65536)
        if not received:
            raise AnswerRefusedError("the server hung up")
        return received


def _run(port: int, requests: Sequence[bytes]) -> list[float]:
    connection, taken = Connection(port), []
    for request in requests:
        began = time.perf_counter()
        status, _, body = connection.ask(request)
        taken.append(time.perf_counter() - began)
        if status != 200:
            raise AnswerRefusedError(f"{status}: {body[:300].decode(errors='replace')}")
    connection.close()
    return taken


def measure(port: int, requests: Sequence[bytes], *, server: int) -> Round:
    """
    Send all *requests*, dealt out to `CONNECTIONS` connections, to the process *server* that listens at *port*.

    Raises:
        AnswerRefusedError: One was not answered with 200.
    """
    parts = [requests[first::CONNECTIONS] for first in range(CONNECTIONS)]
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        began, before = time.perf_counter(), processor_seconds(server)
        taken = list(pool.map(lambda part: _run(port, part), parts))
        seconds, worked = time.perf_counter() - began, processor_seconds(server) - before
    return Round(len(requests) / seconds, 1e6 * worked / len(requests), tuple(sorted(chain.from_iterable(taken))))
