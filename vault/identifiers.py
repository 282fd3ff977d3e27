"""Numbers by which others know a person: how each is written the same way, and whether it can be one at all."""

from typing import Final

NHS_NUMBER_DIGITS: Final = 10
_SEPARATORS: Final = str.maketrans("", "", " -\u00a0\u2009\u2011\u2013")


def normalise_nhs_number(number: str) -> str:
    """*number* without the spaces and hyphens people write in it; nothing is checked."""
    return number.translate(_SEPARATORS)


def nhs_number_is_valid(number: str) -> bool:
    """
    Whether *number* is ten digits with a good check digit (NHS Data Dictionary, “NHS number”: modulus 11).

    The first nine digits are weighed 10 to 2; 11 less the remainder of their sum is the tenth, where 11 counts as 0
    and 10 is never issued. Ten times the same digit is never issued either.
    """
    digits = normalise_nhs_number(number)
    if len(digits) != NHS_NUMBER_DIGITS or not (digits.isascii() and digits.isdecimal()):
        return False
    weighed = sum(int(digit) * weight for digit, weight in zip(digits, range(10, 1, -1), strict=False))
    return (11 - weighed % 11) % 11 == int(digits[9]) and len(set(digits)) > 1


def normalise_reference(reference: str) -> str:
    """*reference* in capitals without surrounding or doubled spaces, so that ``asc-1 `` and ``ASC-1`` are the same."""
    return " ".join(reference.split()).upper()
