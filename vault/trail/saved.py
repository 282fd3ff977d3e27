"""Searches that an auditor keeps under a name: what they are narrowed to, never what they found.

An auditor has their own alone; somebody else's looks like one that does not exist. The one person whom a search may be
about is never kept: their handle ends within the day, and is to be asked for anew where they can see it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from audit.events import Event
from vault.confidential import close_for_house, open_for_house
from vault.context import Context
from vault.errors import InvalidInputError, NotAllowedError, NotFoundError
from vault.ids import new_id
from vault.journal import note
from vault.kinds import AccountStatus
from vault.models import Account, SavedSearch
from vault.trail.review import Filters
from vault.trail.scope import demand_review, scope_of

MOST: Final = 50
"""Searches of one auditor."""
NAME_MOST: Final = 80
"""Characters of a name."""
LAST_DAYS: Final = (1, 7, 30, 90)
"""The days, up to the day on which it is run, that a search can be kept for in place of fixed ones."""
_WHAT: Final = "saved-search"


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """One search as it is kept."""

    search_id: UUID
    name: str
    filters: Filters
    days: int | None
    """So many days up to the day on which it is run, in place of fixed ones."""
    saved_at: datetime

    def asked_on(self, day: date) -> Filters:
        """What it asks for when it is run on *day*."""
        if self.days is None:
            return self.filters
        return replace(self.filters, since=day - timedelta(days=self.days - 1), until=None)


def save_search(ctx: Context, *, name: str, filters: Filters, days: int | None = None) -> UUID:
    """
    Keep what a search is narrowed to, without the person whom it is about.

    Args:
        ctx: A writing context of the auditor's.
        name: What they call it, 1 to `NAME_MOST` characters.
        filters: What it is narrowed to.
        days: One of `LAST_DAYS`, in place of the days of *filters*.

    Raises:
        InvalidInputError: The name is empty, too long or taken, the days are none of those, or it is too many.
        NotAllowedError: The rules do not let this actor review the log, or they have no account.
    """
    there = saved_searches(ctx)
    _demand_name(name, there)
    if len(there) >= MOST:
        raise InvalidInputError(f"{MOST} searches are kept already; delete one first")
    if days is not None and days not in LAST_DAYS:
        raise InvalidInputError("a search is kept for one of the known numbers of days")
    kept = replace(filters, person="")
    kept = kept if days is None else replace(kept, since=None, until=None)
    row = SavedSearch(search_id=new_id(), account_id=_account(ctx), version=1, sealed=b"", saved_at=ctx.now)
    row.sealed = _close(ctx, row.search_id, name, kept, days)
    ctx.session.add(row)
    _note(ctx, "saved", row.search_id, kept, days)
    return row.search_id


def saved_searches(ctx: Context) -> list[Saved]:
    """
    This auditor's own searches, by name.

    Raises:
        NotAllowedError: The rules do not let this actor review the log, or they have no account.
    """
    demand_review(ctx, scope_of(ctx))
    query = select(SavedSearch).where(SavedSearch.account_id == _account(ctx)).limit(MOST + 1)
    return sorted((_view(ctx, row) for row in ctx.session.scalars(query)), key=lambda each: each.name.casefold())


def saved_search(ctx: Context, *, search_id: UUID) -> Saved:
    """
    One of this auditor's own searches.

    Raises:
        NotFoundError: There is none, or it is somebody else's; both look the same.
        NotAllowedError: The rules do not let this actor review the log, or they have no account.
    """
    return _view(ctx, _own(ctx, search_id))


def rename_search(ctx: Context, *, search_id: UUID, name: str) -> None:
    """
    Call a search something else.

    Raises:
        InvalidInputError: The name is empty, too long or taken.
        NotFoundError, NotAllowedError: As `saved_search`.
    """
    row = _own(ctx, search_id)
    held = _view(ctx, row)
    _demand_name(name, [each for each in saved_searches(ctx) if each.search_id != search_id])
    row.sealed = _close(ctx, search_id, name, held.filters, held.days)
    row.version += 1
    _note(ctx, "renamed", search_id, held.filters, held.days)


def forget_search(ctx: Context, *, search_id: UUID) -> None:
    """
    Delete a search. What it found when it was run stays in the log, and so does that it was.

    Raises:
        NotFoundError, NotAllowedError: As `saved_search`.
    """
    row = _own(ctx, search_id)
    held = _view(ctx, row)
    ctx.session.delete(row)
    _note(ctx, "deleted", search_id, held.filters, held.days)


def forget_leavers_searches(ctx: Context) -> None:
    """Delete the searches of accounts that are closed; nobody can run them any more."""
    closed = select(Account.account_id).where(Account.status == AccountStatus.CLOSED)
    rows = list(ctx.session.scalars(select(SavedSearch).where(SavedSearch.account_id.in_(closed))))
    for row in rows:
        ctx.session.delete(row)
    if rows:
        note(ctx, Event.AUDIT_SEARCH_CHANGED, facts={"change": "deleted", "leavers": len(rows)})


def _own(ctx: Context, search_id: UUID) -> SavedSearch:
    demand_review(ctx, scope_of(ctx))
    row = ctx.session.get(SavedSearch, search_id)
    if row is None or row.account_id != _account(ctx):
        raise NotFoundError("there is no such search")
    return row


def _account(ctx: Context) -> UUID:
    if ctx.actor.account_id is None:
        raise NotAllowedError("searches are kept for somebody who is signed in")
    return ctx.actor.account_id


def _demand_name(name: str, others: list[Saved]) -> None:
    if not 0 < len(name.strip()) <= NAME_MOST:
        raise InvalidInputError(f"a search has a name of 1 to {NAME_MOST} characters")
    if any(each.name.casefold() == name.strip().casefold() for each in others):
        raise InvalidInputError("another search has this name already")


def _note(ctx: Context, change: str, search_id: UUID, filters: Filters, days: int | None) -> None:
    # The name is left out: it is the auditor's own word, and may name somebody.
    facts = {"change": change, "search": str(search_id), "filters": filters.told, "days": days}
    note(ctx, Event.AUDIT_SEARCH_CHANGED, facts={name: held for name, held in facts.items() if held is not None})


def _close(ctx: Context, search_id: UUID, name: str, filters: Filters, days: int | None) -> bytes:
    words = {"name": name.strip(), "filters": filters.told, "days": days}
    return close_for_house(ctx, what=_WHAT, row_id=search_id, words=words)


def _view(ctx: Context, row: SavedSearch) -> Saved:
    words = open_for_house(ctx, what=_WHAT, row_id=row.search_id, sealed=row.sealed)
    return Saved(
        search_id=row.search_id,
        name=words["name"],
        filters=_filters(words["filters"]),
        days=words["days"],
        saved_at=row.saved_at,
    )


def _filters(told: Mapping[str, str]) -> Filters:
    read: dict[str, Any] = {"since": date.fromisoformat, "until": date.fromisoformat}
    read |= dict.fromkeys(("service_id", "grant_id", "case_id"), UUID)
    return Filters(**{name: read.get(name, str)(value) for name, value in told.items()})
