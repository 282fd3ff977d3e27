"""Grants: what was allowed, to whom, for what and until when; narrowed, paused or withdrawn at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, select

from audit.events import Event
from policies.model import Action, GrantFacts
from vault.confidential import close_for_citizen
from vault.context import Context
from vault.errors import InvalidInputError, NotFoundError, WrongStateError
from vault.ids import new_id
from vault.journal import note
from vault.judging import demand, grant_facts
from vault.kinds import Channel, Decider, GrantState
from vault.models import Grant
from vault.purposes import Choice, Definition
from vault.purposes import find as find_purpose
from vault.views import ServiceView, service_view

_ENDED = frozenset({GrantState.WITHDRAWN, GrantState.EXPIRED, GrantState.EXHAUSTED})


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantView:
    """A grant as it stands now."""

    grant_id: UUID
    citizen_id: UUID
    service: ServiceView
    purpose: Definition
    fields: frozenset[str]
    max_sensitivity: int
    not_before: datetime
    not_after: datetime
    max_uses: int
    uses: int
    last_used_at: datetime | None
    state: GrantState
    decided_by: Decider
    channel: Channel
    case_reference: str | None
    made_at: datetime
    changed_at: datetime
    version: int

    @property
    def is_live(self) -> bool:
        """Whether it opens anything now, or may again."""
        return self.state not in _ENDED

    @property
    def can_stop(self) -> bool:
        """Whether the citizen may end it: only where the citizen decides."""
        return self.is_live and self.purpose.choice is Choice.DECIDE

    @property
    def can_object(self) -> bool:
        """Whether the citizen may object to it."""
        return self.is_live and self.purpose.choice is Choice.MAY_OBJECT

    @property
    def can_challenge(self) -> bool:
        """Whether the citizen may challenge it."""
        return self.is_live and self.purpose.choice in {Choice.MAY_CHALLENGE, Choice.TOLD_AFTERWARDS}


@dataclass(frozen=True, slots=True, kw_only=True)
class NewGrant:
    """What is about to be allowed."""

    citizen_id: UUID
    service_id: UUID
    purpose: Definition
    fields: frozenset[str]
    not_after: datetime
    max_uses: int
    decided_by: Decider
    channel: Channel
    request_id: UUID | None = None
    case_reference: str | None = None
    evidence: str | None = None


def make(ctx: Context, *, new: NewGrant) -> GrantView:
    """
    Make a grant. The rules that allow it were asked by the caller.

    Raises:
        InvalidInputError: It allows nothing, or ends before it begins.
    """
    if not new.fields or not new.fields <= new.purpose.most:
        raise InvalidInputError("a grant allows at least one field and none beyond its purpose")
    if not ctx.now < new.not_after <= ctx.now + new.purpose.longest:
        raise InvalidInputError(f"the period must end after today and within {new.purpose.max_days} days")
    grant_id = new_id()
    row = Grant(
        citizen_id=new.citizen_id,
        grant_id=grant_id,
        service_id=new.service_id,
        purpose=new.purpose.slug,
        fields=sorted(new.fields),
        max_sensitivity=new.purpose.max_sensitivity,
        not_before=ctx.now,
        not_after=new.not_after,
        max_uses=new.max_uses,
        decided_by=new.decided_by,
        channel=new.channel,
        made_at=ctx.now,
        changed_at=ctx.now,
        history=new.purpose.history,
        request_id=new.request_id,
        decider_account_id=ctx.actor.account_id,
        sealed_evidence=_evidence(ctx, new, grant_id),
        case_reference=new.case_reference,
    )
    ctx.session.add(row)
    note(
        ctx,
        Event.GRANT_MADE,
        citizen_id=new.citizen_id,
        purpose=new.purpose.slug,
        facts={
            **_facts(row),
            "decided_by": str(new.decided_by),
            "channel": str(new.channel),
            "case": new.case_reference,
        },
    )
    return _view(ctx, row)


def _evidence(ctx: Context, new: NewGrant, grant_id: UUID) -> bytes | None:
    if not new.evidence:
        return None
    return close_for_citizen(
        ctx, citizen_id=new.citizen_id, what="evidence", row_id=grant_id, words={"evidence": new.evidence}
    )


def _facts(row: Grant) -> dict[str, object]:
    return {
        "grant": str(row.grant_id),
        "version": row.version,
        "service": str(row.service_id),
        "fields": row.fields,
        "until": row.not_after.isoformat(),
        "max_uses": row.max_uses,
    }


def withdraw(ctx: Context, *, citizen_id: UUID, grant_id: UUID) -> GrantView:
    """
    Stop sharing, at once: a read that begins after this is committed is refused. Needs no step-up.

    Raises:
        NotFoundError: The citizen has no such grant.
        NotAllowedError: The rules give the citizen no such choice.
        WrongStateError: It has ended already.
    """
    row = _live(ctx, citizen_id, grant_id)
    _demand_withdrawal(ctx, row)
    _change(ctx, row, state=GrantState.WITHDRAWN, event=Event.GRANT_WITHDRAWN)
    return _view(ctx, row)


def narrow(ctx: Context, *, citizen_id: UUID, grant_id: UUID, keep: frozenset[str]) -> GrantView:
    """
    Leave only the fields *keep* in a grant.

    Raises:
        NotFoundError: The citizen has no such grant.
        NotAllowedError: The rules give the citizen no such choice.
        InvalidInputError: *keep* is empty or holds a field that was not allowed.
        WrongStateError: It has ended already.
    """
    row = _live(ctx, citizen_id, grant_id)
    if not keep or not keep <= set(row.fields):
        raise InvalidInputError("keep at least one of the fields that are shared now, and none that are not")
    _demand_withdrawal(ctx, row)
    row.fields = sorted(keep)
    _change(ctx, row, state=row.state, event=Event.GRANT_NARROWED)
    return _view(ctx, row)


def _demand_withdrawal(ctx: Context, row: Grant) -> None:
    demand(
        ctx,
        action=Action.WITHDRAW,
        citizen_id=row.citizen_id,
        purpose=find_purpose(ctx, slug=row.purpose),
        grant=grant_facts(row, state=str(state_now(row, ctx.now))),
    )


def facts_of(ctx: Context, *, citizen_id: UUID, grant_id: UUID) -> GrantFacts:
    """
    One grant as the rules know it.

    Raises:
        NotFoundError: The citizen has no such grant.
    """
    row = ctx.session.get(Grant, (citizen_id, grant_id))
    if row is None:
        raise NotFoundError(f"grant `{grant_id}` is not known")
    return grant_facts(row, state=str(state_now(row, ctx.now)))


def pause(ctx: Context, *, citizen_id: UUID, grant_id: UUID) -> GrantView:
    """
    Suspend a grant while a case about it is open.

    Raises:
        NotFoundError: The citizen has no such grant.
        WrongStateError: It has ended already.
    """
    row = _live(ctx, citizen_id, grant_id)
    if row.state is GrantState.ACTIVE:
        _change(ctx, row, state=GrantState.PAUSED, event=Event.GRANT_PAUSED)
    return _view(ctx, row)


def resume(ctx: Context, *, citizen_id: UUID, grant_id: UUID) -> GrantView:
    """
    Let a paused grant work again.

    Raises:
        NotFoundError: The citizen has no such grant.
        WrongStateError: It has ended already.
    """
    row = _live(ctx, citizen_id, grant_id)
    if row.state is GrantState.PAUSED:
        _change(ctx, row, state=GrantState.ACTIVE, event=Event.GRANT_RESUMED)
    return _view(ctx, row)


def end(ctx: Context, *, citizen_id: UUID, grant_id: UUID) -> None:
    """End a grant for a reason other than the citizen's wish (an objection upheld, a death)."""
    row = _live(ctx, citizen_id, grant_id)
    _change(ctx, row, state=GrantState.WITHDRAWN, event=Event.GRANT_WITHDRAWN)


def _change(ctx: Context, row: Grant, *, state: GrantState, event: Event) -> None:
    row.state, row.changed_at = state, ctx.now
    row.version += 1
    note(ctx, event, citizen_id=row.citizen_id, purpose=row.purpose, facts=_facts(row))


def _live(ctx: Context, citizen_id: UUID, grant_id: UUID) -> Grant:
    row = ctx.session.get(Grant, (citizen_id, grant_id), with_for_update=True)
    if row is None:
        raise NotFoundError(f"grant `{grant_id}` is not known")
    if state_now(row, ctx.now) in _ENDED:
        raise WrongStateError(f"grant `{grant_id}` has ended already")
    return row


def state_now(row: Grant, now: datetime) -> GrantState:
    """The state of a grant at *now* (`state_at`)."""
    return state_at(row.state, row.not_after, row.uses, row.max_uses, now)


def state_at(state: GrantState, not_after: datetime, uses: int, max_uses: int, now: datetime) -> GrantState:
    """The state at *now*: a period that is over or uses that are spent end a grant without anyone writing so."""
    if state in _ENDED:
        return state
    if now >= not_after:
        return GrantState.EXPIRED
    return GrantState.EXHAUSTED if uses >= max_uses else state


def sweep(ctx: Context) -> int:
    """Write down and log the grants whose period or uses have ended since the last sweep; return how many."""
    over = Grant.not_after <= ctx.now
    spent = Grant.uses >= Grant.max_uses
    open_states = (GrantState.ACTIVE, GrantState.PAUSED)
    rows = ctx.session.scalars(select(Grant).where(Grant.state.in_(open_states), over | spent).with_for_update()).all()
    for row in rows:
        state = state_now(row, ctx.now)
        _change(
            ctx, row, state=state, event=Event.GRANT_EXPIRED if state is GrantState.EXPIRED else Event.GRANT_USED_UP
        )
    return len(rows)


def _views(ctx: Context, query: Select[Grant]) -> list[GrantView]:
    return [_view(ctx, row) for row in ctx.session.scalars(query.order_by(Grant.made_at.desc()))]


def of_citizen(ctx: Context, *, citizen_id: UUID) -> list[GrantView]:
    """Every grant of a citizen, newest first, ended ones too."""
    return _views(ctx, select(Grant).where(Grant.citizen_id == citizen_id))


def of_service(ctx: Context, *, service_id: UUID) -> list[GrantView]:
    """Every grant that a service was given, newest first."""
    return _views(ctx, select(Grant).where(Grant.service_id == service_id))


def by_id(ctx: Context, *, grant_id: UUID) -> GrantView:
    """
    One grant by its id alone.

    Raises:
        NotFoundError: There is none.
    """
    rows: Sequence[Grant] = ctx.session.scalars(select(Grant).where(Grant.grant_id == grant_id)).all()
    if not rows:
        raise NotFoundError(f"grant `{grant_id}` is not known")
    return _view(ctx, rows[0])


def view(ctx: Context, *, citizen_id: UUID, grant_id: UUID) -> GrantView:
    """
    One grant of a citizen.

    Raises:
        NotFoundError: The citizen has no such grant.
    """
    row = ctx.session.get(Grant, (citizen_id, grant_id))
    if row is None:
        raise NotFoundError(f"grant `{grant_id}` is not known")
    return _view(ctx, row)


def _view(ctx: Context, row: Grant) -> GrantView:
    return GrantView(
        grant_id=row.grant_id,
        citizen_id=row.citizen_id,
        service=service_view(ctx, row.service_id),
        purpose=find_purpose(ctx, slug=row.purpose),
        fields=frozenset(row.fields),
        max_sensitivity=row.max_sensitivity,
        not_before=row.not_before,
        not_after=row.not_after,
        max_uses=row.max_uses,
        uses=row.uses,
        last_used_at=row.last_used_at,
        state=state_now(row, ctx.now),
        decided_by=row.decided_by,
        channel=row.channel,
        case_reference=row.case_reference,
        made_at=row.made_at,
        changed_at=row.changed_at,
        version=row.version,
    )
