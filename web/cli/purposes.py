"""``citizen-vault purpose …``: the registered reasons for which data may be asked."""

import tomllib
from pathlib import Path

import click

from vault import purposes
from vault.context import OPERATOR
from vault.errors import InvalidInputError
from vault.kinds import ChangeKind
from vault.purposes import Definition
from web.cli import alone
from web.cli.showing import json_option, show, table
from web.opening import opened


@click.group(no_args_is_help=True)
def purpose() -> None:
    """Register the reasons for which data may be asked, with their basis and the citizen's choice."""


def read_definitions(path: Path) -> list[Definition]:
    """
    The purposes in a TOML file: one at its top, or several as ``[[purpose]]`` tables.

    Raises:
        InvalidInputError: It is not TOML, or a purpose is not complete.
    """
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidInputError(f"`{path.name}` is not TOML: {error}") from error
    return [Definition.parse(given) for given in found.get("purpose", [found])]


@purpose.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def add(*, file: Path) -> None:
    """
    Register the purposes in FILE (TOML), or their new versions.

    In the portal this takes two people; here it is done by whoever holds the server's keys, and logged.

    \b
    Example: citizen-vault purpose add home-care-support.toml
    A file to begin from: citizen-vault purpose show home-care-support --json
    """
    found = read_definitions(file)
    with opened() as vault, vault.transaction(OPERATOR) as ctx:
        for definition in found:
            changed = alone.change(ctx, kind=ChangeKind.PURPOSE, subject=definition.slug, content=definition.as_json())
            words = f"purpose {definition.slug}: {len(definition.most)} fields at most, choice: {definition.choice}"
            alone.tell(words, changed=changed)


@purpose.command("list")
@json_option
def list_(*, as_json: bool) -> None:
    """List the purposes, with basis and choice."""
    with opened() as vault, vault.reading(OPERATOR) as ctx:
        found = [
            {"slug": each.slug, "basis": each.basis, "choice": str(each.choice), "fields": len(each.most)}
            for each in purposes.registered(ctx)
        ]
    show(found, as_json=as_json, lines=table(found, "slug", "basis", "choice", "fields"))


@purpose.command("show")
@click.argument("slug")
@json_option
def show_(*, slug: str, as_json: bool) -> None:
    """
    Show everything registered about one purpose.

    \b
    Example: citizen-vault purpose show council-tax
    """
    with opened() as vault, vault.reading(OPERATOR) as ctx:
        found = purposes.find(ctx, slug=slug).as_json()
    lines = [f"{name}: {', '.join(value) if isinstance(value, list) else value}" for name, value in found.items()]
    show(found, as_json=as_json, lines=lines)
