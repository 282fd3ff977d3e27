"""Refusals in the log: an entry for each one whose caller is known, and a sum for the strangers of a kind and minute.

A refusal mostly raises, which rolls the caller's transaction back; so its entry is written in a transaction of its own.
Strangers cannot make the log grow: they are counted in memory (`Sums`), once a minute each process hands its counts to
the table ``refusal_sums``, and when a minute is over for every process, each kind becomes one ``audit:sums`` entry. A
process that is killed takes with it what it counted since it last handed over, at most a minute.
"""

import enum
import os
import threading
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite

from audit.events import Event
from vault.clock import from_microseconds, microseconds
from vault.context import SYSTEM, Actor, Context, Vault
from vault.db import Outcome, is_writing
from vault.journal import note
from vault.models import RefusalSum

OPEN_MINUTES: Final = 2
"""How far back a count is booked; what is handed over later counts as of then."""
SETTLED_AFTER: Final = 5
"""Minutes after which no process books on a minute any more: it becomes an entry."""
MOST_MINUTES: Final = 10
"""Minutes that a process keeps apart while it cannot hand over; older ones are added to the oldest."""

_MICROSECONDS: Final = 60_000_000  # in a minute


class Refused(enum.StrEnum):
    """What a stranger tried. Values stand in the log and are never renamed; their number bounds its growth."""

    TOKEN = "token"  # noqa: S105 -- a word; an access token that is unknown, has ended, or is another key's
    PROOF = "proof"
    """A proof of a key (DPoP) that does not hold."""
    PROOF_REPLAYED = "proof-replayed"
    CLIENT = "client"
    """A client that is not registered, or an assertion that is not its own or not of now."""
    ASSERTION_REPLAYED = "assertion-replayed"
    REQUEST = "request"
    """A call of the service protocol that is wrong before its client is known."""
    PASSKEY = "passkey"
    LINK = "link"
    """A one-time link that was used, has ended or never was."""
    SIGN_IN = "sign-in"
    """Every other way to sign in that failed."""


def log_refusal(
    ctx: Context,
    event: Event,
    *,
    facts: Mapping[str, Any],
    citizen_id: UUID | None = None,
    purpose: str | None = None,
    policy_set: str | None = None,
) -> None:
    """Write an entry for a refusal, by *ctx*'s actor: when its transaction has ended, or at once where it only reads.

    However that transaction ends, the refusal was given; so it is logged.
    """

    def write(_outcome: Outcome | None = None) -> None:
        with ctx.vault.transaction(ctx.actor) as later:
            note(later, event, citizen_id=citizen_id, purpose=purpose, policy_set=policy_set, facts=facts)

    if is_writing(ctx.session):
        ctx.session.info["on_end"].append(write)
    else:
        write()


def log_refused_service(vault: Vault, actor: Actor, event: Event, *, reason: str, endpoint: str) -> None:
    """Write an entry for what a service that proved itself was refused: the reason's code, never what it sent."""
    with vault.transaction(actor) as ctx:
        facts = {"reason": reason, "endpoint": endpoint, "service": str(actor.service_id)}
        note(ctx, event, facts=facts)


class Sums:
    """Refusals of strangers in this process, by kind and minute: bounded, and safe between threads and after a fork."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[tuple[int, Refused], int] = {}
        self._process = os.getpid()

    def count(self, kind: Refused, *, now: datetime) -> None:
        """Count one."""
        minute = _minute(now)
        with self._lock:
            self._after_fork()
            self._add(minute, kind, 1)
            if len({held for held, _kind in self._counts}) > MOST_MINUTES:
                oldest, next_oldest = sorted({held for held, _kind in self._counts})[:2]
                for each in Refused:
                    if (more := self._counts.pop((oldest, each), 0)) > 0:
                        self._add(next_oldest, each, more)

    def take(self) -> dict[tuple[int, Refused], int]:
        """What was counted, by minute (since 1970) and kind; from here on the caller's to keep or to give back."""
        with self._lock:
            self._after_fork()
            taken, self._counts = self._counts, {}
            return taken

    def give_back(self, counts: Mapping[tuple[int, Refused], int]) -> None:
        """Put back what could not be kept."""
        with self._lock:
            for (minute, kind), more in counts.items():
                self._add(minute, kind, more)

    def _add(self, minute: int, kind: Refused, more: int) -> None:
        self._counts[minute, kind] = self._counts.get((minute, kind), 0) + more

    def _after_fork(self) -> None:
        if self._process != os.getpid():  # what the parent counted is the parent's to tell
            self._counts, self._process = {}, os.getpid()


def hand_over(vault: Vault, sums: Sums) -> None:
    """Add what this process counted to the common table, so that it outlives the process."""
    counts = sums.take()
    if not counts:
        return
    try:
        with vault.transaction(SYSTEM) as ctx:
            earliest = _minute(ctx.now) - OPEN_MINUTES
            for (minute, kind), more in sorted(counts.items()):
                _book(ctx, kind, max(minute, earliest), more)
    except BaseException:
        sums.give_back(counts)
        raise


def _book(ctx: Context, kind: Refused, minute: int, more: int) -> None:
    insert = sqlite.insert if ctx.vault.db.is_sqlite else postgresql.insert
    adding = insert(RefusalSum).values(kind=str(kind), minute=minute, count=more)
    added = adding.on_conflict_do_update(
        index_elements=["kind", "minute"], set_={"count": RefusalSum.count + adding.excluded.count}
    )
    ctx.session.connection().execute(added)


def settle(vault: Vault, *, everything: bool = False) -> int:
    """Write an entry for each kind and minute that is over for every process; return how many.

    With *everything*, when no process counts any more, also for the minutes that are not.
    """
    with vault.transaction(SYSTEM) as ctx:
        until = _minute(ctx.now) + 1 if everything else _minute(ctx.now) - SETTLED_AFTER
        gone = delete(RefusalSum).where(RefusalSum.minute < until)
        rows = ctx.session.execute(gone.returning(RefusalSum.kind, RefusalSum.minute, RefusalSum.count)).all()
        for row in sorted(rows, key=lambda row: (row.minute, row.kind)):
            since = from_microseconds(row.minute * _MICROSECONDS)
            note(ctx, Event.AUDIT_SUMS, facts={"kind": row.kind, "minute": since.isoformat(), "count": row.count})
        return len(rows)


def _minute(moment: datetime) -> int:
    return microseconds(moment) // _MICROSECONDS
