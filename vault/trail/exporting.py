"""A copy of what a search finds, with its proofs, as files that need neither this vault nor its keys."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import orjson

from audit.copies import seal_copy
from audit.events import Event
from vault.context import Context
from vault.trail.lines import Line
from vault.trail.proving import Checked, check, entry_row
from vault.trail.review import Filters, count, pages
from vault.trail.scope import demand_review, note_review, scope_of
from vault.trail.subjects import person_behind

MOST: Final = 1000
"""Entries in one export; a larger set is exported in parts, by days."""
DANGEROUS: Final = ("=", "+", "-", "@", "\t", "\r")
"""What makes a spreadsheet take a cell for a formula when it begins with it (OWASP, CSV injection)."""

_COLUMNS: Final = (
    *("entry", "time", "event", "actor", "organisation", "service", "staff_reference", "role", "team", "purpose"),
    *("fields", "refused", "because", "policy_set", "leaf_hash", "in_signed_log"),
)
_README: Final = """\
What this folder holds
======================
entries.json     every entry: what its leaf says, and the details that an auditor may read
entries.csv      the same for a spreadsheet; a cell that could be taken for a formula begins with '
leaves/          the bytes of each entry as they stand in the log, named by their leaf hash
proofs/          for each entry the proof that it stands in the signed log (C2SP tlog-proof)
public-key.txt   the public key of the log (Ed25519, hexadecimal); compare it with the one the council publishes
manifest.json    what was searched for, how many entries, which have no proof yet, and the SHA-256 of every file
manifest.sig     the vault's signature over manifest.json

To check all of it, on any machine, without this vault, with the two keys that the council publishes:

  citizen-vault audit check-copy . --key LOG-KEY --signer RECEIPT-KEY

To check one entry:

  citizen-vault audit check-proof proofs/HASH.tlog-proof --leaf leaves/HASH.json --key "$(cat public-key.txt)"

Names and values of residents are in none of these files.
"""


@dataclass(frozen=True, slots=True)
class Exported:
    """The files of an export by their names, and how many entries they hold."""

    files: Mapping[str, bytes]
    entries: int


def holding(ctx: Context, *, filters: Filters) -> int:
    """How many entries an export would hold, counted no further than one more than fit.

    Raises:
        NotFoundError, NotAllowedError: As `vault.trail.search`.
    """
    scope = scope_of(ctx)
    demand_review(ctx, scope)
    citizen_id = person_behind(ctx, filters.person) if filters.person else None
    note_review(ctx, Event.AUDIT_SEARCHED, {"filters": filters.told, "counted": True}, citizen_id=citizen_id)
    return count(ctx, scope, filters, most=MOST + 1)


def export(ctx: Context, *, filters: Filters) -> Exported:
    """
    The newest entries that *filters* find, `MOST` at most, with their proofs; logged before anything is read.

    Raises:
        NotFoundError, NotAllowedError: As `vault.trail.search`.
    """
    scope = scope_of(ctx)
    demand_review(ctx, scope)
    citizen_id = person_behind(ctx, filters.person) if filters.person else None
    note_review(ctx, Event.AUDIT_EXPORTED, {"filters": filters.told, "most": MOST}, citizen_id=citizen_id)
    lines = pages(ctx, scope, filters, before=None, limit=MOST).lines
    checked = [check(ctx, leaf_hash=line.leaf_hash) for line in lines]
    files = {"READ-ME.txt": _README.encode(), "entries.csv": _csv(lines, checked)}
    files["entries.json"] = orjson.dumps([_told(*pair) for pair in zip(lines, checked, strict=True)], option=_PRETTY)
    files["public-key.txt"] = ctx.keyring.store.public_key("log").hex().encode() + b"\n"
    for line, proved in zip(lines, checked, strict=True):
        name = line.leaf_hash.hex()
        files[f"leaves/{name}.json"] = entry_row(ctx, line.leaf_hash).encoded
        if proved.included:
            files[f"proofs/{name}.tlog-proof"] = proved.proof.encode()
    sealed = seal_copy(files, _manifest(ctx, filters, lines, checked), sign=partial(ctx.keyring.store.sign, "receipt"))
    return Exported(sealed, len(lines))


_PRETTY: Final = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS


def _manifest(ctx: Context, filters: Filters, lines: Sequence[Line], checked: Sequence[Checked]) -> dict[str, Any]:
    unproved = [line.leaf_hash.hex() for line, proved in zip(lines, checked, strict=True) if not proved.included]
    return {
        "origin": ctx.vault.origin,
        "made_at": ctx.now.isoformat(),
        "filters": filters.told,
        "entries": len(lines),
        "without_proof": unproved,
    }


def _told(line: Line, proved: Checked) -> dict[str, Any]:
    row = _row(line, proved)
    return {**row, "fields": list(line.fields), "refused": list(line.refused), "details": dict(line.facts)}


def _row(line: Line, proved: Checked) -> dict[str, Any]:
    return {
        "entry": line.position,
        "time": line.at.isoformat(),
        "event": line.event,
        "actor": line.actor,
        "organisation": line.who.organisation_name,
        "service": line.who.service_name,
        "staff_reference": line.who.reference,
        "role": line.who.role,
        "team": line.who.team,
        "purpose": line.purpose,
        "fields": " ".join(line.fields),
        "refused": " ".join(line.refused),
        "because": " ".join(line.because),
        "policy_set": line.policy_set,
        "leaf_hash": line.leaf_hash.hex(),
        "in_signed_log": proved.included,
    }


def _csv(lines: Sequence[Line], checked: Sequence[Checked]) -> bytes:
    rows = [_row(line, proved) for line, proved in zip(lines, checked, strict=True)]
    written = io.StringIO()
    table = csv.writer(written, lineterminator="\r\n")
    table.writerow(_COLUMNS)
    table.writerows([plain_cell(row[name]) for name in _COLUMNS] for row in rows)
    return "\ufeff".encode() + written.getvalue().encode()


def plain_cell(value: object) -> str:
    """*value* as a cell that no spreadsheet takes for a formula: an apostrophe stands before what could be one."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(DANGEROUS) else text
