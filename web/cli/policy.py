"""``citizen-vault policy …``: the rules, checked and put in words."""

from pathlib import Path

import click

from policies.rulebook import Rulebook, own_rules
from vault.catalogue import CATALOGUE
from web.cli.replaying import replay
from web.cli.showing import counted, json_option, show


@click.group(no_args_is_help=True)
def policy() -> None:
    """Check and explain the rules by which the door decides, and try others on what was asked before."""


policy.add_command(replay)


@policy.command()
@click.argument("folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
@json_option
def check(*, folder: Path | None, as_json: bool) -> None:
    """
    Check that the rules are whole, parse, and hold against their schema; exit 1 where they do not.

    FOLDER holds a changed set (a schema and rules/) to try; without it, the rules in force are checked.

    \b
    Example: citizen-vault policy check changed-rules/
    """
    book = Rulebook.load(folder) if folder else own_rules()
    forbids = sum(rule.effect == "forbid" for rule in book.rules.values())
    digest = book.digest(CATALOGUE.digest)
    found = {"rules": len(book.rules), "forbids": forbids, "policy_set": digest}
    lines = [f"{counted(len(book.rules), 'rule')} hold, {forbids} of them forbid", f"policy set {digest}"]
    show(found, as_json=as_json, lines=lines)


@policy.command()
@click.argument("rule_id", required=False)
@json_option
def explain(*, rule_id: str | None, as_json: bool) -> None:
    """
    Say in words what the rules say: all of them, or the one named RULE_ID, as log entries name it.

    \b
    Example: citizen-vault policy explain
    """
    chosen = [rule for rule in own_rules().rules.values() if rule_id in {None, rule.id}]
    if not chosen:
        raise click.ClickException(f"no rule is called `{rule_id}`; `citizen-vault policy explain` lists them")
    found = [
        {"id": str(rule.id), "effect": rule.effect, "because": rule.because, "staff": rule.staff} for rule in chosen
    ]
    show(found, as_json=as_json, lines=[f"{each['effect']:6}  {each['id']}: {each['because']}" for each in found])
