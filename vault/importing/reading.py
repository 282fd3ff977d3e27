"""Reading one file of a silo, of whatever kind: the door that `vault.importing.run` uses."""

from collections.abc import Iterator
from pathlib import Path

from vault.importing.bundle import open_bundle
from vault.importing.csv_file import read as read_extract
from vault.importing.fhir_file import FhirFile
from vault.importing.items import Item, Notice, NoticeKind, Subject
from vault.importing.overlay import load_overlay
from vault.importing.strict_json import UnreadableFileError, decode, parse, read_bytes


def read_file(
    path: Path, *, overlay: Path | None = None, keep_unknown: bool = False
) -> Iterator[Subject | Item | Notice]:
    """
    Everything one file says: each subject before the items about it.

    Raises nothing about the file's content: a file that cannot be read yields one `Notice` of kind ``error``.

    Args:
        path: A FHIR R4 file (``.json``) or a council extract (``.csv``), at most 64 MiB.
        overlay: A CSV of UK numbers for invented American patients, joined by patient id.
        keep_unknown: Yield FHIR resources without a home as items of category ``other``.
    """
    try:
        if path.suffix.lower() == ".csv":
            yield from read_extract(path)
            return
        if path.suffix.lower() != ".json":
            yield _fault("", f"`{path.suffix}` files are not read; FHIR is read as JSON, council extracts as CSV")
            return
        rows = load_overlay(overlay) if overlay else {}
        bundle = open_bundle(parse(decode(read_bytes(path))), path.parent)
        yield from FhirFile(bundle, rows, keep_unknown=keep_unknown).read()
    except UnreadableFileError as error:
        yield _fault(error.position, error.message)


def _fault(position: str, message: str) -> Notice:
    return Notice(kind=NoticeKind.ERROR, type="", position=position, message=message)
