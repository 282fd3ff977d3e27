"""Renewing: a new decision lets a grant go on for longer, never past what was asked for or the purpose may have."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from audit.events import Event
from policies.model import Action
from vault.context import Context
from vault.errors import InvalidInputError, WrongStateError
from vault.grants.changing import change, live, state_known
from vault.grants.making import keep_proof
from vault.grants.states import end_of
from vault.grants.views import GrantView, view_of
from vault.hiding import uses_known
from vault.judging import demand
from vault.kinds import Channel, Decider, GrantState
from vault.models import AccessRequest, Grant
from vault.purposes import Definition
from vault.purposes import find as find_purpose


@dataclass(frozen=True, slots=True)
class Renewal:
    """What renewing may give at most."""

    until: datetime
    uses: int
    """From now on, beside those that were used."""


def renewal(ctx: Context, *, citizen_id: UUID, grant_id: UUID) -> Renewal:
    """
    How far a grant could be renewed now.

    Raises:
        NotFoundError: The citizen has no such grant.
        WrongStateError: It has ended already.
    """
    row = live(ctx, citizen_id, grant_id)
    return _at_most(ctx, row, find_purpose(ctx, slug=row.purpose))


def _at_most(ctx: Context, row: Grant, purpose: Definition) -> Renewal:
    """Counted anew from now: the period and the uses that were asked for, cut to the purpose as it is now."""
    asked = ctx.session.get(AccessRequest, (row.citizen_id, row.request_id)) if row.request_id else None
    period, uses = purpose.longest, purpose.max_uses
    if asked is not None:
        period, uses = min(period, timedelta(seconds=asked.period_seconds)), min(uses, asked.max_uses)
    return Renewal(ctx.now + period, uses)


def renew(ctx: Context, *, citizen_id: UUID, grant_id: UUID, until: date | None = None) -> GrantView:
    """
    Let a grant go on until the end of a day; tokens of the version before end with it.

    Args:
        ctx: Who decides is its actor.
        citizen_id: Whose grant.
        grant_id: Which grant.
        until: The last day; as long as it may be where empty.

    Raises:
        NotFoundError: The citizen has no such grant.
        WrongStateError: It has ended already, or is paused.
        InvalidInputError: It would not end later than it does now, or its purpose does not have its fields any more.
        NotAllowedError: The rules do not let this actor decide.
    """
    row = live(ctx, citizen_id, grant_id)
    purpose = find_purpose(ctx, slug=row.purpose)
    ends, uses = prolonged(ctx, row, purpose, until)
    demand(
        ctx,
        action=Action.DECIDE,
        citizen_id=citizen_id,
        fields=frozenset(row.fields),
        purpose=purpose,
        service_id=row.service_id,
    )
    row.not_after, row.max_uses = ends, uses
    row.decided_by, row.channel, row.decider_account_id = Decider.CITIZEN, Channel.PORTAL, ctx.actor.account_id
    keep_proof(ctx, row, purpose)
    change(ctx, row, state=GrantState.ACTIVE, event=Event.GRANT_RENEWED)
    return view_of(ctx, row)


def prolonged(ctx: Context, row: Grant, purpose: Definition, until: date | None) -> tuple[datetime, int]:
    """The end and the uses that a grant has when it goes on until the end of a day; raises as `renew` does."""
    state = state_known(ctx, row)
    if state is not GrantState.ACTIVE:
        raise WrongStateError(f"grant `{row.grant_id}` is {state}")
    most = _at_most(ctx, row, purpose)
    ends = end_of(until, longest=most.until)
    if ends <= row.not_after:
        raise InvalidInputError("a renewed grant must end later than it does now")
    if not set(row.fields) <= purpose.most:
        raise InvalidInputError(f"purpose `{purpose.slug}` may not have all of this any more: take those fields away")
    # What is left is counted from the uses that the citizen knows of: more would tell of those that they do not.
    known = uses_known(ctx, grant_id=row.grant_id, uses=row.uses, last=row.last_used_at).count
    return ends, max(known + most.uses, row.uses)
