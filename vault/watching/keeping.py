"""From suspicions to findings: one row for each, logged, growing while somebody works on it, and never made twice."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import select

from audit import read
from audit.events import Event
from vault.clock import from_microseconds
from vault.confidential import close_for_house
from vault.context import Context
from vault.ids import new_id
from vault.journal import note
from vault.kinds import FindingState
from vault.models import Finding
from vault.trail.lines import Known, acting_reference, by_of, open_for_auditor, service_in
from vault.watching.acts import Act
from vault.watching.marks import scope_mark
from vault.watching.rules import Rule, Suspicion

WORDS: Final = "finding"
MOST_EVIDENCE: Final = 400
"""Entries that a finding names; what is more of the same says nothing new."""
CLOSED: Final = frozenset({FindingState.RIGHT, FindingState.WRONG, FindingState.PASSED_ON})


@dataclass(frozen=True, slots=True)
class Kept:
    """How many findings are new, and how many have grown."""

    made: int = 0
    grown: int = 0


def keep(ctx: Context, suspected: Iterable[tuple[Rule, Suspicion]]) -> Kept:
    """Make a finding of each suspicion, or let the one grow that is there; the caller's transaction keeps them."""
    kept = Kept()
    for rule, suspicion in suspected:
        change = _keep(ctx, rule, suspicion)
        kept = Kept(kept.made + (change == "made"), kept.grown + (change == "grown"))
    return kept


def _keep(ctx: Context, rule: Rule, suspicion: Suspicion) -> str:
    scope = scope_mark(ctx.keyring, rule=rule.slug, officer=suspicion.acts[0].officer, scope=suspicion.scope)
    query = select(Finding).where(Finding.scope == scope).order_by(Finding.part).with_for_update()
    parts = ctx.session.scalars(query).all()
    named = {each for part in parts for each in part.evidence}
    new = [act for act in suspicion.acts if act.leaf_hash.hex() not in named]
    last = parts[-1] if parts else None
    if last is not None and last.state not in CLOSED:
        return _grow(ctx, last, suspicion, new) if new else ""
    if len(new) < (rule.least if last else 1):
        return ""
    _make(ctx, rule, replace(suspicion, acts=tuple(new)), scope, part=last.part + 1 if last else 1)
    return "made"


def _make(ctx: Context, rule: Rule, suspicion: Suspicion, scope: bytes, *, part: int) -> None:
    acts, finding_id = suspicion.acts, new_id()
    words = {"who": _who(ctx, acts[0]), "figures": dict(suspicion.figures)}
    row = Finding(
        finding_id=finding_id,
        rule=rule.slug,
        scope=scope,
        part=part,
        grave=suspicion.grave,
        organisation_id=acts[0].organisation_id,
        evidence=[act.leaf_hash.hex() for act in acts[:MOST_EVIDENCE]],
        sealed_words=close_for_house(ctx, what=WORDS, row_id=finding_id, words=words),
        first_at=from_microseconds(acts[0].time),
        last_at=from_microseconds(acts[-1].time),
        found_at=ctx.now,
    )
    ctx.session.add(row)
    note(ctx, Event.FINDING_MADE, facts=logged(row))


def _grow(ctx: Context, row: Finding, suspicion: Suspicion, new: Sequence[Act]) -> str:
    room = MOST_EVIDENCE - len(row.evidence)
    if room <= 0:
        return ""
    row.evidence = [*row.evidence, *(act.leaf_hash.hex() for act in new[:room])]
    row.grave = row.grave or suspicion.grave
    words = {"who": _who(ctx, suspicion.acts[0]), "figures": dict(suspicion.figures)}
    row.sealed_words = close_for_house(ctx, what=WORDS, row_id=row.finding_id, words=words)
    row.last_at = max(row.last_at, from_microseconds(new[-1].time))
    row.version += 1
    note(ctx, Event.FINDING_GROWN, facts=logged(row))
    return "grown"


def logged(row: Finding) -> dict[str, Any]:
    """What an entry says of a finding: which, by what rule, from how much; never whom it suspects."""
    return {"finding": str(row.finding_id), "rule": row.rule, "evidence": len(row.evidence)}


def _who(ctx: Context, act: Act) -> dict[str, str]:
    """Whom the evidence is about, as its first entry says: account or reference, role, team, service."""
    entry = read.entry(ctx.session, act.leaf_hash)
    facts = open_for_auditor(Known(ctx), entry.payload) or {}
    acting, by = facts.get("acting") or {}, by_of(facts)
    return {
        "kind": str(by.get("kind", "")),
        "account": str(by.get("account", "")),
        "reference": acting_reference(facts),
        "role": str(acting.get("role", "")),
        "team": str(acting.get("team", "")),
        "service": str(service_in(facts) or ""),
    }
