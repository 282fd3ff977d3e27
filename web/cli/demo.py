"""``citizen-vault demo``: an invented council in an empty vault, kept until it is begun anew."""

from pathlib import Path

import click
from sqlalchemy.engine import make_url

from web.cli.showing import counted
from web.config import Config
from web.demo import setting_up
from web.opening import created, settings


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
    config = settings()
    if reset:
        _begin_anew(config, yes=yes)
    if setting_up.exists(config.home):
        click.echo(f"the demo in {config.home} is kept as it is; `citizen-vault demo --reset` begins anew")
    else:
        _set_up(config, residents)
    if links:
        with created(config) as vault:
            print_links(setting_up.sign_in_links(vault, home=config.home, issuer=config.issuer))


def _set_up(config: Config, residents: int | None) -> None:
    if (config.home / setting_up.FOLDER / "begun").exists():
        click.echo("an unfinished demo is removed first")
        setting_up.delete(config.home, database=_database(config), keys=_keys(config))
    elif _database(config).exists():
        raise setting_up.NotADemoError(
            f"there is a vault in `{config.home}` already; set CITIZEN_VAULT_HOME to an empty folder for the demo"
        )
    with created(config) as vault:
        note = setting_up.begin(
            vault, home=config.home, residents=residents, step=lambda words: click.echo(f"  {words}", err=True)
        )
    click.echo(f"demo ready in {config.home}: {setting_up.COUNCIL}, {counted(note.residents, 'resident')}")


def _begin_anew(config: Config, *, yes: bool) -> None:
    if not yes:
        click.confirm(f"Delete the demo in {config.home}, with everything in it?", abort=True, err=True)
    setting_up.delete(config.home, database=_database(config), keys=_keys(config))


def _database(config: Config) -> Path:
    """
    The file of the demo's database.

    Raises:
        NotADemoError: The settings name a database server.
    """
    url = make_url(config.database_url)
    if url.get_backend_name() != "sqlite" or not url.database:
        raise setting_up.NotADemoError("the demo keeps its data in a file; unset CITIZEN_VAULT_DATABASE_URL for it")
    return Path(url.database)


def _keys(config: Config) -> Path:
    return Path(config.root_key.removeprefix("file:"))


def print_links(found: list[tuple[str, str]]) -> None:
    """Print whom each one-time link signs in, and the link."""
    click.echo("\nSign in with one of these links; each works once, for a day, in this demo only:")
    for who, address in found:
        click.echo(f"  {who}\n    {address}")
