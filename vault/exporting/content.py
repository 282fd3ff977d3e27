"""What a citizen takes with them: items with where each came from, and, if they wish, sharing, cases and looks."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from vault.catalogue import CATALOGUE
from vault.kinds import RecordStatus
from vault.others import is_left_out
from vault.release import MASK, RecordView

VERSION: Final = 1
"""The version of the shape; every file says it. A change that an older reader could trip over takes the next number."""

ALWAYS_SAID: Final = (
    "Parts about other people are left out. You can ask us for a copy that looks at each of them.",
    "In rare cases the law lets us hold something back from you for a time.",
    "In rare cases the law lets us show a line to you later.",
)
"""What stands in every file of everybody, whatever was left out of it, so that it hints at nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing that is kept, with its source. *fields* are those that may leave, in the catalogue's order."""

    record_id: UUID
    category: str
    fields: Mapping[str, Any] = field(repr=False)
    status: RecordStatus
    as_of: str | None
    received_at: datetime
    organisation: str
    system: str
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """One sharing with a service, as it stands."""

    grant_id: UUID
    service: str
    organisation: str
    purpose: str
    fields: tuple[str, ...]
    state: str
    decided_by: str
    made_at: datetime
    not_after: datetime
    uses: int
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One thing the citizen brought up, and what was answered."""

    case_id: UUID
    kind: str
    service: str
    statement: str = field(repr=False)
    state: str
    opened_at: datetime
    due_at: datetime
    answer: str | None = field(repr=False)
    answered_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One line of the log, with the proof that it stands there (C2SP tlog-proof), once it has its place."""

    leaf_hash: bytes
    position: str | None
    at: datetime
    event: str
    who: str
    purpose: str
    fields: tuple[str, ...]
    refused: tuple[str, ...]
    proof: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """Everything one file holds."""

    made_at: datetime
    council: str
    items: tuple[Item, ...]
    shares: tuple[Share, ...] | None = None
    """None where the citizen did not ask for them; the same holds for the next two."""
    told: tuple[Told, ...] | None = None
    looks: tuple[Look, ...] | None = None
    looks_whole: bool = True
    """Whether *looks* reaches back to the beginning."""


def leaving(category: str) -> frozenset[str]:
    """The fields of *category* that leave in every file, without dangers; what is about others the door leaves out."""
    return frozenset(each.name for each in CATALOGUE.category(category).fields if not each.needs_reveal)


def one_at_a_time() -> tuple[str, ...]:
    """The fields that leave only where the citizen picked them, in the catalogue's order."""
    return tuple(each.name for each in CATALOGUE.fields if each.needs_reveal)


def item_of(record: RecordView, fields: Iterable[str]) -> Item | None:
    """*record* cut to *fields*, in the catalogue's order; nothing where none of them is there."""
    wanted = frozenset(fields)
    held = {
        each.name: record.fields[each.name]
        for each in CATALOGUE.category(record.category).fields
        if each.name in wanted
        and record.fields.get(each.name) not in (None, "", [], {}, MASK)
        and not is_left_out(each.name, record.fields[each.name])
    }
    if not held:
        return None
    return Item(
        record_id=record.record_id,
        category=record.category,
        fields=held,
        status=record.status,
        as_of=record.as_of,
        received_at=record.received_at,
        organisation=record.organisation_name,
        system=record.source_system,
        version=record.version,
    )
