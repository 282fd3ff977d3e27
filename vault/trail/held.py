"""The table of places held against the log: a line that was altered or taken out would hide an entry from a search.

A search believes no row more than the entry it leads to; but an entry that no row leads to is not found. So every row
must be what its entry makes it, up to the last one that is noted. What comes after that is noted at the next search.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from sqlalchemy import func, select, tuple_

from audit.models import ENTRIES
from vault.context import Context
from vault.errors import RowForgedError
from vault.holding import Defect
from vault.models import LogLine
from vault.trail.places import BATCH, places_of

Place = tuple[int, int]
_TABLE: Final = LogLine.__table__
_COLUMNS: Final = tuple(column.name for column in _TABLE.columns)


def hold_places(ctx: Context, *, since: Place = (0, 0), progress: Callable[[int], None] | None = None) -> list[Defect]:
    """
    Compare every row of the table of places with its entry; of those before *since*, only how many there are.

    Args:
        ctx: A view of one state (`vault.context.Vault.snapshot`).
        since: The log, and the index there, from which on they are compared.
        progress: Told how many entries were compared.
    """
    found = _missing_before(ctx, since)
    stored = _stored(ctx, since)
    waiting = next(stored, None)
    done = 0
    for rows in _batches(ctx, since):
        for made in _made(ctx, rows):
            while waiting is not None and _place(waiting) < _place(made):
                found.append(_defect("added", waiting))
                waiting = next(stored, None)
            if waiting is None:
                return found
            if _place(waiting) != _place(made):
                found.append(_defect("deleted", made))
                continue
            if any(waiting[name] != value for name, value in made.items()):
                found.append(_defect("changed", made))
            waiting = next(stored, None)
        done += len(rows)
        if progress:
            progress(done)
    return [*found, *(_defect("added", row) for row in _rest(waiting, stored))]


def _made(ctx: Context, rows: list[Any]) -> list[dict[str, Any]]:
    try:
        return sorted(places_of(ctx, rows), key=_place)
    except RowForgedError:  # of the registry; `vault.holding` names it
        return []


def _rest(first: dict[str, Any] | None, others: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    if first is not None:
        yield first
        yield from others


def _place(row: dict[str, Any]) -> tuple[int, int]:
    return row["log"], row["at"]


def _defect(kind: str, row: dict[str, Any]) -> Defect:
    return Defect(kind, LogLine.__tablename__, f"{row['log']}-{row['at']}")


def _missing_before(ctx: Context, since: Place) -> list[Defect]:
    """A word on places that are gone, or too many, before *since*: all of one kind, for none of them is read."""
    entries = tuple_(ENTRIES.c.log, ENTRIES.c.index) < tuple_(*since)
    places = tuple_(_TABLE.c.log, _TABLE.c.at) < tuple_(*since)
    count = select(func.count())
    should, are = (
        ctx.session.scalar(count.select_from(table).where(part)) or 0
        for table, part in ((ENTRIES, entries), (_TABLE, places))
    )
    noted = ctx.session.execute(select(_TABLE.c.log, _TABLE.c.at).order_by(_TABLE.c.log.desc(), _TABLE.c.at.desc()))
    last = noted.first()
    if should == are or (are < should and (last is None or tuple(last) < since)):  # not noted so far yet
        return []
    return [Defect("deleted" if are < should else "added", LogLine.__tablename__, f"before {since[0]}-{since[1]}")]


def _stored(ctx: Context, since: Place) -> Iterator[dict[str, Any]]:
    query = select(*_TABLE.columns).order_by(_TABLE.c.log, _TABLE.c.at)
    query = query.where(tuple_(_TABLE.c.log, _TABLE.c.at) >= tuple_(*since))
    for row in ctx.session.execute(query.execution_options(yield_per=BATCH)):
        yield dict(zip(_COLUMNS, row, strict=True))


def _batches(ctx: Context, since: Place) -> Iterator[list[Any]]:
    """Every entry from *since* on in its order, by `BATCH`."""
    after = (since[0], since[1] - 1)
    columns = (ENTRIES.c.log, ENTRIES.c.index.label("at"), ENTRIES.c.subject, ENTRIES.c.leaf)
    query = select(*columns).order_by(ENTRIES.c.log, ENTRIES.c.index).limit(BATCH)
    while rows := list(ctx.session.execute(query.where(tuple_(ENTRIES.c.log, ENTRIES.c.index) > tuple_(*after)))):
        yield rows
        after = (rows[-1].log, rows[-1].at)
