"""A council extract read row by row: its header first and strictly, then the items about each person a row names."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Final

from vault.importing.csv_mapping import FileRule, file_rules
from vault.importing.csv_row import Row, read_row
from vault.importing.items import Item, Notice, NoticeKind, Subject
from vault.importing.strict_json import LARGEST_FILE, UnreadableFileError
from vault.importing.text import clean

_LONGEST_LINE: Final = 1024 * 1024
_ALIKE: Final = 0.5  # share of a mapping's columns that makes a header a mistaken one rather than another file's


def read(path: Path) -> Iterator[Subject | Item | Notice]:
    """
    Everything an extract says; a row that cannot be read is named and the rest goes on.

    Raises:
        UnreadableFileError: The file cannot be opened, is too large, is not UTF-8, or its quoting or header is wrong.
    """
    try:
        with path.open("rb") as file:
            yield from _read(file, path)
    except OSError as error:
        raise UnreadableFileError("", f"the file cannot be opened: {error.strerror}") from error


def _read(file: BinaryIO, path: Path) -> Iterator[Subject | Item | Notice]:
    table = csv.reader(_lines(file), strict=True)
    try:
        header = [clean(name) for name in next(table, [])]
        rule = _rule(path, header)
        if rule is None:
            message = "no extract the vault reads: neither its name nor its header is known"
            yield Notice(kind=NoticeKind.LEFT_OUT, type="csv", position="", message=message)
            return
        _check_header(header, rule)
        yield from _rows(table, header, rule)
    except csv.Error as error:
        raise UnreadableFileError(f"line {table.line_num}", f"malformed CSV: {error}") from error


def _lines(file: BinaryIO) -> Iterator[str]:
    """The lines of a UTF-8 file, the byte order mark dropped, bounded in length and all together."""
    size = 0
    number = 0
    while line := file.readline(_LONGEST_LINE + 1):
        size, number = size + len(line), number + 1
        if len(line) > _LONGEST_LINE or size > LARGEST_FILE:
            raise UnreadableFileError(f"line {number}", "the line is longer than 1 MiB, or the file than 64 MiB")
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            position = f"line {number}, byte {error.start}"
            raise UnreadableFileError(position, "the text is not UTF-8") from error


def _rule(path: Path, header: Sequence[str]) -> FileRule | None:
    """The mapping for a file: by its name, else by its header; None where neither is known."""
    rules = file_rules()
    stem = path.stem.casefold()
    named = [kind for kind in rules if stem == kind or stem.startswith((f"{kind}-", f"{kind}_", f"{kind}."))]
    if named:
        return rules[max(named, key=len)]
    closest = max(rules.values(), key=lambda rule: len(set(rule.columns) & set(header)) / len(rule.columns))
    return closest if len(set(closest.columns) & set(header)) > _ALIKE * len(closest.columns) else None


def _check_header(header: Sequence[str], rule: FileRule) -> None:
    if sorted(header) == sorted(rule.columns):
        return
    missing = [f"`{name}`" for name in rule.columns if name not in header]
    unknown = [str(place) for place, name in enumerate(header, start=1) if name not in rule.columns]
    twice = sorted({f"`{name}`" for name in rule.columns if header.count(name) > 1})
    faults = [
        f"lacks {', '.join(missing)}" if missing else "",
        f"has an unknown name in column {', '.join(unknown)}" if unknown else "",
        f"has {', '.join(twice)} twice" if twice else "",
    ]
    wrong = "; ".join(each for each in faults if each)
    raise UnreadableFileError("line 1", f"the header of {rule.kind}.csv {wrong}; it must be: {','.join(rule.columns)}")


def _rows(table: Iterator[list[str]], header: Sequence[str], rule: FileRule) -> Iterator[Subject | Item | Notice]:
    met: dict[str, int] = {}
    for number, cells in enumerate(table, start=2):
        if not any(cells):
            continue
        position = f"row {number}"
        if len(cells) != len(header):
            message = f"the row has {len(cells)} cells where the header has {len(header)}: it was not taken"
            yield Notice(kind=NoticeKind.ERROR, type=f"{rule.kind}.csv", position=position, message=message)
            continue
        row = dict(zip(header, map(clean, cells), strict=True))
        yield from _faces(read_row(row, rule), rule, position, met)


def _faces(row: Row, rule: FileRule, position: str, met: dict[str, int]) -> Iterator[Subject | Item | Notice]:
    """What a row gives, each person only the first time the file claims the same of them."""
    for subject in row.subjects:
        claim = hash(subject)
        if met.get(subject.key) != claim and (subject.key not in met or subject.claim.name):
            met[subject.key] = claim
            yield subject
    yield from row.items
    for message in row.warnings:
        kind = NoticeKind.LEFT_OUT if not row.items else NoticeKind.WARNING
        yield Notice(kind=kind, type=f"{rule.kind}.csv", position=position, message=message)
