"""``python -m tests.benchmarks.pages``: how long each page takes, with many residents and a long log, on SQLite.

The demo's council with 1,000 residents and 100,000 more entries in the log, 2,000 of them about the resident who looks;
every kind of page that each role can reach, asked for over HTTP at `citizen-vault serve`, one after another.
"""

import argparse
import os
import platform
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from html import unescape
from itertools import cycle
from pathlib import Path
from statistics import median, quantiles
from typing import Final
from uuid import UUID

import requests

from audit.events import Event
from audit.sequencer import sequence
from tests import demo_world
from vault import citizens
from vault.clock import microseconds
from vault.context import OPERATOR, SYSTEM, Vault
from vault.journal import Happening, Keys, keys_for, queue
from web.config import Config
from web.demo import note
from web.opening import opened, signer_of

RESIDENTS: Final = 1_000
ENTRIES: Final = 100_000
WRITTEN_AT_ONCE: Final = 500
ABOUT: Final = 50  # people the entries are about, so that each has 2,000
EVENTS: Final = (Event.RECORD_OPENED, Event.RECORD_OPENED, Event.RECORD_REFUSED, Event.RECORD_WRITTEN)
PURPOSE: Final = "home-care-support"
LOOK: Final = {"fields": ["identity.name", "medication.name"], "acting": {"role": "carer", "team": "north"}}
LOOKS: Final = 15
PAGES_MOST: Final = 60
TARGET_MS: Final = 100
DOCS: Final = Path(__file__).parents[2] / "docs" / "benchmarks"
STARTS: Final = {
    "resident": ("/home", "/record", "/record/medication", "/requests", "/sharing", "/activity", "/told-us"),
    "officer": ("/officer",),
    "auditor": ("/audit",),
    "administrator": ("/admin",),
}
_ID: Final = re.compile(r"[0-9a-f]{64}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\?.*")
_LINK: Final = re.compile(r'<a[^>]+href="(/[^"#]*)"')
_TOKEN: Final = re.compile(r'name="csrf_token" value="([^"]+)"')


def main() -> int:
    """Measure, print, and keep the page."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.pages", description=__doc__)
    parser.add_argument("--residents", type=int, default=RESIDENTS)
    parser.add_argument("--entries", type=int, default=ENTRIES)
    parser.add_argument("--dry", action="store_true", help="print the figures and write no page")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vault-pages-") as folder:
        home = Path(folder)
        _say(f"laying a demo with {chosen.residents} residents")
        demo_world.lay(home, "--residents", str(chosen.residents))
        _say(f"writing {chosen.entries} entries")
        fill(home, chosen.entries)
        with demo_world.serving(home) as demo:
            found = {role: dict(_measured(demo, role)) for role in STARTS}
    text = _page(found, residents=chosen.residents, entries=chosen.entries)
    _say(text)
    if not chosen.dry:
        path = DOCS / f"pages-{datetime.now(UTC).date().isoformat()}.md"
        path.write_text(text, encoding="utf-8")
        _say(f"written: {path}")
    return 0


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def fill(home: Path, entries: int) -> None:
    """Write *entries* more into the log of the demo at *home*, and give each its place."""
    config = Config.from_environment(demo_world.settings(home))
    with opened(config) as vault:
        people = cycle(_people(vault, note.read(home).citizens["edith"]))
        events = cycle(EVENTS)
        for start in range(0, entries, WRITTEN_AT_ONCE):
            with vault.transaction(SYSTEM) as ctx:
                for _ in range(min(WRITTEN_AT_ONCE, entries - start)):
                    happening = Happening(event=next(events), purpose=PURPOSE, facts=LOOK)
                    queue(
                        ctx.session, vault, now=ctx.now, actor=SYSTEM, keys=next(people), happening=happening, pairs=[]
                    )
        while sequence(
            vault.db.write,
            writer_key=vault.keyring.writer_key,
            signer=signer_of(vault, config),
            now_us=microseconds(vault.clock()),
            writers=vault.writers,
        ):
            pass


def _people(vault: Vault, first: UUID) -> list[Keys]:
    with vault.transaction(OPERATOR) as ctx:
        others = [each.citizen_id for each in citizens.everyone(ctx)][: ABOUT - 1]
        return [keys_for(ctx, citizen_id=each) for each in [first, *others]]


def _measured(demo: demo_world.Demo, role: str) -> Iterator[tuple[str, list[float]]]:
    """The milliseconds of each look at one page of each kind."""
    with requests.Session() as browser:
        _sign_in(browser, demo.links[role])
        waiting, seen = list(STARTS[role]), set[str]()
        while waiting and len(seen) < PAGES_MOST:
            path = waiting.pop(0)
            kind = _ID.sub("*", path)
            if kind in seen or path.startswith(("/language", "/demo", "/static")):
                continue
            seen.add(kind)
            answer = browser.get(demo.address + path, timeout=30)
            if not answer.ok or "text/html" not in answer.headers["Content-Type"]:
                continue
            waiting += [unescape(found) for found in _LINK.findall(answer.text)]
            yield kind, [_timed(browser, demo.address + path) for _ in range(LOOKS)]


def _sign_in(browser: requests.Session, link: str) -> None:
    page = browser.get(link, timeout=30)
    browser.post(link, data={"csrf_token": _TOKEN.findall(page.text)[-1]}, timeout=30)


def _timed(browser: requests.Session, address: str) -> float:
    began = time.perf_counter()
    browser.get(address, timeout=30)
    return (time.perf_counter() - began) * 1000


def _page(found: dict[str, dict[str, list[float]]], *, residents: int, entries: int) -> str:
    rows = [
        f"| {role} | `{kind}` | {median(times):.0f} | {quantiles(times, n=10)[-1]:.0f} |"
        for role, pages in found.items()
        for kind, times in pages.items()
    ]
    medians = [median(times) for pages in found.values() for times in pages.values()]
    over = sum(each > TARGET_MS for each in medians)
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    return "\n".join(
        [
            f"# How long pages take, {datetime.now(UTC).date().isoformat()}",
            "",
            f"Command: `make bench-pages`. {residents} residents, {entries} entries in the log besides the demo's own,",
            f"SQLite, `citizen-vault serve` on {os.cpu_count()} cores ({platform.machine()}), Python",
            f"{platform.python_version()}; load average at the end {load}. Each page {LOOKS} times over a kept-alive",
            "connection, whole answers in milliseconds.",
            "",
            f"Median of all pages {median(medians):.0f} ms, slowest page {max(medians):.0f} ms;",
            f"{over} of {len(medians)} pages above the target of {TARGET_MS} ms at the median.",
            "",
            "| role | page | median | p90 |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
