"""What reading a silo's file yields: people it speaks of, items about them, and notices about what could not be taken.

Values of one file only. Who a person is (`vault.importing.matching`) and what becomes of the items
(`vault.importing.run`) is decided elsewhere.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TypeAlias

from vault.documents import Content
from vault.identifiers import nhs_number_is_valid
from vault.kinds import RecordStatus

Value: TypeAlias = str | list[str] | dict[str, str]
"""A field's value: plain text; several such; or labelled parts, as ``{"from": "2011-08-02", "to": "2011-08-11"}``."""

Code: TypeAlias = tuple[str, str, str]
"""A code as (system, code, text); any part may be empty."""


class NoticeKind(enum.StrEnum):
    """How grave a notice is."""

    LEFT_OUT = "left-out"
    """Has no home in the vault, or names no person: nothing is wrong, and nothing was taken."""
    WARNING = "warning"
    """Taken, but a part of it was not usable; someone should look."""
    ERROR = "error"
    """The file, or the named part of it, could not be read and was not taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Who the file says a person is. Nothing here is believed yet."""

    nhs_number: str | None = field(default=None, repr=False)
    """As the source gives it, spaces removed; possibly with a bad check digit."""
    nhs_number_doubted: bool = False
    """The source itself says that the number was not verified (UKCore-NHSNumberVerificationStatus other than 01)."""
    birth_date: date | None = field(default=None, repr=False)
    name: str | None = field(default=None, repr=False)
    references: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """(system, reference) pairs by which the sending organisation knows this person."""
    source_id: str | None = None
    """The id of the person's own resource in the source system; empty in files that have none."""

    @property
    def nhs_number_valid(self) -> bool:
        """Whether the number may be used to match: its check digit is good and its source does not doubt it."""
        return self.nhs_number is not None and not self.nhs_number_doubted and nhs_number_is_valid(self.nhs_number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A person a file speaks of. Comes before the first item about them."""

    key: str
    """What items of this run call this person: ``Patient/<id>`` in FHIR, ``<system>/<reference>`` in CSV."""
    claim: Claim
    deceased: bool = False
    death_date: date | None = None
    languages: tuple[str, ...] = ()
    """BCP 47 tags, in the order of the source."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """
    One thing a file says about one person: the fields of one category.

    (source_type, source_id) is unique within a source system.
    """

    category: str
    fields: Mapping[str, Value] = field(repr=False)
    """By catalogue name (``medication.dose``); never empty. A field the source does not give is absent."""
    source_type: str
    """FHIR resource type (``MedicationRequest``) or file kind (``care.csv``)."""
    source_id: str = field(repr=False)
    as_of: date | None = None
    """The day the source says this was so, as written there."""
    source_status: RecordStatus = RecordStatus.CURRENT
    codes: tuple[Code, ...] = field(default=(), repr=False)
    """Codes and words of what the item is, for the sensitivity code list."""
    reason_codes: tuple[Code, ...] = field(default=(), repr=False)
    """The same of its reason: a medicine is as sensitive as what it is for."""
    third_party: bool = False
    """The whole item is about someone else too, beyond what its fields' flags say."""
    content: Content | None = field(default=None, repr=False)
    """The file that came with it, to be kept as its document."""
    subject: str | None = None
    """
    The `Subject.key` it is about. A key of no subject of the run, or none at all, means the unmatched tray, never a
    guess by name.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something the importer should know about a file. Never carries a value out of it."""

    kind: NoticeKind
    type: str
    """Resource type or file kind; empty where the file could not be read so far."""
    position: str
    """Where, as in ``entry 12``, ``row 5``, ``line 4, column 7``; empty for the whole file."""
    message: str
    count: int = 1
    """How many such cases this one notice stands for."""


def words_of(fields: Mapping[str, Value]) -> tuple[Code, ...]:
    """Every text of *fields* for the sensitivity list, which knows words as well as codes."""
    given = ([held] if isinstance(held, str) else held for held in fields.values())
    return tuple(("", "", each) for held in given for each in (held.values() if isinstance(held, dict) else held))
