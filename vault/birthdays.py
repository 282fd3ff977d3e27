"""Birthdays that change what a person may do: an account of their own at 13, no parent's eyes on their record at 18.

Nobody's birth date stands in clear, and opening every child's each day would fill their logs with looks of the
council's. So each young citizen carries marks of the days to come (`vault.turns`), which say nothing without
the vault's keys. Once a day the vault computes which marks are due, and opens those birth dates alone, through the
door.
"""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select

from audit.events import Event
from vault import citizens, turns
from vault.access import stage_of_life
from vault.context import SYSTEM, Context, Vault
from vault.journal import note
from vault.kinds import CitizenStatus
from vault.models import Citizen, VaultFact

KEPT_UNTIL: Final = "birthdays"
"""The fact of the vault that says up to which day birthdays were kept, as an ISO date."""

_YOUNG: Final = (CitizenStatus.CHILD, CitizenStatus.YOUNG_PERSON)


def keep(vault: Vault) -> int:
    """
    Let everyone whose day has come since the last time stand where they now belong; return how many moved.

    Cheap when today was kept already. Killed in the middle, it begins again: what was done stays done.

    Raises:
        SealBrokenError: A birth date that is due does not open; that is logged, and the day is tried again.
    """
    with vault.reading(SYSTEM) as ctx:
        today = ctx.now.date()
        days = list(_days(ctx, today))
        due = turns.due(ctx, among=_young(ctx), days=days) if days else []
    moved = sum(_move(vault, citizen_id) for citizen_id in due)
    if days:
        with vault.transaction(SYSTEM) as ctx:
            _remember(ctx, today)
    return moved


def _days(ctx: Context, today: date) -> Iterator[date]:
    """The days that were not kept yet; the first time, today alone, for those without marks are looked at anyhow."""
    fact = ctx.session.get(VaultFact, KEPT_UNTIL)
    day = date.fromisoformat(fact.value) + timedelta(days=1) if fact else today
    while day <= today:
        yield day
        day += timedelta(days=1)


def _young(ctx: Context) -> Sequence[UUID]:
    return ctx.session.scalars(select(Citizen.citizen_id).where(Citizen.status.in_(_YOUNG))).all()


def _move(vault: Vault, citizen_id: UUID) -> bool:
    stage = stage_of_life(vault, citizen_id=citizen_id)
    if stage is None:
        return False
    with vault.transaction(SYSTEM) as ctx:
        if turns.expect(ctx, citizen_id=citizen_id, turns=stage.turns):
            note(ctx, Event.CITIZEN_LINKED, citizen_id=citizen_id, facts={"how": "birthdays"})
        still_young = citizens.find(ctx, citizen_id=citizen_id).status in _YOUNG
        return still_young and citizens.set_status(ctx, citizen_id=citizen_id, status=stage.status)


def _remember(ctx: Context, today: date) -> None:
    ctx.session.scalars(select(VaultFact).with_for_update()).all()  # one process at a time
    fact = ctx.session.get(VaultFact, KEPT_UNTIL)
    if fact is None:
        ctx.session.add(VaultFact(name=KEPT_UNTIL, value=today.isoformat()))
    else:
        fact.value = max(fact.value, today.isoformat())
