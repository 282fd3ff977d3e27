"""What a mapping hands back for one FHIR resource, before it is tied to the person and the file."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TypeAlias

from vault.documents import Content
from vault.importing.bundle import Bundle, Entry
from vault.importing.dates import fhir_day
from vault.importing.fhir_values import Resource, code, word
from vault.importing.items import Code, Value
from vault.kinds import RecordStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One item as a mapping sees it. Where one resource gives several, *part* tells them apart."""

    category: str
    fields: Mapping[str, Value] = field(repr=False)
    part: str = ""
    as_of: date | None = None
    status: RecordStatus = RecordStatus.CURRENT
    codes: tuple[Code, ...] = field(default=(), repr=False)
    reason_codes: tuple[Code, ...] = field(default=(), repr=False)
    third_party: bool = False
    content: Content | None = field(default=None, repr=False)
    """The file that came with it."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Why a resource of a mapped type was not taken."""

    why: str


Mapper: TypeAlias = Callable[[Bundle, Entry], list[Found | LeftOut]]
"""What a type of resource becomes; never raises, whatever the resource holds."""

NO_HOME = LeftOut("has no home in the catalogue")


def source_id(entry: Entry, part: str = "") -> str:
    """The id of an item within its source system: the resource's, else a digest of it; with the part's name."""
    own = entry.id or digest(entry.resource)
    return f"{own}#{part}" if part else own


def digest(resource: Resource) -> str:
    """32 hex digits that stand for exactly this content."""
    spelled = json.dumps(resource, sort_keys=True, default=str).encode("utf-8", "surrogatepass")
    return hashlib.sha256(spelled).hexdigest()[:32]


def status_of(resource: Resource, *history: str) -> RecordStatus:
    """What a resource's own status and verification say: by mistake; over, if one of *history*; else current."""
    given = {word(resource, "status"), word(resource, "lifecycleStatus"), code(resource.get("verificationStatus"))}
    if "entered-in-error" in given:
        return RecordStatus.ENTERED_IN_ERROR
    return RecordStatus.HISTORY if given & {"refuted", *history} else RecordStatus.CURRENT


def first_day(*written: str) -> date | None:
    """The day of the first of *written* that is a date."""
    return next((day for each in written if (day := fhir_day(each))), None)
