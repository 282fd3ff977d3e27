"""Whom a change of somebody's record concerns: services whose grants open what changed, and nobody else."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import select

from vault.catalogue import CATALOGUE
from vault.context import Context
from vault.hook_kinds import HookEvent
from vault.kinds import GrantState, RecordStatus
from vault.models import Grant, ServiceAddresses
from vault.webhooks.telling import tell

_LOOKED_UP: Final = "webhook-grants"


@dataclass(frozen=True, slots=True)
class Changed:
    """An item that was added, changed or taken away."""

    category: str
    fields: Iterable[str] | None
    """None where all of the category may have been there."""
    sensitivity: int
    """The item's own."""
    statuses: frozenset[RecordStatus]
    """Those it had before and has now."""


def about_data(ctx: Context, *, citizen_id: UUID, changed: Changed) -> None:
    """
    Tell the services that may look at an item now, or could before, that it was added, changed or taken away.

    What a grant does not reach stays unknown to its service, that there is such a thing included: what is past, where
    the grant goes without history, and what was entered in error. A service is not told of what it writes itself.

    Args:
        ctx: Who changed it is its actor.
        citizen_id: Whose item.
        changed: Which item.
    """
    usual = int(CATALOGUE.category(changed.category).sensitivity)
    above = changed.sensitivity if changed.sensitivity > usual else 0
    names = None if changed.fields is None else frozenset(changed.fields)
    for grant in _grants(ctx, citizen_id):
        shown = {RecordStatus.CURRENT, RecordStatus.HISTORY} if grant.history else {RecordStatus.CURRENT}
        reached = {name for name in grant.fields if name.partition(".")[0] == changed.category}
        touched = (reached if names is None else reached & names) and not shown.isdisjoint(changed.statuses)
        if touched and above <= grant.max_sensitivity and grant.service_id != ctx.actor.service_id:
            tell(ctx, service_id=grant.service_id, event=HookEvent.DATA_CHANGED, grant_id=grant.grant_id)


def _grants(ctx: Context, citizen_id: UUID) -> list[Grant]:
    """A citizen's running grants whose services are told of news, looked up once in a transaction."""
    found: dict[UUID, list[Grant]] = ctx.session.info.setdefault(_LOOKED_UP, {})
    if citizen_id not in found:
        query = (
            select(Grant)
            .join(ServiceAddresses, ServiceAddresses.service_id == Grant.service_id)
            .where(
                Grant.citizen_id == citizen_id,
                Grant.state == GrantState.ACTIVE,
                Grant.not_after > ctx.now,
                Grant.uses < Grant.max_uses,
                ServiceAddresses.webhook_uri.is_not(None),
            )
        )
        found[citizen_id] = list(ctx.session.scalars(query))
    return found[citizen_id]


def about_erasure(ctx: Context, *, citizen_id: UUID) -> None:
    """Tell every service that ever had a grant of this citizen, once for each, that the record is gone for good."""
    for grant in ctx.session.scalars(select(Grant).where(Grant.citizen_id == citizen_id)).all():
        tell(ctx, service_id=grant.service_id, event=HookEvent.DATA_ERASED, grant_id=grant.grant_id)
