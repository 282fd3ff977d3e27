"""The lawful bases a purpose may name, in plain words, each with its article and its term in DPV.

UK GDPR Art. 6(1) and Art. 9(2); terms are those of W3C DPV's EU GDPR extension (https://w3id.org/dpv/legal/eu/gdpr#).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Ground:
    """One provision."""

    code: str
    """As purposes name it, such as ``6(1)(e)``."""
    article: str
    dpv: str
    """The term in DPV's vocabulary ``eu-gdpr``."""
    words: str
    """The same for residents."""


def _grounds(article: str, prefix: str, words: Mapping[str, str]) -> dict[str, Ground]:
    made = {}
    for letter, said in words.items():
        code = f"{article}({letter})"
        made[code] = Ground(code, f"UK GDPR Art. {code}", f"eu-gdpr:{prefix}-{letter}", said)
    return made


BASES: Final[Mapping[str, Ground]] = _grounds(
    "6(1)",
    "A6-1",
    {
        "a": "You agreed to it",
        "b": "It is needed for a contract with you",
        "c": "The law says it must be done",
        "d": "It is needed to save someone's life",
        "e": "It is part of a public task that the law gives",
        "f": "There is a fair reason that weighs more than the harm to you",
    },
)
"""UK GDPR Art. 6(1): what makes a use lawful at all."""

CONDITIONS: Final[Mapping[str, Ground]] = _grounds(
    "9(2)",
    "A9-2",
    {
        "a": "You clearly agreed to the use of something this private",
        "b": "It is needed for work, social security or social protection law",
        "c": "It is needed to save the life of someone who cannot agree",
        "d": "A charity or similar body uses it for its own members",
        "e": "You made it public yourself",
        "f": "It is needed for a legal claim or a court",
        "g": "The law says that it matters to everyone",
        "h": "It is needed for health or social care",
        "i": "It is needed to protect public health",
        "j": "It is needed for archives, research or statistics",
    },
)
"""UK GDPR Art. 9(2): what makes the use of something especially private lawful."""
