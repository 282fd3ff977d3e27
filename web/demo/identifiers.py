"""Identifiers that look right and belong to nobody: each from a range that its keeper set aside, or never gives out."""

from typing import Final

# NHS Data Dictionary: numbers beginning 999 are for tests and are never given to a patient.
_NHS_TEST_RANGE: Final = 999_500_000
# Ofcom, "Telephone numbers for use in TV and radio drama": 07700 900000 to 900999, 01632 960000 to 960999.
_DRAMA_NUMBERS: Final = 1000
_DIGIT_WEIGHTS: Final = range(10, 1, -1)


def nhs_check_digit(nine: str) -> int | None:
    """
    The tenth digit of an NHS number, or None when *nine* digits can have none (modulus 11, remainder 10).

    Source: NHS Data Dictionary, "NHS Number".
    """
    rest = sum(weight * int(digit) for weight, digit in zip(_DIGIT_WEIGHTS, nine, strict=True)) % 11
    digit = (11 - rest) % 11
    return None if digit == 10 else digit  # noqa: PLR2004 -- ten is no digit


def nhs_numbers(count: int) -> list[str]:
    """The first *count* valid numbers of the test range from 999 500 000x on, ten digits each."""
    found: list[str] = []
    number = _NHS_TEST_RANGE
    while len(found) < count:
        check = nhs_check_digit(str(number))
        if check is not None:
            found.append(f"{number}{check}")
        number += 1
    return found


def mobile(index: int) -> str:
    """A mobile number for drama, ``07700 900xxx``; repeats after a thousand."""
    return f"07700 {900_000 + index % _DRAMA_NUMBERS}"


def landline(index: int) -> str:
    """A landline number for drama, ``01632 960xxx``; repeats after a thousand."""
    return f"01632 {960_000 + index % _DRAMA_NUMBERS}"


def uprn(index: int) -> str:
    """A property number of twelve digits, above every one that was given out."""
    return f"{990_000_000_000 + index}"


def national_insurance(index: int) -> str:
    """A National Insurance number with the prefix QQ, which is never used (HMRC manual NIM39110)."""
    return f"QQ{index % 1_000_000:06d}A"
