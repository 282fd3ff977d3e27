"""Refusals in the log: an entry for each one whose caller is known, and a sum for the strangers of a kind and minute.

A refusal mostly raises, which rolls the caller's transaction back; so its entry is written in a transaction of its
own. Strangers cannot make the log grow: they are counted in memory (`vault.sums`), once a minute each process hands its
counts to the table ``refusal_sums``, and when a minute is over for every process, each kind becomes one ``audit:sums``
entry. A process that is killed takes with it what it counted since it last handed over, at most a minute.
"""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite

from audit.events import Event
from vault.clock import from_microseconds
from vault.context import SYSTEM, Actor, Context, Vault
from vault.db import Outcome, is_writing
from vault.journal import Keys, note
from vault.models import RefusalSum
from vault.sums import MINUTE_MICROSECONDS, Refused, Sums, minute_of

OPEN_MINUTES: Final = 2
"""How far back a count is booked; what is handed over later counts as of then."""
SETTLED_AFTER: Final = 5
"""Minutes after which no process books on a minute any more: it becomes an entry."""


def log_refusal(
    ctx: Context,
    event: Event,
    *,
    facts: Mapping[str, Any],
    citizen_id: UUID | None = None,
    purpose: str | None = None,
    policy_set: str | None = None,
    keys: Keys | None = None,
) -> None:
    """Write an entry for a refusal, by *ctx*'s actor: when its transaction has ended, or at once where it only reads.

    However that transaction ends, the refusal was given; so it is logged. *keys* as in `vault.journal.note`.
    """

    def write(_outcome: Outcome | None = None) -> None:
        with ctx.vault.transaction(ctx.actor) as later:
            note(later, event, citizen_id=citizen_id, keys=keys, purpose=purpose, policy_set=policy_set, facts=facts)

    if is_writing(ctx.session):
        ctx.session.info["on_end"].append(write)
    else:
        write()


def log_refused_service(vault: Vault, actor: Actor, event: Event, *, reason: str, endpoint: str) -> None:
    """Write an entry for what a service that proved itself was refused: the reason's code, never what it sent."""
    with vault.transaction(actor) as ctx:
        facts = {"reason": reason, "endpoint": endpoint, "service": str(actor.service_id)}
        note(ctx, event, facts=facts)


def hand_over(vault: Vault, sums: Sums) -> None:
    """Add what this process counted to the common table, so that it outlives the process."""
    counts = sums.take()
    if not counts:
        return
    try:
        with vault.transaction(SYSTEM) as ctx:
            earliest = minute_of(ctx.now) - OPEN_MINUTES
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
        until = minute_of(ctx.now) + 1 if everything else minute_of(ctx.now) - SETTLED_AFTER
        gone = delete(RefusalSum).where(RefusalSum.minute < until)
        rows = ctx.session.execute(gone.returning(RefusalSum.kind, RefusalSum.minute, RefusalSum.count)).all()
        for row in sorted(rows, key=lambda row: (row.minute, row.kind)):
            since = from_microseconds(row.minute * MINUTE_MICROSECONDS)
            note(ctx, Event.AUDIT_SUMS, facts={"kind": row.kind, "minute": since.isoformat(), "count": row.count})
        return len(rows)
