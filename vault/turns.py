"""Days on which a young citizen comes of an age, marked so that only the vault can tell which days they are.

A mark is a blind index of citizen and day together: nobody reads a birthday out of it, and two children who share one
do not look alike.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import select

from vault.citizens import ADULT_AGE, OWN_ACCOUNT_AGE
from vault.context import Context
from vault.models import BlindIndex

COLUMN: Final = "turns"


def turns_after(birth_date: date, today: date) -> tuple[date, ...]:
    """The days after *today* on which someone born then comes of an age that changes where they stand."""
    return tuple(day for age in (OWN_ACCOUNT_AGE, ADULT_AGE) if (day := _birthday(birth_date, age)) > today)


def _birthday(birth_date: date, age: int) -> date:
    """The day from which someone is *age* years old; born on 29 February, it is 1 March in other years."""
    try:
        return birth_date.replace(year=birth_date.year + age)
    except ValueError:
        return date(birth_date.year + age, 3, 1)


def expect(ctx: Context, *, citizen_id: UUID, turns: Iterable[date]) -> bool:
    """Mark days on which to look at a citizen's age again; return whether a mark is new. The caller notes it."""
    marks = {_mark(ctx, citizen_id, day) for day in turns}
    new = {mark for mark in marks if ctx.session.get(BlindIndex, (citizen_id, COLUMN, mark)) is None}
    ctx.session.add_all([BlindIndex(citizen_id=citizen_id, column=COLUMN, index=mark) for mark in sorted(new)])
    return bool(new)


def due(ctx: Context, *, among: Iterable[UUID], days: Sequence[date]) -> list[UUID]:
    """Who of *among* has one of *days* marked, or no day at all, so that nobody is forgotten."""
    marks: dict[UUID, set[bytes]] = {}
    for row in ctx.session.scalars(select(BlindIndex).where(BlindIndex.column == COLUMN)):
        marks.setdefault(row.citizen_id, set()).add(row.index)
    return [each for each in among if each not in marks or any(_mark(ctx, each, day) in marks[each] for day in days)]


def _mark(ctx: Context, citizen_id: UUID, day: date) -> bytes:
    return ctx.keyring.blind_index(COLUMN, f"{citizen_id}|{day.isoformat()}")
