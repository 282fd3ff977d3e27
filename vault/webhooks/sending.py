"""Telling services what waits for them: at least once, the oldest first, and none of them waits for another.

An event is claimed by moving its due time before anybody is called, so no two processes send it at once; where a
process dies between the call and its mark, the event comes due again under the same id. After a failure the next try
comes later each time, and what else waits for that service waits a little too, so that one that is down is not
hammered.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import SystemRandom
from typing import Final, Protocol
from uuid import UUID

from sqlalchemy import and_, delete, func, or_, select, update

from audit.events import Event
from vault import services
from vault.context import SYSTEM, Context, Vault
from vault.hook_kinds import DeliveryFault, DeliveryState, HookEvent
from vault.journal import note
from vault.kinds import ServiceStatus
from vault.models import WebhookDelivery

AT_ONCE: Final = 50
"""Events for one service in one turn."""
LASTS: Final = timedelta(seconds=15)
"""After so long no further event of a turn is begun: other services want the place."""
FIRST_WAIT: Final = timedelta(seconds=30)
LONGEST_WAIT: Final = timedelta(hours=6)
HELD_WHILE_SUSPENDED: Final = timedelta(minutes=5)
KEPT: Final = {DeliveryState.DELIVERED: timedelta(days=7), DeliveryState.GIVEN_UP: timedelta(days=30)}
"""How long administrators can see what became of an event."""
_SPREAD: Final = SystemRandom()


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One event on its way."""

    endpoint: str
    slug: str
    """The service's client id."""
    service_id: UUID
    delivery_id: UUID
    event: HookEvent
    grant_id: UUID | None
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class Failed:
    """Why a service was not told."""

    fault: DeliveryFault
    answered: int | None = None
    """The HTTP status, where there was an answer."""


class Courier(Protocol):
    """What brings an event to a service."""

    def bring(self, event: Outgoing) -> Failed | None:
        """Bring it; return why it was not taken, nothing where it was."""


def due(vault: Vault) -> list[UUID]:
    """The services for which something is due, that which waits longest first."""
    with vault.reading(SYSTEM) as ctx:
        query = (
            select(WebhookDelivery.service_id)
            .where(WebhookDelivery.state == DeliveryState.WAITING, WebhookDelivery.due_at <= ctx.now)
            .group_by(WebhookDelivery.service_id)
            .order_by(func.min(WebhookDelivery.due_at))
        )
        return list(ctx.session.scalars(query))


def deliver(vault: Vault, courier: Courier, *, service_id: UUID) -> int:
    """
    Tell one service what is due, the oldest first, until it fails or has had its time; return how many it took.

    Events that were tried less often come first, so that one which a service never takes holds up no other.
    """
    ends = vault.clock() + LASTS
    taken = 0
    for delivery_id in _due_of(vault, service_id):
        if vault.clock() >= ends or not _one(vault, courier, delivery_id):
            break
        taken += 1
    return taken


def _due_of(vault: Vault, service_id: UUID) -> list[UUID]:
    with vault.reading(SYSTEM) as ctx:
        query = select(WebhookDelivery.delivery_id).where(
            WebhookDelivery.service_id == service_id,
            WebhookDelivery.state == DeliveryState.WAITING,
            WebhookDelivery.due_at <= ctx.now,
        )
        order = (WebhookDelivery.tries, WebhookDelivery.occurred_at, WebhookDelivery.delivery_id)
        return list(ctx.session.scalars(query.order_by(*order).limit(AT_ONCE)))


def _one(vault: Vault, courier: Courier, delivery_id: UUID) -> bool:
    """Whether the event is off the list: taken now, or by another process meanwhile."""
    with vault.transaction(SYSTEM) as ctx:
        row = _waiting(ctx, delivery_id)
        if row is None or row.due_at > ctx.now:
            return True
        event = _claim(ctx, row)
    if event is None:
        return False
    failed = courier.bring(event)
    with vault.transaction(SYSTEM) as ctx:
        row = _waiting(ctx, delivery_id)
        if row is not None:
            _mark(ctx, row, failed)
    return failed is None


def _waiting(ctx: Context, delivery_id: UUID) -> WebhookDelivery | None:
    """The event, held until this transaction ends; nothing where it does not wait any more."""
    row = ctx.session.get(WebhookDelivery, delivery_id, with_for_update=True)
    return row if row is not None and row.state is DeliveryState.WAITING else None


def _claim(ctx: Context, row: WebhookDelivery) -> Outgoing | None:
    """Take an event for this try, where the service may be told and is told somewhere."""
    service = services.by_id(ctx, service_id=row.service_id)
    endpoint = services.addresses(ctx, service_id=row.service_id).webhook_uri
    if endpoint is None:
        _give_up(ctx, row, DeliveryFault.NO_ADDRESS)
        return None
    if service.status is not ServiceStatus.ACTIVE:
        _hold(ctx, row)
        return None
    row.tries += 1
    row.due_at = ctx.now + _wait(row.tries)
    return Outgoing(endpoint, service.slug, row.service_id, row.delivery_id, row.event, row.grant_id, row.occurred_at)


def _wait(tries: int) -> timedelta:
    """Doubling from `FIRST_WAIT` to `LONGEST_WAIT`, spread by a quarter so that many do not come back at once."""
    most: timedelta = min(FIRST_WAIT * 2 ** min(tries - 1, 20), LONGEST_WAIT)
    return most * _SPREAD.uniform(0.75, 1.25)


def _hold(ctx: Context, row: WebhookDelivery) -> None:
    """A suspended service is told nothing; what came meanwhile is told if it works again in time."""
    if ctx.now >= row.gives_up_at:
        _give_up(ctx, row, DeliveryFault.SUSPENDED)
        return
    row.fault = DeliveryFault.SUSPENDED
    _later(ctx, row.service_id, ctx.now + HELD_WHILE_SUSPENDED)


def _mark(ctx: Context, row: WebhookDelivery, failed: Failed | None) -> None:
    if failed is None:
        row.state, row.ended_at, row.fault, row.answered = DeliveryState.DELIVERED, ctx.now, None, None
        return
    row.fault, row.answered = failed.fault, failed.answered
    if failed.fault is DeliveryFault.GONE or row.due_at >= row.gives_up_at:
        _give_up(ctx, row, failed.fault)
    _later(ctx, row.service_id, ctx.now + FIRST_WAIT)


def _later(ctx: Context, service_id: UUID, at: datetime) -> None:
    """Let nothing that waits for a service come due before *at*."""
    ctx.session.flush()
    ctx.session.execute(
        update(WebhookDelivery)
        .where(
            WebhookDelivery.service_id == service_id,
            WebhookDelivery.state == DeliveryState.WAITING,
            WebhookDelivery.due_at < at,
        )
        .values(due_at=at)
        .execution_options(synchronize_session=False)
    )


def _give_up(ctx: Context, row: WebhookDelivery, fault: DeliveryFault) -> None:
    row.state, row.ended_at, row.fault = DeliveryState.GIVEN_UP, ctx.now, fault
    facts = {
        "service": str(row.service_id),
        "delivery": str(row.delivery_id),
        "told": str(row.event),
        "fault": str(fault),
        "tries": row.tries,
    }
    note(ctx, Event.WEBHOOK_GIVEN_UP, facts=facts)


def sweep(ctx: Context) -> None:
    """Forget what was told, or given up, some time ago."""
    over = (
        and_(WebhookDelivery.state == state, WebhookDelivery.ended_at < ctx.now - kept) for state, kept in KEPT.items()
    )
    ctx.session.execute(delete(WebhookDelivery).where(or_(*over)))
