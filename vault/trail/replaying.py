"""Past decisions made again, on the very facts that were judged, under the rules in force or a proposed set of them.

Who would gain and who would lose is told by entry and pseudonym, by purpose, service and act: never by name. Entries
that hold no facts (older ones, or those whose details do not open any more) are counted and not guessed at.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import and_, func, select, tuple_

from audit.entry import Leaf, decode
from audit.errors import LeafInvalidError
from audit.events import Event
from audit.models import ENTRIES
from policies.engine import RULES_FAILED, Engine
from vault.clock import microseconds
from vault.context import Context
from vault.judged import Judged
from vault.models import LogLine
from vault.trail.lines import Known, open_for_auditor, payloads_of, service_in
from vault.trail.places import BATCH, catch_up
from vault.trail.scope import demand_review, note_review, scope_of

SAME: Final = "same"
GAINS: Final = "gains"
LOSES: Final = "loses"
UNCLEAR: Final = "unclear"
"""The rules could not judge the facts at all, which is a no: they speak of something that was not kept then."""
NOT_KEPT: Final = "not-kept"
RESULTS: Final = (SAME, GAINS, LOSES, UNCLEAR, NOT_KEPT)


@dataclass(frozen=True, slots=True)
class Group:
    """What decisions are counted by."""

    purpose: str
    service: str
    """The slug; empty where no service was asking."""
    action: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One decision that would fall otherwise."""

    entry: str
    """Its place in the log, as in ``0-1234``."""
    leaf_hash: str
    subject: str
    """The pseudonym of that month, 32 hex digits; empty for an act about nobody's record."""
    group: Group
    result: str
    was: tuple[str, ...]
    """The rules that decided then."""
    now: tuple[str, ...]
    """The rules that would decide."""


@dataclass(slots=True)
class Replayed:
    """What came of it."""

    policy_set: str
    """The rules that were tried."""
    entries: int = 0
    """How many entries of that time were looked through."""
    counts: dict[Group, Counter[str]] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)

    def count(self, group: Group, result: str) -> None:
        """Count one decision."""
        self.counts.setdefault(group, Counter())[result] += 1

    @property
    def totals(self) -> Counter[str]:
        """All decisions by what became of them."""
        return sum(self.counts.values(), Counter())


def replay(
    ctx: Context,
    *,
    engine: Engine,
    since: datetime,
    until: datetime,
    progress: Callable[[int, int], None] | None = None,
) -> Replayed:
    """
    Make every decision from *since* to *until* again with *engine*; changes nothing but the log, which is told first.

    Args:
        ctx: A reading context of an auditor's, or the operator's.
        engine: The rules that are tried.
        since: The first moment.
        until: The moment after the last.
        progress: Told how many entries of how many were looked at.

    Raises:
        NotAllowedError: The rules do not let this actor review the whole log.
    """
    scope = scope_of(ctx)
    demand_review(ctx, scope)
    told = {"since": since.isoformat(), "until": until.isoformat(), "rules": engine.digest}
    note_review(ctx, Event.POLICY_REPLAYED, told)
    catch_up(ctx.vault)
    mine = [] if scope.organisation_id is None else [LogLine.organisation_id == scope.organisation_id]
    within = [LogLine.time >= microseconds(since), LogLine.time < microseconds(until), *mine]
    total = ctx.session.scalar(select(func.count()).select_from(LogLine).where(*within)) or 0
    found = Replayed(engine.digest)
    known = Known(ctx)
    for rows in _batches(ctx, within):
        payloads = payloads_of(ctx, [leaf for _row, leaf in rows])
        for row, leaf in rows:
            facts = open_for_auditor(known, payloads.get(leaf.commitment or ""))
            _take(found, engine, row, leaf, facts, known)
        found.entries += len(rows)
        if progress:
            progress(found.entries, total)
    return found


def _batches(ctx: Context, within: list[Any]) -> Iterator[list[tuple[Any, Leaf]]]:
    key = (LogLine.time, LogLine.log, LogLine.at)
    there = and_(ENTRIES.c.log == LogLine.log, ENTRIES.c.index == LogLine.at)
    query = select(*key, ENTRIES.c.leaf_hash, ENTRIES.c.leaf).join(ENTRIES, there).where(*within).order_by(*key)
    after: tuple[int, int, int] = (-1, -1, -1)
    while rows := ctx.session.execute(query.where(tuple_(*key) > tuple_(*after)).limit(BATCH)).all():
        yield list(_readable(rows))
        after = (rows[-1].time, rows[-1].log, rows[-1].at)


def _readable(rows: Any) -> Iterator[tuple[Any, Leaf]]:  # noqa: ANN401 -- rows
    for row in rows:
        try:
            yield row, decode(row.leaf)
        except LeafInvalidError:  # `audit verify` names it
            continue


def _take(found: Replayed, engine: Engine, row: Any, leaf: Leaf, facts: Any, known: Known) -> None:  # noqa: ANN401 -- rows
    service = known.service(service_in(facts or {}))
    slug = service.slug if service else ""
    decisions = (facts or {}).get("judged", ())
    if not decisions and leaf.policy_set and leaf.event is not Event.POLICY_LOADED:
        found.count(Group(leaf.purpose or "", slug, str(leaf.event)), NOT_KEPT)
    for kept in decisions:
        then = Judged.read(kept)
        group = Group(leaf.purpose or "", slug, then.action or str(leaf.event))
        result, now = _judge(engine, then)
        found.count(group, result)
        if result in {GAINS, LOSES, UNCLEAR}:
            found.changes.append(
                Change(
                    entry=f"{row.log}-{row.at}",
                    leaf_hash=row.leaf_hash.hex(),
                    subject=leaf.subject or "",
                    group=group,
                    result=result,
                    was=then.because,
                    now=now,
                )
            )


def _judge(engine: Engine, then: Judged) -> tuple[str, tuple[str, ...]]:
    if then.whole is None:
        return NOT_KEPT, ()
    now = engine.judge_again(then.whole)
    if RULES_FAILED in now.because and RULES_FAILED not in then.because:
        return UNCLEAR, now.because
    if now.allowed == then.allowed:
        return SAME, now.because
    return (GAINS if now.allowed else LOSES), now.because
