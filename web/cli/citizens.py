"""``citizen-vault citizen …``: who there is and where they stand. Nobody's record is opened here."""

from collections import Counter
from uuid import UUID

import click

from vault import citizens, counts, disposal, grants, outgoing, requests
from vault.citizens import CitizenView
from vault.context import OPERATOR
from vault.kinds import CitizenStatus
from web.cli import holding_back
from web.cli.showing import counted, json_option, show, table
from web.opening import opened


@click.group(no_args_is_help=True)
def citizen() -> None:
    """List citizens and change where they stand. Records stay closed: nothing here shows a name or a number."""


def _plain(view: CitizenView) -> dict[str, object]:
    return {
        "citizen": str(view.citizen_id),
        "status": str(view.status),
        "since": view.created_at.date().isoformat(),
        "notice-due": view.notice_due_at.date().isoformat() if view.notice_due_at else "",
    }


@citizen.command("list")
@click.option("--status", type=click.Choice([str(each) for each in CitizenStatus]), help="Only those of one status.")
@json_option
def list_(*, status: str | None, as_json: bool) -> None:
    """
    List citizens by id, oldest entry first.

    \b
    Example: citizen-vault citizen list --status deceased
    """
    with opened() as vault, vault.reading(OPERATOR) as ctx:
        found = [_plain(view) for view in citizens.everyone(ctx) if status in {None, str(view.status)}]
    show(found, as_json=as_json, lines=table(found, "citizen", "status", "since", "notice-due"))


@citizen.command("show")
@click.argument("citizen_id", type=click.UUID)
@json_option
def show_(*, citizen_id: UUID, as_json: bool) -> None:
    """
    Show where a citizen stands: how many items of each category, requests and shares; never what they say.

    \b
    Example: citizen-vault citizen show 4f0c…
    """
    with opened() as vault, vault.reading(OPERATOR) as ctx:
        found = {
            **_plain(citizens.find(ctx, citizen_id=citizen_id)),
            "items": {count.category: count.items for count in counts.of_citizen(ctx, citizen_id=citizen_id)},
            "requests": len(requests.of_citizen(ctx, citizen_id=citizen_id)),
            "shares": sum(grant.is_live for grant in grants.of_citizen(ctx, citizen_id=citizen_id)),
        }
    lines = [f"{name}: {value}" for name, value in found.items() if name != "items"]
    items = found["items"]
    assert isinstance(items, dict)  # noqa: S101 -- built above
    show(found, as_json=as_json, lines=[*lines, *(f"  {name} {count}" for name, count in items.items())])


@citizen.command()
@click.argument("citizen_id", type=click.UUID)
@click.argument("status", type=click.Choice([str(each) for each in CitizenStatus]))
def status(*, citizen_id: UUID, status: str) -> None:
    """
    Change where a citizen stands. Deceased: sign-in and sharing stop at once, and nothing is deleted.

    \b
    Example: citizen-vault citizen status 4f0c… moved
    """
    with opened() as vault, vault.transaction(OPERATOR) as ctx:
        changed = citizens.set_status(ctx, citizen_id=citizen_id, status=CitizenStatus(status))
    click.echo(f"citizen {citizen_id} is {'now' if changed else 'already'} {status}")


@citizen.command()
@json_option
def letters(*, as_json: bool) -> None:
    """
    List whom to write a letter that something waits, as they have no e-mail: each name and address once.

    Who must not be written to is not in the list. Each look at a name and address is in that person's own log. The list
    names people: print it, write, and destroy it.

    \b
    Example: citizen-vault citizen letters
    """
    with opened() as vault:
        found = [{"name": postal.name, "address": postal.address} for postal in outgoing.letters(vault)]
    show(found, as_json=as_json, lines=table(found, "name", "address") if found else ["nobody waits for a letter"])


for command in (holding_back.hold_back, holding_back.show_again, holding_back.held_back):
    citizen.add_command(command)


@citizen.command()
@click.option("--dry-run", is_flag=True, help="Only say what is due; dispose of nothing.")
@click.option("--yes", is_flag=True, help="Do not ask first.")
@json_option
def dispose(*, dry_run: bool, yes: bool, as_json: bool) -> None:
    """
    Dispose of the items that were kept long enough: deleted for good, each with an entry in the log.

    What is under a legal hold, or has an open case about it, stays. Back-ups made before still hold it until they end.

    \b
    Example: citizen-vault citizen dispose --dry-run
    """
    with opened() as vault:
        with vault.reading(OPERATOR) as ctx:
            found = disposal.due(ctx)
        counts = Counter(f"{item.category} ({item.retention_class})" for item in found)
        rows = [{"category": name, "items": count} for name, count in sorted(counts.items())]
        if dry_run or not found:
            show({"due": rows, "disposed": 0}, as_json=as_json, lines=table(rows, "category", "items"))
            return
        if not yes:
            click.confirm(f"Delete {counted(len(found), 'item')} for good?", abort=True, err=True)
        done = 0
        for item in found:
            with vault.transaction(OPERATOR) as ctx:
                done += disposal.dispose(ctx, item=item)
    show({"due": rows, "disposed": done}, as_json=as_json, lines=[f"{counted(done, 'item')} disposed of"])
