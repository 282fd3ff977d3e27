"""How old a reader must be to follow a text: the Flesch-Kincaid grade level plus five years.

Kincaid and others (1975): grade = 0.39 × words a sentence + 11.8 × syllables a word − 15.59. The years at school before
the first grade make the five. Names and codes are left out before the text comes here.
"""

import re
from collections.abc import Iterable
from typing import Final

_SENTENCE: Final = re.compile(r"[^.!?:;•]+")
_WORD: Final = re.compile(r"[a-z][a-z’'-]*", re.IGNORECASE)
_VOWELS: Final = re.compile(r"[aeiouy]+")
FEWEST_WORDS: Final = 4  # a label is no sentence


def syllables(word: str) -> int:
    """About how many syllables an English *word* has: its groups of vowels, less what is written and not said."""
    plain = re.sub(r"[^a-z]", "", word.lower())
    if len(plain) <= 3:
        return 1
    silent = len(re.findall(r"(?:[^laeiouy]es|[^laeiouydt]ed|[^laeiouy]e)$", plain))
    return max(1, len(_VOWELS.findall(plain)) - silent)


def sentences(texts: Iterable[str]) -> list[list[str]]:
    """The sentences in *texts* as lists of words; labels of a word or three are left out."""
    found = [_WORD.findall(part) for text in texts for part in _SENTENCE.findall(text)]
    return [words for words in found if len(words) >= FEWEST_WORDS]


def reading_age(texts: Iterable[str]) -> float | None:
    """Years; nothing where *texts* hold no sentence."""
    found = sentences(texts)
    words = [word for sentence in found for word in sentence]
    if not words:
        return None
    return 0.39 * len(words) / len(found) + 11.8 * sum(map(syllables, words)) / len(words) - 15.59 + 5
