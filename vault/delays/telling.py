"""What would give a look away: it leaves more than its own line, and all of that is hidden with it.

The key that the service got for it; the end of a share that it used up, and what was refused since because of that; the
check of ties that it called for. It is looked for when a delay is asked for, and once more when it is approved: whoever
calls either has `vault.trail.catch_up` run first. While a delay waits or runs, no end is written down
(`vault.grants.sweep`), and what is refused goes with it as it is refused (`vault.hiding.follow`).
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from sqlalchemy import ColumnElement, Select, and_, func, select

from audit.events import Event
from audit.models import ENTRIES
from vault.clock import microseconds
from vault.context import Context
from vault.models import Delay, Grant, LogLine

_TOKEN_LIFE: Final = timedelta(seconds=300)
"""How long before a look the key was given that it used (DESIGN 8)."""


def gather(ctx: Context, row: Delay) -> None:
    """Put all that would give a delayed entry away among the entries of *row*, which keeps those it has."""
    found = [each.hex() for each in _telling(ctx, row)]
    row.entries = list(dict.fromkeys([*row.entries, *found]))


def _telling(ctx: Context, row: Delay) -> Iterator[bytes]:
    yield from _ties(ctx, row)
    if row.grant_id is None or row.event not in {Event.RECORD_OPENED, Event.RECORD_REFUSED}:
        return
    mine = LogLine.grant_id == row.grant_id
    yield from _keys(ctx, row, mine)
    yield from _ends(ctx, row, mine)


def _keys(ctx: Context, row: Delay, mine: ColumnElement[bool]) -> Iterator[bytes]:
    """The keys it may have used, save those that another look used."""
    at = microseconds(row.entry_at)
    life = microseconds(row.entry_at + _TOKEN_LIFE) - at
    before = LogLine.event == str(Event.TOKEN_ISSUED), LogLine.time.between(at - life, at)
    for issued in ctx.session.execute(_places().where(mine, *before)):
        within = LogLine.time.between(issued.time, issued.time + life), ENTRIES.c.leaf_hash != row.leaf_hash
        looks = LogLine.event.in_([str(Event.RECORD_OPENED), str(Event.RECORD_REFUSED)])
        if ctx.session.execute(_places().where(mine, looks, *within).limit(1)).first() is None:
            yield issued.leaf_hash


def _ends(ctx: Context, row: Delay, mine: ColumnElement[bool]) -> Iterator[bytes]:
    """That the share was used up, and what was refused because it is."""
    ended = LogLine.event == str(Event.GRANT_USED_UP), LogLine.time >= microseconds(row.entry_at)
    for end in ctx.session.execute(_places().where(mine, *ended)):
        yield end.leaf_hash
    share = ctx.session.scalars(select(Grant).where(Grant.grant_id == row.grant_id)).one_or_none()
    if not row.uses or share is None or share.uses < share.max_uses:
        return
    last = select(func.max(LogLine.time)).where(mine, LogLine.event == str(Event.RECORD_OPENED)).scalar_subquery()
    refused = LogLine.event == str(Event.RECORD_REFUSED), LogLine.time > last
    for each in ctx.session.execute(_places().where(mine, *refused)):
        yield each.leaf_hash


def _ties(ctx: Context, row: Delay) -> Iterator[bytes]:
    """The watchers' next check of ties, unless another look came in between (`vault.watching.ties`)."""
    mine, after = LogLine.subject == row.subject, LogLine.time > microseconds(row.entry_at)
    events = LogLine.event.in_([str(Event.TIES_CHECKED), str(Event.RECORD_OPENED), str(Event.RECORD_REFUSED)])
    query = _places().add_columns(LogLine.event).where(mine, after, events).order_by(LogLine.time, LogLine.at).limit(1)
    for found in ctx.session.execute(query):
        if found.event == Event.TIES_CHECKED:
            yield found.leaf_hash


def _places() -> Select[tuple[bytes, int]]:
    there = and_(ENTRIES.c.log == LogLine.log, ENTRIES.c.index == LogLine.at)
    return select(ENTRIES.c.leaf_hash, LogLine.time).join(LogLine, there)
