"""Appending: one INSERT in the caller's own transaction. The order is settled later, by `audit.sequencer`.

Writers never wait for one another: each transaction borrows a writer with a count of its own. So the life of a
transaction is `Writers.acquire`, `append` as often as needed, commit, `Writers.release` with what became of the commit.
"""

import enum
import os
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, insert
from sqlalchemy.orm import Session

from audit.entry import Leaf, encode, leaf_hash, mac
from audit.errors import WriterMisusedError
from audit.events import Event
from audit.models import OUTBOX, WRITER_CHARACTERS
from audit.numbers import Doubt, announcement
from audit.payload import ClosedPayload

Executor = Connection | Session

OUTBOX_COLUMNS: Final = ("leaf_hash", "subject", "leaf", "mac", "payload", "month", "refused")
"""What `Finished.row` holds, for statements of one's own into `audit.models.OUTBOX`."""

SYSTEM: Final = "system"

_QUEUE = insert(OUTBOX)


class Outcome(enum.StrEnum):
    """What became of a writer's transaction."""

    KEPT = "kept"
    ROLLED_BACK = "rolled_back"
    UNCERTAIN = "uncertain"


@dataclass(frozen=True, slots=True)
class Finished:
    """A leaf that waits to be queued: its leaf hash (32 bytes) and its row of the outbox, by `OUTBOX_COLUMNS`."""

    leaf_hash: bytes
    time_us: int
    row: Mapping[str, Any] = field(repr=False)


@dataclass(slots=True, eq=False)
class Writer:
    """One count of leaves, used by one transaction at a time.

    `rewind` takes numbers back after a rollback to a savepoint, so that none is skipped.
    """

    id: str
    key: bytes = field(repr=False)
    doubts: tuple[Doubt, ...] = ()
    next_number: int = 0
    kept_number: int = 0
    last_time: int = 0
    borrowed: bool = False

    def count(self, finished: Finished) -> None:
        """Say that *finished* took the next number."""
        self.next_number += 1
        self.last_time = finished.time_us

    def rewind(self, number: int) -> None:
        """Go back to *number*, which `next_number` was when the savepoint was set.

        Raises:
            WriterMisusedError: that number was never this transaction's.
        """
        if not self.kept_number <= number <= self.next_number:
            raise WriterMisusedError(f"writer `{self.id}` cannot go back to number {number}")
        self.next_number = number


class Writers:
    """The writers of one process: a pool that grows to as many as transactions ran at once.

    Args:
        key_of: Derives a writer's key (32 bytes) from its id; the sequencer derives the same one.
    """

    def __init__(self, key_of: Callable[[str], bytes]) -> None:
        self._key_of = key_of
        self._idle: list[Writer] = []
        self._lock = threading.Lock()
        self._process = os.getpid()

    def acquire(self, *, fresh: bool = False) -> Writer:
        """Borrow a writer for one transaction; a *fresh* one if its first leaf must be its announcement."""
        with self._lock:
            if self._process != os.getpid():  # a forked child must not count on with its parent's writers
                self._idle.clear()
                self._process = os.getpid()
            writer = self._idle.pop() if self._idle and not fresh else self._fresh(())
            writer.borrowed = True
            return writer

    def release(self, writer: Writer, outcome: Outcome | str) -> None:
        """Give *writer* back and say what became of its transaction.

        After `Outcome.UNCERTAIN` it retires; its successor, which is the next to be borrowed, announces the doubt.

        Raises:
            WriterMisusedError: the writer is not borrowed.
        """
        if not writer.borrowed:
            raise WriterMisusedError(f"writer `{writer.id}` is not borrowed")
        writer.borrowed = False
        with self._lock:
            self._idle.append(self._settle(writer, Outcome(outcome)))

    def close(self, connection: Executor, *, time_us: int) -> None:
        """End every idle writer with an ``audit:closed`` leaf in the caller's transaction; none is used again."""
        with self._lock:
            ending, self._idle = self._idle, []
        for writer in ending:
            writer.borrowed = True  # and never given back
            if writer.kept_number > 0 or writer.doubts:
                append_about(connection, writer, event=Event.AUDIT_CLOSED, time_us=time_us, about={})

    def beat(self, connection: Executor, *, time_us: int, idle_us: int) -> list[Writer]:
        """Append ``audit:beat`` for every writer that was silent for *idle_us*; so a cut tail is noticed in time.

        Returns:
            The writers that beat; the caller releases each with the outcome of its commit.
        """
        with self._lock:
            due = [writer for writer in self._idle if writer.kept_number and writer.last_time <= time_us - idle_us]
            self._idle = [writer for writer in self._idle if writer not in due]
        for writer in due:
            writer.borrowed = True
            append_about(connection, writer, event=Event.AUDIT_BEAT, time_us=time_us, about={})
        return due

    def _fresh(self, doubts: tuple[Doubt, ...]) -> Writer:
        name = secrets.token_hex(WRITER_CHARACTERS // 2)
        return Writer(name, self._key_of(name), doubts)

    def _settle(self, writer: Writer, outcome: Outcome) -> Writer:
        if outcome is Outcome.UNCERTAIN and writer.next_number > writer.kept_number:
            return self._fresh((*writer.doubts, Doubt(writer.id, writer.kept_number, writer.next_number - 1)))
        if outcome is Outcome.KEPT and writer.next_number > writer.kept_number:
            writer.kept_number = writer.next_number
            writer.doubts = ()
        writer.next_number = writer.kept_number
        return writer


def append(connection: Executor, writer: Writer, finished: Finished) -> bytes:
    """Queue what `finish` made for *writer*; return its leaf hash (32 bytes).

    The leaf, its payload and the change it describes commit together or not at all: *connection* is inside the
    caller's transaction, for which *writer* was borrowed.
    """
    # Not through the session itself, which would look for objects to keep in what is a plain INSERT.
    plain = connection.connection() if isinstance(connection, Session) else connection
    plain.execute(_QUEUE, dict(finished.row))
    # Counted after the row went in: a statement that failed used no number.
    writer.count(finished)
    return finished.leaf_hash


def finish(
    writer: Writer,
    *,
    event: Event,
    time_us: int,
    actor: str,
    payload: ClosedPayload,
    purpose: str | None = None,
    policy_set: str | None = None,
    subject: bytes | None = None,
    touched: Sequence[tuple[str, str]] = (),
) -> Finished:
    """Make the writer's next leaf, which must be queued (`append`) before another is made.

    Args:
        writer: Borrowed for the transaction, and announced in it or before (`announce`).
        event: What happened.
        time_us: When, in µs since 1970 in UTC.
        actor: Who, opaque: "service:…", "officer:<pseudonym>", "citizen", "system".
        payload: What the leaf commits to (`audit.payload.close`).
        purpose: The registered reason's name.
        policy_set: The digest of the rules that were asked, 64 hex digits.
        subject: The subject's pseudonym of the month, 16 bytes.
        touched: Reference (32 hex digits) and new digest (64 hex digits) of every covered row that changed.

    Raises:
        LeafInvalidError: a member is not what the format allows.
        WriterMisusedError: the writer is not borrowed, or has not announced itself.
    """
    if not writer.borrowed or writer.next_number == 0:
        raise WriterMisusedError(f"writer `{writer.id}` is not borrowed or has not announced itself")
    leaf = Leaf(
        writer=writer.id,
        number=writer.next_number,
        time=time_us,
        event=event,
        actor=actor,
        purpose=purpose,
        policy_set=policy_set,
        subject=None if subject is None else subject.hex(),
        commitment=payload.commitment.hex(),
        touched=tuple(touched),
    )
    return _finished(writer, leaf, subject, payload)


def append_about(
    connection: Executor, writer: Writer, *, event: Event, time_us: int, about: Mapping[str, Any]
) -> bytes:
    """Queue what the log says about itself, in clear and without a payload; return its leaf hash (32 bytes)."""
    announce(connection, writer, time_us=time_us)
    leaf = leaf_about(writer, event=event, time_us=time_us, about=about)
    return append(connection, writer, _finished(writer, leaf, None, None))


def leaf_about(writer: Writer, *, event: Event, time_us: int, about: Mapping[str, Any]) -> Leaf:
    """Return the leaf that says *about* under the writer's next number."""
    return Leaf(writer=writer.id, number=writer.next_number, time=time_us, event=event, actor=SYSTEM, about=about)


def announce(connection: Executor, writer: Writer, *, time_us: int) -> None:
    """Queue the writer's announcement, which names what its predecessor left in doubt, if it has not announced itself.

    Raises:
        WriterMisusedError: the writer is not borrowed.
    """
    if not writer.borrowed:
        raise WriterMisusedError(f"writer `{writer.id}` is not borrowed")
    if writer.next_number == 0:
        opening = announcement(writer.doubts)
        leaf = leaf_about(writer, event=Event.AUDIT_WRITER_OPENED, time_us=time_us, about=opening)
        append(connection, writer, _finished(writer, leaf, None, None))


def _finished(writer: Writer, leaf: Leaf, subject: bytes | None, payload: ClosedPayload | None) -> Finished:
    encoded = encode(leaf)
    hashed = leaf_hash(encoded)
    blob, month = (None, None) if payload is None else (payload.blob, payload.month)
    values = (hashed, subject, encoded, mac(writer.key, encoded), blob, month, 0)
    return Finished(hashed, leaf.time, dict(zip(OUTBOX_COLUMNS, values, strict=True)))
