"""``citizen-vault citizen hold-back`` and its kin: keeping an item from its citizen for a time, by two people."""

from datetime import UTC, datetime
from typing import TextIO
from uuid import UUID

import click

from vault import citizens, withholding
from vault.context import OPERATOR
from vault.withholding import Candidate
from web.cli.showing import json_option, show, table
from web.opening import opened


@click.command("hold-back")
@click.argument("citizen_id", type=click.UUID)
@click.argument("record_id", type=click.UUID)
@click.option("--until", required=True, type=click.DateTime(["%Y-%m-%d"]), help="The day from which they see it.")
@click.option("--authority", required=True, metavar="TEXT", help="The provision relied on; it names no one.")
@click.option("--reason", required=True, type=click.File(), help="A file that says why, or - to type it; it is sealed.")
@click.option("--by", required=True, nargs=2, type=click.UUID, help="The two who agreed, by account.")
def hold_back(
    *, citizen_id: UUID, record_id: UUID, until: datetime, authority: str, reason: TextIO, by: tuple[UUID, UUID]
) -> None:
    """
    Keep one item from its citizen until a day, at most a year ahead; on that day it opens by itself.

    It takes two officers or administrators, a provision and a reason. Nothing on the citizen's pages hints at it.
    Again for the same item replaces the day and the reason. `citizen held-back CITIZEN --all` lists item ids.

    \b
    Example: an assessment that could do serious harm when read alone
      citizen-vault citizen hold-back 4f0c… 77ab… --until 2026-09-01 \\
        --authority "DPA 2018 Sch. 3 para. 5" --reason why.txt --by 11aa… 22bb…
    """
    with opened() as vault, vault.transaction(OPERATOR) as ctx:
        made = withholding.hold_back(
            ctx,
            citizen_id=citizen_id,
            record_id=record_id,
            until=until.replace(tzinfo=UTC),
            authority=authority,
            reason=reason.read(),
            first=by[0],
            second=by[1],
        )
    click.echo(f"item {record_id} is held back until {made.until.date()}; on that day the citizen sees it")


@click.command("show-again")
@click.argument("citizen_id", type=click.UUID)
@click.argument("record_id", type=click.UUID)
@click.option("--by", required=True, type=click.UUID, help="The officer or administrator who decided it, by account.")
def show_again(*, citizen_id: UUID, record_id: UUID, by: UUID) -> None:
    """
    Show the citizen a held-back item from now on. One person is enough, for nothing is taken from the citizen.

    \b
    Example: citizen-vault citizen show-again 4f0c… 77ab… --by 11aa…
    """
    with opened() as vault, vault.transaction(OPERATOR) as ctx:
        withholding.release_early(ctx, citizen_id=citizen_id, record_id=record_id, by=by)
    click.echo(f"item {record_id} is shown to the citizen from now on")


@click.command("held-back")
@click.argument("citizen_id", type=click.UUID)
@click.option("--all", "everything", is_flag=True, help="Also the items that could be held back and are not.")
@json_option
def held_back(*, citizen_id: UUID, everything: bool, as_json: bool) -> None:
    """
    List what is held back from a citizen now, and until when; never what an item says, nor why.

    \b
    Example: which items could be held back, newest first
      citizen-vault citizen held-back 4f0c… --all
    """
    with opened() as vault, vault.reading(OPERATOR) as ctx:
        citizens.find(ctx, citizen_id=citizen_id)
        items = withholding.candidates(ctx, citizen_id=citizen_id)
    found = [_plain(each) for each in items if everything or each.held_until]
    show(found, as_json=as_json, lines=table(found, "item", "category", "from", "received", "held-until"))


def _plain(item: Candidate) -> dict[str, object]:
    return {
        "item": str(item.record_id),
        "category": item.category,
        "from": f"{item.organisation}/{item.source_system}",
        "received": item.received_at.date().isoformat(),
        "held-until": item.held_until.date().isoformat() if item.held_until else "",
    }
