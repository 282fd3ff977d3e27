"""``citizen-vault audit …``: the log is verified, exported, published and proved."""

from pathlib import Path

import click

from audit import read
from audit.export import export_log
from audit.recovery import recover
from vault.clock import microseconds
from web.cli.check_copy import check_copy
from web.cli.check_proof import check_proof
from web.cli.check_receipt import check_receipt
from web.cli.delaying import delays_
from web.cli.explaining import explain
from web.cli.log_key import log_key
from web.cli.sequencing import place_waiting, sequence_
from web.cli.showing import counted, json_option, progress, show
from web.cli.verifying import verify
from web.cli.witnesses import show_witnesses
from web.opening import opened, settings, signer_of


@click.group(no_args_is_help=True)
def audit() -> None:
    """Verify, export and prove the log."""


for each in (verify, check_copy, check_proof, check_receipt, delays_, explain, log_key, show_witnesses, sequence_):
    audit.add_command(each)


@audit.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def export(*, folder: Path) -> None:
    """
    Write the log to FOLDER: checkpoint, tiles and leaves (C2SP tlog-tiles), without any payload.

    \b
    Example: citizen-vault audit export exported/
    """
    config = settings()
    with opened(config) as vault:
        place_waiting(vault, config)
        with vault.db.read.connect() as connection, progress("writing the log") as tell:
            export_log(connection, folder, progress=tell)
        public = signer_of(vault, config).public_key.hex()
    click.echo(f"the log is in {folder}; its public key is {public}")


@audit.command("checkpoint")
@json_option
def checkpoint_(*, as_json: bool) -> None:
    """Print the signed head of the log (C2SP tlog-checkpoint)."""
    config = settings()
    with opened(config) as vault:
        place_waiting(vault, config)
        with vault.db.read.connect() as connection:
            note = read.checkpoint(connection)
        public = signer_of(vault, config).public_key.hex()
    show({"checkpoint": note, "public_key": public}, as_json=as_json, lines=[note.rstrip("\n"), f"public key {public}"])


@audit.command("recover")
@click.confirmation_option(prompt="Close this log for ever and open its successor, because the database was put back?")
def recover_() -> None:
    """
    After a database was put back to an older day: declare what is lost, and go on under a new name.

    The old log is closed; the first line of the new one names the last signed head and the missing range.

    \b
    Example: citizen-vault audit recover --yes
    """
    config = settings()
    with opened(config) as vault:
        found = recover(
            vault.db.write,
            signer=signer_of(vault, config),
            writers=vault.writers,
            now_us=microseconds(vault.clock()),
        )
        place_waiting(vault, config)
    lost = found.closed.size - found.kept
    click.echo(f"closed {found.closed.origin} at {found.closed.size:,}, {counted(lost, 'entry', 'entries')} missing")
    click.echo(f"opened {found.opened.origin}")


@audit.command()
@click.argument("leaf_hash", metavar="ENTRY")
def proof(*, leaf_hash: str) -> None:
    """
    Print the proof that ENTRY (its leaf hash, 64 hex digits) stands in the log (C2SP tlog-proof).

    \b
    Example: citizen-vault audit proof 9b1f… > line.tlog-proof
    """
    try:
        wanted = bytes.fromhex(leaf_hash)
    except ValueError as error:
        raise click.BadParameter("an entry is named by 64 hex digits", param_hint="ENTRY") from error
    config = settings()
    with opened(config) as vault:
        place_waiting(vault, config)
        with vault.db.read.connect() as connection:
            text = read.tlog_proof(connection, wanted)
    click.echo(text, nl=False)
