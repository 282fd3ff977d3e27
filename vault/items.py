"""What is known of items without opening them: where they came from, how they stand, who wrote them here."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, select

from vault.confidential import open_for_house
from vault.context import Context
from vault.errors import NotFoundError
from vault.kinds import RecordStatus
from vault.models import HeldBack, Record, RecordVersion
from vault.records import Author


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """What is known of an item without opening it."""

    record_id: UUID
    category: str
    organisation_id: UUID
    service_id: UUID | None
    """The service that wrote it here; empty for what came from elsewhere."""
    version: int
    status: RecordStatus
    received_at: datetime


def brief(ctx: Context, *, citizen_id: UUID, record_id: UUID) -> Brief:
    """
    An item of a citizen's, unopened.

    Raises:
        NotFoundError: There is none, or it is held back from its citizen for now, which looks the same.
    """
    row = ctx.session.get(Record, (citizen_id, record_id))
    held = ctx.session.get(HeldBack, (citizen_id, record_id))
    if row is None or (held is not None and held.until > ctx.now):
        raise NotFoundError(f"record `{record_id}` is not known")
    return _brief(ctx, row)


def _brief(ctx: Context, row: Record) -> Brief:
    return Brief(
        record_id=row.record_id,
        category=row.category,
        organisation_id=row.organisation_id,
        service_id=_writer(ctx, row),
        version=row.version,
        status=row.status,
        received_at=row.received_at,
    )


def purpose_of(ctx: Context, citizen_id: UUID, record_id: UUID) -> str:
    """The purpose under which the newest version of an item was written."""
    row = ctx.session.get(Record, (citizen_id, record_id))
    newest = ctx.session.get(RecordVersion, (citizen_id, record_id, row.version)) if row else None
    return newest.purpose if newest else ""


def _writer(ctx: Context, row: Record) -> UUID | None:
    newest = ctx.session.get(RecordVersion, (row.citizen_id, row.record_id, row.version))
    return newest.service_id if newest else None


def authors(ctx: Context, *, citizen_id: UUID, category: str) -> dict[UUID, Author]:
    """Who wrote the newest version of each item of a category here, by record; what came from a system has nobody."""
    query = (
        select(RecordVersion)
        .join(Record, and_(Record.citizen_id == RecordVersion.citizen_id, Record.record_id == RecordVersion.record_id))
        .where(
            Record.citizen_id == citizen_id,
            Record.category == category,
            RecordVersion.version == Record.version,
            RecordVersion.service_id.is_not(None),
        )
    )
    return {row.record_id: _author(ctx, row) for row in ctx.session.scalars(query)}


def _author(ctx: Context, row: RecordVersion) -> Author:
    assert row.service_id is not None  # noqa: S101 -- asked for
    assert row.sealed_author is not None  # noqa: S101 -- written together
    words = open_for_house(ctx, what=f"author/{row.version}", row_id=row.record_id, sealed=row.sealed_author)
    return Author(service_id=row.service_id, **words)


def of_writer(ctx: Context, *, citizen_id: UUID, category: str, service_id: UUID) -> list[Brief]:
    """The items of a category that a service wrote here, newest first, unopened; none that is marked as mistaken."""
    query = (
        select(Record, RecordVersion)
        .join(
            RecordVersion,
            and_(
                RecordVersion.citizen_id == Record.citizen_id,
                RecordVersion.record_id == Record.record_id,
                RecordVersion.version == Record.version,
            ),
        )
        .where(
            Record.citizen_id == citizen_id,
            Record.category == category,
            Record.status != RecordStatus.ENTERED_IN_ERROR,
            RecordVersion.service_id == service_id,
        )
        .order_by(Record.received_at.desc())
    )
    return [_brief(ctx, row) for row, _version in ctx.session.execute(query)]
