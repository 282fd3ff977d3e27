"""A person's own looks, in the log once for each sign-in, category and hour: not once for every page they turn.

What is noted is that an entry was kept, in the same transaction as the entry itself; so it holds over a restart and for
every server process, and a look without an entry is never opened. A row carries the vault's mark: planted, it hides
nothing. Without a sign-in (a command, a copy taken away, one dangerous value revealed) each look is an entry.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite

from vault.authentic import mac_of, marks_of
from vault.clock import microseconds
from vault.context import Context
from vault.models import NotedLook

KEPT: Final = timedelta(hours=2)

_NOTE: Final = {
    is_sqlite: dialect.insert(NotedLook).on_conflict_do_nothing()
    for is_sqlite, dialect in ((True, sqlite), (False, postgresql))
}


@dataclass(frozen=True, slots=True)
class Noted:
    """Which categories were noted this hour already, and the entry that says so."""

    categories: frozenset[str]
    leaf_hash: bytes
    time_us: int


def noted(ctx: Context, *, citizen_id: UUID) -> Noted | None:
    """What the context's sign-in has looked at this hour; nothing where there is no sign-in or no look."""
    if ctx.actor.sign_in is None:
        return None
    rows = ctx.session.scalars(
        select(NotedLook)
        .where(
            NotedLook.citizen_id == citizen_id,
            NotedLook.sign_in_hash == ctx.actor.sign_in,
            NotedLook.hour == _hour(ctx.now),
        )
        .order_by(NotedLook.logged_at)
    ).all()
    if not rows:
        return None
    newest = rows[-1]
    return Noted(frozenset(row.category for row in rows), newest.leaf_hash, microseconds(newest.logged_at))


def note_look(ctx: Context, *, citizen_id: UUID, categories: frozenset[str], leaf_hash: bytes) -> None:
    """Note, in the transaction that keeps the entry, that it was kept; another at the same moment may come first."""
    if ctx.actor.sign_in is None:
        return
    for category in sorted(categories):
        values = {
            "citizen_id": citizen_id,
            "sign_in_hash": ctx.actor.sign_in,
            "category": category,
            "hour": _hour(ctx.now),
            "leaf_hash": leaf_hash,
            "logged_at": ctx.now,
        }
        mark = mac_of(marks_of(ctx.session), NotedLook, values)
        ctx.session.execute(_NOTE[ctx.vault.db.is_sqlite], {**values, "row_mac": mark})


def forget_noted_looks(ctx: Context) -> None:
    """Forget what no look of this hour can ask for."""
    ctx.session.execute(delete(NotedLook).where(NotedLook.logged_at < ctx.now - KEPT))


def _hour(now: datetime) -> datetime:
    return now.replace(minute=0, second=0, microsecond=0)
