"""Disposing of what has been kept long enough: the one lawful deletion of a record, said in the log row by row.

An item goes when its day has come, no legal hold keeps it, and no case about it is open. Its versions, seals, documents
and the note that it was held back go with it; the holding check (`vault.holding`) knows them as gone, not as deleted.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, select

from audit.events import Event
from vault import documents
from vault.context import Context
from vault.journal import note
from vault.kinds import CaseState
from vault.models import Case, HeldBack, Record, RecordVersion, Seal
from vault.webhooks import Changed, about_data


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """One item whose day has come; never what it says."""

    citizen_id: UUID
    record_id: UUID
    category: str
    retention_class: str
    dispose_after: datetime


def due(ctx: Context, *, limit: int = 1000) -> list[Due]:
    """The items that are to be disposed of now, those due longest first, at most *limit*."""
    open_case = exists().where(
        Case.citizen_id == Record.citizen_id, Case.record_id == Record.record_id, Case.state == CaseState.OPEN
    )
    rows = ctx.session.scalars(
        select(Record)
        .where(Record.dispose_after <= ctx.now, Record.legal_hold.is_(False), ~open_case)
        .order_by(Record.dispose_after, Record.citizen_id, Record.record_id)
        .limit(limit)
    )
    return [_due(row) for row in rows]


def _due(row: Record) -> Due:
    assert row.dispose_after is not None  # noqa: S101 -- the query asks for it
    return Due(
        citizen_id=row.citizen_id,
        record_id=row.record_id,
        category=row.category,
        retention_class=row.retention_class,
        dispose_after=row.dispose_after,
    )


def dispose(ctx: Context, *, item: Due) -> bool:
    """
    Delete one item with all that belongs to it, and log it for its citizen; whether it was still due.

    Raises:
        KeyDestroyedError: The citizen's audit key was destroyed.
        RowForgedError: A row of it does not carry the vault's mark.
    """
    row = ctx.session.get(Record, (item.citizen_id, item.record_id), with_for_update=True)
    if row is None or row.legal_hold or row.dispose_after is None or row.dispose_after > ctx.now:
        return False
    versions = row.version
    for model in (Seal, RecordVersion, HeldBack):
        found = select(model).where(model.citizen_id == item.citizen_id, model.record_id == item.record_id)
        for part in ctx.session.scalars(found).all():
            ctx.session.delete(part)
    papers = documents.forget(ctx, citizen_id=item.citizen_id, record_id=item.record_id)
    ctx.session.delete(row)
    changed = Changed(item.category, None, row.sensitivity, frozenset({row.status}))
    about_data(ctx, citizen_id=item.citizen_id, changed=changed)
    facts = {
        "record": str(item.record_id),
        "category": item.category,
        "retention": item.retention_class,
        "due": item.dispose_after.isoformat(),
        "versions": versions,
        **({"documents": papers} if papers else {}),
    }
    note(ctx, Event.RECORD_DISPOSED, citizen_id=item.citizen_id, facts=facts)
    return True
