"""``citizen-vault policy replay``: what a set of rules would have said of what was asked."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click

from policies.engine import Engine
from policies.rulebook import Rulebook
from vault import trail
from vault.catalogue import CATALOGUE
from vault.context import OPERATOR, Vault
from vault.trail import Replayed
from vault.trail.replaying import GAINS, LOSES, NOT_KEPT, RESULTS, UNCLEAR, Change
from web.cli.sequencing import place_waiting
from web.cli.showing import counted, json_option, progress, show, table
from web.opening import opened, settings

MOST_NAMED: Final = 50
_DAY: Final = click.DateTime(["%Y-%m-%d"])


@click.command()
@click.option("--since", required=True, type=_DAY, help="The first day, in UTC.")
@click.option("--until", type=_DAY, help="The day after the last; else up to now.")
@click.option(
    "--rules",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A changed set to try (a schema and rules/, as for `policy check`); else the rules in force.",
)
@json_option
def replay(*, since: datetime, until: datetime | None, rules: Path | None, as_json: bool) -> None:
    """
    Make past decisions again, under the rules in force or those in a folder, and say who would gain or lose.

    Each is judged on the facts that its entry in the log keeps. Nothing is changed; that you looked is logged. Entries
    are named, people never. What was written before facts were kept is counted as `not-kept`.

    \b
    Examples:
      citizen-vault policy replay --since 2026-11-01
      citizen-vault policy replay --since 2026-11-01 --rules changed-rules/ --json
    """
    config = settings()
    book = Rulebook.load(rules) if rules else None
    with opened(config) as vault:
        place_waiting(vault, config)
        engine = _engine(book) if book else vault.engine
        found = _replayed(vault, engine, since.replace(tzinfo=UTC), until.replace(tzinfo=UTC) if until else None)
    show(_plain(found), as_json=as_json, lines=_lines(found))


def _engine(book: Rulebook) -> Engine:
    fields = {each.name: each.flags for each in CATALOGUE.fields}
    return Engine.load(fields=fields, catalogue_digest=CATALOGUE.digest, rulebook=book)


def _replayed(vault: Vault, engine: Engine, since: datetime, until: datetime | None) -> Replayed:
    with vault.reading(OPERATOR) as ctx, progress("deciding again") as tell:
        return trail.replay(ctx, engine=engine, since=since, until=until or ctx.now, progress=tell)


def _plain(found: Replayed) -> dict[str, object]:
    return {
        "policy_set": found.policy_set,
        "entries": found.entries,
        "totals": {name: found.totals[name] for name in RESULTS},
        "groups": [*_groups(found)],
        "changes": [_change(each) for each in found.changes],
    }


def _groups(found: Replayed) -> Iterator[dict[str, object]]:
    for group, counts in sorted(found.counts.items(), key=lambda pair: str(pair[0])):
        named = {"purpose": group.purpose, "service": group.service, "action": group.action}
        yield {**named, **{name: counts[name] for name in RESULTS}}


def _change(change: Change) -> dict[str, object]:
    return {
        "entry": change.entry,
        "leaf_hash": change.leaf_hash,
        "subject": change.subject,
        "purpose": change.group.purpose,
        "service": change.group.service,
        "action": change.group.action,
        "result": change.result,
        "was": list(change.was),
        "now": list(change.now),
    }


def _lines(found: Replayed) -> list[str]:
    totals = found.totals
    looked = f"{counted(totals.total(), 'decision')} in {counted(found.entries, 'entry', 'entries')}"
    sure = f"{totals[GAINS]:,} would gain, {totals[LOSES]:,} would lose"
    unsure = f"{totals[UNCLEAR]:,} could not be judged, {totals[NOT_KEPT]:,} hold no facts"
    lines = [
        f"{looked}, under policy set {found.policy_set[:12]}…",
        f"{sure}, {unsure}",
        "",
        *table([*_groups(found)], "purpose", "service", "action", *RESULTS),
    ]
    if not found.changes:
        return lines
    shown = [{**_change(each), "was": " ".join(each.was), "now": " ".join(each.now)} for each in found.changes]
    lines += ["", *table(shown[:MOST_NAMED], "entry", "subject", "action", "result", "was", "now")]
    more = len(shown) - MOST_NAMED
    return [*lines, f"and {more:,} more: --json lists them all"] if more > 0 else lines
