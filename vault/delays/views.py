"""Delays as the staff who decide about them see them: never whose entry it is."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select

from vault.confidential import open_for_house
from vault.context import Context
from vault.delays.judging import demand_read
from vault.errors import NotFoundError
from vault.kinds import DelayState
from vault.models import Delay

WORDS: Final = "delay"
REVIEW_AFTER: Final = timedelta(days=30)
"""How long a delay runs before somebody asks whether it is still needed: as long as a case may wait for its answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DelayView:
    """One delay."""

    delay_id: UUID
    leaf_hash: bytes
    event: str
    entry_at: datetime
    purpose: str | None
    others: int
    """How many entries that would give it away are hidden with it."""
    until: datetime
    law: str
    authority: str
    why: str = field(repr=False)
    answer: str = field(repr=False)
    """Why it was turned down."""
    state: DelayState
    proposed_at: datetime
    proposed_by: UUID
    decided_at: datetime | None
    decided_by: UUID | None
    ended_at: datetime | None
    ended_by: UUID | None
    version: int

    def needs_review(self, now: datetime) -> bool:
        """Whether somebody should ask if it is still needed: it runs, and was agreed `REVIEW_AFTER` ago or longer."""
        return self.is_running and self.decided_at is not None and now - self.decided_at >= REVIEW_AFTER

    @property
    def is_waiting(self) -> bool:
        """Whether it waits for a second person."""
        return self.state is DelayState.WAITING

    @property
    def is_running(self) -> bool:
        """Whether it hides something."""
        return self.state is DelayState.RUNNING


def waiting(ctx: Context) -> list[DelayView]:
    """
    What waits for a second person, oldest first.

    Raises:
        NotAllowedError: The actor is none of the council's auditors and administrators.
    """
    demand_read(ctx)
    query = select(Delay).where(Delay.state == DelayState.WAITING).order_by(Delay.proposed_at, Delay.delay_id)
    return [view_of(ctx, row) for row in ctx.session.scalars(query)]


def everything(ctx: Context, *, limit: int = 200) -> list[DelayView]:
    """
    The newest delays of every state, newest first.

    Raises:
        NotAllowedError: As `waiting`.
    """
    demand_read(ctx)
    query = select(Delay).order_by(Delay.proposed_at.desc(), Delay.delay_id).limit(limit)
    return [view_of(ctx, row) for row in ctx.session.scalars(query)]


def find(ctx: Context, *, delay_id: UUID) -> DelayView:
    """
    One delay.

    Raises:
        NotFoundError: There is none.
        NotAllowedError: As `waiting`.
    """
    demand_read(ctx)
    row = ctx.session.get(Delay, delay_id)
    if row is None:
        raise NotFoundError(f"delay `{delay_id}` is not known")
    return view_of(ctx, row)


def of_entry(ctx: Context, *, leaf_hash: bytes) -> list[Delay]:
    """The delays of one entry that wait or run."""
    live = (DelayState.WAITING, DelayState.RUNNING)
    return _all(ctx.session.scalars(select(Delay).where(Delay.leaf_hash == leaf_hash, Delay.state.in_(live))))


def _all(rows: Iterable[Delay]) -> list[Delay]:
    return list(rows)


def view_of(ctx: Context, row: Delay) -> DelayView:
    """*row* as staff see it."""
    words = open_for_house(ctx, what=WORDS, row_id=row.delay_id, sealed=row.sealed_words)
    return DelayView(
        delay_id=row.delay_id,
        leaf_hash=row.leaf_hash,
        event=row.event,
        entry_at=row.entry_at,
        purpose=row.purpose,
        others=len(row.entries) - 1,
        until=row.until,
        law=row.law,
        authority=row.authority,
        why=str(words["why"]),
        answer=str(words["answer"]),
        state=row.state,
        proposed_at=row.proposed_at,
        proposed_by=row.proposed_by,
        decided_at=row.decided_at,
        decided_by=row.decided_by,
        ended_at=row.ended_at,
        ended_by=row.ended_by,
        version=row.version,
    )
