"""``citizen-vault keys …``: the root key and what it wraps, described and renewed; never shown."""

from uuid import UUID

import click

from vault.accountability import end_month
from vault.erasure import destroy_keys
from vault.issuer_keys import rotate_issuer
from vault.keychain import AUDIT, RECORD
from vault.rotation import rotate_root
from web.cli.showing import counted, json_option, show
from web.opening import opened


@click.group(no_args_is_help=True)
def keys() -> None:
    """Describe and rotate the root key, and destroy a citizen's keys. No key is ever shown."""


@keys.command()
@json_option
def describe(*, as_json: bool) -> None:
    """Say which key store this is, which root key wraps now, and which public keys sign."""
    with opened() as vault:
        found = vault.keyring.store.describe()
    lines = [f"{name.replace('_', ' ')}: {value}" for name, value in found.items()]
    show(found, as_json=as_json, lines=lines)


@keys.command()
@click.option(
    "--destroy-old", is_flag=True, help="Also destroy root keys older than the last; old back-ups then open no more."
)
@click.confirmation_option(prompt="Make a new root key and wrap every key with it?")
def rotate(*, destroy_old: bool) -> None:
    """
    Make a new root key, and wrap every key in the database with it; records themselves are not touched.

    A run that was killed is finished by running it again.

    \b
    Example: citizen-vault keys rotate --yes
    """
    with opened() as vault:
        count = rotate_root(vault, destroy_old=destroy_old)
    click.echo(f"{counted(count, 'key')} wrapped anew")


@keys.command("rotate-issuer")
@click.option("--at-once", is_flag=True, help="The old keys are worthless from now on: others may have them.")
@click.confirmation_option(prompt="Make a new key for what this server signs as an issuer?")
def rotate_issuer_(*, at_once: bool) -> None:
    """
    Make a new key that signs ID tokens and signed introspection. Running servers follow by themselves.

    It is published at /jwks now and signs in five minutes; the old key stays published until nothing it signed is good.

    \b
    Example: citizen-vault keys rotate-issuer --yes
    """
    with opened() as vault:
        name, signs_from = rotate_issuer(vault, at_once=at_once)
    click.echo(f"{name} signs from {signs_from:%Y-%m-%d %H:%M:%S} UTC on")


@keys.command()
@click.argument("citizen", type=click.UUID)
@click.option("--again", type=click.UUID, help="The citizen's id a second time; asked for where left out.")
@click.option("--log-lines", is_flag=True, help="The key to their lines in the log, after that of the record.")
@click.option("--yes", is_flag=True, help="Do not ask a last time.")
def destroy(*, citizen: UUID, again: UUID | None, log_lines: bool, yes: bool) -> None:
    """
    Destroy the record keys of CITIZEN: the record can never be read again, here or from a back-up.

    The citizen must be closed, deceased or merged. Who looked stays in the log. With --log-lines, later, the key goes
    by which the log names them: nothing in it can be traced to them any more, and its proofs stay valid. A run that
    was killed is finished by running it again.

    \b
    Examples:
      citizen-vault keys destroy 4f0c…
      citizen-vault keys destroy 4f0c… --log-lines
    """
    if (again or click.prompt("This cannot be undone. Type the citizen's id again", type=click.UUID)) != citizen:
        raise click.UsageError("the two ids are not the same; nothing was destroyed")
    if not yes:
        click.confirm("Destroy the keys now?", abort=True, err=True)
    with opened() as vault:
        count = destroy_keys(vault, citizen_id=citizen, kind=AUDIT if log_lines else RECORD)
    click.echo(f"{counted(count, 'key')} destroyed; what they sealed cannot be read again")


@keys.command("end-month")
@click.argument("month")
@click.option("--again", help="The month a second time; asked for where left out.")
def end_month_(*, month: str, again: str | None) -> None:
    """
    Destroy the accountability key of MONTH, such as 2019-11: its details are no longer readable to auditors.

    Do it when the time for which the council keeps them is over. Details of entries about nobody are deleted; residents
    still read their own lines; the log and all its proofs stay valid. A run that was killed is run again to finish it.

    \b
    Example: citizen-vault keys end-month 2019-11
    """
    if (again or click.prompt("This cannot be undone. Type the month again")) != month:
        raise click.UsageError("the two months are not the same; nothing was destroyed")
    with opened() as vault:
        ended = end_month(vault, month=month)
    click.echo(f"{month} ended: {counted(ended.lines, 'line')} shortened, {counted(ended.details, 'detail')} deleted")
