"""What became of telling a service, as administrators see it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, literal, select, tuple_

from vault.context import Context
from vault.hook_kinds import DeliveryFault, DeliveryState, HookEvent
from vault.models import WebhookDelivery


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryView:
    """One event on its way to a service, or arrived, or given up; it names nobody."""

    delivery_id: UUID
    event: HookEvent
    occurred_at: datetime
    state: DeliveryState
    tries: int
    due_at: datetime
    """When it is tried (again), while it waits."""
    fault: DeliveryFault | None
    """Why the last try failed."""
    answered: int | None
    """The HTTP status of the last answer."""
    ended_at: datetime | None


def of_service(
    ctx: Context, *, service_id: UUID, after: UUID | None = None, limit: int = 20
) -> tuple[list[DeliveryView], UUID | None]:
    """
    A service's events, newest first, and where the next page begins.

    Args:
        ctx: The vault, now.
        service_id: Whose.
        after: Only those below this one; one that is not theirs is no limit.
        limit: How many at most.
    """
    order = (WebhookDelivery.occurred_at, WebhookDelivery.delivery_id)
    newest_first = (each.desc() for each in order)
    query = select(WebhookDelivery).where(WebhookDelivery.service_id == service_id).order_by(*newest_first)
    last = ctx.session.get(WebhookDelivery, after) if after else None
    if last is not None and last.service_id == service_id:
        query = query.where(tuple_(*order) < tuple_(*(literal(getattr(last, each.key), each.type) for each in order)))
    found = [_view(row) for row in ctx.session.scalars(query.limit(limit + 1))]
    return found[:limit], found[limit - 1].delivery_id if len(found) > limit else None


def recently_given_up(ctx: Context, *, service_id: UUID) -> int:
    """How many events a service was not told of, as long as they are kept."""
    query = select(func.count()).where(
        WebhookDelivery.service_id == service_id, WebhookDelivery.state == DeliveryState.GIVEN_UP
    )
    return ctx.session.scalar(query) or 0


def _view(row: WebhookDelivery) -> DeliveryView:
    return DeliveryView(
        **{
            name: getattr(row, name)
            for name in (
                "delivery_id",
                "event",
                "occurred_at",
                "state",
                "tries",
                "due_at",
                "fault",
                "answered",
                "ended_at",
            )
        }
    )
