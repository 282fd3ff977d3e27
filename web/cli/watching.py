"""``citizen-vault watch``: run the watchers, and note what they compare: what staff are near to, and marked people."""

from typing import Final, TextIO
from uuid import UUID

import click

from vault import watching
from vault.context import OPERATOR
from vault.errors import InvalidInputError
from web.cli.sequencing import place_waiting
from web.cli.showing import counted, json_option, progress, show
from web.opening import opened, settings

_TOLD: Final = ("surname", "postcode")


@click.group("watch", invoke_without_command=True)
@click.option("--anew", is_flag=True, help="Read the whole log again; findings stay, and are not doubled.")
@json_option
@click.pass_context
def watch(click_context: click.Context, *, anew: bool, as_json: bool) -> None:
    """
    Look through the log for what a curious or corrupt insider does, from the last entry looked at to the newest.

    Finds looks that no work explains, many people at once, odd hours, one's own, a colleague's, a neighbour's, a
    namesake's or a marked person's record, repeated refusals, emergencies that nobody judged, and sudden changes.
    No record is opened for it. Auditors work findings off in the portal, under Findings; nobody deletes one.

    `serve` does this once a minute by itself. Exit status 1 says that something was found that was not known before.

    \b
    Examples:
      citizen-vault watch
      citizen-vault watch --anew            after the database was restored, or somebody wrote to it
      citizen-vault watch staff 11aa… --told staff.txt --record 4f0c…
      citizen-vault watch person 4f0c… --reason why.txt
    """
    if click_context.invoked_subcommand is not None:
        return
    config = settings()
    with opened(config) as vault, progress("watching") as tell:
        place_waiting(vault, config)
        if anew:
            watching.begin_anew(vault)
        done = watching.scan(vault, progress=tell)
        with vault.reading(OPERATOR) as ctx:
            waiting = len(watching.of_scope(ctx))
    found = {"entries": done.entries, "acts": done.acts, "new": done.made, "grown": done.grown, "waiting": waiting}
    lines = [
        f"{counted(done.entries, 'entry', 'entries')} looked through, {counted(done.acts, 'act')} of staff among them",
        f"{counted(done.made, 'new finding')}, {counted(done.grown, 'finding')} with more evidence",
        f"{counted(waiting, 'finding')} to work off" if waiting else "nothing waits to be worked off",
    ]
    show(found, as_json=as_json, lines=lines)
    if done.made or done.grown:
        raise SystemExit(1)


@watch.command()
@click.argument("account", type=click.UUID)
@click.option("--told", type=click.File(), help="A file of lines `surname NAME` and `postcode CODE`, or - to type it.")
@click.option("--record", type=click.UUID, help="Their own record here, by citizen.")
def staff(*, account: UUID, told: TextIO | None, record: UUID | None) -> None:
    """
    Note what a member of staff is near to: their surnames and postcodes, and their own record if they have one here.

    What was noted before is replaced; with neither option it is forgotten. It is sealed, and only the watchers use it.
    The names are read from a file, so that they stand in no shell's history.

    \b
    Example: citizen-vault watch staff 11aa… --told staff.txt --record 4f0c…
    """
    names, postcodes = _told(told)
    with opened() as vault, vault.transaction(OPERATOR) as ctx:
        watching.note_staff(ctx, account_id=account, names=names, postcodes=postcodes, citizen_id=record)
    click.echo(f"noted for {account}: {counted(len(names), 'surname')}, {counted(len(postcodes), 'postcode')}")


def _told(told: TextIO | None) -> tuple[list[str], list[str]]:
    found: dict[str, list[str]] = {name: [] for name in _TOLD}
    for number, line in enumerate(told or (), 1):
        kind, _space, value = line.strip().partition(" ")
        if not kind:
            continue
        if kind not in found or not value.strip():
            raise InvalidInputError(f"line {number} is neither `surname NAME` nor `postcode CODE`")
        found[kind].append(value.strip())
    return found["surname"], found["postcode"]


@watch.command()
@click.argument("citizen_id", type=click.UUID)
@click.option("--reason", type=click.File(), required=True, help="A file that says why, or - to type it; it is sealed.")
@click.option("--no-longer", is_flag=True, help="Take the mark away.")
def person(*, citizen_id: UUID, reason: TextIO, no_longer: bool) -> None:
    """
    Mark a person at whom the curious look: known to the public, or at risk from somebody. Looks at them are watched.

    \b
    Example: citizen-vault watch person 4f0c… --reason why.txt
    """
    with opened() as vault, vault.transaction(OPERATOR) as ctx:
        watching.mark_person(ctx, citizen_id=citizen_id, reason=reason.read(), marked=not no_longer)
    click.echo(f"citizen {citizen_id} is {'no longer ' if no_longer else ''}marked")
