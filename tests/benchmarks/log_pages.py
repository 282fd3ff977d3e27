"""``python -m tests.benchmarks.log_pages``: the log's own pages with 100,000 entries on SQLite, however narrowed.

The demo's council and 100,000 more entries, 2,000 of them about the resident who looks. Pages are asked for inside this
process, without a network; each look of the auditor writes its own entry and finds its place, as in earnest.
"""

import argparse
import os
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from typing import Any, Final

from flask.testing import FlaskClient

from tests import demo_world
from tests.benchmarks.pages import ABOUT, DOCS, ENTRIES, TARGET_MS, fill
from vault import accounts, services, sign_ins
from vault.context import OPERATOR, SYSTEM, Vault
from vault.kinds import Role
from vault.trail import catch_up
from web.app import create_app
from web.auth import COOKIE
from web.config import Config
from web.demo import note
from web.opening import opened

LOOKS: Final = 15
AUDITOR: Final = {
    "newest": "/audit",
    "a common event": "/audit?event=record:opened",
    "a rare event": "/audit?event=import:run",
    "refused": "/audit?outcome=refused",
    "a purpose": "/audit?purpose=home-care-support",
    "a staff reference that is not there": "/audit?reference=nobody",
    "a rare service": "/audit?service={service}",
    "a common event of a rare service": "/audit?service={service}&event=record:opened",
    "days with nothing": "/audit?since=2020-01-01&until=2020-02-01",
    "a purpose, refused, these days": "/audit?purpose=home-care-support&outcome=refused&since=2020-01-01",
    "far down the list": "/audit?before={deep}",
}
RESIDENT: Final = {
    "who looked": "/activity",
    "refused": "/activity?outcome=refused",
    "nothing like it": "/activity?outcome=emergency",
    "one service": "/activity?who={service}",
}


def main() -> int:
    """Measure, print, and keep the page."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.log_pages", description=__doc__)
    parser.add_argument("--entries", type=int, default=ENTRIES)
    parser.add_argument("--dry", action="store_true", help="print the figures and write no page")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vault-log-") as folder:
        home = Path(folder)
        demo_world.lay(home)
        fill(home, chosen.entries)
        text = _measured(home, chosen.entries)
    sys.stdout.write(text)
    if not chosen.dry:
        (DOCS / f"log-{datetime.now(UTC).date().isoformat()}.md").write_text(text, encoding="utf-8")
    return 0


def _measured(home: Path, entries: int) -> str:
    config = Config.from_environment(demo_world.settings(home))
    with opened(config) as vault:
        began = time.perf_counter()
        placed = catch_up(vault)
        found_in = time.perf_counter() - began
        app, people = create_app(config, vault), note.read(home)
        given = _given(vault)
        rows = []
        for who, account, pages in (
            ("auditor of the council", people.accounts["auditor"], AUDITOR),
            ("auditor of the hospital", given["hospital"], {"newest": "/audit", "refused": "/audit?outcome=refused"}),
            ("resident", people.accounts["edith"], RESIDENT),
        ):
            client = app.test_client()
            with vault.transaction(SYSTEM) as ctx:
                cookie = sign_ins.begin(ctx, account_id=account, method="bench")
            client.set_cookie(COOKIE, cookie, domain="localhost")
            rows += [(who, words, _times(client, path.format(**given))) for words, path in pages.items()]
    return _page(rows, entries=entries, placed=placed, found_in=found_in)


def _given(vault: Vault) -> dict[str, Any]:
    with vault.transaction(OPERATOR) as ctx:
        service = next(each for each in services.registered(ctx) if each.slug == "rowan-ward")
        hospital = accounts.make(ctx, role=Role.AUDITOR, organisation_id=service.organisation_id).account_id
    return {"service": service.service_id, "deep": f"{2**60}-0-1000", "hospital": hospital}


def _times(client: FlaskClient, path: str) -> list[tuple[float, float]]:
    times = []
    for _ in range(LOOKS + 1):
        began, used = time.perf_counter(), time.process_time()
        answer = client.get(path)
        times.append(((time.perf_counter() - began) * 1000, (time.process_time() - used) * 1000))
        assert answer.status_code == 200, (path, answer.status_code)
    return times[1:]


def _page(rows: list[tuple[str, str, list[tuple[float, float]]]], *, entries: int, placed: int, found_in: float) -> str:
    table = [
        f"| {who} | {words} | {_median(times, 0):.0f} | {quantiles([each[0] for each in times], n=10)[-1]:.0f}"
        f" | {_median(times, 1):.0f} |"
        for who, words, times in rows
    ]
    slowest, most = (max(_median(times, which) for _who, _words, times in rows) for which in (0, 1))
    return "\n".join(
        [
            f"# The log's own pages, {datetime.now(UTC).date().isoformat()}",
            "",
            f"Command: `python -m tests.benchmarks.log_pages`. SQLite, {entries:,} entries beside the demo's, spread",
            f"over at most {ABOUT} people, the resident who looks among them. Milliseconds, without a network, on a",
            f"machine with a load average of {os.getloadavg()[0]:.0f}; CPU is this process's own.",
            f"The places of {placed:,} entries were found anew in {found_in:.0f} s.",
            "",
            "| who | what | median | 90 % | CPU |",
            "|---|---|---|---|---|",
            *table,
            "",
            f"Slowest median: {slowest:.0f} ms, {most:.0f} ms of CPU; target: under {TARGET_MS} ms.",
            "",
        ]
    )


def _median(times: list[tuple[float, float]], which: int) -> float:
    return median(each[which] for each in times)


if __name__ == "__main__":
    sys.exit(main())
