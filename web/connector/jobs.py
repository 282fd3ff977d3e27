"""What a system asks the connector for: read strictly, from JSON or a line of CSV."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Self

from web.client import Acting, Wanted

NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_TEXTS: Final = ("person", "purpose", "message", "reason", "case_reference", "reference", "role", "team")
_LISTS: Final = ("fields", "categories")
_MEMBERS: Final = frozenset({"id", "days", *_TEXTS, *_LISTS})
LONGEST: Final = 500  # characters of one member
MOST_NAMES: Final = 200
MOST_DAYS: Final = 9999


class JobRefusedError(Exception):
    """It is not as described; the message names the member and quotes nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One person to ask, for one purpose, and what to read then."""

    id: str
    """The system's own, up to 64 letters, digits, `-` and `_`: the same id is asked once."""
    person: str
    purpose: str
    fields: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    days: int | None = None
    message: str = ""
    reason: str = ""
    case_reference: str = ""
    reference: str = ""
    """Who acts: a staff reference; only a batch purpose may do without."""
    role: str = ""
    team: str = ""

    @classmethod
    def of(cls, given: object) -> Self:
        """
        Read one from JSON or from a line of CSV, where lists are names with spaces between.

        Raises:
            JobRefusedError: A member is missing, unknown, or not as described.
        """
        if not isinstance(given, Mapping) or not given.keys() <= _MEMBERS:
            raise JobRefusedError("it is no object of the members that the connector knows")
        told: dict[str, Any] = {name: _text(given, name) for name in ("id", *_TEXTS)}
        told |= {name: _names(given, name) for name in _LISTS}
        if not NAME.fullmatch(told["id"]):
            raise JobRefusedError("`id` has 1 to 64 letters, digits, `-` and `_`")
        if not told["person"] or not told["purpose"] or not (told["fields"] or told["categories"]):
            raise JobRefusedError("`person`, `purpose`, and `fields` or `categories` are needed")
        if bool(told["reference"]) != bool(told["role"]):
            raise JobRefusedError("`reference` and `role` say together who acts")
        return cls(**told, days=_days(given.get("days")))

    def as_json(self) -> str:
        """As it is kept."""
        return json.dumps(asdict(self), sort_keys=True)

    @property
    def digest(self) -> str:
        """SHA-256 of all of it, hexadecimal: another request under the same id is found by it."""
        return hashlib.sha256(self.as_json().encode()).hexdigest()

    @property
    def wanted(self) -> Wanted:
        """What is asked for."""
        return Wanted(
            self.purpose,
            fields=self.fields,
            categories=self.categories,
            days=self.days,
            reason=self.reason,
            case_reference=self.case_reference,
        )

    @property
    def acting(self) -> Acting | None:
        """Who looks, if anybody is named."""
        return Acting(self.reference, self.role, self.team) if self.reference else None


def _text(given: Mapping[str, object], name: str) -> str:
    value = given.get(name) or ""
    if not isinstance(value, str) or len(value) > LONGEST or not value.isprintable():
        raise JobRefusedError(f"`{name}` is one line of at most {LONGEST} characters")
    return value.strip()


def _names(given: Mapping[str, object], name: str) -> tuple[str, ...]:
    value = given.get(name) or []
    found = value.split() if isinstance(value, str) else value
    if not isinstance(found, list) or len(found) > MOST_NAMES or not all(map(_is_name, found)):
        raise JobRefusedError(f"`{name}` is a list of names")
    return tuple(sorted(set(found)))


def _is_name(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST and value.isascii() and value.isprintable()


def _days(value: object) -> int | None:
    if value is None or value == "":
        return None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 5:  # noqa: PLR2004 -- digits
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_DAYS:
        raise JobRefusedError(f"`days` is a number from 1 to {MOST_DAYS}")
    return value
