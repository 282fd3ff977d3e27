"""``python -m tests.benchmarks``: the governed read against a bare one, on SQLite and on PostgreSQL."""

import argparse
import os
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from tests import postgres
from tests.benchmarks import appending, load, report, servers, world
from web.opening import created

ROUNDS: Final = 3
READS: Final = 900
BARE_READS: Final = 4000
APPENDS: Final = 200
WARMING: Final = 120
DOCS: Final = Path(__file__).parents[2] / "docs" / "benchmarks"


def main() -> int:
    """Measure, print, and keep the page."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="rounds on each database")
    parser.add_argument("--dry", action="store_true", help="print the figures and write no page")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vault-bench-") as folder:
        (Path(folder) / "sqlite").mkdir()
        (Path(folder) / "postgresql").mkdir()
        results = [
            _sqlite(Path(folder) / "sqlite", chosen.rounds),
            _postgresql(Path(folder) / "postgresql", chosen.rounds),
        ]
    _say("\n".join(report.lines(results)))
    if not chosen.dry:
        text = report.page(
            results, reads=READS, bare_reads=BARE_READS, connections=load.CONNECTIONS, residents=world.RESIDENTS
        )
        _say(f"written: {report.write(DOCS, text)}")
    return 0


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _sqlite(folder: Path, rounds: int) -> report.Result:
    return _measure("SQLite", folder, f"sqlite:///{folder / 'vault.db'}", rounds)


def _postgresql(folder: Path, rounds: int) -> report.Result:
    server = postgres.start(os.getpid(), fsync="on", full_page_writes="on")
    server.run("CREATE DATABASE bench")
    return _measure("PostgreSQL", folder, server.url("bench"), rounds)


def _measure(name: str, folder: Path, database_url: str, rounds: int) -> report.Result:
    mine, theirs = servers.free_port(), servers.free_port()
    environment = world.environment(folder, database_url, mine)
    with created(world.config(folder, database_url, mine)) as vault, ExitStack() as running:
        place = world.build(vault)
        result = report.Result(name, servers.workers(database_url))
        vault_server = running.enter_context(servers.governed(mine, environment))
        bare_server = running.enter_context(servers.bare(theirs, environment, count=result.workers))
        load.measure(mine, place.governed(mine, WARMING), server=vault_server)
        load.measure(theirs, place.bare(theirs, WARMING), server=bare_server)
        for number in range(rounds):
            result.bare.append(load.measure(theirs, place.bare(theirs, BARE_READS), server=bare_server))
            result.governed.append(load.measure(mine, place.governed(mine, READS), server=vault_server))
            result.insert.append(appending.plain(vault, APPENDS))
            result.append.append(appending.governed(vault, APPENDS))
            _say(f"{name}, round {number + 1}: governed / bare {result.read_ratios[-1]:.3f}")
    return result


if __name__ == "__main__":
    sys.exit(main())
