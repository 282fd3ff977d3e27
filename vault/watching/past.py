"""What was before: an officer's and a team's acts of the last weeks, and who had to do with a person.

Rows are read once in a run and checked (`WatchedAct` carries the vault's mark); a planted one stops the run loudly.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, func, select

from vault.authentic import check_mac, marks_of
from vault.context import Context
from vault.models import WatchedAct
from vault.watching.acts import EMERGENCY, LOOK, NAMES, Act, in_us, since
from vault.watching.limits import Limits

MARGIN: Final = timedelta(days=14)
"""How much longer than a window acts are kept and read, so that what is settled late has its whole window."""
Key = tuple[str, bytes]
_TABLE: Final = WatchedAct.__table__.c
_NAMES: Final = (*NAMES, "row_mac")


class Past:
    """The acts of the weeks before, and those of the batch that is judged."""

    def __init__(self, limits: Limits) -> None:
        """Know nothing yet; lists are read as rules ask for them, through the context given to `at`."""
        self._limits = limits
        self._lists: dict[Key, list[Act]] = {}
        self._shares: dict[UUID, tuple[int, int]] = {}
        self._new: Sequence[Act] = ()
        self._ctx: Context | None = None

    def at(self, ctx: Context, new: Sequence[Act]) -> None:
        """Read through *ctx* from now on; *new* are the acts of the batch, oldest first."""
        self._ctx, self._new = ctx, new
        self._shares.clear()
        for key in list(self._lists):
            self._lists[key] += [act for act in new if key in _keys(act)]

    def replaced(self, settled: Iterable[Act]) -> None:
        """Take *settled* acts, of which it is known now what explains them, for what stood there before."""
        by_place = {(act.log, act.at): act for act in settled}
        for acts in self._lists.values():
            acts[:] = [by_place.get((act.log, act.at), act) for act in acts]

    def of_officer(self, act: Act) -> Sequence[Act]:
        """What the officer of *act* did within the window before it and since, oldest first."""
        return self._within(act, ("officer", act.officer))

    def of_team(self, act: Act) -> Sequence[Act]:
        """What the officer's team did, the officer included."""
        return self._within(act, ("team", act.team))

    def about(self, act: Act) -> Sequence[Act]:
        """What anybody did about the person of *act*."""
        keys = [("person", act.person)] if act.person else []
        keys += [("subject", act.subject)] if act.subject else []
        found = {(each.log, each.at): each for key in keys for each in self._within(act, (key[0], key[1]))}
        return sorted(found.values(), key=lambda each: each.time)

    def _within(self, act: Act, key: Key) -> Sequence[Act]:
        if key not in self._lists:
            # A settled look is older than the newest: its window begins earlier, by less than is read here.
            earlier = self._read(_where(key), act.time - in_us(self._limits.window + MARGIN))
            self._lists[key] = earlier + [each for each in self._new if key in _keys(each)]
        return since(self._lists[key], act.time - in_us(self._limits.window))

    def _read(self, where: ColumnElement[bool], start: int) -> list[Act]:
        assert self._ctx is not None  # noqa: S101 -- `at` comes first
        marks, columns = marks_of(self._ctx.session), [getattr(_TABLE, name).label(name) for name in _NAMES]
        query = select(*columns).where(where, WatchedAct.time >= start)
        acts = []
        for row in self._ctx.session.execute(query.order_by(WatchedAct.time, WatchedAct.log, WatchedAct.at)).mappings():
            values = {name: row[name] for name in _NAMES}
            check_mac(marks, WatchedAct, values)
            acts.append(Act(**{name: values[name] for name in NAMES}))
        return acts

    def explained(self, service_id: UUID, time_us: int) -> tuple[int, int]:
        """How many of a service's settled looks within the window work explains, and how many are settled."""
        assert self._ctx is not None  # noqa: S101 -- `at` comes first
        if service_id not in self._shares:
            query = (
                select(func.count(), func.sum(case((WatchedAct.explained.is_(True), 1), else_=0)))
                .where(WatchedAct.service_id == service_id, WatchedAct.time >= time_us - in_us(self._limits.window))
                .where(WatchedAct.kind == LOOK, WatchedAct.explained.is_not(None))
            )
            settled, explained = self._ctx.session.execute(query).one()
            self._shares[service_id] = (explained or 0, settled)
        return self._shares[service_id]

    def to_settle(self, *, after: int, until: int, emergency: bool) -> list[Act]:
        """Looks (or statements of emergencies) that were kept, after one moment and up to another, oldest first."""
        wanted = WatchedAct.kind == (EMERGENCY if emergency else LOOK)
        return self._read(and_(wanted, WatchedAct.time <= until), after + 1)


def _keys(act: Act) -> list[Key]:
    held = [("officer", act.officer), ("team", act.team), ("person", act.person), ("subject", act.subject)]
    return [(name, mark) for name, mark in held if mark]


def _where(key: Key) -> ColumnElement[bool]:
    column: ColumnElement[bool] = getattr(WatchedAct, key[0]) == key[1]
    return column
