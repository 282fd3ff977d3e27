"""Time, read at the edge and handed inwards: always aware, always UTC."""

import calendar
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def utc_now() -> datetime:
    """Now, aware and in UTC."""
    return datetime.now(UTC)


def microseconds(moment: datetime) -> int:
    """*moment* as whole microseconds since 1970-01-01T00:00:00Z, exact (no floating point)."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def from_microseconds(count: int) -> datetime:
    """The aware UTC moment *count* microseconds after 1970-01-01T00:00:00Z."""
    return _EPOCH + timedelta(microseconds=count)


def month_of(moment: datetime) -> str:
    """The UTC month of *moment* as ``YYYY-MM``: the life of a pseudonym and of an accountability key."""
    utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return f"{utc.year:04}-{utc.month:02}"  # as strftime writes it, at a tenth of the time


def months_later(moment: datetime, months: int) -> datetime:
    """The same day and time *months* later, or the last day of that month where it has no such day."""
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return moment.replace(year=year, month=month + 1, day=min(moment.day, last))
