"""``python -m tests.benchmarks.watching``: planted misuse in realistic traffic; precision and recall of each rule.

Seeds from 101 on were for setting limits; those that are reported, from 1 on, were not looked at before.
"""

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Final

from tests.benchmarks.watching import report
from tests.benchmarks.watching.running import Outcome, run

SEEDS: Final = (1, 2, 3, 4)
DAYS: Final = 56
SIZE: Final = 0.7
DOCS: Final = Path(__file__).parents[3] / "docs" / "benchmarks" / "watching.md"


def main() -> int:
    """Run, print, and keep the page."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.watching", description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS, help="which seeds to live through")
    parser.add_argument("--days", type=int, default=DAYS, help="days of traffic")
    parser.add_argument("--size", type=float, default=SIZE, help="how large the council is; 1 is 30 officers")
    parser.add_argument("--processes", type=int, default=2, help="seeds at a time")
    parser.add_argument("--dry", action="store_true", help="print the figures and write no page")
    chosen = parser.parse_args()
    with ProcessPoolExecutor(chosen.processes) as pool:
        outcomes: list[Outcome] = list(pool.map(partial(run, days=chosen.days, size=chosen.size), chosen.seeds))
    sys.stdout.write("\n".join(report.table(outcomes)) + "\n")
    if not chosen.dry:
        DOCS.write_text(report.page(outcomes, days=chosen.days), encoding="utf-8")
        sys.stdout.write(f"written: {DOCS}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
