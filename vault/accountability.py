"""The end of a month's accountability: what staff and services did in it is no longer readable to auditors, for good.

Until then the month's key opens the details of every entry of that month. Destroying it closes them; with it go the
parts of `log_lines` that were made from details, and the details of entries about no citizen, which the council's own
key would open too. Leaves, tree and proofs stay; a citizen still opens their own lines with their own key.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Final

from sqlalchemy import and_, delete, or_, select, update

from audit.entry import named_in
from audit.events import Event
from audit.models import ENTRIES, PAYLOADS
from vault.clock import microseconds, month_of
from vault.context import OPERATOR, Context, Vault
from vault.errors import NotFoundError, WrongStateError
from vault.journal import note
from vault.keychain import MONTH
from vault.kinds import KeyState
from vault.models import HouseKey, LogLine
from vault.trail import catch_up

BATCH: Final = 500
_FROM_DETAILS: Final = dict.fromkeys(("organisation_id", "service_id", "person", "grant_id", "case_id"))


@dataclass(frozen=True, slots=True)
class Ended:
    """What went with a month's key: lines that say less now, and details that were deleted."""

    lines: int
    details: int


def end_month(vault: Vault, *, month: str) -> Ended:
    """
    Destroy the accountability key of *month* (as in ``2019-11``) and what it made readable; a killed run is run again.

    The log says it first; then the key store buries the key: a tombstone outlives every back-up of the database.

    Raises:
        NotFoundError: There is no such key.
        WrongStateError: The month is this one or the last, in which entries may still be written.
    """
    catch_up(vault)  # so that every entry of the month has its line
    with vault.transaction(OPERATOR) as ctx:
        row = _row(ctx, month)
        ended = Ended(_shorten(ctx, month), _delete_details(ctx, month))
        if row.state is not KeyState.DESTROYED or ended.lines or ended.details:
            row.state = KeyState.DESTROYED
            facts = {"month": month, "lines": ended.lines, "details": ended.details}
            note(ctx, Event.KEY_DESTROYED, facts=facts)
    vault.keyring.destroy_house_key(f"{MONTH}{month}", 1)
    return ended


def _row(ctx: Context, month: str) -> HouseKey:
    row = ctx.session.get(HouseKey, (f"{MONTH}{month}", 1), with_for_update=True)
    if row is None:
        raise NotFoundError(f"there is no accountability key of `{month}`; months are written like 2019-11")
    last_month = ctx.now.replace(day=1) - timedelta(days=1)
    if month >= month_of(last_month):
        raise WrongStateError(f"`{month}` is too near: only a month before the last one can end")
    return row


def _span(month: str) -> tuple[int, int]:
    """The month's first moment and that of the next, µs since 1970."""
    first = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)
    return microseconds(first), microseconds((first + timedelta(days=31)).replace(day=1))


def _shorten(ctx: Context, month: str) -> int:
    """Empty what was made from details in the lines of *month*; how many said something."""
    start, end = _span(month)
    held = or_(*(getattr(LogLine, name).is_not(None) for name in _FROM_DETAILS))
    lines = update(LogLine).where(LogLine.time >= start, LogLine.time < end, held).values(**_FROM_DETAILS)
    return ctx.session.connection().execute(lines).rowcount


def _delete_details(ctx: Context, month: str) -> int:
    """Delete the details of the entries of *month* that are about no citizen; how many there were."""
    connection, done = ctx.session.connection(), 0
    found = _of_nobody(ctx, month)
    while part := list(islice(found, BATCH)):
        gone = delete(PAYLOADS).where(PAYLOADS.c.month == month, PAYLOADS.c.commitment.in_(part))
        done += connection.execute(gone).rowcount
    return done


def _of_nobody(ctx: Context, month: str) -> Iterator[bytes]:
    """The commitments of entries without a subject, whose payloads may be kept under *month*."""
    same = and_(ENTRIES.c.log == LogLine.log, ENTRIES.c.index == LogLine.at)
    start, end = _span(month)
    query = (
        select(ENTRIES.c.leaf)
        .join(LogLine, same)
        .where(LogLine.time >= start, LogLine.time < end, ENTRIES.c.subject.is_(None))
    )
    for leaf in ctx.session.scalars(query).all():
        named = named_in(leaf)
        if named.subject is None and named.commitment is not None:
            yield named.commitment
