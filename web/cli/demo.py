"""``citizen-vault demo``: an invented council in an empty vault, kept until it is begun anew."""

import os
from pathlib import Path

import click

from web.cli.showing import counted
from web.config import Config
from web.demo import note


@click.command()
@click.option("--residents", type=click.IntRange(1, 100_000), help="How many people altogether; 14 have a story.")
@click.option("--reset", is_flag=True, help="Delete the demo that is there, and begin anew. Asks first.")
@click.option("--yes", is_flag=True, help="Do not ask before deleting.")
@click.option("--links", is_flag=True, help="Print one-time sign-in links.")
def demo(*, residents: int | None, reset: bool, yes: bool, links: bool) -> None:
    """
    Fill an empty vault with Ferndale Borough Council, which does not exist: residents, services, requests and looks.

    A demo that is there already is kept, changes and all.

    \b
    Example: two hundred residents, then the portal
      citizen-vault demo --residents 200
      citizen-vault serve
    """
    config = Config.from_environment(os.environ)
    if reset:
        _begin_anew(config, yes=yes)
    if note.exists(config.home):
        click.echo(f"the demo in {config.home} is kept as it is; `citizen-vault demo --reset` begins anew")
    else:
        _set_up(config, residents)
    if links:
        _print_links(config)


def _print_links(config: Config) -> None:
    from web.demo import doors  # noqa: PLC0415 -- a demo that is there must be told quickly, without loading the vault
    from web.opening import opened  # noqa: PLC0415 -- as above

    with opened(config) as vault:
        print_links(doors.sign_in_links(vault, home=config.home, issuer=config.issuer))


def _set_up(config: Config, residents: int | None) -> None:
    from web.demo import setting_up  # noqa: PLC0415 -- as in `_print_links`
    from web.opening import created  # noqa: PLC0415 -- as above

    if note.has_begun(config.home):
        click.echo("an unfinished demo is removed first")
        note.delete(config.home, database=_database(config), keys=_keys(config))
    elif _database(config).exists():
        raise note.NotADemoError(
            f"there is a vault in `{config.home}` already; set CITIZEN_VAULT_HOME to an empty folder for the demo"
        )
    with created(config) as vault:
        made = setting_up.begin(
            vault, home=config.home, residents=residents, step=lambda words: click.echo(f"  {words}", err=True)
        )
    click.echo(f"demo ready in {config.home}: {note.COUNCIL}, {counted(made.residents, 'resident')}")


def _begin_anew(config: Config, *, yes: bool) -> None:
    if not yes:
        click.confirm(f"Delete the demo in {config.home}, with everything in it?", abort=True, err=True)
    note.delete(config.home, database=_database(config), keys=_keys(config))


def _database(config: Config) -> Path:
    """
    The file of the demo's database.

    Raises:
        NotADemoError: The settings name a database server.
    """
    kind, _, place = config.database_url.partition(":///")
    if kind != "sqlite" or not place:
        raise note.NotADemoError("the demo keeps its data in a file; unset CITIZEN_VAULT_DATABASE_URL for it")
    return Path(place)


def _keys(config: Config) -> Path:
    return Path(config.root_key.removeprefix("file:"))


def print_links(found: list[tuple[str, str]]) -> None:
    """Print whom each one-time link signs in, and the link."""
    click.echo("\nSign in with one of these links; each works once, for a day, in this demo only:")
    for who, address in found:
        click.echo(f"  {who}\n    {address}")
