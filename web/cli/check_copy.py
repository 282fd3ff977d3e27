"""``citizen-vault audit check-copy``: an auditor's copy is checked with nothing but two public keys."""

import zipfile
from pathlib import Path

import click

from audit.copies import check_copy as check
from web.cli.check_proof import read_key
from web.cli.showing import counted, json_option, show

MOST_NAMED = 50
MOST_BYTES = 256 * 1024 * 1024  # of a whole copy, unpacked; one of 1,000 entries has about 10 MB


@click.command("check-copy")
@click.argument("path", metavar="ZIP|FOLDER", type=click.Path(exists=True, path_type=Path))
@click.option("--key", "keys", multiple=True, required=True, metavar="HEX", help="The log's public key, 64 hex digits.")
@click.option("--signer", required=True, metavar="HEX", help="The vault's receipt key, 64 hex digits.")
@json_option
def check_copy(*, path: Path, keys: tuple[str, ...], signer: str, as_json: bool) -> None:
    """
    Check a copy that an auditor took: its signature, every file, and every line's proof; exit 1 where one is not right.

    No vault, database or key store is needed. Take both keys from where the council publishes them
    (`citizen-vault keys describe` prints them), not from the copy.

    \b
    Example: citizen-vault audit check-copy log-export.zip --key 5f0c… --signer 77ab…
    """
    files = _unpacked(path) if path.is_file() else _folder(path)
    said, wrong = check(files, log_keys=[read_key(key) for key in keys], signer=read_key(signer))
    proofs = sum(name.endswith(".tlog-proof") for name in files)
    lines = wrong[:MOST_NAMED] or [f"whole and signed: {counted(len(files), 'file')}, {counted(proofs, 'proof')}"]
    about = {name: held for name, held in said.items() if name != "files"}
    show({"whole": not wrong, "wrong": wrong, "about": about, "proofs": proofs}, as_json=as_json, lines=lines)
    if wrong:
        raise SystemExit(1)


def _folder(path: Path) -> dict[str, bytes]:
    return {each.relative_to(path).as_posix(): each.read_bytes() for each in path.rglob("*") if each.is_file()}


def _unpacked(path: Path) -> dict[str, bytes]:
    """The files of a zip, below the one folder that it holds."""
    try:
        with zipfile.ZipFile(path) as packed:
            members = [each for each in packed.infolist() if not each.is_dir()]
            if sum(each.file_size for each in members) > MOST_BYTES:
                raise click.UsageError(f"{path} is larger than any copy")
            return {each.filename.partition("/")[2]: packed.read(each) for each in members}
    except zipfile.BadZipFile as error:
        raise click.UsageError(f"{path} is no copy of the log") from error
