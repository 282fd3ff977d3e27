"""Codes that people type: random letters and digits in groups of four, the last one a check on the others.

The alphabet is Crockford's base 32: no ``I``, ``L``, ``O`` or ``U``. A code is taken in any case, with or without its
dashes, and with ``O`` for 0 and ``I`` or ``L`` for 1. The check (Luhn modulo 32) finds every single wrong character and
nearly every swap of two neighbours, so that a slip of the finger is told at once and counts as no try.
"""

import secrets
from typing import Final

from vault.errors import InvalidInputError

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
GROUP: Final = 4
RECOVERY_GROUPS: Final = 5
"""19 random characters of 5 bits: 95 bits."""
LETTER_GROUPS: Final = 4
"""15 random characters of 5 bits: 75 bits."""

_READ_AS: Final = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None, "\u2013": None, "\u00a0": None})
_LONGEST: Final = 64  # characters of what somebody pasted


def new(groups: int) -> str:
    """A fresh code of *groups* groups of four characters; all but the last character are random, 5 bits each."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(groups * GROUP - 1))
    return body + _check(body)


def shown(code: str) -> str:
    """*code* in groups, as it is printed."""
    return "-".join(code[start : start + GROUP] for start in range(0, len(code), GROUP))


def read(text: str, *, groups: int) -> str:
    """
    The code that somebody typed or pasted, written as `new` made it.

    Raises:
        InvalidInputError: It has another length, a character that no code has, or its check does not fit.
    """
    code = text[:_LONGEST].strip().upper().translate(_READ_AS)
    if len(code) != groups * GROUP or not set(code) <= set(ALPHABET) or _check(code[:-1]) != code[-1]:
        raise InvalidInputError("the code is not typed as it was given")
    return code


def _check(body: str) -> str:
    total = 0
    for place, letter in enumerate(reversed(body)):
        number = ALPHABET.index(letter) * (2 if place % 2 == 0 else 1)
        total += number // len(ALPHABET) + number % len(ALPHABET)
    return ALPHABET[-total % len(ALPHABET)]
