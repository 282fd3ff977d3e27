"""The code list: which items are sensitive beyond their category, judged from their codes and words when they come in.

A medicine is judged by its reason too, so the reason never leaks through the name. The list is ``sensitivity.toml``; a professional or the citizen may
raise what it says.
"""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from vault.catalogue import Sensitivity

SNOMED = "http://snomed.info/sct"


@dataclass(frozen=True, slots=True)
class Group:
    """One ground of sensitivity."""

    name: str
    level: Sensitivity
    codes: frozenset[str]
    words: re.Pattern[str]


@cache
def groups() -> tuple[Group, ...]:
    """
    Every group of the list.

    Raises:
        KeyError: A member is missing or a level is not known.
    """
    given = tomllib.loads(files("vault").joinpath("sensitivity.toml").read_text(encoding="utf-8"))
    return tuple(
        Group(
            name=name,
            level=Sensitivity[table["level"].upper()],
            codes=frozenset(table["snomed"]),
            words=re.compile(r"\b(?:" + "|".join(_pattern(word) for word in table["words"]) + ")", re.IGNORECASE),
        )
        for name, table in given.items()
    )


def _pattern(word: str) -> str:
    """Words of up to four letters (HIV, STI) match only whole: they begin many others."""
    return re.escape(word) + (r"\b" if len(word) <= 4 else "")  # noqa: PLR2004 -- said above


def judge(codes: Iterable[tuple[str, str, str]]) -> Sensitivity:
    """The highest sensitivity that any of *codes* (system, code, text) calls for; normal where none does."""
    found = Sensitivity.NORMAL
    for system, code, text in codes:
        for group in groups():
            if group.level > found and ((system == SNOMED and code in group.codes) or group.words.search(text)):
                found = group.level
    return found
