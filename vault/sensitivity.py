"""How sensitive one item is, judged by its codes and words at import; a person may raise or lower it later.

The list is ``sensitivity.toml`` beside this file, read once. It leans to caution: an item marked too high waits for the
citizen's nod, one marked too low has left the house.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final, Self

from vault.catalogue import Sensitivity

_SYSTEMS: Final = {
    "http://snomed.info/sct": "sct",
    "https://dmd.nhs.uk": "sct",  # dm+d codes are SNOMED CT identifiers
    "http://www.nlm.nih.gov/research/umls/rxnorm": "rxnorm",
    "http://loinc.org": "loinc",
}
_MEMBERS: Final = {"level", "words", *_SYSTEMS.values()}


@dataclass(frozen=True, slots=True)
class Group:
    """One group of sensitive things, such as ``pregnancy-loss``."""

    name: str
    level: Sensitivity
    codes: frozenset[str]
    """``system|code``, so that a number counts only in its own system."""
    words: re.Pattern[str]

    @classmethod
    def parse(cls, name: str, given: Mapping[str, Any]) -> Self:
        """
        Read one table of the list.

        Raises:
            ValueError: A member is missing or not known.
        """
        if not {"level", "words"} <= given.keys() <= _MEMBERS or not given["words"]:
            raise ValueError(f"sensitivity list: members of `{name}` are not as they must be")
        codes = frozenset(
            f"{system}|{code}" for system in sorted(set(_SYSTEMS.values())) for code in given.get(system, ())
        )
        return cls(name, Sensitivity[given["level"].upper()], codes, _pattern(given["words"]))

    def holds(self, system: str, code: str, text: str) -> bool:
        """Whether the code is listed or the text names it; an unknown system is judged by its words alone."""
        listed = f"{_SYSTEMS.get(system, '')}|{code}" in self.codes
        return listed or self.words.search(text) is not None


def _pattern(words: Iterable[str]) -> re.Pattern[str]:
    """Whole words, or beginnings where the word ends in ``*``; a space or hyphen stands for either."""
    each = (re.escape(word.removesuffix("*")) + (r"\w*" if word.endswith("*") else "") for word in words)
    loose = (re.sub(r"\\[ -]", r"[\\s-]+", word) for word in each)
    return re.compile(rf"(?<!\w)(?:{'|'.join(loose)})(?!\w)", re.IGNORECASE)


GROUPS: Final = tuple(
    Group.parse(name, given)
    for name, given in tomllib.loads(files("vault").joinpath("sensitivity.toml").read_text(encoding="utf-8")).items()
)
"""The code list of this vault."""


def judge(codes: Iterable[tuple[str, str, str]]) -> Sensitivity:
    """
    The highest sensitivity that any of *codes* calls for; normal where the list names none of them.

    Args:
        codes: ``(system, code, text)``: the code system's address, the code, and its words; each may be empty.
    """
    return max((group.level for group in _named(codes)), default=Sensitivity.NORMAL)


def groups_of(codes: Iterable[tuple[str, str, str]]) -> tuple[str, ...]:
    """The names of the groups that *codes* fall in, in the order of the list; never shown beside the item itself."""
    return tuple(group.name for group in _named(codes))


def _named(codes: Iterable[tuple[str, str, str]]) -> list[Group]:
    given = tuple(codes)
    return [group for group in GROUPS if any(group.holds(*each) for each in given)]
