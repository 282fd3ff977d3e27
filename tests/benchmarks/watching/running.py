"""One seed: the council lives through its weeks, and the watchers run over what the log says."""

import random
import tempfile
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import select

from audit.events import Event
from tests.benchmarks.watching import council, planted, traffic
from tests.benchmarks.watching.council import START, Council, moment
from tests.benchmarks.watching.planted import WITHIN, Incident
from tests.benchmarks.watching.traffic import Step
from tests.watching_world import World, world
from vault import watching
from vault.accounts import StaffLabel
from vault.context import OPERATOR
from vault.models import Finding
from vault.watching.rules import RULES


@dataclass(slots=True)
class Count:
    """What was found: findings that are of planted misuse, and others; planted misuse that was found, and missed."""

    true: int = 0
    false: int = 0
    found: int = 0
    missed: int = 0

    def __add__(self, other: "Count") -> "Count":
        return Count(
            self.true + other.true, self.false + other.false, self.found + other.found, self.missed + other.missed
        )

    @property
    def precision(self) -> float | None:
        """The share of findings that are of planted misuse, of whatever kind."""
        return self.true / (self.true + self.false) if self.true + self.false else None

    @property
    def recall(self) -> float | None:
        """The share of planted misuse that was found."""
        return self.found / (self.found + self.missed) if self.found + self.missed else None


@dataclass(slots=True)
class Outcome:
    """One seed's figures."""

    seed: int
    officers: int
    people: int
    looks: int
    entries: int
    by_rule: dict[str, Count] = field(default_factory=dict)
    """Each rule, against the misuse of its own kind."""
    whole: Count = field(default_factory=Count)
    """Every finding, and every incident found by any rule."""
    by_any: dict[str, Count] = field(default_factory=dict)
    """Each kind of misuse, found by any rule."""


def run(seed: int, *, days: int = 70, size: float = 1.0, each: int = 3, database_url: str | None = None) -> Outcome:
    """Live through one seed, and count."""
    with tempfile.TemporaryDirectory(prefix="vault-watching-") as folder:
        url = database_url or f"sqlite:///{Path(folder) / 'vault.db'}"
        with world(Path(folder), url, now=moment(START, 0) - timedelta(days=200)) as made:
            return _live(made, seed, days=days, size=size, each=each)


def _live(made: World, seed: int, *, days: int, size: float, each: int) -> Outcome:
    made.at(moment(START, 0))
    lived = council.settle(made, random.Random(seed), days=days, size=size)
    incidents, misuse = planted.plant(lived, days=days, each=each)
    judged = planted.judged_emergencies(lived, days=days)
    by_number = {incident.number: incident for incident in incidents}
    counts: Counter[Event] = Counter()
    for day in (START + timedelta(days=number) for number in range(days)):
        traffic.move_somebody(lived, day)
        steps = [*traffic.plain(lived, day), *misuse.get(day, ()), *judged.get(day, ())]
        _write(lived, steps, by_number)
        counts.update(step.event for step in steps)
        _night(made, day)
    _night(made, START + timedelta(days=days + 13))  # a Sunday: what waits for its time is judged
    real = [incident for incident in incidents if incident.entries]
    outcome = Outcome(seed, len(lived.staff), len(lived.places), counts[Event.RECORD_OPENED], sum(counts.values()))
    _count(made, outcome, real)
    return outcome


def _write(lived: Council, steps: list[Step], incidents: dict[int, Incident]) -> None:
    with lived.world.writing() as ctx:
        for step in sorted(steps, key=lambda step: step.when):
            label = StaffLabel("Sam", "care worker", step.team)
            officer = replace(step.colleague.officer, label=label)
            leaf = lived.world.act(ctx, officer, step.event, step.when, step.person, **step.more)
            if step.incident:
                incidents[step.incident].entries.add(leaf)


def _night(made: World, day: date) -> None:
    """Every night entries get their place; every seventh the watchers run, which judges each day as if it were then."""
    made.at(moment(day, 31))  # seven in the morning after, when the night shift is over
    made.place()
    if day.weekday() == 6:
        watching.scan(made.vault)


def _count(made: World, outcome: Outcome, incidents: list[Incident]) -> None:
    with made.vault.reading(OPERATOR) as ctx:
        rows = ctx.session.scalars(select(Finding)).all()
        findings = [(row.rule, {bytes.fromhex(each) for each in row.evidence}) for row in rows]
    misuse = {entry for incident in incidents for entry in incident.entries}
    for rule in RULES:
        own = [evidence for name, evidence in findings if name == rule]
        outcome.by_rule[rule] = _against(own, misuse, [each for each in incidents if each.kind == rule])
    every = [evidence for _rule, evidence in findings]
    outcome.whole = _against(every, misuse, incidents)
    for kind in (*RULES, WITHIN):
        outcome.by_any[kind] = _against(every, misuse, [each for each in incidents if each.kind == kind])


def _against(findings: list[set[bytes]], misuse: set[bytes], incidents: list[Incident]) -> Count:
    true = sum(bool(evidence & misuse) for evidence in findings)
    named = {entry for evidence in findings for entry in evidence}
    found = sum(bool(incident.entries & named) for incident in incidents)
    return Count(true, len(findings) - true, found, len(incidents) - found)
