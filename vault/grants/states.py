"""How a grant stands at a moment: its period and its uses end it without anyone writing so."""

from datetime import date, datetime, timedelta
from typing import Final

from vault.kinds import GrantState
from vault.models import Grant

ENDED: Final = frozenset({GrantState.WITHDRAWN, GrantState.EXPIRED, GrantState.EXHAUSTED})


def state_now(row: Grant, now: datetime) -> GrantState:
    """The state of a grant at *now* (`state_at`)."""
    return state_at(row.state, row.not_after, row.uses, row.max_uses, now)


def state_at(state: GrantState, not_after: datetime, uses: int, max_uses: int, now: datetime) -> GrantState:
    """The state at *now*: a period that is over or uses that are spent end a grant without anyone writing so."""
    if state in ENDED:
        return state
    if now >= not_after:
        return GrantState.EXPIRED
    return GrantState.EXHAUSTED if uses >= max_uses else state


def state_of(row: Grant, uses: int, now: datetime) -> GrantState:
    """The state as whoever knows of *uses* alone sees it: a share that ended by looks they may not know of goes on."""
    state = GrantState.ACTIVE if row.state is GrantState.EXHAUSTED and uses < row.max_uses else row.state
    return state_at(state, row.not_after, uses, row.max_uses, now)


def end_of(until: date | None, *, longest: datetime) -> datetime:
    """The moment at which the day *until* is over, or *longest* where that is sooner or no day is given."""
    if until is None:
        return longest
    return min(datetime(until.year, until.month, until.day, tzinfo=longest.tzinfo) + timedelta(days=1), longest)
