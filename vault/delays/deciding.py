"""Deciding about a delay: a second person approves or rejects it, one is enough to lift it, its day opens it."""

from typing import Final
from uuid import UUID

from sqlalchemy import select

from audit.errors import PayloadBrokenError
from audit.events import Event
from audit.payload import open_with_month
from policies.model import DelayStep
from vault.confidential import close_for_house, open_for_house
from vault.context import Context
from vault.delays.judging import demand_step, note_step
from vault.delays.telling import gather
from vault.delays.views import WORDS, DelayView, view_of
from vault.errors import InvalidInputError, NotAllowedError, NotFoundError, VaultError, WrongStateError
from vault.keychain import kept_month_key
from vault.kinds import DelayState, NoticeKind
from vault.models import Delay, Grant
from vault.notices import tell
from vault.trail.lines import by_of
from vault.trail.proving import entry_row

MOST_REASON: Final = 1000


def approve(ctx: Context, *, delay_id: UUID) -> DelayView:
    """
    Hide the entry from its citizen from now on, until its day.

    Raises:
        NotFoundError: There is no such delay.
        WrongStateError: It does not wait any more.
        NotAllowedError: The rules say no: asked for by the same person, or by one who may no longer ask, about an act
            of the approver's own, too long, or its day has come.
        ProofNeededError: The person could prove again who they are, and did not just now.
        RowForgedError: The delay was planted or altered behind the vault's back.
    """
    row = _waiting(ctx, delay_id)
    demand_step(ctx, DelayStep.APPROVE, row, about_self=_acted(ctx, row) == str(ctx.actor.account_id))
    row.decided_at, row.decided_by = ctx.now, ctx.actor.account_id
    gather(ctx, row)
    return _close(ctx, row, DelayState.RUNNING, Event.DELAY_APPROVED)


def _acted(ctx: Context, row: Delay) -> str:
    """The account of who did what the entry says, where it was one of staff."""
    payload = entry_row(ctx, row.leaf_hash).payload
    try:
        facts = open_with_month(payload, kept_month_key(ctx, payload.month)) if payload else {}
    except (VaultError, PayloadBrokenError) as error:
        raise WrongStateError("the details of the entry do not open, so nobody can tell whose act it is") from error
    return str(by_of(facts).get("account", ""))


def reject(ctx: Context, *, delay_id: UUID, reason: str) -> DelayView:
    """
    Turn a delay down, with a reason of at most `MOST_REASON` characters for who asked for it.

    Raises:
        NotFoundError, WrongStateError, NotAllowedError: As `approve`.
        InvalidInputError: The reason is missing or too long.
    """
    if not reason.strip() or len(reason) > MOST_REASON:
        raise InvalidInputError(f"reason: write 1 to {MOST_REASON} characters")
    row = _waiting(ctx, delay_id)
    demand_step(ctx, DelayStep.REJECT, row)
    words = open_for_house(ctx, what=WORDS, row_id=delay_id, sealed=row.sealed_words)
    row.sealed_words = close_for_house(ctx, what=WORDS, row_id=delay_id, words={**words, "answer": reason.strip()})
    row.decided_at, row.decided_by = ctx.now, ctx.actor.account_id
    return _close(ctx, row, DelayState.REJECTED, Event.DELAY_REJECTED)


def take_back(ctx: Context, *, delay_id: UUID) -> DelayView:
    """
    Take back what one has asked for oneself.

    Raises:
        NotFoundError, WrongStateError: As `approve`.
        NotAllowedError: Someone else asked for it.
    """
    row = _waiting(ctx, delay_id)
    if row.proposed_by != ctx.actor.account_id:
        raise NotAllowedError("only who asked for a delay takes it back")
    row.decided_at, row.decided_by = ctx.now, ctx.actor.account_id
    return _close(ctx, row, DelayState.TAKEN_BACK, Event.DELAY_TAKEN_BACK)


def lift(ctx: Context, *, delay_id: UUID) -> DelayView:
    """
    Show the entry to its citizen from now on. One person is enough: nothing is taken from anyone.

    Raises:
        NotFoundError: There is no such delay.
        WrongStateError: It hides nothing.
        NotAllowedError: The rules do not let this actor lift it.
    """
    row = _held(ctx, delay_id)
    if row.state is not DelayState.RUNNING or row.until <= ctx.now:
        raise WrongStateError(f"delay `{delay_id}` hides nothing")
    demand_step(ctx, DelayStep.LIFT, row)
    row.ended_at, row.ended_by = ctx.now, ctx.actor.account_id
    _tell(ctx, row)
    return _close(ctx, row, DelayState.LIFTED, Event.DELAY_LIFTED)


def open_due(ctx: Context) -> int:
    """Write down and log the delays whose day has come; their citizens see the entries whether or not that is done."""
    due = select(Delay).where(Delay.state == DelayState.RUNNING, Delay.until <= ctx.now).with_for_update()
    rows = ctx.session.scalars(due).all()
    for row in rows:
        row.ended_at = row.until
        _tell(ctx, row)
        _close(ctx, row, DelayState.OPENED, Event.DELAY_OPENED)
    return len(rows)


def _tell(ctx: Context, row: Delay) -> None:
    """
    Let the citizen know that there is something to read.

    A delay names no citizen, and nobody who decides learns who it is. The share does; where there is none, the page of
    who looked says it at the next visit.
    """
    citizen_id = ctx.session.scalars(select(Grant.citizen_id).where(Grant.grant_id == row.grant_id)).one_or_none()
    if citizen_id is not None:
        tell(ctx, citizen_id=citizen_id, kind=NoticeKind.SHOWN_LATE, about=row.delay_id)


def _waiting(ctx: Context, delay_id: UUID) -> Delay:
    row = _held(ctx, delay_id)
    if row.state is not DelayState.WAITING:
        raise WrongStateError(f"delay `{delay_id}` does not wait any more")
    return row


def _held(ctx: Context, delay_id: UUID) -> Delay:
    row = ctx.session.get(Delay, delay_id, with_for_update=True)
    if row is None:
        raise NotFoundError(f"delay `{delay_id}` is not known")
    return row


def _close(ctx: Context, row: Delay, state: DelayState, event: Event) -> DelayView:
    row.state = state
    row.version += 1
    note_step(ctx, event, row)
    return view_of(ctx, row)
