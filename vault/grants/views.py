"""Grants as they are seen: one, a citizen's, a service's; nothing here changes one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import Select, select

from policies.model import GrantFacts
from vault.context import Context
from vault.errors import NotFoundError
from vault.grants.states import ENDED, state_now, state_of
from vault.hiding import uses_known, uses_of
from vault.judging import grant_facts
from vault.kinds import Channel, Decider, GrantState
from vault.models import Grant
from vault.purposes import Choice, Definition
from vault.purposes import find as find_purpose
from vault.views import ServiceView, service_view

SOON: Final = timedelta(days=14)
"""How long before its end both sides are reminded."""


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
    request_id: UUID | None
    proven_at: datetime | None
    """When the citizen who decided had proved who they are; empty where it was no citizen who was signed in."""
    proven_by: str | None
    was_said: bool
    """Whether its last change was written down by an officer on the citizen's spoken word."""
    was_undone: bool
    """Whether it was changed once since then: undone, or decided otherwise."""

    @property
    def reach(self) -> frozenset[str]:
        """The fields that it opens now: what was allowed, as far as the purpose still asks for it."""
        return self.fields & self.purpose.most

    @property
    def is_live(self) -> bool:
        """Whether it opens anything now, or may again."""
        return self.state not in ENDED

    @property
    def can_stop(self) -> bool:
        """Whether the citizen may end it: only where the citizen decides."""
        return self.is_live and self.purpose.choice is Choice.DECIDE

    @property
    def can_renew(self) -> bool:
        """Whether the citizen may let it go on for longer: as they may stop it, while it is not paused."""
        return self.can_stop and self.state is GrantState.ACTIVE

    @property
    def uses_left(self) -> int:
        """How many more times the service may look."""
        return max(self.max_uses - self.uses, 0)

    @property
    def can_object(self) -> bool:
        """Whether the citizen may object to it."""
        return self.is_live and self.purpose.choice is Choice.MAY_OBJECT

    @property
    def can_challenge(self) -> bool:
        """Whether the citizen may challenge it."""
        return self.is_live and self.purpose.choice in {Choice.MAY_CHALLENGE, Choice.TOLD_AFTERWARDS}


def of_citizen(ctx: Context, *, citizen_id: UUID) -> list[GrantView]:
    """Every grant of a citizen, newest first, ended ones too."""
    return _views(ctx, select(Grant).where(Grant.citizen_id == citizen_id))


def of_service(ctx: Context, *, service_id: UUID) -> list[GrantView]:
    """Every grant that a service was given, newest first."""
    return _views(ctx, select(Grant).where(Grant.service_id == service_id))


def to_read(ctx: Context, *, service_id: UUID, purpose: str) -> list[UUID]:
    """The grants of a service for one purpose that are active by their rows, by id; each is judged when it is used."""
    query = select(Grant.grant_id).where(
        Grant.service_id == service_id, Grant.purpose == purpose, Grant.state == GrantState.ACTIVE
    )
    return list(ctx.session.scalars(query.order_by(Grant.grant_id)))


def _views(ctx: Context, query: Select[Grant]) -> list[GrantView]:
    return [view_of(ctx, row) for row in ctx.session.scalars(query.order_by(Grant.made_at.desc()))]


def ending_soon(
    ctx: Context, *, citizen_id: UUID | None = None, service_id: UUID | None = None, within: timedelta = SOON
) -> list[GrantView]:
    """
    The grants that end soon and could go on if the citizen wishes, soonest first.

    Args:
        ctx: The vault, now.
        citizen_id: Only those of one citizen.
        service_id: Only those that one service was given. With neither: everyone's, for reminders.
        within: How soon.
    """
    open_states = (GrantState.ACTIVE, GrantState.EXHAUSTED)
    query = select(Grant).where(
        Grant.state.in_(open_states), Grant.not_after > ctx.now, Grant.not_after <= ctx.now + within
    )
    if citizen_id is not None:
        query = query.where(Grant.citizen_id == citizen_id)
    if service_id is not None:
        query = query.where(Grant.service_id == service_id)
    rows = ctx.session.scalars(query.order_by(Grant.not_after, Grant.grant_id))
    found = [view_of(ctx, row, as_known=service_id is None) for row in rows]
    return [grant for grant in found if grant.can_renew]


def by_id(ctx: Context, *, grant_id: UUID) -> GrantView:
    """
    One grant by its id alone.

    Raises:
        NotFoundError: There is none.
    """
    rows: Sequence[Grant] = ctx.session.scalars(select(Grant).where(Grant.grant_id == grant_id)).all()
    if not rows:
        raise NotFoundError(f"grant `{grant_id}` is not known")
    return view_of(ctx, rows[0])


def view(ctx: Context, *, citizen_id: UUID, grant_id: UUID) -> GrantView:
    """
    One grant of a citizen.

    Raises:
        NotFoundError: The citizen has no such grant.
    """
    row = ctx.session.get(Grant, (citizen_id, grant_id))
    if row is None:
        raise NotFoundError(f"grant `{grant_id}` is not known")
    return view_of(ctx, row)


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


def view_of(ctx: Context, row: Grant, *, as_known: bool = False) -> GrantView:
    """*row* as it stands now, as the context's actor may know it; *as_known*: as its citizen may, whoever acts."""
    know = uses_known if as_known else uses_of
    used = know(ctx, grant_id=row.grant_id, uses=row.uses, last=row.last_used_at)
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
        uses=used.count,
        last_used_at=used.last,
        state=state_of(row, used.count, ctx.now),
        decided_by=row.decided_by,
        channel=row.channel,
        case_reference=row.case_reference,
        made_at=row.made_at,
        changed_at=row.changed_at,
        version=row.version,
        request_id=row.request_id,
        proven_at=row.proven_at,
        proven_by=row.proven_by,
        was_said=row.said_version is not None and row.said_version == row.version,
        was_undone=row.said_version is not None and row.said_version + 1 == row.version,
    )


def logged(row: Grant) -> dict[str, object]:
    """What the log says of a grant whenever it changes."""
    return {
        "grant": str(row.grant_id),
        "version": row.version,
        "service": str(row.service_id),
        "fields": row.fields,
        "until": row.not_after.isoformat(),
        "max_uses": row.max_uses,
    }
