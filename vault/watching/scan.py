"""One run of the watchers: from the last entry looked at to the newest, a day's entries at a time.

Everything is judged before anything is written; then one short transaction keeps the acts, the findings and how far the
watchers have come, if no other process came first. What the log had told up to then is so judged once, whoever runs.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final

from sqlalchemy import delete, func, insert, select, tuple_, update
from sqlalchemy.exc import IntegrityError

from audit.events import Event
from audit.models import ENTRIES
from vault.authentic import mac_of, marks_of
from vault.clock import microseconds
from vault.context import SYSTEM, Context, Vault
from vault.journal import note
from vault.models import TieMark, WatchedAct, WatchState
from vault.watching.acts import NAMES, Act, in_us
from vault.watching.keeping import Kept, keep
from vault.watching.limits import LIMITS, Limits
from vault.watching.past import MARGIN, Past
from vault.watching.reading import Batch, next_batch
from vault.watching.rules import DAY_RULES, EMERGENCY_RULES, SETTLED_RULES, Day, Rule, Settled, Suspicion, explains
from vault.watching.ties import Ties

STATE: Final = "log"
PASSED_MOST: Final = 1000
"""Entries without any act after which it is kept all the same how far the watchers have come."""
TIES_KEPT: Final = timedelta(days=90)
"""How long marks of a citizen's name and postcode are kept before they are made anew, from the record as it is then."""

Progress = Callable[[int, int], None]
Suspected = tuple[Rule, Suspicion]


@dataclass(slots=True)
class Scanned:
    """What a run did."""

    entries: int = 0
    acts: int = 0
    made: int = 0
    grown: int = 0


@dataclass(frozen=True, slots=True)
class _Reached:
    """How far the watchers have come; ``version`` 0 before the first run."""

    log: int = 0
    at: int = -1
    settled: int = 0
    followed: int = 0
    version: int = 0


@dataclass(slots=True)
class _Judged:
    """What is to be kept of one batch, all at once."""

    reached: _Reached
    acts: list[Act] = field(default_factory=list)
    settled: list[Act] = field(default_factory=list)
    suspected: list[Suspected] = field(default_factory=list)
    passed: int = 0

    @property
    def worth_keeping(self) -> bool:
        return bool(self.acts or self.settled or self.suspected) or self.passed >= PASSED_MOST


def scan(vault: Vault, *, limits: Limits = LIMITS, progress: Progress = lambda _done, _all: None) -> Scanned:
    """
    Judge every entry of the log that has its place and was not looked at yet.

    Args:
        vault: The running vault, not within a transaction of the caller's.
        limits: What counts as unusual.
        progress: Is told how many entries of how many are done.

    Raises:
        RowForgedError: What the watchers keep was changed behind the vault's back.
    """
    done = Scanned()
    with vault.reading(SYSTEM) as ctx:
        reached, total = _reached(ctx), _waiting(ctx)
        ties = Ties(ctx)
    past, passed = Past(limits), 0
    while True:
        with vault.reading(SYSTEM) as ctx:
            batch = next_batch(ctx, ties, log=reached.log, at=reached.at, intake=limits.intake)
            judged = _judge(ctx, past, reached, batch, limits)
        done.entries += judged.passed
        judged.passed += passed
        kept = _keep(vault, reached, judged) if judged.worth_keeping else Kept()
        if kept is None:  # another process came first, and has judged the same
            break
        passed = 0 if judged.worth_keeping else judged.passed
        done.acts += len(judged.acts)
        done.made, done.grown = done.made + kept.made, done.grown + kept.grown
        progress(min(done.entries, total), total)
        reached = replace(judged.reached, version=reached.version + judged.worth_keeping)
        past.replaced(judged.settled)
        if batch is None:
            break
    _forget(vault, limits)
    return done


def begin_anew(vault: Vault) -> None:
    """Forget what the watchers keep, save findings, and let the next run read the whole log again.

    Whoever can write to the database could have left acts out; the log itself could not be changed unnoticed.
    """
    with vault.transaction(SYSTEM) as ctx:
        ctx.session.execute(delete(WatchedAct))
        row = ctx.session.get(WatchState, STATE)
        if row is not None:
            row.log, row.at, row.settled, row.followed, row.version = 0, -1, 0, 0, row.version + 1
        note(ctx, Event.WATCH_RUN, facts={"anew": True})


def _reached(ctx: Context) -> _Reached:
    row = ctx.session.get(WatchState, STATE)
    return _Reached(row.log, row.at, row.settled, row.followed, row.version) if row else _Reached()


def _waiting(ctx: Context) -> int:
    reached = _reached(ctx)
    later = tuple_(ENTRIES.c.log, ENTRIES.c.index) > tuple_(reached.log, reached.at)
    return ctx.session.scalar(select(func.count()).select_from(ENTRIES).where(later)) or 0


def _judge(ctx: Context, past: Past, reached: _Reached, batch: Batch | None, limits: Limits) -> _Judged:
    judged = _Judged(reached)
    # While old entries are read, time stands where they were written; at the newest one it is now. An entry that says
    # a later time than now, whatever clock wrote it, moves nothing ahead.
    now = min(batch.time, microseconds(ctx.now)) if batch else microseconds(ctx.now)
    past.at(ctx, batch.acts if batch else ())
    if batch:
        judged.acts, judged.passed = list(batch.acts), batch.passed
        judged.reached = replace(reached, log=batch.log, at=batch.at)
        judged.suspected += _of_days(past, batch.acts, limits)
    settled_until = max(reached.settled, now - in_us(limits.settle))
    followed_until = max(reached.followed, now - in_us(limits.follow_up))
    for act in past.to_settle(after=reached.settled, until=settled_until, emergency=False):
        _settle(judged, Settled(act, past, limits))
    for act in past.to_settle(after=reached.followed, until=followed_until, emergency=True):
        judged.suspected += [
            (rule, each) for rule in EMERGENCY_RULES for each in rule.judge(Settled(act, past, limits))
        ]
    judged.reached = replace(judged.reached, settled=settled_until, followed=followed_until)
    return judged


def _settle(judged: _Judged, look: Settled) -> None:
    settled = replace(look.act, explained=explains(look))
    judged.settled.append(settled)
    look.past.replaced([settled])
    look = replace(look, act=settled)
    judged.suspected += [(rule, each) for rule in SETTLED_RULES for each in rule.judge(look)]


def _of_days(past: Past, acts: Iterable[Act], limits: Limits) -> Iterator[Suspected]:
    """What the day rules say of each officer's day to which *acts* add something."""
    newest = {(act.officer, act.day): act for act in acts}
    for (_officer, day), act in newest.items():
        own = past.of_officer(act)
        judged = Day(
            day=day,
            acts=tuple(each for each in own if each.day == day),
            before=tuple(each for each in own if each.day < day),
            past=past,
            limits=limits,
        )
        for rule in DAY_RULES:
            yield from ((rule, each) for each in rule.judge(judged))


def _keep(vault: Vault, before: _Reached, judged: _Judged) -> Kept | None:
    """Keep what was judged, all at once; None where another process came first."""
    try:
        with vault.transaction(SYSTEM) as ctx:
            return _kept(ctx, judged) if _move_on(ctx, before, judged.reached) else None
    except IntegrityError:
        if before.version:
            raise
        return None  # two first runs at the same moment: PostgreSQL lets one of them make the row


def _kept(ctx: Context, judged: _Judged) -> Kept:
    if judged.acts:
        ctx.session.execute(insert(WatchedAct), [_values(ctx, act) for act in judged.acts])
    for act in judged.settled:
        values = _values(ctx, act)
        here = tuple_(WatchedAct.log, WatchedAct.at) == tuple_(act.log, act.at)
        changed = update(WatchedAct).where(here).values(explained=act.explained, row_mac=values["row_mac"])
        ctx.session.execute(changed.execution_options(synchronize_session=False))
    facts = {"acts": len(judged.acts), "settled": len(judged.settled), "passed": judged.passed}
    note(ctx, Event.WATCH_RUN, facts={**facts, "until": f"{judged.reached.log}-{judged.reached.at}"})
    return keep(ctx, judged.suspected)


def _values(ctx: Context, act: Act) -> dict[str, object]:
    values = {name: getattr(act, name) for name in NAMES}
    return {**values, "row_mac": mac_of(marks_of(ctx.session), WatchedAct, values)}


def _move_on(ctx: Context, before: _Reached, after: _Reached) -> bool:
    """Note how far the watchers have come, unless somebody else has moved on since."""
    row = ctx.session.get(WatchState, STATE, with_for_update=True)
    if (row.version if row else 0) != before.version:
        return False
    version = before.version + 1
    if row is None:
        row = WatchState(name=STATE, log=after.log, at=after.at, settled=after.settled, followed=after.followed)
        ctx.session.add(row)
        ctx.session.flush()
    row.log, row.at, row.settled, row.followed = after.log, after.at, after.settled, after.followed
    row.version = version
    return True


def _forget(vault: Vault, limits: Limits) -> None:
    """Let go of acts that no rule asks for any more, and of marks that are old."""
    with vault.transaction(SYSTEM) as ctx:
        oldest = microseconds(ctx.now - limits.window - MARGIN)
        ctx.session.execute(delete(WatchedAct).where(WatchedAct.time < oldest))
        ctx.session.execute(delete(TieMark).where(TieMark.made_at < ctx.now - TIES_KEPT))
