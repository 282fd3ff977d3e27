"""A log on a real database, with a real key and a head file, and ways to do it harm."""

import hmac
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import create_engine, text

from audit.events import Event
from audit.export import export_log
from audit.log import Outcome, Writer, Writers, announce, append, finish
from audit.numbers import Fault
from audit.payload import ClosedPayload, close
from audit.report import DefectKind, Report
from audit.sequencer import sequence
from audit.signer import Signer
from audit.store import one_state
from audit.stored import check_tables
from audit.verify import verify_directory
from vault.db import Database

ORIGIN: Final = "council.example/log"
NOW: Final = 1_790_000_000_000_000
MONTH: Final = "2026-09"
ADA: Final = bytes(range(16))
BEN: Final = bytes(range(16, 32))
SUBJECT_KEY: Final = b"s" * 32
MONTH_KEY: Final = b"m" * 32


def writer_key(writer: str) -> bytes:
    """Derive a writer's key as a key store would."""
    return hmac.digest(b"a key that no database holds", writer.encode(), "sha256")


def closed(**facts: Any) -> ClosedPayload:
    """Seal a payload about a citizen."""
    return close(facts, {"name": "someone"}, subject_key=SUBJECT_KEY, month_key=MONTH_KEY, month=MONTH)


@dataclass
class LogWorld:
    """One log, and its parts within reach."""

    database: Database
    folder: Path
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    writers: Writers = field(default_factory=lambda: Writers(writer_key))
    alarms: list[Fault] = field(default_factory=list)
    now: int = NOW

    @property
    def head_path(self) -> Path:
        return self.folder / "head.json"

    @property
    def signer(self) -> Signer:
        return Signer(self.key.sign, self.public_key, ORIGIN, self.head_path)

    @property
    def public_key(self) -> bytes:
        return self.key.public_key().public_bytes_raw()

    @contextmanager
    def borrowed(self, outcome: Outcome = Outcome.KEPT, writers: Writers | None = None) -> Iterator[Writer]:
        """Lend a writer; give it back as *outcome* says."""
        pool = writers or self.writers
        writer = pool.acquire()
        yield writer
        pool.release(writer, outcome)

    def write(
        self, count: int = 1, *, subject: bytes = ADA, keep: bool = True, outcome: Outcome | None = None
    ) -> list[bytes]:
        """Append *count* leaves in one transaction; return their hashes."""
        outcome = outcome or (Outcome.KEPT if keep else Outcome.ROLLED_BACK)
        with self.borrowed(outcome) as writer, self.database.write.connect() as connection:
            transaction = connection.begin()
            hashes = [self.append(connection, writer, subject) for _ in range(count)]
            if keep:
                transaction.commit()
            else:
                transaction.rollback()
        return hashes

    def append(self, connection: Any, writer: Writer, subject: bytes = ADA) -> bytes:
        self.now += 1
        announce(connection, writer, time_us=self.now)
        finished = finish(
            writer,
            event=Event.RECORD_OPENED,
            time_us=self.now,
            actor="service:home-care",
            purpose="home-care-support",
            policy_set="ab" * 32,
            subject=subject,
            payload=closed(fields=["medication.name"], at=self.now),
            touched=(("cd" * 16, "ef" * 32),),
        )
        return append(connection, writer, finished)

    def sequence(self, **more: Any) -> int:
        return sequence(
            self.database.write,
            writer_key=writer_key,
            signer=more.pop("signer", self.signer),
            now_us=self.now,
            writers=self.writers,
            on_alarm=self.alarms.append,
            **more,
        )

    def do(self, statement: str, **values: Any) -> None:
        """Change the database behind the log's back."""
        with self.database.write.begin() as connection:
            connection.execute(text(statement), values)

    def do_outside(self, statement: str, **values: Any) -> None:
        """Do what no transaction may hold."""
        engine = create_engine(self.database.url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement), values)
        engine.dispose()

    def ask(self, statement: str, **values: Any) -> Sequence[Any]:
        with self.database.read.connect() as connection:
            return connection.execute(text(statement), values).all()

    def checked(self, **more: Any) -> Report:
        with one_state(self.database.read) as connection:
            options: dict[str, Any] = {"head": self.signer.head, "writer_key": writer_key} | more
            return check_tables(connection, [self.public_key], origin=ORIGIN, **options)

    def exported(self, name: str = "exported", *, payloads: bool = True) -> Path:
        with self.database.read.connect() as connection:
            export_log(connection, self.folder / name, payloads=payloads)
        return self.folder / name

    def verified(self, folder: Path | None = None) -> Report:
        return verify_directory(folder or self.exported(), [self.public_key], origin=ORIGIN)


def kinds(report: Report) -> set[DefectKind]:
    """The kinds of defects found."""
    return {defect.kind for defect in report.defects}
