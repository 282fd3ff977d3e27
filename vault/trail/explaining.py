"""Why a decision fell as it did: the rules with their words of that time, what they judged, the share as it was then.

Everything is read from the log. What an entry does not hold (because it was written before such things were kept, or
the time for which details are kept is over) is said to be missing, and never made up from how things stand today.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, and_, select

from audit.events import Event
from audit.models import ENTRIES
from audit.read import EntryRow
from policies.explain import WITHOUT_RULE
from policies.model import PolicyId
from vault.clock import from_microseconds
from vault.context import Context
from vault.judged import Judged
from vault.models import LogLine
from vault.trail.lines import Known, Line, open_for_auditor
from vault.trail.proving import entry_row
from vault.trail.review import entry

NO_LONGER: Final = "the words of this rule at that time were not kept"


@dataclass(frozen=True, slots=True)
class RuleThen:
    """One rule that a decision rests on."""

    name: str
    effect: str
    """``permit`` or ``forbid``; empty where no rule decided, or it is not known any more."""
    because: str
    """The sentence for the citizen."""
    staff: str
    of_that_time: bool
    """Whether these are the words of that time; else those of today, or none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareThen:
    """The share that was judged, as the entry that made this version of it says."""

    version: int
    event: str
    at: datetime
    leaf_hash: bytes
    fields: tuple[str, ...]
    until: str
    max_uses: int


@dataclass(frozen=True, slots=True)
class Again:
    """One decision of the entry, and what the rules in force now would say of the very same facts."""

    then: Judged
    allowed_now: bool | None
    """None where the facts were not kept."""
    because_now: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """One entry, explained."""

    line: Line
    rules: tuple[RuleThen, ...]
    decisions: tuple[Again, ...]
    """Empty where what was judged was not kept, or nothing was."""
    share: ShareThen | None
    """None where the entry is about no share, or the version's own entry is not to be found."""
    same_rules: bool
    """Whether the rules that decided are those in force now."""


def explain(ctx: Context, *, leaf_hash: bytes) -> Explained:
    """
    Explain one entry, as far as an auditor may read it; that it was opened is logged.

    Raises:
        NotFoundError, NotAllowedError: As `vault.trail.entry`.
    """
    line = entry(ctx, leaf_hash=leaf_hash)
    return explained(ctx, line)


def explained(ctx: Context, line: Line) -> Explained:
    """`explain` for a line that the auditor opened already."""
    decisions = [Judged.read(each) for each in line.facts.get("judged", ())]
    names = dict.fromkeys([*line.because, *(name for each in decisions for name in each.because)])
    known = Known(ctx)
    kept = _words_of(ctx, known, line.policy_set)
    return Explained(
        line=line,
        rules=tuple(_rule(ctx, name, kept, same=line.policy_set == ctx.vault.engine.digest) for name in names),
        decisions=tuple(_again(ctx, each) for each in decisions),
        share=_share(ctx, known, line),
        same_rules=line.policy_set == ctx.vault.engine.digest,
    )


def _again(ctx: Context, then: Judged) -> Again:
    if then.whole is None:
        return Again(then, None, ())
    now = ctx.vault.engine.judge(then.whole)
    return Again(then, now.allowed, now.because)


def _rule(ctx: Context, name: str, kept: Mapping[str, Any], *, same: bool) -> RuleThen:
    if name in WITHOUT_RULE:
        return RuleThen(name, "", *WITHOUT_RULE[PolicyId(name)], of_that_time=True)
    if name in kept:
        effect, because, staff = kept[name]
        return RuleThen(name, effect, because, staff, of_that_time=True)
    today = ctx.vault.engine.rulebook.rules.get(PolicyId(name))
    if today is None:
        return RuleThen(name, "", NO_LONGER, NO_LONGER, of_that_time=False)
    return RuleThen(name, today.effect, today.because, today.staff, of_that_time=same)


def _words_of(ctx: Context, known: Known, policy_set: str | None) -> Mapping[str, Any]:
    """The words of the rules of *policy_set*, from the entry that says they were loaded; none where it has none."""
    for row in _rows(ctx, _places().where(LogLine.event == str(Event.POLICY_LOADED))):
        if policy_set and row.leaf.policy_set == policy_set:
            rules = (open_for_auditor(known, row.payload) or {}).get("rules")
            if isinstance(rules, Mapping):
                return rules
    return {}


def _share(ctx: Context, known: Known, line: Line) -> ShareThen | None:
    version = line.facts.get("version")
    if line.grant_id is None or not isinstance(version, int):
        return None
    made = LogLine.event.startswith("grant:")
    for row in _rows(ctx, _places().where(LogLine.grant_id == line.grant_id, made)):
        facts = open_for_auditor(known, row.payload) or {}
        if facts.get("version") == version and "until" in facts:
            return ShareThen(
                version=version,
                event=str(row.leaf.event),
                at=from_microseconds(row.leaf.time),
                leaf_hash=row.leaf_hash,
                fields=tuple(facts.get("fields", ())),
                until=str(facts["until"]),
                max_uses=int(facts.get("max_uses", 0)),
            )
    return None


def _places() -> Select[Any]:
    there = and_(ENTRIES.c.log == LogLine.log, ENTRIES.c.index == LogLine.at)
    return select(ENTRIES.c.leaf_hash).join(LogLine, there).order_by(LogLine.time.desc(), LogLine.at.desc())


def _rows(ctx: Context, query: Select[Any]) -> Iterator[EntryRow]:
    for leaf_hash in ctx.session.scalars(query).all():
        yield entry_row(ctx, leaf_hash)
