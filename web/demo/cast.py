"""The residents of Ferndale: who they are, read from one file each and set in time around a given day.

In the files, ``{today}``, ``{today-14}`` and ``{today+3}`` stand for dates, so that Edith always came home today.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).parent / "residents"
_DAY: Final = re.compile(r"\{today([+-]\d+)?\}")

Row = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resident:
    """One invented person, and everything that the council, landlord, carers and hospital wrote about them."""

    slug: str
    title: str
    first_names: str
    last_name: str
    known_as: str
    born: date
    sex: str
    address: tuple[str, str, str, str]
    """First line, second line, town, postcode."""
    nhs_number: str
    uprn: str
    phone: str
    mobile: str
    ni_number: str
    ethnic_group: str = ""
    email: str = ""
    language: str = "English"
    interpreter: str = ""
    letter_format: str = ""
    support: str = ""
    died: date | None = None
    references: Mapping[str, str] = field(default_factory=dict)
    """System → how it knows this person."""
    tables: Mapping[str, tuple[Row, ...]] = field(default_factory=dict)
    """Extract (``care``, ``housing`` …) → rows without system and reference."""
    health: Mapping[str, Any] = field(default_factory=dict)

    @property
    def full_name(self) -> str:
        """First names and last name."""
        return f"{self.first_names} {self.last_name}"


@dataclass(frozen=True, slots=True)
class Numbers:
    """The identifiers that a resident is given by their place in the list."""

    nhs_number: str
    uprn: str
    phone: str
    mobile: str
    ni_number: str


def birth_date(age: int, birthday: str, today: date) -> date:
    """The birth date of someone who is *age* on *today* and has their *birthday* (``MM-DD``, not 02-29) each year."""
    this_year = date.fromisoformat(f"{today.year}-{birthday}")
    return this_year.replace(year=today.year - age - (this_year > today))


def in_time(value: object, today: date) -> Any:  # noqa: ANN401 -- as deep and as mixed as the TOML it came from
    """*value* with every ``{today±n}`` in it replaced by an ISO date, at any depth."""
    if isinstance(value, str):
        return _DAY.sub(lambda found: (today + timedelta(days=int(found[1] or 0))).isoformat(), value)
    if isinstance(value, Mapping):
        return {name: in_time(inner, today) for name, inner in value.items()}
    if isinstance(value, Sequence):
        return [in_time(inner, today) for inner in value]
    return value


_PLAIN: Final = (
    "slug",
    "title",
    "first_names",
    "last_name",
    "known_as",
    "sex",
    "ethnic_group",
    "email",
    "language",
    "interpreter",
    "letter_format",
    "support",
)
_OTHER: Final = frozenset(
    {"age", "birthday", "died", "address_1", "address_2", "town", "postcode", "references", "health"}
)


def resident(given: Mapping[str, Any], numbers: Numbers, today: date) -> Resident:
    """Read one resident's TOML table, set around *today*."""
    told = in_time(given, today)
    return Resident(
        **{name: told[name] for name in _PLAIN if name in told},
        born=birth_date(told["age"], told["birthday"], today),
        died=date.fromisoformat(told["died"]) if "died" in told else None,
        address=(told["address_1"], told.get("address_2", ""), told["town"], told["postcode"]),
        references=told.get("references", {}),
        tables={name: _rows(told[name]) for name in told if name not in _PLAIN and name not in _OTHER},
        health=told.get("health", {}),
        nhs_number=numbers.nhs_number,
        uprn=numbers.uprn,
        phone=numbers.phone,
        mobile=numbers.mobile,
        ni_number=numbers.ni_number,
    )


def _rows(table: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> tuple[Row, ...]:
    return (table,) if isinstance(table, Mapping) else tuple(table)


def scripts() -> list[Mapping[str, Any]]:
    """The TOML table of every resident with a file of their own, by slug."""
    return [tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.toml"))]
