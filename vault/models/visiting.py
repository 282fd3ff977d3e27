"""Tables between services and citizens: who comes from one and goes back, and word that a request was decided."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from vault.models.base import Authenticated, Base


class Visit(Authenticated, Base):
    """From the pushed request (RFC 9126) to the use of the code; none of its handles is kept, only their SHA-256."""

    __tablename__ = "visits"

    visit_id: Mapped[UUID] = mapped_column(primary_key=True)
    service_id: Mapped[UUID]
    handle_hash: Mapped[bytes] = mapped_column(unique=True)
    """Of the ``request_uri`` until it is opened, then of the address of the page: so the first is good once."""
    sealed_words: Mapped[bytes]
    """What the service sent, sealed under the house key."""
    expires_at: Mapped[datetime] = mapped_column(index=True)
    opened_at: Mapped[datetime | None] = mapped_column(default=None)
    citizen_id: Mapped[UUID | None] = mapped_column(default=None)
    """Who came, found by their own sign-in."""
    request_id: Mapped[UUID | None] = mapped_column(default=None, unique=True)
    proven_at: Mapped[datetime | None] = mapped_column(default=None)
    """When they had last proved who they are, as they came."""
    proven_by: Mapped[str | None] = mapped_column(default=None)
    code_hash: Mapped[bytes | None] = mapped_column(default=None, unique=True)
    code_expires_at: Mapped[datetime | None] = mapped_column(default=None)
    redeemed_at: Mapped[datetime | None] = mapped_column(default=None)
    grant_id: Mapped[UUID | None] = mapped_column(default=None)
    """The grant whose tokens came of the code."""


class Ping(Authenticated, Base):
    """Word to a service, once its request is no longer open (CIBA Core 1.0, section 10.2); promised as it asks."""

    __tablename__ = "pings"
    UNMARKED: ClassVar[frozenset[str]] = frozenset({"due_at", "tries"})

    ping_id: Mapped[UUID] = mapped_column(primary_key=True)
    service_id: Mapped[UUID]
    handle_hash: Mapped[bytes] = mapped_column(unique=True)
    """Of the ``auth_req_id``, as the request itself holds it."""
    sealed_words: Mapped[bytes]
    """The ``auth_req_id`` and the service's own token for this word, sealed under the house key."""
    expires_at: Mapped[datetime] = mapped_column(index=True)
    due_at: Mapped[datetime]
    """Before then it is not sent (again)."""
    tries: Mapped[int] = mapped_column(default=0)
