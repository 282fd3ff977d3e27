"""``python -m tests.benchmarks.withdrawing``: 32 clients read in a loop on two servers while shares are withdrawn.

PostgreSQL, two ``citizen-vault serve`` processes with a worker each. Each client reads under one share until it is
refused, then goes on with the next; meanwhile every share is withdrawn. No read that begins after the answer of a
withdrawal may get a field. How long it takes from asking to withdraw until the client is told no is what is reported.
"""

import argparse
import os
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Final
from uuid import UUID

from tests import postgres
from tests.benchmarks import servers, world
from tests.benchmarks.load import Connection
from tests.benchmarks.world import World
from vault import grants
from vault.context import Vault
from web.opening import created

CLIENTS: Final = 32
SHARES: Final = 8  # of each client, one after the other
DOCS: Final = Path(__file__).parents[2] / "docs" / "benchmarks"
REFUSED: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


@dataclass(slots=True)
class Share:
    """One share that a client reads under: its token, and what came of it."""

    citizen: int
    grant_id: UUID
    token: str
    seen: threading.Event = field(default_factory=threading.Event)
    """That the client has read something under it."""
    asked: float = 0.0
    """When its withdrawal was asked for, and answered."""
    answered: float = 0.0
    denied: float = 0.0
    """When the client was told no."""
    reads: list[tuple[float, int, bool]] = field(default_factory=list)
    """Of each read: when it began, its status, and whether a field came with it."""

    @property
    def leaks(self) -> int:
        """Reads that began after the withdrawal was answered and got a field all the same."""
        return sum(1 for began, _, field_came in self.reads if began > self.answered and field_came)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Every share, and how long the whole took."""

    shares: tuple[Share, ...]
    seconds: float

    @property
    def reads(self) -> int:
        """How many reads there were."""
        return sum(len(share.reads) for share in self.shares)

    def milliseconds(self, share: float, *, since_answer: bool = False) -> float:
        """Within how long *share* of the clients were told no, from the asking, or from the answer, of a withdrawal."""
        taken = sorted(each.denied - (each.answered if since_answer else each.asked) for each in self.shares)
        return 1000 * taken[min(int(share * len(taken)), len(taken) - 1)]


def run(folder: Path, database_url: str, *, clients: int, shares: int) -> Outcome:
    """
    Let *clients* read under *shares* shares each while all are withdrawn, one after the other.

    Raises:
        RuntimeError: A server did not start, or a read was answered with neither a record nor a refusal.
    """
    first, second = servers.free_port(), servers.free_port()
    environment = world.environment(folder, database_url, first)
    with created(world.config(folder, database_url, first)) as vault, ExitStack() as running:
        place = world.build(vault)
        todo = [[_share(place, number % world.RESIDENTS) for _ in range(shares)] for number in range(clients)]
        for port in (first, second):
            running.enter_context(servers.governed(port, environment, workers=1))
        nonce = world.nonce_at(first, place.request(first, todo[0][0].token, nonce=None))
        began = time.perf_counter()
        with ThreadPoolExecutor(clients + 1) as pool:
            reading = [
                pool.submit(_read_on, place, (first, second)[number % 2], first, nonce, mine)
                for number, mine in enumerate(todo)
            ]
            withdrawing = pool.submit(_withdraw_all, place, [mine[turn] for turn in range(shares) for mine in todo])
            for each in (withdrawing, *reading):
                each.result()
        return Outcome(tuple(share for mine in todo for share in mine), time.perf_counter() - began)


def _share(place: World, citizen: int) -> Share:
    token = place.token(citizen)
    actor = place.citizens[citizen]
    assert actor.citizen_id is not None
    with place.vault.reading(actor) as ctx:
        newest = max(grants.of_citizen(ctx, citizen_id=actor.citizen_id), key=lambda each: each.made_at)
    return Share(citizen, newest.grant_id, token)


def _read_on(place: World, port: int, issuer_port: int, nonce: str, shares: Sequence[Share]) -> None:
    """Read under each share until the answer is no."""
    connection = Connection(port)
    for share in shares:
        while not share.denied:
            request = place.request(issuer_port, share.token, nonce=nonce)
            began = time.perf_counter()
            status, _, body = connection.ask(request)
            share.reads.append((began, status, b"Doris" in body))
            if status == HTTPStatus.OK:
                share.seen.set()
            elif status in REFUSED:
                share.denied = time.perf_counter()
            else:
                raise RuntimeError(f"a read was answered with {status}")
    connection.close()


def _withdraw_all(place: World, shares: Sequence[Share]) -> None:
    for share in shares:
        if not share.seen.wait(60):
            raise RuntimeError("a client read nothing")
        share.asked = time.perf_counter()
        _withdraw(place.vault, place, share)
        share.answered = time.perf_counter()


def _withdraw(vault: Vault, place: World, share: Share) -> None:
    actor = place.citizens[share.citizen]
    assert actor.citizen_id is not None
    with vault.transaction(actor) as ctx:
        grants.withdraw(ctx, citizen_id=actor.citizen_id, grant_id=share.grant_id)


def lines(outcome: Outcome, *, clients: int) -> list[str]:
    """The figures, in words."""
    leaks = sum(share.leaks for share in outcome.shares)
    before, after = (
        " / ".join(f"{outcome.milliseconds(part, since_answer=late):.0f}" for part in (0.5, 0.99))
        for late in (False, True)
    )
    size = f"{len(outcome.shares)} withdrawals, {outcome.reads} reads in {outcome.seconds:.0f} s"
    return [
        f"{clients} clients, 2 server processes, PostgreSQL: {size}",
        f"reads that began after a withdrawal's answer and got a field: {leaks}",
        f"from asking to withdraw until the client was told no, p50 / p99: {before} ms",
        f"from the withdrawal's answer until then, p50 / p99: {after} ms",
    ]


def main() -> int:
    """Measure, print, and keep the page; exit 1 if a field came through."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.withdrawing", description=__doc__)
    parser.add_argument("--clients", type=int, default=CLIENTS, help="how many read at once")
    parser.add_argument("--shares", type=int, default=SHARES, help="how many shares each client loses")
    parser.add_argument("--dry", action="store_true", help="print the figures and write no page")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vault-withdrawing-") as folder:
        server = postgres.start(os.getpid(), fsync="on", full_page_writes="on")
        server.run("CREATE DATABASE withdrawing")
        outcome = run(Path(folder), server.url("withdrawing"), clients=chosen.clients, shares=chosen.shares)
    said = lines(outcome, clients=chosen.clients)
    sys.stdout.write("\n".join([*said, ""]))
    if not chosen.dry:
        day = datetime.now(UTC).date().isoformat()
        head = [f"# Withdrawals, {day}", "", "Command: `python -m tests.benchmarks.withdrawing`, on 2 cores.", ""]
        page = [*head, *(f"- {line}" for line in said), f"- load average of the machine: {os.getloadavg()[0]:.0f}", ""]
        (DOCS / f"withdrawing-{day}.md").write_text("\n".join(page), encoding="utf-8")
    return int(any(share.leaks for share in outcome.shares))


if __name__ == "__main__":
    sys.exit(main())
