"""The guide's blocks, in order: shell lines, programs that grow from block to block, and what each program prints."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

GUIDE: Final = Path(__file__).parent.parent / "docs" / "guides" / "quickstart.md"
PORT: Final = "8000"
_BLOCK: Final = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block."""

    language: str
    name: str
    """The file it is part of, or how it is run; empty for lines of the shell."""
    text: str


def blocks(path: Path = GUIDE) -> Iterator[Block]:
    """Every fenced block of a guide."""
    for language, name, text in _BLOCK.findall(path.read_text(encoding="utf-8")):
        yield Block(language, name, text)


def programs() -> dict[str, str]:
    """Each program by its file's name, put together from its blocks, in the order in which they begin."""
    found: dict[str, str] = {}
    for block in blocks():
        if block.language in {"python", "javascript"}:
            found[block.name] = found.get(block.name, "") + block.text
    return found


def printed() -> dict[str, str]:
    """What each program prints, as the guide says."""
    return {block.name: block.text for block in blocks() if block.language == "text"}
