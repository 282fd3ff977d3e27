"""A supervisor looks at an emergency afterwards, and says whether it was right to open the record."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select

from audit.events import Event
from policies.model import Action
from vault.context import Context
from vault.emergencies.views import (
    ANSWER,
    EmergencyLine,
    EmergencyView,
    check_words,
    closed,
    facts_of,
    line_of,
    note_of,
    row_of,
    view_of,
)
from vault.errors import NotAllowedError, NotFoundError, WrongStateError
from vault.judging import demand
from vault.kinds import FollowUp, NoticeKind
from vault.models import Emergency, Service
from vault.notices import tell

FOLLOWED_UP_WITHIN: Final = timedelta(days=3)


def to_follow_up(ctx: Context, *, emergency_id: UUID) -> EmergencyView:
    """
    One emergency of the supervisor's service, with its words.

    Raises:
        NotFoundError: There is none, or the actor does not supervise its service; both look the same.
        NotAllowedError: The supervisor stated it themselves.
    """
    return view_of(ctx, _judged_row(ctx, emergency_id, lock=False))


def _judged_row(ctx: Context, emergency_id: UUID, *, lock: bool) -> Emergency:
    row = row_of(ctx, emergency_id, lock=lock)
    try:
        demand(ctx, action=Action.FOLLOW_UP, citizen_id=row.citizen_id, emergency=facts_of(ctx, row))
    except NotAllowedError as error:
        if ctx.actor.supervises and ctx.actor.service_id == row.service_id:
            raise
        raise NotFoundError(f"emergency `{emergency_id}` is not known") from error
    return row


def follow_up(ctx: Context, *, emergency_id: UUID, outcome: FollowUp, words: str) -> None:
    """
    Say as a supervisor whether it was right to open the record, and why. What is still open ends; the citizen is told.

    Raises:
        NotFoundError: There is none, or the actor does not supervise its service; both look the same.
        NotAllowedError: The supervisor stated it themselves.
        WrongStateError: It was judged already.
        InvalidInputError: *words* are empty or longer than `WORDS_MOST` characters.
    """
    check_words(words)
    row = _judged_row(ctx, emergency_id, lock=True)
    if row.outcome is not None:
        raise WrongStateError(f"emergency `{emergency_id}` was looked at already")
    row.outcome, row.followed_by, row.followed_at = outcome, ctx.actor.account_id, ctx.now
    row.sealed_answer = closed(ctx, row.citizen_id, emergency_id, ANSWER, words)
    row.ends_at = min(row.ends_at, ctx.now)
    row.version += 1
    tell(ctx, citizen_id=row.citizen_id, kind=NoticeKind.EMERGENCY_JUDGED, about=emergency_id)
    note_of(ctx, row, Event.EMERGENCY_FOLLOWED_UP, outcome=str(outcome))


def to_judge(ctx: Context) -> list[EmergencyLine]:
    """What waits for this supervisor, what is due soonest first; nothing for somebody who is none."""
    if not ctx.actor.supervises:
        return []
    query = select(Emergency).where(
        Emergency.service_id == ctx.actor.service_id,
        Emergency.account_id != ctx.actor.account_id,
        Emergency.outcome.is_(None),
    )
    return [line_of(ctx, row) for row in ctx.session.scalars(query.order_by(Emergency.due_at))]


def unsettled(ctx: Context, *, organisation_id: UUID | None) -> list[EmergencyLine]:
    """What no supervisor looked at in time, or was named wrong, oldest first, for one organisation or all."""
    query = (
        select(Emergency)
        .join(Service, Service.service_id == Emergency.service_id)
        .where(
            (Emergency.outcome.is_(None) & (Emergency.due_at <= ctx.now)) | (Emergency.outcome == FollowUp.WRONG),
        )
        .order_by(Emergency.due_at)
    )
    if organisation_id is not None:
        query = query.where(Service.organisation_id == organisation_id)
    return [line_of(ctx, row) for row in ctx.session.scalars(query)]
