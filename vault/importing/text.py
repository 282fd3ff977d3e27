"""Words from outside made safe to keep: no control characters, no hidden direction marks, no markup."""

import re
import unicodedata
from html.parser import HTMLParser
from typing import Final

_BLOCKS: Final = frozenset(
    {"br", "caption", "dd", "div", "dl", "dt", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol"}
)
_ROWS: Final = _BLOCKS | {"p", "pre", "table", "tr", "ul"}
_HEADINGS: Final = "th"
_SILENT: Final = frozenset({"script", "style", "head", "title"})
_HIDDEN: Final = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]")
_CONTROL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
_LONE: Final = re.compile("[\ud800-\udfff]")
_SPACES: Final = re.compile("[ \t\u00a0]+")


def clean(words: str) -> str:
    """
    *words* as they can be kept and shown: composed (NFC), trimmed, inner runs of spaces made one.

    Control characters, zero-width and direction marks go, since they show nothing and can make a page say what was not
    written; a lone surrogate, which no encoding holds, becomes U+FFFD.
    """
    if words.isascii() and words.isprintable():
        return _SPACES.sub(" ", words).strip()
    composed = unicodedata.normalize("NFC", _LONE.sub("\ufffd", words)).replace("\r\n", "\n")
    shown = _CONTROL.sub(" ", _HIDDEN.sub("", composed))
    lines = (_SPACES.sub(" ", line).strip() for line in shown.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def from_markup(markup: str) -> str:
    """The words of an XHTML narrative: one line a paragraph or table row, no tag, no attribute, no script."""
    reader = _Narrative()
    reader.feed(markup)
    reader.close()
    lines = (clean(line.replace("\n", " ")) for line in "".join(reader.parts).split("\v"))
    return "\n".join(line.removesuffix(":") if line.endswith("::") else line for line in lines if line)


class _Narrative(HTMLParser):
    """Collects character data; a vertical tab stands for the end of a line (the data's own line ends mean nothing)."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._silent = 0
        self._pre = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 -- none is kept
        """Begin a line where the tag does."""
        self._silent += tag in _SILENT
        self._pre += tag == "pre"
        if tag in _ROWS:
            self.parts.append("\v")

    def handle_endtag(self, tag: str) -> None:
        """End a line where the tag does; a table's heading cell is followed by a colon."""
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        self._pre = max(0, self._pre - (tag == "pre"))
        self.parts.append("\v" if tag in _ROWS else ": " if tag == _HEADINGS else " " if tag == "td" else "")

    def handle_data(self, data: str) -> None:
        """Keep what is shown."""
        if not self._silent:
            self.parts.append(data.replace("\n", "\v") if self._pre else data)
