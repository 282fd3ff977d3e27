"""``citizen-vault audit …``: the log is verified, exported, published and proved."""

import os
import signal
import threading
from pathlib import Path

import click

from audit import read
from audit.errors import AuditError
from audit.export import export_log
from audit.log import Writers
from audit.numbers import Fault
from audit.recovery import recover
from audit.report import Report
from audit.sequencer import run, sequence
from audit.store import one_state
from audit.stored import check_tables
from vault import holding
from vault.clock import microseconds
from vault.context import OPERATOR, Vault
from web.cli.check_proof import check_proof
from web.cli.log_key import log_key
from web.cli.showing import counted, json_option, progress, show
from web.config import Config
from web.opening import opened, settings, signer_of

MOST_NAMED = 50


@click.group(no_args_is_help=True)
def audit() -> None:
    """Verify, export and prove the log."""


audit.add_command(check_proof)
audit.add_command(log_key)


@audit.command()
@click.argument("folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--key", "keys", multiple=True, metavar="HEX", help="The log's public key, 64 hex digits; for a folder.")
@json_option
def verify(*, folder: Path | None, keys: tuple[str, ...], as_json: bool) -> None:
    """
    Prove the log, and hold the tables against it; exit 1 where anything is not as it was written.

    With FOLDER (from `audit export`) the proof runs on those files alone: no database, no key store.

    \b
    Examples:
      citizen-vault audit verify
      citizen-vault audit verify exported/ --key 5f0c…
    """
    if folder is not None:
        _verify_folder(folder, keys, as_json=as_json)
        return
    config = settings()
    with opened(config) as vault:
        _sequence(vault, config)
        log = _check_log(vault, config)
        with vault.snapshot(OPERATOR) as ctx:
            held = holding.hold(ctx.session)
    tables = {
        "rows": held.rows,
        "entries": held.entries,
        "defects": [{"kind": each.kind, "table": each.table, "row": each.row} for each in held.defects],
    }
    lines = [*_lines(log), f"{counted(held.rows, 'row')} held against {counted(held.entries, 'entry', 'entries')}"]
    lines += [str(each) for each in held.defects[:MOST_NAMED]] or ["every row is as the log says"]
    show({"log": _plain(log), "tables": tables}, as_json=as_json, lines=lines)
    if held.defects or not log.sound:
        raise SystemExit(1)


def _check_log(vault: Vault, config: Config) -> Report:
    signer = signer_of(vault, config)
    head = signer.head
    with one_state(vault.db.read) as connection, progress("proving the log") as tell:
        return check_tables(
            connection,
            [signer.public_key],
            origin=config.origin,
            head=head,
            writer_key=vault.keyring.writer_key,
            progress=tell,
        )


def _verify_folder(folder: Path, keys: tuple[str, ...], *, as_json: bool) -> None:
    from audit.verify import verify_directory  # noqa: PLC0415 -- files alone: nothing else of this module is needed

    try:
        public = [bytes.fromhex(key) for key in keys]
    except ValueError as error:
        raise click.BadParameter("a public key has 64 hex digits", param_hint="--key") from error
    if not public:
        raise click.UsageError("name the log's public key with --key; `citizen-vault audit checkpoint` prints it")
    with progress("proving the files") as tell:
        report = verify_directory(folder, public, progress=tell)
    show(_plain(report), as_json=as_json, lines=_lines(report))
    if not report.sound:
        raise SystemExit(1)


def _plain(report: Report) -> dict[str, object]:
    return {
        "logs": report.logs,
        "entries": report.entries,
        "payloads": report.payloads,
        "defects": [{"kind": str(each.kind), "log": each.log, "where": each.where} for each in report.defects],
        "declared": report.declared,
        "absent": report.absent,
    }


def _lines(report: Report) -> list[str]:
    lines = [f"{counted(report.entries, 'entry', 'entries')} in {counted(report.logs, 'log')}"]
    lines += [f"declared: {words}" for words in report.declared]
    defects = [f"log {each.log}: {each.kind}: {each.where}" for each in report.defects[:MOST_NAMED]]
    return lines + (defects or ["the log is whole"])


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
        _sequence(vault, config)
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
        _sequence(vault, config)
        with vault.db.read.connect() as connection:
            note = read.checkpoint(connection)
        public = signer_of(vault, config).public_key.hex()
    show({"checkpoint": note, "public_key": public}, as_json=as_json, lines=[note.rstrip("\n"), f"public key {public}"])


@audit.command("sequence")
@click.option("--follow", is_flag=True, help="Go on until stopped, twice a second.")
@click.option("--parent", type=int, hidden=True)
def sequence_(*, follow: bool, parent: int | None) -> None:
    """
    Give what waits its place in the log, and sign the new head. `serve` does this by itself.

    \b
    Example: citizen-vault audit sequence
    """
    config = settings()
    with opened(config) as vault:
        if follow:
            _follow(vault, config, parent)
        else:
            click.echo(f"{counted(_sequence(vault, config), 'entry', 'entries')} placed")


def _alarm(fault: Fault) -> None:
    click.echo(f"audit: {fault.about}", err=True)


def _sequence(vault: Vault, config: Config) -> int:
    return sequence(
        vault.db.write,
        writer_key=vault.keyring.writer_key,
        signer=signer_of(vault, config),
        now_us=microseconds(vault.clock()),
        writers=vault.writers,
        on_alarm=_alarm,
    )


def _follow(vault: Vault, config: Config, parent: int | None) -> None:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})  # `serve` starts this process with it held back
    if parent is not None:
        threading.Thread(target=_stop_with, args=(parent, stop), daemon=True).start()
    run(
        vault.db.write,
        writer_key=vault.keyring.writer_key,
        signer=signer_of(vault, config),
        clock=lambda: microseconds(vault.clock()),
        writers=Writers(vault.keyring.writer_key),
        stop=stop,
        on_failure=_say_failure,
        on_alarm=_alarm,
    )


def _say_failure(failure: Exception) -> None:
    words = str(failure) if isinstance(failure, AuditError) else type(failure).__name__
    click.echo(f"audit: the sequencer could not finish its turn and tries again: {words}", err=True)


def _stop_with(parent: int, stop: threading.Event) -> None:
    """Stop when the process that started this one is gone, however it went."""
    while os.getppid() == parent and not stop.wait(1):
        pass
    stop.set()


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
        _sequence(vault, config)
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
        _sequence(vault, config)
        with vault.db.read.connect() as connection:
            text = read.tlog_proof(connection, wanted)
    click.echo(text, nl=False)
