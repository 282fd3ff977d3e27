"""Time, read at the edge and handed inwards: always aware, always UTC."""

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
    return moment.astimezone(UTC).strftime("%Y-%m")
