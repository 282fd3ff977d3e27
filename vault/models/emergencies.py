"""The table of emergencies: who opened whose record without asking, why, until when, and whether that was right."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from vault.kinds import EmergencyReason, FollowUp
from vault.models.base import Authenticated, Base, Covered


class Emergency(Authenticated, Covered, Base):
    """One emergency that an officer stated, and what a supervisor said of it afterwards."""

    __tablename__ = "emergencies"
    __table_args__ = (
        Index(None, "emergency_id", unique=True),
        Index(None, "service_id", "due_at"),
        Index(None, "account_id", "stated_at"),
    )

    citizen_id: Mapped[UUID] = mapped_column(primary_key=True)
    emergency_id: Mapped[UUID] = mapped_column(primary_key=True)
    service_id: Mapped[UUID]
    account_id: Mapped[UUID]
    """The officer who stated it."""
    purpose: Mapped[str]
    reason: Mapped[EmergencyReason]
    sealed_words: Mapped[bytes]
    """The officer's own words, sealed under the citizen's key: they are about the citizen."""
    stated_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    """From when on nothing opens any more."""
    due_at: Mapped[datetime]
    """By when a supervisor is to look at it."""
    outcome: Mapped[FollowUp | None] = mapped_column(default=None)
    followed_by: Mapped[UUID | None] = mapped_column(default=None)
    followed_at: Mapped[datetime | None] = mapped_column(default=None)
    sealed_answer: Mapped[bytes | None] = mapped_column(default=None)
    """Why the supervisor says so, sealed under the citizen's key."""
    version: Mapped[int] = mapped_column(default=1)
