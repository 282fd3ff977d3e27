"""Changing a grant: narrowed, withdrawn, paused, resumed or over; each is a new version, and old tokens die with it."""

from uuid import UUID

from sqlalchemy import select

from audit.events import Event
from policies.model import Action
from vault.context import Context
from vault.errors import InvalidInputError, NotFoundError, WrongStateError
from vault.grants.states import ENDED, state_now, state_of
from vault.grants.views import GrantView, logged, view_of
from vault.hiding import hides_uses, uses_known
from vault.journal import note
from vault.judging import demand, grant_facts
from vault.kinds import GrantState
from vault.models import Grant
from vault.purposes import find as find_purpose
from vault.webhooks import HookEvent, tell


def withdraw(ctx: Context, *, citizen_id: UUID, grant_id: UUID) -> GrantView:
    """
    Stop sharing, at once: a read that begins after this is committed is refused. Needs no step-up.

    Raises:
        NotFoundError: The citizen has no such grant.
        NotAllowedError: The rules give the citizen no such choice.
        WrongStateError: It has ended already.
    """
    row = live(ctx, citizen_id, grant_id)
    demand_withdrawal(ctx, row)
    change(ctx, row, state=GrantState.WITHDRAWN, event=Event.GRANT_WITHDRAWN)
    return view_of(ctx, row)


def narrow(ctx: Context, *, citizen_id: UUID, grant_id: UUID, keep: frozenset[str]) -> GrantView:
    """
    Leave only the fields *keep* in a grant.

    Raises:
        NotFoundError: The citizen has no such grant.
        NotAllowedError: The rules give the citizen no such choice.
        InvalidInputError: *keep* is empty or holds a field that was not allowed.
        WrongStateError: It has ended already.
    """
    row = live(ctx, citizen_id, grant_id)
    if not keep or not keep <= set(row.fields):
        raise InvalidInputError("keep at least one of the fields that are shared now, and none that are not")
    demand_withdrawal(ctx, row)
    row.fields = sorted(keep)
    change(ctx, row, state=row.state, event=Event.GRANT_NARROWED)
    return view_of(ctx, row)


def demand_withdrawal(ctx: Context, row: Grant) -> None:
    """Ask the rules whether this actor may end a grant, or make it smaller."""
    demand(
        ctx,
        action=Action.WITHDRAW,
        citizen_id=row.citizen_id,
        purpose=find_purpose(ctx, slug=row.purpose),
        grant=grant_facts(row, state=str(state_known(ctx, row))),
    )


def pause(ctx: Context, *, citizen_id: UUID, grant_id: UUID) -> GrantView:
    """
    Suspend a grant while a case about it is open.

    Raises:
        NotFoundError: The citizen has no such grant.
        WrongStateError: It has ended already.
    """
    row = live(ctx, citizen_id, grant_id)
    if state_known(ctx, row) is GrantState.ACTIVE:
        change(ctx, row, state=GrantState.PAUSED, event=Event.GRANT_PAUSED)
    return view_of(ctx, row)


def resume(ctx: Context, *, citizen_id: UUID, grant_id: UUID) -> GrantView:
    """
    Let a paused grant work again.

    Raises:
        NotFoundError: The citizen has no such grant.
        WrongStateError: It has ended already.
    """
    row = live(ctx, citizen_id, grant_id)
    if row.state is GrantState.PAUSED:
        change(ctx, row, state=GrantState.ACTIVE, event=Event.GRANT_RESUMED)
    return view_of(ctx, row)


def end(ctx: Context, *, citizen_id: UUID, grant_id: UUID) -> None:
    """End a grant for a reason other than the citizen's wish (an objection upheld, a death)."""
    row = live(ctx, citizen_id, grant_id)
    change(ctx, row, state=GrantState.WITHDRAWN, event=Event.GRANT_WITHDRAWN)


def sweep(ctx: Context) -> int:
    """
    Write down and log the grants whose period or uses have ended since the last sweep; return how many.

    One that was used up by looks that are hidden from its citizen waits until they are shown; it opens nothing.
    """
    over = Grant.not_after <= ctx.now
    spent = Grant.uses >= Grant.max_uses
    open_states = (GrantState.ACTIVE, GrantState.PAUSED)
    rows = ctx.session.scalars(select(Grant).where(Grant.state.in_(open_states), over | spent).with_for_update()).all()
    done = 0
    for row in rows:
        state = state_now(row, ctx.now)
        if state is GrantState.EXPIRED or not hides_uses(ctx, grant_id=row.grant_id):
            event = Event.GRANT_EXPIRED if state is GrantState.EXPIRED else Event.GRANT_USED_UP
            change(ctx, row, state=state, event=event)
            done += 1
    return done


def live(ctx: Context, citizen_id: UUID, grant_id: UUID) -> Grant:
    """
    A grant that has not ended, held until this transaction ends.

    One that looks used up which are hidden from its citizen has not: that it had ended would tell of them.
    """
    row = ctx.session.get(Grant, (citizen_id, grant_id), with_for_update=True)
    if row is None:
        raise NotFoundError(f"grant `{grant_id}` is not known")
    if state_known(ctx, row) in ENDED:
        raise WrongStateError(f"grant `{grant_id}` has ended already")
    return row


def state_known(ctx: Context, row: Grant) -> GrantState:
    """How a grant stands now by the looks that its citizen may know of."""
    known = uses_known(ctx, grant_id=row.grant_id, uses=row.uses, last=row.last_used_at)
    return state_of(row, known.count, ctx.now)


def change(ctx: Context, row: Grant, *, state: GrantState, event: Event) -> None:
    """Make a new version of a grant, log what it is now, and let its service know."""
    row.state, row.changed_at = state, ctx.now
    row.version += 1
    tell(ctx, service_id=row.service_id, event=HookEvent(str(event)), grant_id=row.grant_id)
    note(ctx, event, citizen_id=row.citizen_id, purpose=row.purpose, facts=logged(row))
