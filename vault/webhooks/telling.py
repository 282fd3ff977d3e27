"""Writing down what a service is to be told, in the transaction of the change itself: both are kept, or neither."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select

from audit.events import Event
from vault import services
from vault.context import Context
from vault.errors import WrongStateError
from vault.hook_kinds import DeliveryState, HookEvent
from vault.ids import new_id
from vault.journal import note
from vault.models import WebhookDelivery

TRIED_FOR: Final = timedelta(days=3)
"""How long an event is tried before it is given up."""
GATHERED_FOR: Final = timedelta(seconds=30)
"""How long word of changed data waits for more of the same: one import is one event."""


def tell(ctx: Context, *, service_id: UUID, event: HookEvent, grant_id: UUID) -> None:
    """Let a service know *event* about a grant of its own, if it registered where."""
    if services.addresses(ctx, service_id=service_id).webhook_uri is None:
        return
    changed = event is HookEvent.DATA_CHANGED
    if not (changed and _waits(ctx, service_id, grant_id)):
        _add(ctx, service_id, event, grant_id, after=GATHERED_FOR if changed else timedelta())


def _waits(ctx: Context, service_id: UUID, grant_id: UUID) -> bool:
    """
    Whether word of changed data waits, untried, for this grant.

    It is held until this transaction ends: whoever sends it sends it after what is changed here can be read.
    """
    query = select(WebhookDelivery.delivery_id).where(
        WebhookDelivery.service_id == service_id,
        WebhookDelivery.grant_id == grant_id,
        WebhookDelivery.event == HookEvent.DATA_CHANGED,
        WebhookDelivery.state == DeliveryState.WAITING,
        WebhookDelivery.tries == 0,
    )
    return ctx.session.scalars(query.limit(1).with_for_update()).first() is not None


def send_test(ctx: Context, *, slug: str) -> UUID:
    """
    Put an event on its way that says nothing, to try whether word arrives; return its id.

    Raises:
        NotFoundError: No such service.
        WrongStateError: It registered no address for this.
    """
    held = services.by_slug(ctx, slug=slug)
    if services.addresses(ctx, service_id=held.service_id).webhook_uri is None:
        raise WrongStateError(f"service `{slug}` registered no address at which it is told (webhook_uri)")
    made = _add(ctx, held.service_id, HookEvent.TEST, None)
    note(ctx, Event.WEBHOOK_TESTED, facts={"service": str(held.service_id), "delivery": str(made)})
    return made


def _add(
    ctx: Context, service_id: UUID, event: HookEvent, grant_id: UUID | None, *, after: timedelta = timedelta()
) -> UUID:
    made = WebhookDelivery(
        delivery_id=new_id(),
        service_id=service_id,
        event=event,
        grant_id=grant_id,
        occurred_at=ctx.now,
        gives_up_at=ctx.now + TRIED_FOR,
        due_at=ctx.now + after,
    )
    ctx.session.add(made)
    return made.delivery_id
