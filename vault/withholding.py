"""Holding an item back from the citizen for a time, as the law allows (DPA 2018, Schedules 2 and 3).

Two different people, an authority, a reason and a date: until that date the door shows the item to whoever may see it,
save the citizen (`vault.access`). The entry in the log stands under the house key, so that it does not give away on the
citizen's own page what it is about; auditors read it, and the citizen sees the item itself once the date has come.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from audit.events import Event
from vault import accounts
from vault.catalogue import CATALOGUE
from vault.confidential import close_for_citizen, open_for_citizen
from vault.context import Context
from vault.errors import InvalidInputError, NotAllowedError, NotFoundError, SecondPersonNeededError, WrongStateError
from vault.journal import note
from vault.kinds import AccountStatus, Role
from vault.models import HeldBack, Organisation, Record
from vault.records import Source, source_key_of

LONGEST: Final = timedelta(days=365)
"""Who wants it held longer looks at it anew, with two people."""
MOST_CHARACTERS: Final = 2000
LONGEST_AUTHORITY: Final = 200

_WHAT: Final = "held-back"
_WHO: Final = frozenset({Role.OFFICER, Role.ADMINISTRATOR})


@dataclass(frozen=True, slots=True, kw_only=True)
class Withholding:
    """One item held back, as staff who may know of it see it."""

    citizen_id: UUID
    record_id: UUID
    until: datetime
    """The moment from which the citizen sees the item."""
    authority: str
    """The provision relied on, such as ``DPA 2018 Sch. 3 para. 5``."""
    reason: str = field(repr=False)
    approved: tuple[UUID, UUID]
    """The accounts of the two people."""
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An item that may be held back at all, by what is known of it without opening it."""

    record_id: UUID
    category: str
    organisation: str
    """The slug of the organisation that sent it."""
    source_system: str
    received_at: datetime
    held_until: datetime | None
    """Until when it is held back now; empty where the citizen sees it."""


def candidates(ctx: Context, *, citizen_id: UUID) -> list[Candidate]:
    """A citizen's items of the categories that may be held back, newest first; for staff, never the citizen."""
    rows = ctx.session.execute(
        select(Record, Organisation.slug)
        .join(Organisation, Organisation.organisation_id == Record.organisation_id)
        .where(Record.citizen_id == citizen_id, Record.category.in_(sorted(_may_be_held_back())))
        .order_by(Record.received_at.desc(), Record.record_id)
    ).all()
    held = {each.record_id: each.until for each in of_citizen(ctx, citizen_id=citizen_id)}
    return [
        Candidate(
            record_id=row.record_id,
            category=row.category,
            organisation=slug,
            source_system=row.source_system,
            received_at=row.received_at,
            held_until=held.get(row.record_id),
        )
        for row, slug in rows
    ]


def item_of(ctx: Context, *, citizen_id: UUID, source: Source) -> UUID:
    """
    The item that a source system knows by a number of its own.

    Raises:
        NotFoundError: The citizen has no such item.
    """
    key = source_key_of(ctx, source)
    row = ctx.session.scalars(
        select(Record).where(Record.citizen_id == citizen_id, Record.source_key == key)
    ).one_or_none()
    if row is None:
        raise NotFoundError("the citizen has no such item")
    return row.record_id


def _may_be_held_back() -> frozenset[str]:
    return frozenset(each.category for each in CATALOGUE.fields if each.may_be_held_back)


def hold_back(
    ctx: Context,
    *,
    citizen_id: UUID,
    record_id: UUID,
    until: datetime,
    authority: str,
    reason: str,
    first: UUID,
    second: UUID,
) -> Withholding:
    """
    Keep one item from its citizen until a date; a later call replaces date, authority, reason and people.

    Args:
        ctx: A transaction.
        citizen_id: Whose item it is.
        record_id: Which one; its category must be one that may be held back at all.
        until: Later than now and at most `LONGEST` ahead.
        authority: The provision relied on, at most `LONGEST_AUTHORITY` characters; it names no one.
        reason: Why, at most `MOST_CHARACTERS` characters; sealed under a key of the citizen's.
        first: The account of the officer or administrator who asks for it.
        second: The account of another one, who agrees.

    Raises:
        SecondPersonNeededError: One account was given for both.
        NotAllowedError: One of the two is no active officer or administrator.
        InvalidInputError: The date, the authority or the reason is out of bounds, or the category is never held back.
        NotFoundError: The citizen has no such item, or there is no such account.
    """
    _check_people(ctx, first, second)
    _check_words(authority, reason)
    if not ctx.now < until <= ctx.now + LONGEST:
        raise InvalidInputError(f"until: a moment within the next {LONGEST.days} days")
    _check_category(ctx, citizen_id, record_id)
    words = {"reason": reason.strip()}
    sealed = close_for_citizen(ctx, citizen_id=citizen_id, what=_WHAT, row_id=record_id, words=words)
    row = _placed(
        ctx,
        (citizen_id, record_id),
        until=until,
        authority=authority.strip(),
        sealed_reason=sealed,
        approved_first=first,
        approved_second=second,
    )
    facts = {"record": str(record_id), "until": until.isoformat(), "authority": row.authority}
    note(ctx, Event.RECORD_HELD_BACK, facts={**facts, "approved": [str(first), str(second)]})
    return _view(ctx, row)


def _placed(ctx: Context, key: tuple[UUID, UUID], **held: Any) -> HeldBack:  # noqa: ANN401 -- values of columns
    """The row of one item with the columns *held*: a new one, or the next version of the one that is there."""
    row = ctx.session.get(HeldBack, key)
    if row is None:
        row = HeldBack(citizen_id=key[0], record_id=key[1], **held)
        ctx.session.add(row)
        return row
    for name, value in held.items():
        setattr(row, name, value)
    row.version += 1
    return row


def _check_people(ctx: Context, first: UUID, second: UUID) -> None:
    if first == second:
        raise SecondPersonNeededError("holding an item back needs two different people")
    for account_id in (first, second):
        _check_person(ctx, account_id)


def _check_person(ctx: Context, account_id: UUID) -> None:
    found = accounts.find(ctx, account_id=account_id)
    if found.role not in _WHO or found.status is not AccountStatus.ACTIVE:
        raise NotAllowedError(f"account `{account_id}` may not decide what is held back")


def _check_words(authority: str, reason: str) -> None:
    if not authority.strip() or len(authority) > LONGEST_AUTHORITY:
        raise InvalidInputError(f"authority: name the provision, in at most {LONGEST_AUTHORITY} characters")
    if not reason.strip() or len(reason) > MOST_CHARACTERS:
        raise InvalidInputError(f"reason: say why, in at most {MOST_CHARACTERS} characters")


def _check_category(ctx: Context, citizen_id: UUID, record_id: UUID) -> None:
    record = ctx.session.get(Record, (citizen_id, record_id))
    if record is None:
        raise NotFoundError(f"record `{record_id}` is not known")
    if record.category not in _may_be_held_back():
        raise InvalidInputError(f"category `{record.category}` is never held back from the citizen")


def release_early(ctx: Context, *, citizen_id: UUID, record_id: UUID, by: UUID) -> Withholding:
    """
    Show the citizen a held-back item from now on. One person is enough: nothing is taken from the citizen.

    Raises:
        NotFoundError: The item is not held back, or there is no such account.
        WrongStateError: Its date has come already.
        NotAllowedError: The account is no active officer or administrator.
    """
    _check_person(ctx, by)
    row = ctx.session.get(HeldBack, (citizen_id, record_id))
    if row is None:
        raise NotFoundError(f"record `{record_id}` is not held back")
    if row.until <= ctx.now:
        raise WrongStateError(f"record `{record_id}` is held back no longer")
    row.until = ctx.now
    row.version += 1
    note(ctx, Event.RECORD_SHOWN_AGAIN, citizen_id=citizen_id, facts={"record": str(record_id), "approved": [str(by)]})
    return _view(ctx, row)


def of_citizen(ctx: Context, *, citizen_id: UUID) -> list[Withholding]:
    """What is held back from a citizen now, the soonest to be shown first; for staff, never the citizen."""
    rows = ctx.session.scalars(
        select(HeldBack)
        .where(HeldBack.citizen_id == citizen_id, HeldBack.until > ctx.now)
        .order_by(HeldBack.until, HeldBack.record_id)
    )
    return [_view(ctx, row) for row in rows]


def _view(ctx: Context, row: HeldBack) -> Withholding:
    words = open_for_citizen(ctx, citizen_id=row.citizen_id, what=_WHAT, row_id=row.record_id, sealed=row.sealed_reason)
    return Withholding(
        citizen_id=row.citizen_id,
        record_id=row.record_id,
        until=row.until,
        authority=row.authority,
        reason=str(words["reason"]),
        approved=(row.approved_first, row.approved_second),
        version=row.version,
    )
