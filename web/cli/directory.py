"""``citizen-vault directory …``: services that an Open Referral UK directory lists, to begin registrations from."""

from collections import Counter
from pathlib import Path

import click

from vault import listed
from vault.context import OPERATOR
from vault.listed import AT_ONCE, Words
from web import openreferral
from web.cli.showing import json_option, show, table
from web.opening import opened, settings
from web.outgoing_http import OutgoingHttp


@click.group(no_args_is_help=True)
def directory() -> None:
    """Read what a directory of local services lists (Open Referral UK), to begin registrations from."""


@directory.command("import")
@click.argument("places", nargs=-1, required=True, metavar="PLACE…")
@click.option("--from", "source", required=True, metavar="NAME", help="The directory, as administrators know it.")
@click.option("--whole", is_flag=True, help="It is all that the directory lists: mark what is missing as gone.")
@json_option
def import_(*, places: tuple[str, ...], source: str, whole: bool, as_json: bool) -> None:
    """
    Read services from files, or from the address of a directory's /services (https), page after page.

    The same again changes nothing; another time brings what is new and what changed. Nothing is registered by it.

    \b
    Example:
      citizen-vault directory import https://directory.example.gov.uk/services --from "County directory" --whole
      citizen-vault directory import services.json --from "County directory"
    """
    http = OutgoingHttp(settings().outgoing_networks)
    found = [words for place in places for words in _read(place, http)]
    counts: Counter[str] = Counter()
    with opened() as vault:
        for start in range(0, len(found), AT_ONCE):
            with vault.transaction(OPERATOR) as ctx:
                counts += listed.bring_in(ctx, source=source, found=found[start : start + AT_ONCE])
        if whole:
            with vault.transaction(OPERATOR) as ctx:
                ids = frozenset(words.external_id for words in found)
                counts["gone"] = listed.take_off(ctx, source=source, listed=ids)
    told = {name: counts[name] for name in ("new", "changed", "same", "gone")}
    show(told, as_json=as_json, lines=[", ".join(f"{count} {name}" for name, count in told.items())])


def _read(place: str, http: OutgoingHttp) -> list[Words]:
    if place.startswith(("https://", "http://")):
        return list(openreferral.from_address(place, http))
    path = Path(place)
    if not path.is_file():
        raise click.UsageError(f"`{path.name}` is neither a file nor an address")
    return openreferral.from_file(path)


@directory.command("list")
@json_option
def list_(*, as_json: bool) -> None:
    """List what was read, with the directory it came from and the day."""
    with opened() as vault, vault.reading(OPERATOR) as ctx:
        found = [
            {
                "name": one.words.name,
                "organisation": one.words.organisation,
                "source": one.source,
                "read": one.read_at.date().isoformat(),
                "listed": "yes" if one.words.is_listed else "no",
            }
            for one in listed.every(ctx)
        ]
    show(found, as_json=as_json, lines=table(found, "name", "organisation", "source", "read", "listed"))
