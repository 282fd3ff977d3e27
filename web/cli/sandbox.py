"""``citizen-vault sandbox``: a vault of invented residents who answer in a known way, and keys for a service to try."""

from pathlib import Path
from typing import Final

import click

from web.config import Config
from web.opening import created, settings
from web.sandbox import note

STOPS_AFTER: Final = 60


@click.command()
@click.option(
    "--keys",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("sandbox-keys"),
    show_default=True,
    help="The folder for the service's keys.",
)
@click.option(
    "--stops-after",
    type=click.IntRange(1, 86_400),
    default=STOPS_AFTER,
    show_default=True,
    help="Seconds until the resident who stops sharing does so.",
)
@click.option("--issuer", help="The address it will be served at; the one of the settings where left out.")
@click.option("--reset", is_flag=True, help="Delete the sandbox that is there, and begin anew. Asks first.")
@click.option("--yes", is_flag=True, help="Do not ask before deleting.")
def sandbox(*, keys: Path, stops_after: int, issuer: str | None, reset: bool, yes: bool) -> None:
    """
    Fill an empty vault with invented residents who always answer in a known way, for developers of services.

    One shares everything, one a part, one says no, one never answers, and one stops sharing after a while. The folder
    KEYS gets the private key of a registered service, and sandbox.json with all that a program needs to begin. A
    sandbox and a real vault cannot open what the other keeps, and files are not imported here.

    \b
    Example: a sandbox of your own, and its address
      export CITIZEN_VAULT_HOME=./sandbox
      citizen-vault sandbox --keys ./sandbox-keys
      citizen-vault serve
    """
    config = settings()
    if reset:
        _begin_anew(config, yes=yes)
    if note.exists(config.home):
        click.echo(f"the sandbox in {config.home} is kept as it is; `citizen-vault sandbox --reset` begins anew")
        return
    _set_up(config, keys, issuer or config.issuer, stops_after)


def _set_up(config: Config, keys: Path, issuer: str, stops_after: int) -> None:
    from web.sandbox import setting_up  # noqa: PLC0415 -- a sandbox that is there is told without loading the vault

    if note.is_marked(config.home):
        click.echo("an unfinished sandbox is removed first")
        note.delete(config.home, database=_database(config), keys=_keys(config))
    elif _database(config).exists() or _keys(config).exists():
        raise note.NotASandboxError(
            f"there is a vault in `{config.home}` already; set CITIZEN_VAULT_HOME to an empty folder for the sandbox"
        )
    note.mark(config.home)
    with created(config) as vault:
        made = setting_up.begin(vault, home=config.home, keys=keys, issuer=issuer, stops_after=stops_after)
    click.echo(f"sandbox ready in {config.home}; the service's keys are in {keys}, for you alone")
    for one in made.residents:
        click.echo(f"  {one.hints[0]:<22} {one.name:<18} answers: {one.manner}")
    click.echo(f"`citizen-vault serve`, then {issuer}/sandbox")


def _begin_anew(config: Config, *, yes: bool) -> None:
    if not yes:
        click.confirm(f"Delete the sandbox in {config.home}, with everything in it?", abort=True, err=True)
    note.delete(config.home, database=_database(config), keys=_keys(config))


def _database(config: Config) -> Path:
    """The file of the sandbox's database; raises `NotASandboxError` where the settings name a database server."""
    kind, _, place = config.database_url.partition(":///")
    if kind != "sqlite" or not place:
        raise note.NotASandboxError("the sandbox keeps its data in a file; unset CITIZEN_VAULT_DATABASE_URL for it")
    return Path(place)


def _keys(config: Config) -> Path:
    return Path(config.root_key.removeprefix("file:"))
