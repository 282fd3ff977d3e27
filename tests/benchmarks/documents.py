"""``python -m tests.benchmarks.documents``: a document of 100 MiB goes in and out of a served vault; time and memory.

Client and server share one process here; the client makes and throws away block by block, so what memory grows is the
server's. ``ru_maxrss`` is the most that the process ever had; small documents were sent before the first measurement.
"""

import argparse
import hashlib
import json
import logging
import os
import resource
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import requests

from tests import postgres
from tests.paper_world import Papers, paper_token, pdf
from tests.service_world import world
from vault.context import OPERATOR, Context
from vault.documents import MOST_BYTES
from vault.holding import hold

BLOCK = 64 * 1024
MEBIBYTE = 1024 * 1024


class Filler:
    """A file of *size* bytes that begins as a PDF does, made as it is read."""

    def __init__(self, size: int) -> None:
        self._size, self._block = size, hashlib.shake_256(b"filler").digest(BLOCK)
        self.digest = hashlib.sha256()

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[bytes]:
        left = self._size
        while left:
            block = (b"%PDF-" + self._block)[: min(BLOCK, left)] if left == self._size else self._block[:left]
            left -= len(block)
            self.digest.update(block)
            yield block


def peak() -> float:
    """The most memory this process ever had, MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def timed(act: Callable[[], object]) -> dict[str, float]:
    """What *act* took: seconds, and how much the highest memory grew (MiB)."""
    before, begun = peak(), time.perf_counter()
    act()
    return {"seconds": round(time.perf_counter() - begun, 2), "memory_grew_mib": round(peak() - before, 1)}


def measured(url: str, folder: Path, size: int) -> dict[str, object]:
    """The figures on one database."""
    with world(folder, url) as place:
        papers = Papers(place, paper_token(place))
        for each in (1000, 3 * MEBIBYTE):
            papers.read(papers.kept(pdf(each)))
        item, file = papers.item(), Filler(size)
        told: dict[str, object] = {"in": timed(lambda: sent(papers, item, file))}
        digest = hashlib.sha256()
        told["out"] = timed(lambda: taken(papers, item, digest))
        if digest.digest() != file.digest.digest():
            raise SystemExit("what came out is not what went in")
        middle = f"bytes={size // 2}-{size // 2 + BLOCK - 1}"
        told["64 KiB from the middle"] = timed(lambda: papers.read(item, Range=middle))
        told["held against the log"] = timed(lambda: checked(place.vault.snapshot(OPERATOR)))
        tracemalloc.start()
        taken(papers, item, hashlib.sha256())
        told["python_peak_out_mib"] = round(tracemalloc.get_traced_memory()[1] / MEBIBYTE, 1)
        tracemalloc.stop()
    return told


def sent(papers: Papers, item: str, file: Filler) -> None:
    """Send it."""
    answer = papers.send(item, file)
    if answer.status_code != requests.codes.ok:
        raise SystemExit(f"it was refused: {answer.text}")


def taken(papers: Papers, item: str, digest: "hashlib._Hash") -> None:
    """Read it as a stream."""
    with papers.call("GET", f"/{item}/document", stream=True) as answer:
        for block in answer.iter_content(BLOCK):
            digest.update(block)


def checked(snapshot: AbstractContextManager[Context]) -> None:
    """Hold every row and piece against the log."""
    with snapshot as ctx:
        if hold(ctx.session).defects:
            raise SystemExit("the documents are not as the log says")


def main() -> None:
    """Measure on both databases."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--bytes", type=int, default=MOST_BYTES, help="how large the document is (100 MiB)")
    size = options.parse_args().bytes
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    told: dict[str, object] = {"bytes": size}
    with tempfile.TemporaryDirectory(prefix="vault-documents-") as folder:
        told["sqlite"] = measured(f"sqlite:///{folder}/vault.sqlite3", Path(folder), size)
    with tempfile.TemporaryDirectory(prefix="vault-documents-") as folder:
        server = postgres.start(os.getpid(), fsync="on", full_page_writes="on")
        server.run("CREATE DATABASE documents")
        told["postgresql"] = measured(server.url("documents"), Path(folder), size)
    sys.stdout.write(json.dumps(told, indent=2) + "\n")


if __name__ == "__main__":
    main()
