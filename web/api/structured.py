"""The ``Vault-Actor`` header: who looks, vouched for by the service, as a structured-field dictionary (RFC 9651).

    Vault-Actor: reference="hc-0417", role=care-worker, team="north"

Values are Strings, Tokens, or Display Strings for letters beyond ASCII. Parameters and other types are refused, and so
is a key that stands twice: who looked may not depend on who parses.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final
from urllib.parse import unquote_to_bytes

from vault.access import ActingPerson
from web.faults import MalformedRequestError

HEADER: Final = "Vault-Actor"
MOST_CHARACTERS: Final = 512
LONGEST_MEMBER: Final = 64

_KEY: Final = re.compile(r"[a-z*][a-z0-9_.*-]*")
_STRING: Final = re.compile(r'"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"')
_TOKEN: Final = re.compile(r"[A-Za-z*][A-Za-z0-9!#$%&'*+.^_`|~:/-]*")
_DISPLAY: Final = re.compile(r'%"((?:[\x20\x21\x23\x24\x26-\x7e]|%[0-9a-f]{2})*)"')
_COMMA: Final = re.compile(r"[ \t]*,[ \t]*")


def parse_dictionary(text: str) -> dict[str, str]:
    """
    The members of structured-field dictionary *text* (RFC 9651, section 4.2.2), values as plain text.

    Raises:
        MalformedRequestError: It is not a dictionary of Strings, Tokens and Display Strings, or names a key twice.
    """
    if len(text) > MOST_CHARACTERS:
        raise MalformedRequestError(f"it is longer than {MOST_CHARACTERS} characters")
    text, at = text.strip(" "), 0
    members: dict[str, str] = {}
    while at < len(text):
        key = _match(_KEY, text, at, "a key")
        if text[key.end() : key.end() + 1] != "=":
            raise MalformedRequestError(f"each member needs `=` and a value (character {key.end()})")
        value, at = _value(text, key.end() + 1)
        if key.group() in members:
            raise MalformedRequestError(f"a key stands twice (character {key.start()})")
        members[key.group()] = value
        at = _next_member(text, at)
    return members


def _match(pattern: re.Pattern[str], text: str, at: int, what: str) -> re.Match[str]:
    found = pattern.match(text, at)
    if found is None:
        raise MalformedRequestError(f"{what} was expected at character {at}")
    return found


def _value(text: str, at: int) -> tuple[str, int]:
    if text[at : at + 1] == '"':
        found = _match(_STRING, text, at, "a closed string")
        return re.sub(r"\\(.)", r"\1", found.group(1)), found.end()
    if text[at : at + 1] == "%":
        found = _match(_DISPLAY, text, at, "a closed display string")
        return _display(found.group(1)), found.end()
    found = _match(_TOKEN, text, at, "a string or a token")
    return found.group(), found.end()


def _display(encoded: str) -> str:
    try:
        return unquote_to_bytes(encoded).decode("utf-8", errors="strict")
    except UnicodeDecodeError:
        raise MalformedRequestError("a display string is not UTF-8") from None


def _next_member(text: str, at: int) -> int:
    if at == len(text):
        return at
    comma = _match(_COMMA, text, at, "a comma")
    if comma.end() == len(text):
        raise MalformedRequestError("nothing follows the last comma")
    return comma.end()


@lru_cache(maxsize=1024)
def acting_person(text: str) -> ActingPerson:
    """
    The person a ``Vault-Actor`` header names: ``reference`` and ``role``, and a ``team`` if there is one.

    Raises:
        MalformedRequestError: It is no such dictionary, or a member is missing, unknown, empty or too long.
    """
    try:
        members = parse_dictionary(text)
        _check_members(members)
    except MalformedRequestError as error:
        raise MalformedRequestError(f"the {HEADER} header cannot be read: {error}") from None
    return ActingPerson(reference=members["reference"], role=members["role"], team=members.get("team", ""))


def _check_members(members: Mapping[str, str]) -> None:
    if members.keys() - {"reference", "role", "team"}:
        raise MalformedRequestError("it has a member other than `reference`, `role` and `team`")
    for name in ("reference", "role"):
        if name not in members:
            raise MalformedRequestError(f"`{name}` is missing")
    for name, value in members.items():
        if not 0 < len(value.strip()) <= len(value) <= LONGEST_MEMBER or not value.isprintable():
            raise MalformedRequestError(f"`{name}` must be 1 to {LONGEST_MEMBER} printable characters")
