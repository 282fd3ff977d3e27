"""``citizen-vault audit delays``: which lines of the log are shown to their residents later; showing one at once."""

from datetime import datetime
from uuid import UUID

import click

from vault import delays
from vault.context import OPERATOR
from vault.delays import DelayView
from web.cli.showing import json_option, show, table
from web.opening import opened

_COLUMNS = ("delay", "state", "entry", "of", "until", "law", "authority", "review")


@click.group("delays", no_args_is_help=True)
def delays_() -> None:
    """
    Lines of the log that the law lets a resident see later.

    None is made here: an auditor asks for one in the portal, and a second person of the council agrees. One person is
    enough to show a line at once, for nothing is taken from anyone.
    """


@delays_.command("list")
@click.option("--all", "everything", is_flag=True, help="Also those that are over.")
@click.option("--review", is_flag=True, help="Only those that run for 30 days or longer: are they still needed?")
@json_option
def list_(*, everything: bool, review: bool, as_json: bool) -> None:
    """
    List the delays that wait or run, the newest first; never whose line it is, nor why.

    Each ends by itself on its day, at most a year after its entry. That you looked is not logged; nothing of anybody is
    opened.

    \b
    Examples:
      citizen-vault audit delays list
      citizen-vault audit delays list --review --json
    """
    with opened() as vault, vault.reading(OPERATOR) as ctx:
        found = [_plain(each, ctx.now) for each in delays.everything(ctx) if everything or _is_live(each)]
    found = [each for each in found if each["review"] or not review]
    show(found, as_json=as_json, lines=table(found, *_COLUMNS))


@delays_.command("show-now")
@click.argument("delay_id", metavar="DELAY", type=click.UUID)
@click.confirmation_option(prompt="Show the line to its resident now? This cannot be undone.")
def show_now(*, delay_id: UUID) -> None:
    """
    End a delay early: its resident sees the line at once, with who asked to show it later and by which law.

    \b
    Example: citizen-vault audit delays show-now 4f0c… --yes
    """
    with opened() as vault, vault.transaction(OPERATOR) as ctx:
        ended = delays.lift(ctx, delay_id=delay_id)
    click.echo(f"the line {ended.leaf_hash.hex()} is shown to its resident from now on")


def _is_live(delay: DelayView) -> bool:
    return delay.is_waiting or delay.is_running


def _plain(delay: DelayView, now: datetime) -> dict[str, object]:
    return {
        "delay": str(delay.delay_id),
        "state": str(delay.state),
        "entry": delay.leaf_hash.hex()[:16],
        "of": f"{delay.event} {delay.entry_at.date().isoformat()}",
        "until": delay.until.date().isoformat(),
        "law": delay.law,
        "authority": delay.authority,
        "review": "due" if delay.needs_review(now) else "",
    }
