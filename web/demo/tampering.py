"""What the auditor tries: alter a row in a copy of the database, behind the vault's back, and see whether it is named.

The copy is made, held against the log and deleted again; the vault's own database is only read.
"""

import sqlite3
import tempfile
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy.engine import make_url

from vault import holding
from vault.authentic import Marks
from vault.context import Vault
from vault.db import Database
from vault.errors import InvalidInputError


@dataclass(frozen=True, slots=True)
class Trick:
    """One way to cheat with nothing but write access to the database."""

    words: str
    statement: str


TRICKS: Final[Mapping[str, Trick]] = {
    "more": Trick(
        "Let a service look a thousand times more often than was allowed",
        "UPDATE grants SET max_uses = max_uses + 1000 WHERE rowid = (SELECT max(rowid) FROM grants)",
    ),
    "wider": Trick(
        "Add the key safe code to what a share lets a service see",
        "UPDATE grants SET fields = json_insert(fields, '$[#]', 'home_access.key_safe_code') "
        "WHERE rowid = (SELECT min(rowid) FROM grants)",
    ),
    "gone": Trick(
        "Delete a request, as if nobody had ever asked",
        "DELETE FROM access_requests WHERE rowid = (SELECT min(rowid) FROM access_requests)",
    ),
    "flipped": Trick(
        "Change somebody's sealed record",
        "UPDATE seals SET sealed = CAST(substr(sealed, 2) || substr(sealed, 1, 1) AS BLOB) "
        "WHERE rowid = (SELECT min(rowid) FROM seals)",
    ),
}
"""Name → trick, in the order in which the page offers them."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What the check said of the copy: how much it compared, and every row that it named."""

    words: str
    rows: int
    entries: int
    named: tuple[str, ...]


def try_out(vault: Vault, *, trick: str, folder: Path) -> Finding:
    """
    Copy the database into a fresh folder below *folder*, play *trick* there, and hold the copy against its log.

    Raises:
        InvalidInputError: There is no such trick, or the vault does not keep its data in a SQLite file.
    """
    chosen = TRICKS.get(trick)
    source = make_url(str(vault.db.url)).database
    if chosen is None or not vault.db.is_sqlite or not source:
        raise InvalidInputError("there is no such trick for this database")
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        copy = Path(scratch) / "copy.db"
        with closing(sqlite3.connect(source)) as original, closing(sqlite3.connect(copy)) as altered:
            original.backup(altered)
            altered.execute(chosen.statement)
            altered.commit()
        return _hold(vault, copy, chosen)


def _hold(vault: Vault, copy: Path, trick: Trick) -> Finding:
    marks = Marks(row_mac_key=vault.keyring.row_mac_key(), reference_key=vault.keyring.reference_key())
    database = Database(f"sqlite:///{copy}", info={"marks": marks})
    try:
        with database.snapshot() as session:
            held = holding.hold(session)
    finally:
        database.dispose()
    return Finding(trick.words, held.rows, held.entries, tuple(str(each) for each in held.defects))
