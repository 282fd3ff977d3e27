"""The table of events on their way to services that registered where they are told."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from vault.hook_kinds import DeliveryFault, DeliveryState, HookEvent
from vault.models.base import Authenticated, Base


class WebhookDelivery(Authenticated, Base):
    """
    One event for one service, written in the transaction of the change that it tells of.

    It names a grant and nobody; what has become of telling it stands outside the mark, as tries and times do.
    """

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        Index(None, "state", "due_at"),
        Index(None, "service_id", "occurred_at"),
    )
    UNMARKED: ClassVar[frozenset[str]] = frozenset({"due_at", "tries", "state", "fault", "answered", "ended_at"})

    delivery_id: Mapped[UUID] = mapped_column(primary_key=True)
    """What the service knows the event by, the same with every try."""
    service_id: Mapped[UUID]
    event: Mapped[HookEvent]
    grant_id: Mapped[UUID | None]
    occurred_at: Mapped[datetime]
    gives_up_at: Mapped[datetime]
    due_at: Mapped[datetime]
    """Before then it is not sent (again)."""
    tries: Mapped[int] = mapped_column(default=0)
    state: Mapped[DeliveryState] = mapped_column(default=DeliveryState.WAITING)
    fault: Mapped[DeliveryFault | None] = mapped_column(default=None)
    answered: Mapped[int | None] = mapped_column(default=None)
    """The HTTP status of the last answer."""
    ended_at: Mapped[datetime | None] = mapped_column(default=None)
