"""``citizen-vault audit verify``: the log from files alone, or the log and the tables of this vault."""

from pathlib import Path

import click

from audit.cosignature import Cosigner, Quorum
from audit.errors import AuditError
from audit.report import Report
from audit.store import one_state
from audit.stored import check_tables
from vault import holding, trail
from vault.context import OPERATOR, Vault
from web.cli.sequencing import place_or_say_why_not
from web.cli.showing import counted, json_option, progress, show
from web.config import Config
from web.opening import opened, settings, signer_of

MOST_NAMED = 50


@click.command()
@click.argument("folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--key", "keys", multiple=True, metavar="HEX", help="The log's public key, 64 hex digits; for a folder.")
@click.option("--witness", "named", multiple=True, metavar="KEY", help="A witness that must vouch; for a folder.")
@click.option("--quorum", type=click.IntRange(1), help="How many of the witnesses named must vouch; else all.")
@json_option
def verify(
    *, folder: Path | None, keys: tuple[str, ...], named: tuple[str, ...], quorum: int | None, as_json: bool
) -> None:
    """
    Prove the log, and hold the tables against it; exit 1 where anything is not as it was written.

    With FOLDER (from `audit export`) the proof runs on those files alone: no database, no key store.

    \b
    Examples:
      citizen-vault audit verify
      citizen-vault audit verify exported/ --key 5f0c…
      citizen-vault audit verify exported/ --key 5f0c… --witness witness.example.org/w1+1a2b3c4d+BAbc…
    """
    if folder is not None:
        _verify_folder(folder, keys, _quorum(named, quorum), as_json=as_json)
        return
    config = settings()
    with opened(config) as vault:
        refused = place_or_say_why_not(vault, config)
        log = _check_log(vault, config)
        with vault.snapshot(OPERATOR) as ctx:
            held = holding.hold(ctx.session)
            defects = [*held.defects, *trail.hold_places(ctx)]
    tables = {
        "rows": held.rows,
        "entries": held.entries,
        "defects": [{"kind": each.kind, "table": each.table, "row": each.row} for each in defects],
    }
    compared = f"{counted(held.rows, 'row')} held against {counted(held.entries, 'entry', 'entries')}"
    lines = [*refused, *_lines(log), compared]
    lines += [str(each) for each in defects[:MOST_NAMED]] or ["every row is as the log says"]
    show({"log": _plain(log), "refused": refused, "tables": tables}, as_json=as_json, lines=lines)
    if defects or refused or not log.sound:
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
            url=vault.db.url.render_as_string(hide_password=False),
            progress=tell,
        )


def _verify_folder(folder: Path, keys: tuple[str, ...], quorum: Quorum | None, *, as_json: bool) -> None:
    from audit.verify import verify_directory  # noqa: PLC0415 -- files alone: nothing else of this module is needed

    try:
        public = [bytes.fromhex(key) for key in keys]
    except ValueError as error:
        raise click.BadParameter("a public key has 64 hex digits", param_hint="--key") from error
    if not public:
        raise click.UsageError("name the log's public key with --key; `citizen-vault audit checkpoint` prints it")
    with progress("proving the files") as tell:
        report = verify_directory(folder, public, quorum=quorum, progress=tell)
    show(_plain(report), as_json=as_json, lines=_lines(report))
    if not report.sound:
        raise SystemExit(1)


def _quorum(named: tuple[str, ...], needed: int | None) -> Quorum | None:
    try:
        cosigners = tuple(Cosigner.parse(each) for each in named)
    except AuditError as error:
        raise click.BadParameter("a witness is named by its verifier key", param_hint="--witness") from error
    if (needed or 0) > len(cosigners):
        raise click.UsageError("--quorum is at most the number of witnesses named with --witness")
    return Quorum(needed or len(cosigners), cosigners) if cosigners else None


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
