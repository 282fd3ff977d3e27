"""``citizen-vault init``: the key store and the tables, and on demand an example registry."""

import click

from vault.context import OPERATOR
from web.cli.showing import counted
from web.opening import created, settings


@click.command()
@click.option("--example-registry", is_flag=True, help="Also register an invented council, its purposes and services.")
def init(*, example_registry: bool) -> None:
    """
    Make the key store and the tables, or bring them up to this version. What is there already stays as it is.

    \b
    Example: an empty vault with a registry to try things with
      citizen-vault init --example-registry
      citizen-vault import bundles/ --from example-hospital --system ward-system --purpose receive-health-record
    """
    config = settings()
    with created(config) as vault:
        click.echo(f"vault ready: {config.home}")
        if not example_registry:
            return
        from web.demo import registry  # noqa: PLC0415 -- only who asks for the example loads it

        with vault.transaction(OPERATOR) as ctx:
            laid = registry.lay(ctx, home=config.home)
    parts = [
        counted(len(laid.organisations), "organisation"),
        counted(len(laid.purposes), "purpose"),
        counted(len(laid.services), "service"),
    ]
    click.echo(f"example registry: {', '.join(parts)} added")
