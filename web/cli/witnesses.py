"""The log's side of witnessing: asking beside the sequencer, and ``citizen-vault audit witnesses``."""

import threading

import click

from audit import read
from audit.checkpoint import read_text, split_note
from audit.cosignature import cosigned_by
from audit.errors import AuditError
from audit.witnessing import Unwitnessed, gather
from vault.clock import microseconds
from vault.context import Vault
from web.cli.showing import counted, json_option, show
from web.opening import opened, settings
from web.witness import asking
from web.witness.asking import Witnesses

INTERVAL_SECONDS = 1.0


def ask_along(vault: Vault, witnesses: Witnesses, stop: threading.Event) -> None:
    """Have every head cosigned until *stop* is set; each trouble is said once, until it is another."""
    said: set[Unwitnessed] = set()
    while not stop.wait(INTERVAL_SECONDS):
        try:
            found = set(gather(vault.db.read, vault.db.write, witnesses.links, now_us=microseconds(vault.clock())))
        except Exception as failure:  # noqa: BLE001 -- the log goes on whatever becomes of its witnesses
            click.echo(f"audit: witnesses could not be asked and are asked again: {type(failure).__name__}", err=True)
            continue
        for fault in sorted(found - said, key=lambda each: each.witness):
            click.echo(f"audit: witness {fault.witness} {fault.trouble}: {fault.words}", err=True)
        said = found


@click.command("witnesses")
@json_option
def show_witnesses(*, as_json: bool) -> None:
    """
    Have the newest head cosigned now, and say which witnesses vouch for it; exit 1 where too few do.

    \b
    Example: citizen-vault audit witnesses
    """
    config = settings()
    witnesses = asking.read(config.witnesses)
    if witnesses is None:
        raise click.UsageError("no witness is named; CITIZEN_VAULT_WITNESSES is the file that names them")
    with opened(config) as vault:
        faults = gather(vault.db.read, vault.db.write, witnesses.links, now_us=microseconds(vault.clock()))
        with vault.db.read.connect() as connection:
            note = read.checkpoint(connection)
    vouching = cosigned_by(note, witnesses.quorum.cosigners)
    size = read_text(split_note(note)[0]).size
    lines = [f"{counted(size, 'entry', 'entries')}, cosigned by {len(vouching)} of {len(witnesses.links)} witnesses"]
    lines += [f"{name}: cosigned" for name in sorted(vouching)]
    lines += [f"{fault.witness}: {fault.trouble}, {fault.words}" for fault in faults]
    value = {"size": size, "cosigned": vouching, "needed": witnesses.quorum.needed, "trouble": [*map(_plain, faults)]}
    show(value, as_json=as_json, lines=lines)
    try:
        witnesses.quorum.demand(note)
    except AuditError as error:
        raise SystemExit(1) from error


def _plain(fault: Unwitnessed) -> dict[str, str]:
    return {"witness": fault.witness, "trouble": str(fault.trouble), "words": fault.words}
