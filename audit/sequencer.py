"""The sequencer: gives queued leaves their places, keeps the nodes, and has the head signed. One at a time, anywhere.

It takes everything visible, never by cursor, because transactions do not become visible in the order of their rows. A
kill between any two writes leaves the rows in the outbox or the head unsigned, and the next turn goes on from there:
leaves are placed with the deletion of their outbox rows in one transaction, and the head is signed in a second one.
The signer knows the tree that comes before it is committed, so nothing that others put into the tables is ever signed.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, Engine, insert, select
from sqlalchemy.exc import SQLAlchemyError

from audit.errors import AuditError
from audit.events import Event
from audit.intake import Intake, read_outbox
from audit.log import Outcome, Writer, Writers, append_about
from audit.models import CHECKPOINTS
from audit.numbers import Fault
from audit.placing import place
from audit.signer import Signer
from audit.store import StoredTree, stored_tree, take_turn

BATCH: Final = 1000
INTERVAL_SECONDS: Final = 0.5  # with the time a turn takes, an entry is under a signed head within a second

Alarm = Callable[[Fault], None]


def _no_alarm(_fault: Fault) -> None:
    """Let the gap leaf speak alone."""


def sequence(
    engine: Engine,
    *,
    writer_key: Callable[[str], bytes],
    signer: Signer,
    now_us: int,
    writers: Writers,
    batch: int = BATCH,
    on_alarm: Alarm = _no_alarm,
) -> int:
    """Place every visible leaf, then sign and publish the head; return how many leaves got a place.

    A leaf whose mark or number is wrong stays in the outbox, marked refused; what was wrong becomes an ``audit:gap``
    leaf in the same transaction, and *on_alarm* hears of it once that is kept.

    Args:
        engine: On SQLite, its transactions begin IMMEDIATE.
        writer_key: Derives the key (32 bytes) of the writer with the given id.
        signer: Keeper of the last head.
        now_us: Time of gap leaves and of the published head.
        writers: The sequencer's own writers, for gap leaves.
        batch: Most leaves in one transaction.
        on_alarm: Called once for every fault found.

    Raises:
        LogRolledBackError: the stored tree does not extend the last signed head; nothing was placed or signed.
        EntriesPlantedError: it holds more than the sequencer put there; likewise.
        HeadMissingError, HeadInvalidError, TreeIncompleteError: the head file or the tree is damaged; likewise.
    """
    placed = 0
    turn = _Turn(engine, writer_key, signer, now_us, writers, batch)
    while (intake := turn.place_batch()) is not None:
        placed += len(intake.accepted)
        for fault in intake.faults:
            on_alarm(fault)
    turn.publish()
    return placed


def run(
    engine: Engine,
    *,
    writer_key: Callable[[str], bytes],
    signer: Signer,
    clock: Callable[[], int],
    writers: Writers,
    stop: threading.Event,
    on_failure: Callable[[Exception], None],
    on_alarm: Alarm = _no_alarm,
    interval_seconds: float = INTERVAL_SECONDS,
) -> None:
    """Sequence until *stop* is set, then close the own writers and sequence once more.

    A failed turn is told to *on_failure* and tried again after the interval; nothing is lost meanwhile.
    """

    def turn() -> None:
        try:
            sequence(
                engine,
                writer_key=writer_key,
                signer=signer,
                now_us=clock(),
                writers=writers,
                on_alarm=on_alarm,
            )
        except (AuditError, SQLAlchemyError, OSError) as failure:
            on_failure(failure)

    while not stop.wait(interval_seconds):
        turn()
    try:
        with engine.begin() as connection:
            writers.close(connection, time_us=clock())
    except SQLAlchemyError as failure:
        on_failure(failure)
    turn()


@dataclass(frozen=True, slots=True)
class _Turn:
    engine: Engine
    writer_key: Callable[[str], bytes]
    signer: Signer
    now_us: int
    writers: Writers
    batch: int

    def place_batch(self) -> Intake | None:
        """Place one batch in one transaction; None when nothing waits or another sequencer is at work."""
        writer = self.writers.acquire()
        outcome = Outcome.ROLLED_BACK
        try:
            # Not by `commit()` within: one that fails would leave the pooled connection in its transaction.
            with self.engine.begin() as connection:
                intake = self._take(connection, writer)
                outcome = Outcome.UNCERTAIN  # from here until the commit has answered
            outcome = Outcome.KEPT
        finally:
            self.writers.release(writer, outcome)
        return intake

    def publish(self) -> None:
        """Sign the head of what is placed, unless it is published already."""
        with self.engine.begin() as connection:
            if not take_turn(connection):
                return
            tree = stored_tree(connection, self.signer.head.log)
            head = self.signer.require_extension(tree)
            if head.size == tree.size and _is_published(connection, tree):
                return
            note = self.signer.sign(tree)
            if not _is_published(connection, tree):
                row = {"log": tree.log, "size": tree.size, "origin": head.origin, "note": note, "time": self.now_us}
                connection.execute(insert(CHECKPOINTS), row)

    def _take(self, connection: Connection, writer: Writer) -> Intake | None:
        if not take_turn(connection):
            return None
        intake = read_outbox(connection, self.writer_key, self.batch)
        if intake is None:
            return None
        tree = stored_tree(connection, self.signer.head.log)
        self.signer.require_extension(tree)
        grown = place(connection, tree, intake)
        if grown.size > tree.size:
            self.signer.expect(tree, grown.size, grown.root)
        for fault in intake.faults:
            append_about(connection, writer, event=Event.AUDIT_GAP, time_us=self.now_us, about=fault.about)
        return intake


def _is_published(connection: Connection, tree: StoredTree) -> bool:
    query = select(CHECKPOINTS.c.size).where(CHECKPOINTS.c.log == tree.log, CHECKPOINTS.c.size == tree.size)
    return connection.execute(query).first() is not None
