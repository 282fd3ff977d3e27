"""Tables of deliveries: the tokens by which a service delivers, and what it delivered and is not put away yet."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from vault.models.base import Authenticated, Base


class DeliveryToken(Authenticated, Base):
    """A token of a service for one purpose that receives data; of no citizen, and good for delivering alone."""

    __tablename__ = "delivery_tokens"

    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    service_id: Mapped[UUID]
    purpose: Mapped[str]
    thumbprint: Mapped[str]
    """RFC 7638 thumbprint (base64url SHA-256) of the key the sender must prove."""
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class Delivery(Authenticated, Base):
    """What a service delivered, sealed under the house key until it is put away; then only that it came remains."""

    __tablename__ = "deliveries"
    __table_args__ = (UniqueConstraint("service_id", "identifier_hash"),)

    delivery_id: Mapped[UUID] = mapped_column(primary_key=True)
    service_id: Mapped[UUID]
    purpose: Mapped[str]
    identifier_hash: Mapped[bytes]
    """HMAC-SHA256 of the bundle's identifier (32 bytes)."""
    content_digest: Mapped[bytes]
    """HMAC-SHA256 of the whole bundle (32 bytes): equal for the same content, and tells nothing."""
    sealed: Mapped[bytes | None]
    """Empty once it is put away."""
    received_at: Mapped[datetime]
    due_at: Mapped[datetime | None] = mapped_column(index=True)
    """When it is to be put away, or tried again; empty once it is."""
    tries: Mapped[int] = mapped_column(default=0)
