"""JSON read strictly and within bounds: what could mean two things, or is too much, is refused by name and place."""

import json
from pathlib import Path
from typing import Any, Final

LARGEST_FILE: Final = 64 * 1024 * 1024
"""Bytes of one file; a hospital's whole record of one person is a few MB."""
DEEPEST: Final = 64
"""Levels of nesting; a FHIR bundle of real life has about 15."""
_SHOWN_NAME: Final = 64


class UnreadableFileError(Exception):
    """A file cannot be taken; the message says why without any value of it. Caught where files are read."""

    def __init__(self, position: str, message: str) -> None:
        super().__init__(message)
        self.position = position
        self.message = message


def read_bytes(path: Path) -> bytes:
    """
    All of a file.

    Raises:
        UnreadableFileError: It cannot be opened, or is larger than `LARGEST_FILE`.
    """
    try:
        with path.open("rb") as file:
            held = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise UnreadableFileError("", f"the file cannot be opened: {error.strerror}") from error
    if len(held) > LARGEST_FILE:
        raise UnreadableFileError("", f"the file is larger than {LARGEST_FILE // 1024 // 1024} MiB")
    return held


def decode(held: bytes) -> str:
    """
    UTF-8, with or without a byte order mark.

    Raises:
        UnreadableFileError: It is not UTF-8; the first wrong byte is named.
    """
    try:
        return held.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = held.count(b"\n", 0, error.start) + 1
        raise UnreadableFileError(f"byte {error.start}, line {line}", "the text is not UTF-8") from error


def parse(words: str) -> Any:  # noqa: ANN401 -- whatever JSON holds; readers ask for types
    """
    One JSON document. Numbers with a fraction stay text, exactly as written.

    Raises:
        UnreadableFileError: Malformed, a name twice in one object, NaN or Infinity, or deeper than `DEEPEST`.
    """
    try:
        held = json.loads(words, object_pairs_hook=_once, parse_float=str, parse_int=_integer, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        position = f"line {error.lineno}, column {error.colno}"
        raise UnreadableFileError(position, f"malformed JSON: {error.msg}") from error
    except RecursionError as error:
        raise UnreadableFileError("", f"nested deeper than {DEEPEST} levels") from error
    _bound(held)
    return held


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    held = dict(pairs)
    if len(held) == len(pairs):
        return held
    seen: set[str] = set()
    twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
    shown = f" `{twice}`" if twice.isidentifier() and twice.isascii() and len(twice) <= _SHOWN_NAME else ""
    raise UnreadableFileError("", f"an object has the name{shown} twice")


def _integer(written: str) -> int | str:
    return int(written) if len(written) <= _SHOWN_NAME else written


def _refuse(_: str) -> None:
    raise UnreadableFileError("", "NaN and Infinity are no JSON")


def _bound(held: Any) -> None:  # noqa: ANN401 -- any JSON
    level = [held]
    for _ in range(DEEPEST):
        level = [inner for outer in level if isinstance(outer, dict | list) for inner in _inside(outer)]
        if not level:
            return
    if any(isinstance(each, dict | list) for each in level):
        raise UnreadableFileError("", f"nested deeper than {DEEPEST} levels")


def _inside(outer: dict[str, Any] | list[Any]) -> list[Any]:
    return list(outer.values()) if isinstance(outer, dict) else outer
