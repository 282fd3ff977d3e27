"""``citizen-vault audit verify``: the log from files alone, or the log and the tables of this vault."""

from collections.abc import Sequence
from pathlib import Path

import click

from audit.cosignature import Cosigner, Quorum
from audit.errors import AuditError
from audit.report import Report
from vault.clock import from_microseconds
from vault.verified import NAME
from vault.verifying import Outcome
from vault.verifying import verify as verify_vault
from web.cli.sequencing import place_or_say_why_not
from web.cli.showing import counted, json_option, progress, show
from web.opening import opened, settings, signer_of

MOST_NAMED = 50
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--whole", is_flag=True, help="Read every entry again, whatever was proved before.")
@click.option("--kept", multiple=True, type=FILE, metavar="FILE", help="A checkpoint you kept, which must be extended.")
@click.option("--key", "keys", multiple=True, metavar="HEX", help="The log's public key, 64 hex digits; for a folder.")
@click.option("--witness", "named", multiple=True, metavar="KEY", help="A witness that must vouch; for a folder.")
@click.option("--quorum", type=click.IntRange(1), help="How many of the witnesses named must vouch; else all.")
@json_option
def verify(
    *,
    folder: Path | None,
    whole: bool,
    kept: tuple[Path, ...],
    keys: tuple[str, ...],
    named: tuple[str, ...],
    quorum: int | None,
    as_json: bool,
) -> None:
    """
    Prove the log, and hold the tables against it; exit 1 where anything is not as it was written.

    Every row that the log covers is compared, in every run. Entries that an earlier run proved are not read again:
    their number is compared, and what they say of rows is taken from the file `log-verified` beside the head file.
    That file is trusted because it carries a mark of the key store: who can write the database alone, or the file
    alone, cannot make one. What this leaves is an old entry whose own bytes, sealed details or place in searches were
    changed in the database since: --whole reads all of them again, and should run now and then, such as every week.

    With --kept, a checkpoint from outside (a witness, last month's export) must be an earlier state of this log: so
    a back-up that was restored and gone on from is found, even where key store and head file were put back with it.

    With FOLDER (from `audit export`) the proof runs on those files alone: no database, no key store.

    \b
    Examples:
      citizen-vault audit verify
      citizen-vault audit verify --whole
      citizen-vault audit verify exported/ --key 5f0c…
      citizen-vault audit verify exported/ --key 5f0c… --witness witness.example.org/w1+1a2b3c4d+BAbc…
      citizen-vault audit verify exported/ --key 5f0c… --kept checkpoint-of-may
    """
    notes = [_text(path) for path in kept]
    if folder is not None:
        _verify_folder(folder, keys, _quorum(named, quorum), notes, as_json=as_json)
        return
    config = settings()
    with opened(config) as vault, progress("reading entries, then rows, then places") as tell:
        refused = place_or_say_why_not(vault, config)
        signer = signer_of(vault, config)
        path = signer.path.with_name(NAME)
        found = verify_vault(vault, signer=signer, path=path, whole=whole, kept=notes, progress=tell)
    plain = {"log": _plain(found.log), "tables": _tables(found), "from": _from(found), "refused": refused}
    show(plain, as_json=as_json, lines=[*refused, *_beginning(found), *_lines(found.log), *_rows(found)])
    if refused or not found.sound:
        raise SystemExit(1)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise click.BadParameter(f"{path} is no checkpoint that can be read", param_hint="--kept") from error


def _beginning(found: Outcome) -> list[str]:
    """From where this run went on, and what it left to the whole one."""
    lines = [f"what was proved before cannot be used, so all is read: {found.unusable}"] if found.unusable else []
    if found.before is None:
        return lines
    since, when = found.before.standing.size, from_microseconds(found.before.time_us)
    proved = counted(since, "entry", "entries")
    return [*lines, f"{proved} proved on {when:%Y-%m-%d %H:%M} UTC and not read again; `--whole` reads all"]


def _from(found: Outcome) -> dict[str, object] | None:
    if found.before is None:
        return None
    standing = found.before.standing
    return {"log": standing.log, "size": standing.size, "at": from_microseconds(found.before.time_us).isoformat()}


def _tables(found: Outcome) -> dict[str, object]:
    defects = [{"kind": each.kind, "table": each.table, "row": each.row} for each in found.rows]
    return {"rows": found.held.rows, "entries": found.entries, "defects": defects}


def _rows(found: Outcome) -> list[str]:
    compared = f"{counted(found.held.rows, 'row')} held against {counted(found.entries, 'entry', 'entries')}"
    return [compared, *([str(each) for each in found.rows[:MOST_NAMED]] or ["every row is as the log says"])]


def _verify_folder(
    folder: Path, keys: tuple[str, ...], quorum: Quorum | None, kept: Sequence[str], *, as_json: bool
) -> None:
    from audit.verify import verify_directory  # noqa: PLC0415 -- files alone: nothing else of this module is needed

    try:
        public = [bytes.fromhex(key) for key in keys]
    except ValueError as error:
        raise click.BadParameter("a public key has 64 hex digits", param_hint="--key") from error
    if not public:
        raise click.UsageError("name the log's public key with --key; `citizen-vault audit checkpoint` prints it")
    with progress("proving the files") as tell:
        report = verify_directory(folder, public, quorum=quorum, kept=kept, progress=tell)
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
    lines = [f"{counted(report.entries, 'entry', 'entries')} read in {counted(report.logs, 'log')}"]
    lines += [f"declared: {words}" for words in report.declared]
    defects = [f"log {each.log}: {each.kind}: {each.where}" for each in report.defects[:MOST_NAMED]]
    return lines + (defects or ["the log is whole"])
