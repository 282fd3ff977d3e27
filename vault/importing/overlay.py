"""A UK overlay: numbers, postcodes and phones that make invented American patients into invented residents.

The file is a CSV with one row a patient, joined by the patient's id in the source system. Where it says something, it
replaces what the patient's resource says.
"""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Final

from vault.importing.strict_json import UnreadableFileError, decode, read_bytes
from vault.importing.text import clean

COLUMNS: Final = frozenset({"patient_id", "nhs_number", "postcode", "phone", "mobile", "email"})
"""What an overlay must have; further columns are ignored, save ``la_name``, which stands for the town."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlayRow:
    """What the overlay says of one patient; empty where it says nothing."""

    nhs_number: str = field(default="", repr=False)
    postcode: str = field(default="", repr=False)
    town: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    mobile: str = field(default="", repr=False)
    email: str = field(default="", repr=False)


NO_ROW: Final = OverlayRow()
Overlay = Mapping[str, OverlayRow]
"""Rows by patient id."""


def load_overlay(path: Path) -> Overlay:
    """
    Read an overlay; a file that has not changed is read once.

    Raises:
        UnreadableFileError: It is not CSV in UTF-8, or lacks a column.
    """
    try:
        changed = path.stat()
    except OSError as error:
        raise UnreadableFileError("", f"the overlay cannot be opened: {error.strerror}") from error
    return _load(path, changed.st_mtime_ns, changed.st_size)


@lru_cache(maxsize=4)
def _load(path: Path, _changed_ns: int, _size: int) -> Overlay:
    table = csv.DictReader(io.StringIO(decode(read_bytes(path)), newline=""), strict=True)
    try:
        missing = COLUMNS - set(table.fieldnames or ())
        if missing:
            raise UnreadableFileError("line 1", f"the overlay lacks the columns {', '.join(sorted(missing))}")
        return {row["patient_id"]: _row(row) for row in table}
    except csv.Error as error:
        raise UnreadableFileError(f"line {table.line_num}", f"malformed CSV: {error}") from error


def _row(row: Mapping[str | None, str | None]) -> OverlayRow:
    held = {str(name): clean(value) for name, value in row.items() if isinstance(value, str)}
    given = {name: held.get(name, "") for name in ("nhs_number", "postcode", "phone", "mobile", "email")}
    return OverlayRow(town=held.get("la_name", ""), **given)
