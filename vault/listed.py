"""Services that a directory outside lists: public words, from which an administrator begins a registration.

What is listed confers nothing: a service may ask for data only once two people have registered it.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from audit.events import Event
from vault.context import Context
from vault.errors import NotFoundError
from vault.ids import new_id
from vault.journal import note
from vault.models import ListedService

AT_ONCE = 100
"""Services in one entry of the log, and so in one transaction."""


@dataclass(frozen=True, slots=True)
class Words:
    """What a directory says of one service."""

    external_id: str
    name: str
    what_for: str
    organisation: str
    url: str
    is_listed: bool


@dataclass(frozen=True, slots=True)
class ListedView:
    """One listed service."""

    listed_id: UUID
    source: str
    words: Words
    read_at: datetime


def bring_in(ctx: Context, *, source: str, found: Sequence[Words]) -> Counter[str]:
    """
    Keep what the directory *source* says of some services; return how many are ``new``, ``changed`` and ``same``.

    The same words again change nothing.
    """
    held = {row.external_id: row for row in _of(ctx, source)}
    counts: Counter[str] = Counter()
    for words in found:
        row = held.get(words.external_id)
        if row is not None and _words(row) == words:
            counts["same"] += 1
            continue
        counts["new" if row is None else "changed"] += 1
        if row is None:
            held[words.external_id] = _add(ctx, source, words)
        else:
            _say(ctx, row, words)
    if counts["new"] or counts["changed"]:
        _note(ctx, source, counts)
    return counts


def take_off(ctx: Context, *, source: str, listed: frozenset[str]) -> int:
    """Mark what the directory *source* lists no longer; *listed* are the ids it lists. Nothing is deleted."""
    gone = [row for row in _of(ctx, source) if row.is_listed and row.external_id not in listed]
    for row in gone:
        row.is_listed = False
        row.version += 1
    if gone:
        _note(ctx, source, Counter(gone=len(gone)))
    return len(gone)


def _of(ctx: Context, source: str) -> list[ListedService]:
    return list(ctx.session.scalars(select(ListedService).where(ListedService.source == source)))


def _add(ctx: Context, source: str, words: Words) -> ListedService:
    row = ListedService(listed_id=new_id(), source=source, read_at=ctx.now, **asdict(words))
    ctx.session.add(row)
    return row


def _say(ctx: Context, row: ListedService, words: Words) -> None:
    row.name, row.what_for, row.organisation = words.name, words.what_for, words.organisation
    row.url, row.is_listed, row.read_at = words.url, words.is_listed, ctx.now
    row.version += 1


def _note(ctx: Context, source: str, counts: Counter[str]) -> None:
    note(ctx, Event.REGISTRY_CHANGED, facts={"what": "listed services", "source": source, **counts})


def _words(row: ListedService) -> Words:
    return Words(row.external_id, row.name, row.what_for, row.organisation, row.url, row.is_listed)


def every(ctx: Context) -> list[ListedView]:
    """Every service that was ever listed, by name."""
    rows = ctx.session.scalars(select(ListedService).order_by(ListedService.name, ListedService.listed_id))
    return [_view(row) for row in rows]


def find(ctx: Context, *, listed_id: UUID) -> ListedView:
    """
    One listed service.

    Raises:
        NotFoundError: There is none of this id.
    """
    row = ctx.session.get(ListedService, listed_id)
    if row is None:
        raise NotFoundError(f"no listed service `{listed_id}`")
    return _view(row)


def _view(row: ListedService) -> ListedView:
    return ListedView(row.listed_id, row.source, _words(row), row.read_at)
