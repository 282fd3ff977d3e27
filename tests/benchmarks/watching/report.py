"""The figures as they are, for the terminal and for the page in docs/benchmarks."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from textwrap import fill

from tests.benchmarks.watching.planted import WARM_UP, WITHIN
from tests.benchmarks.watching.running import Count, Outcome
from vault.watching.rules import RULES


def _sum(counts: Iterable[Count]) -> Count:
    return sum(counts, Count())


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _row(name: str, own: Count, anyone: Count) -> str:
    found = f"{own.found} of {own.found + own.missed}"
    alerts = f"{own.true} + {own.false}"
    return f"| {name} | {found} | {_share(own.recall)} | {_share(anyone.recall)} | {alerts} | {_share(own.precision)} |"


def table(outcomes: Sequence[Outcome]) -> list[str]:
    """All seeds together, as Markdown."""
    rows = [
        "| rule | misuse of its kind found | recall | recall, by any rule | findings: misuse + other | precision |",
        "|---|---|---|---|---|---|",
    ]
    by_rule, by_any = [each.by_rule for each in outcomes], [each.by_any for each in outcomes]
    rows += [_row(rule, _sum(each[rule] for each in by_rule), _sum(each[rule] for each in by_any)) for rule in RULES]
    within = _sum(each.by_any[WITHIN] for each in outcomes)
    found = f"{within.found} of {within.found + within.missed}"
    rows.append(f"| *no rule: {WITHIN}* | {found} | {_share(within.recall)} | {_share(within.recall)} | – | – |")
    whole = _sum(each.whole for each in outcomes)
    rows.append(_row("**all**", whole, whole))
    return rows


def _seeds(outcomes: Sequence[Outcome]) -> list[str]:
    rows = ["| seed | officers | people | looks | findings | precision | recall |", "|---|---|---|---|---|---|---|"]
    for each in outcomes:
        whole = each.whole
        findings = whole.true + whole.false
        shares = f"{_share(whole.precision)} | {_share(whole.recall)}"
        rows.append(f"| {each.seed} | {each.officers} | {each.people} | {each.looks} | {findings} | {shares} |")
    return rows


def _wrapped(*paragraphs: str) -> str:
    """Paragraphs, and points that begin with a dash, in lines of at most 118 characters."""
    return "\n\n".join(
        fill(" ".join(each.split()), 118, subsequent_indent="  " * each.startswith("-")) for each in paragraphs
    )


def page(outcomes: Sequence[Outcome], *, days: int) -> str:
    """The whole page."""
    looks = sum(each.looks for each in outcomes)
    findings = sum(each.whole.true + each.whole.false for each in outcomes)
    others = 1000 * sum(each.whole.false for each in outcomes) / max(looks, 1)
    misuse = sum(each.whole.found + each.whole.missed for each in outcomes)
    seeds = ", ".join(str(each.seed) for each in outcomes)
    head = _wrapped(
        f"# What the watchers find, {datetime.now(UTC):%Y-%m-%d}",
        f"""Command: `make bench-watching`. Misuse planted in {days} days of invented traffic of a council with
        three services by day and one by night: early and late shifts, weekends, holidays, cover for another
        team, changes of team, duty days, a week in which every bill goes out, overtime, shares that have
        ended and are tried again, a day on which a system fails, clients who are neighbours, namesakes,
        colleagues or well known. Entries are those that the door writes, in a real log; the rules read them
        as in earnest, with the limits as they are shipped. The first {WARM_UP} days hold no misuse, so that
        habits are known.""",
        f"""Limits were set on seeds 101 and 102. The seeds reported here ({seeds}) were run afterwards, and
        nothing was changed by what they said.""",
        f"""{looks} looks in all, {misuse} incidents planted: far more than an honest council has. **Precision
        falls where there is less misuse**: the other findings stay, about {others:.1f} for each thousand
        looks. Each of the {findings} findings takes a person some minutes.""",
    )
    notes = _wrapped(
        """- *Recall* is the share of planted incidents of which at least one entry is in the evidence of a
        finding: of the rule meant for it, or of any rule. *Precision* is the share of a rule's findings
        whose evidence holds planted misuse, of any kind.""",
        f"""- `{WITHIN}` are looks at people of the officer's own team for whom they had no task that day. No
        rule looks for them, and the figure says so: somebody nosy among those who may look is found by the
        person who reads who looked, or by nobody.""",
        """- What the rules for colleagues, marked people, neighbours and namesakes find beside misuse are
        clients of that sort for whom nobody had written work down; for `no-relationship` it is mostly cover
        for another team without a word of it.""",
        """- The traffic was invented by those who wrote the rules. Real traffic is odder; a council measures
        its own by how auditors close findings.""",
    )
    parts = [head, "", *table(outcomes), "", "Seed by seed, every rule together:", "", *_seeds(outcomes), "", notes, ""]
    return "\n".join(parts)
