"""The table of places held against the log: a line that was altered or taken out would hide an entry from a search.

A search believes no row more than the entry it leads to; but an entry that no row leads to is not found. So every row
must be what its entry makes it, up to the last one that is noted. What comes after that is noted at the next search.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import func, select, tuple_

from audit.models import ENTRIES
from audit.processes import Crew
from audit.store import newest_log, stored_tree
from vault.context import Context
from vault.errors import RowForgedError
from vault.holding import Defect
from vault.models import LogLine
from vault.seen import seen
from vault.trail.places import BATCH, places_of

Place = tuple[int, int]
_TABLE: Final = LogLine.__table__
_OLDEST: Final = (_TABLE.c.log, _TABLE.c.at)
_NEWEST: Final = (_TABLE.c.log.desc(), _TABLE.c.at.desc())
_COLUMNS: Final = tuple(column.name for column in _TABLE.columns)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Entries of one log from *start* to *end* (excluded), with the places noted there.

    The *last* one takes in whatever is noted beyond it, the *first* one what is noted before.
    """

    log: int
    start: int
    end: int
    first: bool = False
    last: bool = False


def hold_places(
    ctx: Context,
    *,
    since: Place = (0, 0),
    crew: Crew | None = None,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> list[Defect]:
    """
    Compare every row of the table of places with its entry; of those before *since*, only how many there are.

    Args:
        ctx: A view of one state (`vault.context.Vault.snapshot`).
        since: The log, and the index there, from which on they are compared.
        crew: Processes that see the same moment (`vault.together`).
        progress: Told how many entries of how many were compared.

    Raises:
        WorkerFailedError: A process of the crew died, or could not do its part.
    """
    found = _missing_before(ctx, since)
    stretches = list(_stretches(ctx, since))
    done, total = 0, sum(each.end - each.start for each in stretches)
    held = crew.in_order(places_seen, stretches, at_once=2) if crew else (hold_stretch(ctx, each) for each in stretches)
    for stretch, defects in zip(stretches, held, strict=True):
        found += defects
        done += stretch.end - stretch.start
        progress(done, total)
    return [*found, *_elsewhere(ctx, since)]


def _stretches(ctx: Context, since: Place) -> Iterator[Stretch]:
    """Everything from *since* to the last place that is noted."""
    last = ctx.session.execute(select(_TABLE.c.log, _TABLE.c.at).order_by(*_NEWEST).limit(1)).first()
    if last is None or tuple(last) < since:
        return
    for log in range(since[0], min(last.log, newest_log(ctx.session)) + 1):
        begin = since[1] if log == since[0] else 0
        size = stored_tree(ctx.session, log).size
        end = max(begin, min(size, last.at + 1) if log == last.log else size)
        starts = list(range(begin, end, BATCH)) or [begin]
        for start in starts:
            edges = {"first": start == begin and log != since[0], "last": start == starts[-1]}
            yield Stretch(log, start, min(start + BATCH, end), **edges)


def places_seen(stretch: Stretch) -> list[Defect]:
    """`hold_stretch` in a helping process."""
    return hold_stretch(seen(), stretch)


def hold_stretch(ctx: Context, stretch: Stretch) -> list[Defect]:
    """Compare the places of one stretch with its entries."""
    columns = (ENTRIES.c.log, ENTRIES.c.index.label("at"), ENTRIES.c.subject, ENTRIES.c.leaf)
    within = (ENTRIES.c.log == stretch.log, ENTRIES.c.index >= stretch.start, ENTRIES.c.index < stretch.end)
    rows = ctx.session.execute(select(*columns).where(*within).order_by(ENTRIES.c.index)).all()
    try:
        made = {place["at"]: place for place in places_of(ctx, rows)}
    except RowForgedError:  # of the registry; `vault.holding` names it
        return []
    noted = {row["at"]: row for row in _noted(ctx, stretch)}
    found = (_difference(noted.get(at), made.get(at)) for at in sorted(made.keys() | noted.keys()))
    return [defect for defect in found if defect is not None]


def _difference(noted: dict[str, Any] | None, made: dict[str, Any] | None) -> Defect | None:
    if made is None:
        return None if noted is None else _defect("added", noted)
    if noted is None:
        return _defect("deleted", made)
    return _defect("changed", made) if any(noted[name] != value for name, value in made.items()) else None


def _noted(ctx: Context, stretch: Stretch) -> Iterator[dict[str, Any]]:
    query = select(*_TABLE.columns).where(_TABLE.c.log == stretch.log)
    if not stretch.first:
        query = query.where(_TABLE.c.at >= stretch.start)
    if not stretch.last:
        query = query.where(_TABLE.c.at < stretch.end)
    for row in ctx.session.execute(query):
        yield dict(zip(_COLUMNS, row, strict=True))


def _elsewhere(ctx: Context, since: Place) -> Iterator[Defect]:
    """Places in logs that are not there."""
    query = select(_TABLE.c.log, _TABLE.c.at).where(_TABLE.c.log > newest_log(ctx.session)).order_by(*_OLDEST)
    for row in ctx.session.execute(query.where(tuple_(_TABLE.c.log, _TABLE.c.at) >= tuple_(*since))):
        yield _defect("added", {"log": row.log, "at": row.at})


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
