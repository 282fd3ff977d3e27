"""Tables of records: what there is and where it came from; the content is in seals of their own."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from vault.kinds import RecordStatus
from vault.models.base import Authenticated, Base, Covered


class Record(Authenticated, Covered, Base):
    """One item of one citizen, as its newest version stands. No column says what it contains."""

    __tablename__ = "records"
    __table_args__ = (
        CheckConstraint("version >= 1", name="version_positive"),
        UniqueConstraint("citizen_id", "source_key"),
        Index(None, "citizen_id", "category"),
        Index(None, "source_key"),
    )

    citizen_id: Mapped[UUID] = mapped_column(primary_key=True)
    record_id: Mapped[UUID] = mapped_column(primary_key=True)
    category: Mapped[str]
    source_key: Mapped[bytes]
    """HMAC-SHA256 of (organisation, system, type, source id): finds the item again without storing the foreign id."""
    organisation_id: Mapped[UUID]
    source_system: Mapped[str]
    sensitivity: Mapped[int]
    status: Mapped[RecordStatus]
    created_at: Mapped[datetime]
    received_at: Mapped[datetime]
    retention_class: Mapped[str]
    dispose_after: Mapped[datetime | None] = mapped_column(default=None)
    legal_hold: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(default=1)


class RecordVersion(Authenticated, Covered, Base):
    """One version of a record, never changed: where it came from and a keyed digest of its content."""

    __tablename__ = "record_versions"
    LATER: ClassVar[frozenset[str]] = frozenset({"service_id", "sealed_author"})

    citizen_id: Mapped[UUID] = mapped_column(primary_key=True)
    record_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    category: Mapped[str]
    content_digest: Mapped[bytes]
    purpose: Mapped[str]
    received_at: Mapped[datetime]
    run_id: Mapped[UUID | None] = mapped_column(default=None)
    service_id: Mapped[UUID | None] = mapped_column(default=None)
    """The service whose officer wrote it here; empty for what came from a system."""
    sealed_author: Mapped[bytes | None] = mapped_column(default=None)
    """The officer's account, role and team, and why it was changed; sealed under the house key."""


class Seal(Covered, Base):
    """The sealed content of one version under one epoch of its category's key (`vault.crypto.seal`)."""

    __tablename__ = "seals"

    citizen_id: Mapped[UUID] = mapped_column(primary_key=True)
    record_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    epoch: Mapped[int] = mapped_column(primary_key=True)
    sealed: Mapped[bytes]


class UnmatchedItem(Authenticated, Covered, Base):
    """An item about a person nobody could name for sure.

    Sealed under the house key, for a team to sort out within 30 days.
    """

    __tablename__ = "unmatched_items"

    item_id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID]
    source_system: Mapped[str]
    source_key: Mapped[bytes] = mapped_column(unique=True)
    content_digest: Mapped[bytes]
    sealed: Mapped[bytes]
    team: Mapped[str]
    received_at: Mapped[datetime]
    dispose_after: Mapped[datetime]
    run_id: Mapped[UUID]
    version: Mapped[int] = mapped_column(default=1)


class ImportRun(Authenticated, Covered, Base):
    """One run of the import: whose data, from which system, for which purpose, under which agreement."""

    __tablename__ = "import_runs"

    run_id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID]
    source_system: Mapped[str]
    purpose: Mapped[str]
    agreement: Mapped[str]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None] = mapped_column(default=None)
    version: Mapped[int] = mapped_column(default=1)
