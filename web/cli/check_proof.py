"""``citizen-vault audit check-proof``: a proof that somebody saved is checked with nothing but the log's public key."""

import re
from pathlib import Path
from typing import Final

import click

from audit.entry import leaf_hash
from audit.errors import AuditError
from audit.proof import verify_proof
from web.cli.showing import json_option, show

_HEX_64: Final = re.compile(r"[0-9a-f]{64}")


@click.command("check-proof")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--key", "keys", multiple=True, required=True, metavar="HEX", help="The log's public key, 64 hex digits.")
@click.option("--leaf", metavar="HEX|FILE", help="The line: its leaf hash or its bytes; else FILE's own name says it.")
@click.option("--origin", help="The name that the log must have.")
@json_option
def check_proof(*, file: Path, keys: tuple[str, ...], leaf: str | None, origin: str | None, as_json: bool) -> None:
    """
    Check that the line FILE (a .tlog-proof) is about stands in the signed log; exit 1 where it does not.

    No vault, database or key store is needed: anyone can do it, on any computer. Compare the key with the one that
    the council publishes.

    \b
    Examples:
      citizen-vault audit check-proof 9b1f….tlog-proof --key 5f0c…
      citizen-vault audit check-proof proofs/9b1f….tlog-proof --leaf leaves/9b1f….json --key 5f0c…
    """
    line = _line(file, leaf)
    try:
        head = verify_proof(_text(file), leaf_hash=line, public_keys=[read_key(key) for key in keys], origin=origin)
    except AuditError as error:
        show({"verified": False, "why": str(error)}, as_json=as_json, lines=[f"NOT VERIFIED: {error}"])
        raise SystemExit(1) from None
    told = {
        "verified": True,
        "leaf_hash": line.hex(),
        "origin": head.origin,
        "size": head.size,
        "root": head.root.hex(),
    }
    lines = [
        f"verified: line {line.hex()}",
        f"stands in the log {head.origin}, signed with {head.size:,} lines",
        f"root {head.root.hex()}",
    ]
    show(told, as_json=as_json, lines=lines)


def _line(file: Path, leaf: str | None) -> bytes:
    """The leaf hash that the proof is to show, 32 bytes."""
    if leaf is not None and not _HEX_64.fullmatch(leaf.lower()):
        try:
            return leaf_hash(Path(leaf).read_bytes())
        except OSError as error:
            raise click.BadParameter(
                "neither 64 hex digits nor a file that can be read", param_hint="--leaf"
            ) from error
    named = leaf.lower() if leaf is not None else file.name.partition(".")[0].lower()
    if not _HEX_64.fullmatch(named):
        raise click.UsageError("say with --leaf which line it is: FILE's name is not a leaf hash of 64 hex digits")
    return bytes.fromhex(named)


def read_key(written: str) -> bytes:
    """A public key, 32 bytes, from its 64 hex digits."""
    if not _HEX_64.fullmatch(written.lower()):
        raise click.BadParameter("a public key has 64 hex digits", param_hint="--key")
    return bytes.fromhex(written)


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise click.BadParameter("it cannot be read as text", param_hint="FILE") from error
