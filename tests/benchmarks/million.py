"""``python -m tests.benchmarks.million``: the log at ten thousand, a hundred thousand and a million entries, on SQLite.

One vault that grows. At each size: how fast entries are appended, placed and found a place for searches, how long a
proof and a search take, how fast the whole log is verified (from its tables and from its files), how fast from the last
proof, and how much room it takes. The page and its plot go to docs/benchmarks.
"""

import argparse
import os
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from hashlib import sha256
from itertools import cycle
from pathlib import Path
from typing import Final
from uuid import UUID

from sqlalchemy import select

from audit import read
from audit.events import Event
from audit.export import export_log
from audit.models import ENTRIES, PAYLOADS
from audit.processes import crew_for
from audit.sequencer import sequence
from audit.signer import Signer
from audit.stored import Helping, check_tables
from audit.verify import verify_directory
from tests.benchmarks import appending, million_page
from tests.benchmarks.million_page import Measured
from tests.vault.house import CARE, House, build
from vault import accounts, citizens, trail
from vault.clock import microseconds
from vault.context import OPERATOR, SYSTEM, Actor, Vault
from vault.journal import Happening, Keys, keys_for, queue
from vault.kinds import CitizenStatus, Role
from vault.migrations import upgrade
from vault.together import one_moment
from vault.trail import Filters
from vault.verified import NAME
from vault.verifying import WORTH, Outcome, summary_seen, verify

SIZES: Final = (10_000, 100_000, 1_000_000)
WRITTEN_AT_ONCE: Final = 1000
PEOPLE: Final = 500
APPENDS: Final = 200
PROOFS: Final = 300
SEARCHES: Final = 20
EVENTS: Final = (Event.RECORD_OPENED, Event.RECORD_OPENED, Event.RECORD_REFUSED, Event.RECORD_WRITTEN)
DOCS: Final = Path(__file__).parents[2] / "docs" / "benchmarks"


def main() -> int:
    """Grow, measure, print, and keep the page with its plot."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.million", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="how many entries, one after the other")
    parser.add_argument("--dry", action="store_true", help="print the figures and write no page")
    chosen = parser.parse_args()
    began, load = time.perf_counter(), os.getloadavg()
    with tempfile.TemporaryDirectory(prefix="vault-million-") as folder:
        log = GrowingLog(Path(folder))
        found: list[Measured] = []
        for size in chosen.sizes:
            found.append(log.measure(size))
            taken = time.perf_counter() - began
            text = million_page.page(found, seconds=taken, load=(load[0], os.getloadavg()[0]))
            _say(text)
            if not chosen.dry:  # after each size: a run that is stopped leaves what it has
                (DOCS / "log.md").write_text(text, encoding="utf-8")
                (DOCS / "log.svg").write_text(million_page.plot(found), encoding="utf-8")
        log.house.vault.db.dispose()
    return 0


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


class GrowingLog:
    """One vault whose log grows, and what is measured of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = folder / "vault.db"
        url = f"sqlite:///{self.database}"
        upgrade(url)
        self.house: House = build(folder, url)
        vault = self.house.vault
        store = vault.keyring.store
        head = folder / "log-head.json"
        self.signer = Signer(partial(store.sign, "log"), store.public_key("log"), vault.origin, head)
        self.signer.begin()
        self.auditor = _auditor(vault, self.house.council_id)
        self.people = list(_people(vault))
        self.chance = random.Random(2026)

    @property
    def vault(self) -> Vault:
        """The vault."""
        return self.house.vault

    def measure(self, size: int) -> Measured:
        """Grow to *size* entries and measure."""
        _say(f"growing to {size:,} entries")
        written = self._grow(size)
        placed, in_places = _rate(self._sequence), _rate(lambda: trail.catch_up(self.vault))
        appended = appending.governed(self.vault, APPENDS)
        self._sequence()
        _say("proofs and searches")
        proofs, searches = list(self._proofs()), list(self._searches())
        self._sequence()
        _say("verifying")
        whole, stepped, proved, entries = self._verified()
        hashing, one_hash = self._hashed()
        exported, files = self._files(entries)
        return Measured(
            entries=entries,
            written=written,
            placed=placed,
            in_places=in_places,
            appended=appended,
            proofs=proofs,
            searches=searches,
            whole=whole,
            proved=proved,
            stepped=stepped,
            hashing=hashing,
            one_hash=one_hash,
            exported=exported,
            files=files,
            disk=self._disk(),
        )

    def _grow(self, size: int) -> float:
        """Write entries until there are *size*; how many a second, by 1,000 in a transaction."""
        now = self._count()
        people, events = cycle(self.people), cycle(EVENTS)
        began = time.perf_counter()
        for start in range(now, size, WRITTEN_AT_ONCE):
            with self.vault.transaction(self.house.service) as ctx:
                for number in range(start, min(start + WRITTEN_AT_ONCE, size)):
                    keys, event = next(people), next(events)
                    happening = Happening(event=event, purpose=CARE, facts=_look(number))
                    pair = (number.to_bytes(16), sha256(number.to_bytes(8)).digest())
                    queue(
                        ctx.session,
                        self.vault,
                        now=ctx.now,
                        actor=ctx.actor,
                        keys=keys,
                        happening=happening,
                        pairs=[pair] if event is Event.RECORD_WRITTEN else [],
                    )
        return (size - now) / (time.perf_counter() - began)

    def _sequence(self) -> int:
        return sequence(
            self.vault.db.write,
            writer_key=self.vault.keyring.writer_key,
            signer=self.signer,
            now_us=microseconds(self.vault.clock()),
            writers=self.vault.writers,
        )

    def _count(self) -> int:
        with self.vault.db.read.connect() as connection:
            newest = connection.execute(select(ENTRIES.c.index).order_by(ENTRIES.c.index.desc()).limit(1)).scalar()
        return 0 if newest is None else newest + 1

    def _proofs(self) -> Iterator[float]:
        """Seconds to prove one entry anywhere in the log."""
        size = self._count()
        with self.vault.db.read.connect() as connection:
            for _ in range(PROOFS):
                at = self.chance.randrange(size)
                query = select(ENTRIES.c.leaf_hash).where(ENTRIES.c.log == 0, ENTRIES.c.index == at)
                hashed = connection.execute(query).scalar_one()
                yield _seconds(lambda hashed=hashed: read.proof(connection, hashed))  # type: ignore[misc] # bound here

    def _searches(self) -> Iterator[float]:
        """Seconds for one page of a search, logged and opened, however it is narrowed."""
        with self.vault.reading(self.auditor) as ctx:
            person = trail.person_found(ctx, citizen_id=self.house.citizen_id, by="reference")
        narrowed = (
            Filters(),
            Filters(event="record:refused"),
            Filters(outcome="refused", purpose=CARE),
            Filters(reference="hc-0007"),
            Filters(reference="nobody"),
            Filters(service_id=self.house.service_id, event="record:written"),
            Filters(person=person),
        )
        for _ in range(SEARCHES):
            for filters in narrowed:
                self._sequence()
                yield _seconds(lambda filters=filters: self._search(filters))  # type: ignore[misc] # bound here

    def _search(self, filters: Filters) -> None:
        with self.vault.reading(self.auditor) as ctx:
            trail.search(ctx, filters=filters)

    def _verified(self) -> tuple[float, float, float, int]:
        """Seconds for the whole, for a run from there with nothing new, for the log without rows; the entries."""
        path = self.folder / NAME
        run = partial(verify, self.vault, signer=self.signer, path=path)
        found: list[Outcome] = []
        whole = _seconds(lambda: found.append(run(whole=True)))
        # The rows that the entries name are invented, so rows are missing; the log itself must be sound.
        assert found[0].log.sound, found[0].log.defects[:3]
        assert not found[0].places, found[0].places[:3]
        stepped = _seconds(run)
        return whole, stepped, _seconds(self._prove), found[0].entries

    def _prove(self) -> None:
        """Prove the log in its tables, and compare no row."""
        with crew_for(self._count(), worth=WORTH) as helpers, one_moment(self.vault, helpers) as (ctx, crew):
            report = check_tables(
                ctx.session,
                [self.signer.public_key],
                origin=self.vault.origin,
                head=self.signer.head,
                helping=None if crew is None else Helping(crew, summary_seen),
            )
        assert report.sound

    def _hashed(self) -> tuple[float, float]:
        """Seconds to hash every leaf, payload and node once, in one loop; and to hash every leaf alone."""
        leaves = payloads = 0.0
        count = 0
        with self.vault.db.read.connect() as connection:
            for part in connection.execute(select(ENTRIES.c.leaf)).scalars().partitions(10_000):
                count += len(part)
                leaves += _seconds(lambda part=part: [sha256(b"\0" + leaf).digest() for leaf in part])  # type: ignore[misc] # bound here
            for part in connection.execute(select(PAYLOADS.c.payload)).scalars().partitions(10_000):
                payloads += _seconds(lambda part=part: [sha256(held).digest() for held in part])  # type: ignore[misc] # bound here
        pair = bytes(65)
        nodes = _seconds(lambda: [sha256(pair).digest() for _ in range(count)])
        return leaves + payloads + nodes, leaves

    def _files(self, entries: int) -> tuple[float, float]:
        """Seconds to export the log, and to verify it from the files."""
        folder = self.folder / "exported"
        with self.vault.db.read.connect() as connection:
            exported = _seconds(lambda: export_log(connection, folder))
        began = time.perf_counter()
        report = verify_directory(folder, [self.signer.public_key], origin=self.vault.origin)
        assert report.sound
        assert report.entries == entries
        return exported, time.perf_counter() - began

    def _disk(self) -> int:
        """Bytes of the database, the write-ahead log taken in."""
        self.vault.db.dispose()
        with closing(sqlite3.connect(self.database)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return self.database.stat().st_size


def _look(number: int) -> dict[str, object]:
    acting = {"reference": f"hc-{number % 300:04}", "role": "care worker", "team": "north"}
    return {"fields": ["identity.name", "medication.name"], "acting": acting, "grant": str(UUID(int=number % 5000))}


def _auditor(vault: Vault, council: UUID) -> Actor:
    with vault.transaction(OPERATOR) as ctx:
        return accounts.make(ctx, role=Role.AUDITOR, organisation_id=council).actor()


def _people(vault: Vault) -> Iterator[Keys]:
    with vault.transaction(SYSTEM) as ctx:
        for _ in range(PEOPLE):
            yield keys_for(ctx, citizen_id=citizens.make(ctx, status=CitizenStatus.ACTIVE))


def _seconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def _rate(act: Callable[[], int]) -> float:
    """How many a second."""
    began = time.perf_counter()
    done = act()
    return done / (time.perf_counter() - began)


if __name__ == "__main__":
    sys.exit(main())
