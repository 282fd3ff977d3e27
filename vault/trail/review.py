"""An auditor searches the log and opens its entries; both are logged before anything is shown."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, false, func, literal, or_, select, true, tuple_, union

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
MOST_WALKS: Final = 200
"""Walks along an index that one search makes; SQLite joins 500 selects at most."""
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
    """The newest places, and the entries there. What has an order of its own in an index is asked by itself."""
    conditions, apart = _conditions(ctx, scope, filters, before)
    places = select(LogLine.time, LogLine.log, LogLine.at).order_by(*_ORDER).limit(limit)
    parts = [select(places.where(*conditions, each).subquery()) for each in apart]
    found = (union(*parts) if len(parts) > 1 else parts[0]).subquery()
    return (
        select(found.c.log, found.c.at, found.c.time, ENTRIES.c.leaf_hash, ENTRIES.c.leaf)
        .join(ENTRIES, and_(ENTRIES.c.log == found.c.log, ENTRIES.c.index == found.c.at))
        .order_by(found.c.time.desc(), found.c.log.desc(), found.c.at.desc())
        .limit(limit)
    )


def count(ctx: Context, scope: Scope, filters: Filters, *, most: int) -> int:
    """How many lines there are, counted no further than *most*."""
    _catch_up(ctx)
    conditions, apart = _conditions(ctx, scope, filters, None)
    some = select(literal(1)).select_from(LogLine).where(*conditions, or_(*apart)).limit(most).subquery()
    return ctx.session.scalar(select(func.count()).select_from(some)) or 0


def _conditions(
    ctx: Context, scope: Scope, filters: Filters, before: tuple[int, int, int] | None
) -> tuple[list[ColumnElement[bool]], list[ColumnElement[bool]]]:
    """What every line must be, and what it must be one of: each of these is one walk along an index, newest first."""
    found = [*_plain(ctx, scope, filters), *_below(filters, before)]
    ways = list(_ways(ctx, filters))
    anything: list[ColumnElement[bool]] = [true()]
    apart = next((way for way in ways if 0 < len(way) <= MOST_WALKS), anything)
    found += [or_(*way) if way else false() for way in ways if way is not apart]
    return found, apart


def _below(filters: Filters, before: tuple[int, int, int] | None) -> Iterator[ColumnElement[bool]]:
    # One bound, not two: of two a database walks from the one and passes over all that is beyond the other.
    last_day = (_midnight(filters.until + timedelta(days=1)), -1, -1) if filters.until else None
    ends = [end for end in (before, last_day) if end is not None]
    if ends:
        yield tuple_(LogLine.time, LogLine.log, LogLine.at) < tuple_(*map(literal, min(ends)))


def _plain(ctx: Context, scope: Scope, filters: Filters) -> Iterator[ColumnElement[bool]]:
    if scope.organisation_id is not None:
        yield LogLine.organisation_id == scope.organisation_id
    if filters.since:
        yield LogLine.time >= _midnight(filters.since)
    if filters.outcome == "done":
        yield LogLine.event.not_in(REFUSED)
    if filters.purpose:  # an event is the rarer of the two: SQLite, which counts nothing, is led along its index
        by_event = ctx.vault.db.is_sqlite and (bool(filters.event) or filters.outcome == "refused")
        yield (func.coalesce(LogLine.purpose, "") if by_event else LogLine.purpose) == filters.purpose
    exact = {"event": filters.event, "service_id": filters.service_id, "grant_id": filters.grant_id}
    yield from (getattr(LogLine, name) == value for name, value in exact.items() if value)


def _ways(ctx: Context, filters: Filters) -> Iterator[list[ColumnElement[bool]]]:
    """What a line is one of, the rarest first: the names of a person by month, of staff by month, a case, a refusal."""
    if filters.person:
        yield [LogLine.subject == name for name in _subjects(ctx, person_behind(ctx, filters.person))]
    if filters.case_id:
        yield _of_case(ctx, filters.case_id)
    if filters.reference:
        yield [LogLine.person == mark for mark in _person_marks(ctx, filters.reference)]
    if filters.outcome == "refused":
        yield [LogLine.event == event for event in REFUSED]


def _midnight(day: date) -> int:
    return microseconds(datetime.combine(day, time(), UTC))


def _of_case(ctx: Context, case_id: UUID) -> list[ColumnElement[bool]]:
    """The case's own entries, and those of the share that one of them names."""
    query = select(LogLine.grant_id).where(LogLine.case_id == case_id, LogLine.grant_id.is_not(None))
    return [LogLine.case_id == case_id, *(LogLine.grant_id == each for each in ctx.session.scalars(query.distinct()))]


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
