"""Tables of people: who there is, how organisations know them, and who may act for them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from vault.kinds import CitizenStatus
from vault.models.base import Authenticated, Base, Covered


class Citizen(Authenticated, Covered, Base):
    """One person the council knows; their name and all else is in sealed records, never here."""

    __tablename__ = "citizens"

    citizen_id: Mapped[UUID] = mapped_column(primary_key=True)
    status: Mapped[CitizenStatus]
    created_at: Mapped[datetime]
    merged_into: Mapped[UUID | None] = mapped_column(default=None)
    notice_due_at: Mapped[datetime | None] = mapped_column(default=None)
    """When the notice of UK GDPR Art. 14 (data obtained elsewhere) is due; empty once given."""
    version: Mapped[int] = mapped_column(default=1)


class Reference(Authenticated, Covered, Base):
    """How one organisation's system knows a citizen: a blind index of its number, and who verified it how."""

    __tablename__ = "references"
    __table_args__ = (Index(None, "organisation_id", "index"),)

    citizen_id: Mapped[UUID] = mapped_column(primary_key=True)
    reference_id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID]
    system: Mapped[str]
    index: Mapped[bytes]
    key_version: Mapped[int] = mapped_column(default=1)
    verified_how: Mapped[str | None] = mapped_column(default=None)
    verified_by: Mapped[UUID | None] = mapped_column(default=None)
    verified_at: Mapped[datetime | None] = mapped_column(default=None)
    version: Mapped[int] = mapped_column(default=1)


class BlindIndex(Authenticated, Covered, Base):
    """A way to find a citizen by an exact value (NHS number, e-mail) without storing the value."""

    __tablename__ = "blind_indexes"
    __table_args__ = (Index(None, "column", "index"),)

    citizen_id: Mapped[UUID] = mapped_column(primary_key=True)
    column: Mapped[str] = mapped_column(primary_key=True)
    index: Mapped[bytes] = mapped_column(primary_key=True)
    key_version: Mapped[int] = mapped_column(default=1)


class Authority(Authenticated, Covered, Base):
    """The ground on which a delegate acts or looks for a citizen: kind, powers, evidence, from and to."""

    __tablename__ = "authorities"

    citizen_id: Mapped[UUID] = mapped_column(primary_key=True)
    authority_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    powers: Mapped[list[str]]
    fields: Mapped[list[str]]
    """What may be seen."""
    sealed_words: Mapped[bytes]
    """What the person who may look, and the citizen, are called; sealed under a key of the citizen's."""
    valid_from: Mapped[datetime]
    valid_to: Mapped[datetime | None] = mapped_column(default=None)
    holder_account_id: Mapped[UUID | None] = mapped_column(default=None, index=True)
    invite_hash: Mapped[bytes | None] = mapped_column(default=None, unique=True)
    """SHA-256 of the invitation's handle; empty once it is used or ended."""
    invite_expires_at: Mapped[datetime | None] = mapped_column(default=None)
    frozen_at: Mapped[datetime | None] = mapped_column(default=None)
    reviewed: Mapped[bool] = mapped_column(default=False)
    """Whether a parent's access to a young person was looked at and kept."""
    sealed_evidence: Mapped[bytes | None] = mapped_column(default=None)
    seen_by: Mapped[UUID | None] = mapped_column(default=None)
    seen_second: Mapped[UUID | None] = mapped_column(default=None)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)
    version: Mapped[int] = mapped_column(default=1)


class HeldBack(Authenticated, Covered, Base):
    """An item lawfully kept from the citizen until a date (DPA 2018, Schedules 2 and 3), by two people.

    For a stated reason.
    """

    __tablename__ = "held_back"

    citizen_id: Mapped[UUID] = mapped_column(primary_key=True)
    record_id: Mapped[UUID] = mapped_column(primary_key=True)
    until: Mapped[datetime]
    authority: Mapped[str]
    sealed_reason: Mapped[bytes]
    approved_first: Mapped[UUID]
    approved_second: Mapped[UUID]
    version: Mapped[int] = mapped_column(default=1)
