"""An auditor searches the log and opens its entries; both are logged before anything is shown."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, func, literal, or_, select, tuple_, union_all

from audit.entry import Leaf, decode
from audit.errors import LeafInvalidError
from audit.events import Event
from audit.models import ENTRIES
from audit.read import EntryRow
from vault.clock import from_microseconds, microseconds, month_of
from vault.context import Context
from vault.db import is_writing
from vault.errors import EntryDamagedError, KeyDestroyedError, NotAllowedError, NotFoundError
from vault.keychain import audit_key
from vault.models import LogLine
from vault.trail.citizens import months, pseudonyms
from vault.trail.lines import Known, Line, acting_organisation, line_of, open_for_auditor, payloads_of
from vault.trail.places import catch_up, person_mark
from vault.trail.proving import entry_row
from vault.trail.scope import Scope, demand_entry, demand_review, note_review, scope_of
from vault.trail.subjects import person_behind

REFUSED: Final = tuple(str(event) for event in Event if event.value.endswith(":refused"))
_ORDER: Final = (LogLine.time.desc(), LogLine.log.desc(), LogLine.at.desc())


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What a search is narrowed to; everything that is empty does not narrow it. Days are whole days in UTC."""

    since: date | None = None
    until: date | None = None
    """The last day, itself included."""
    event: str = ""
    outcome: str = ""
    """``refused`` or ``done``."""
    purpose: str = ""
    service_id: UUID | None = None
    reference: str = ""
    """What the acting person is known by to their service."""
    person: str = ""
    """A handle of `find_person`."""
    grant_id: UUID | None = None
    case_id: UUID | None = None
    """A case, and the share that it is about."""

    @property
    def told(self) -> dict[str, str]:
        """What the log says of this search: never whom it was about, which the entry's subject says."""
        held = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: str(value) if name != "person" else "one" for name, value in held.items() if value}


@dataclass(frozen=True, slots=True)
class Found:
    """One page of lines, newest first, and where the next one begins (None at the end)."""

    lines: tuple[Line, ...]
    older: str | None


def search(ctx: Context, *, filters: Filters | None = None, before: str | None = None, limit: int = 50) -> Found:
    """
    One page of what this auditor may read, newest first. Entries that wait for their place are not found yet.

    Args:
        ctx: A reading context of the auditor's.
        filters: What to narrow it to.
        before: `Found.older` of the page before.
        limit: Most lines.

    Raises:
        NotFoundError: The person's handle has ended.
        NotAllowedError: The rules do not let this actor review the log.
    """
    filters = filters or Filters()
    scope = scope_of(ctx)
    demand_review(ctx, scope)
    citizen_id = person_behind(ctx, filters.person) if filters.person else None
    facts = {"filters": filters.told, "before": before, "limit": limit}
    note_review(ctx, Event.AUDIT_SEARCHED, facts, citizen_id=citizen_id)
    return pages(ctx, scope, filters, before=before, limit=limit)


def pages(ctx: Context, scope: Scope, filters: Filters, *, before: str | None, limit: int) -> Found:
    """`search`, after the rules were asked and the log was told."""
    _catch_up(ctx)
    query = _newest(ctx, scope, filters, before=_cursor(before), limit=limit + 1)
    rows = ctx.session.execute(query).all()
    end = rows[limit - 1] if len(rows) > limit else None
    return Found(_lines(ctx, scope, rows[:limit]), f"{end.time}-{end.log}-{end.at}" if end else None)


def _catch_up(ctx: Context) -> None:
    if not is_writing(ctx.session):  # one that writes already would wait for itself
        catch_up(ctx.vault)


def _cursor(written: str | None) -> tuple[int, int, int] | None:
    parts = (written or "").split("-")
    if len(parts) != 3 or not all(part.isascii() and part.isdecimal() and len(part) < 19 for part in parts):  # noqa: PLR2004 -- time, log, index
        return None
    return int(parts[0]), int(parts[1]), int(parts[2])


def _newest(
    ctx: Context, scope: Scope, filters: Filters, *, before: tuple[int, int, int] | None, limit: int
) -> Select[Any]:
    """The newest places, and the entries there. Each event has an order of its own in the index: so each is asked."""
    conditions = list(_conditions(ctx, scope, filters))
    if before is not None:
        conditions.append(tuple_(LogLine.time, LogLine.log, LogLine.at) < tuple_(*map(literal, before)))
    apart = [[LogLine.event == event] for event in REFUSED] if filters.outcome == "refused" else [[]]
    places = select(LogLine.time, LogLine.log, LogLine.at).order_by(*_ORDER).limit(limit)
    parts = [select(places.where(*conditions, *event).subquery()) for event in apart]
    found = union_all(*parts).subquery()
    return (
        select(found.c.log, found.c.at, found.c.time, ENTRIES.c.leaf_hash, ENTRIES.c.leaf)
        .join(ENTRIES, and_(ENTRIES.c.log == found.c.log, ENTRIES.c.index == found.c.at))
        .order_by(found.c.time.desc(), found.c.log.desc(), found.c.at.desc())
        .limit(limit)
    )


def count(ctx: Context, scope: Scope, filters: Filters, *, most: int) -> int:
    """How many lines there are, counted no further than *most*."""
    _catch_up(ctx)
    conditions = list(_conditions(ctx, scope, filters))
    if filters.outcome == "refused":
        conditions.append(LogLine.event.in_(REFUSED))
    some = select(literal(1)).select_from(LogLine).where(*conditions).limit(most).subquery()
    return ctx.session.scalar(select(func.count()).select_from(some)) or 0


def _conditions(ctx: Context, scope: Scope, filters: Filters) -> Sequence[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if scope.organisation_id is not None:
        found.append(LogLine.organisation_id == scope.organisation_id)
    if filters.since:
        found.append(LogLine.time >= _midnight(filters.since))
    if filters.until:
        found.append(LogLine.time < _midnight(filters.until + timedelta(days=1)))
    if filters.outcome == "done":
        found.append(LogLine.event.not_in(REFUSED))
    if filters.purpose:  # an event is the rarer of the two: its index is the one to walk along
        by_event = bool(filters.event) or filters.outcome == "refused"
        purpose = func.coalesce(LogLine.purpose, "") if by_event else LogLine.purpose
        found.append(purpose == filters.purpose)
    exact: dict[str, object] = {"event": filters.event, "service_id": filters.service_id}
    exact["grant_id"] = filters.grant_id
    found += [getattr(LogLine, name) == value for name, value in exact.items() if value]
    if filters.case_id:
        found.append(_of_case(ctx, filters.case_id))
    if filters.reference:
        found.append(LogLine.person.in_(_person_marks(ctx, filters.reference)))
    if filters.person:
        found.append(LogLine.subject.in_(_subjects(ctx, person_behind(ctx, filters.person))))
    return found


def _midnight(day: date) -> int:
    return microseconds(datetime.combine(day, time(), UTC))


def _of_case(ctx: Context, case_id: UUID) -> ColumnElement[bool]:
    """The case's own entries, and those of the share that one of them names."""
    query = select(LogLine.grant_id).where(LogLine.case_id == case_id, LogLine.grant_id.is_not(None))
    shares = list(ctx.session.scalars(query.distinct()))
    return or_(LogLine.case_id == case_id, LogLine.grant_id.in_(shares)) if shares else LogLine.case_id == case_id


def _person_marks(ctx: Context, reference: str) -> list[bytes]:
    first = ctx.session.scalar(select(func.min(LogLine.time)).where(LogLine.time > 0))
    begun = month_of(from_microseconds(first)) if first else month_of(ctx.now)
    return [person_mark(ctx, reference, month) for month in months(begun, month_of(ctx.now))]


def _subjects(ctx: Context, citizen_id: UUID) -> list[bytes]:
    try:
        return list(pseudonyms(ctx, citizen_id, audit_key(ctx, citizen_id=citizen_id)))
    except KeyDestroyedError:
        return []


def _lines(ctx: Context, scope: Scope, rows: Sequence[Row[Any]]) -> tuple[Line, ...]:
    """The lines at *rows*, without those that cannot be read, or are not the scope's after all."""
    found = [(row, leaf) for row in rows if (leaf := _leaf(row)) is not None]
    payloads = payloads_of(ctx, [leaf for _row, leaf in found])
    known, lines = Known(ctx), []
    for row, leaf in found:
        payload = payloads.get(leaf.commitment or "")
        opened = open_for_auditor(known, payload)
        # The table of places says where to look; whose an entry is, says the entry.
        if scope.organisation_id in {None, acting_organisation(known, opened or {})}:
            held = EntryRow(row.log, row.at, row.leaf_hash, leaf, row.leaf, payload)
            lines.append(line_of(known, held, opened))
    return tuple(lines)


def _leaf(row: Row[Any]) -> Leaf | None:
    try:
        return decode(row.leaf)
    except LeafInvalidError:
        return None


def entry(ctx: Context, *, leaf_hash: bytes) -> Line:
    """
    One line as an auditor may read it; that it was opened is logged.

    Raises:
        NotFoundError: There is none in the part of the log that this auditor may read; both look the same.
        NotAllowedError: The rules do not let this actor review any part of it.
        EntryDamagedError: It is there and cannot be read any more; said only to who reads the whole log.
    """
    scope = scope_of(ctx)
    demand_review(ctx, scope)
    try:
        row = entry_row(ctx, leaf_hash)
    except EntryDamagedError as error:
        note_review(ctx, Event.AUDIT_OPENED, {"entry": leaf_hash.hex()})
        if scope.organisation_id is not None:  # whose it was, nobody can tell any more
            raise NotFoundError("there is no such line") from error
        raise
    known = Known(ctx)
    opened = open_for_auditor(known, row.payload)
    try:
        demand_entry(ctx, scope, acting_organisation(known, opened or {}))
    except NotAllowedError as error:
        raise NotFoundError("there is no such line") from error
    note_review(ctx, Event.AUDIT_OPENED, {"entry": leaf_hash.hex()})
    return line_of(known, row, opened)


def sees_everything(ctx: Context) -> bool:
    """Whether the actor reads the whole log, and not one organisation's part."""
    return scope_of(ctx).organisation_id is None
