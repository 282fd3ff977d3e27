"""One FHIR file as a set of resources that refer to each other: bundles of any kind, or a single resource.

A reference is resolved within the file, by its ``fullUrl``, its ``Type/id`` or among ``contained``; or to a file
beside it that is named by the id. Never by a name or a birth date. Many real references dangle; that is no fault.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from vault.importing.fhir_values import NOTHING, Resource, part, parts, phrase, sentence, word, words
from vault.importing.scrub import Scrubber, foreign_numbers
from vault.importing.strict_json import UnreadableFileError, decode, parse, read_bytes

RESOURCE_TYPE: Final = re.compile(r"[A-Z][A-Za-z]{1,63}")
_ID: Final = re.compile(r"[A-Za-z0-9\-.]{1,64}")  # FHIR R4, datatype id
_RELATIVE: Final = re.compile(r"(?:.*/)?([A-Z][A-Za-z]{1,63})/([A-Za-z0-9\-.]{1,64})(?:/_history/[^/]+)?")
_BESIDE: Final = frozenset({"Location", "Medication", "Organization", "Practitioner"})
"""Types that name no patient, and so may be looked up in a file beside this one."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One resource with its place in the file."""

    number: int
    """Counted from 1."""
    full_url: str
    resource: Resource

    @property
    def type(self) -> str:
        """The resource type, or empty where none is given."""
        found = word(self.resource, "resourceType")
        return found if RESOURCE_TYPE.fullmatch(found) else ""

    @property
    def id(self) -> str:
        """The resource's own id, else that of its ``fullUrl``; empty where it has neither."""
        own = word(self.resource, "id")
        return own if _ID.fullmatch(own) else _last(self.full_url)


def _last(url: str) -> str:
    tail = re.split(r"[/:]", url)[-1]
    return tail if _ID.fullmatch(tail) else ""


@dataclass(frozen=True)
class Bundle:
    """All resources of one file."""

    entries: tuple[Entry, ...]
    folder: Path | None = None

    @cached_property
    def scrubber(self) -> Scrubber:
        """What takes this file's foreign numbers out of free text."""
        return Scrubber(foreign_numbers([each.resource for each in self.entries]))

    @cached_property
    def _by_address(self) -> dict[str, Entry | None]:
        """Entries by address; None where two different resources claim one, so that neither is believed."""
        found: dict[str, Entry | None] = {}
        for entry in self.entries:
            for address in {entry.full_url, f"{entry.type}/{entry.id}"} - {""}:
                if address.endswith("/"):
                    continue
                taken = found.get(address, entry)
                found[address] = taken if taken is not None and taken.resource == entry.resource else None
        return found

    def find(self, reference: object) -> Entry | None:
        """The entry a Reference points to in this file, or None."""
        address = word(reference, "reference")
        if address in self._by_address:
            return self._by_address[address]
        relative = _RELATIVE.fullmatch(address)
        return self._by_address.get(f"{relative[1]}/{relative[2]}") if relative and "://" not in address else None

    def resource(self, holder: Resource, reference: object) -> Resource:
        """What a Reference in *holder* points to: contained, in this file, or beside it; empty where it dangles."""
        address = word(reference, "reference")
        if address.startswith("#"):
            return next((each for each in parts(holder, "contained") if f"#{word(each, 'id')}" == address), NOTHING)
        found = self.find(reference)
        return found.resource if found else self._beside(address)

    def _beside(self, address: str) -> Resource:
        relative = _RELATIVE.fullmatch(address)
        if relative is None or relative[1] not in _BESIDE or self.folder is None:
            return NOTHING
        path = self.folder / f"{relative[2]}.json"
        if not path.is_file():
            return NOTHING
        try:
            held = parse(decode(read_bytes(path)))
        except UnreadableFileError:
            return NOTHING
        return held if word(held, "resourceType") == relative[1] and word(held, "id") == relative[2] else NOTHING

    def name_of(self, holder: Resource, reference: object) -> str:
        """A referenced person, organisation, place or thing in words: the reference's own display, else its name."""
        if shown := word(reference, "display"):
            return shown
        found = self.resource(holder, reference)
        return word(found, "name") or human_name(part(found, "name")) or phrase(part(found, "code"))

    def names(self, holder: Resource, member: str) -> list[str]:
        """The names of all References in list *member* of *holder*."""
        return [shown for each in parts(holder, member) if (shown := self.name_of(holder, each))]


def human_name(name: Resource) -> str:
    """A HumanName in one line: prefix, given names, family name, suffix; else its text."""
    given = [*words(name, "prefix"), *words(name, "given"), word(name, "family"), *words(name, "suffix")]
    return sentence(given, " ") or word(name, "text")


def open_bundle(held: object, folder: Path | None = None) -> Bundle:
    """
    The resources of a parsed file.

    Raises:
        UnreadableFileError: It is no FHIR resource, or a bundle whose entries are no list.
    """
    if not isinstance(held, dict) or not RESOURCE_TYPE.fullmatch(word(held, "resourceType")):
        raise UnreadableFileError("", "no FHIR resource: there is no `resourceType`")
    if word(held, "resourceType") == "Bundle" and not isinstance(held.get("entry", []), list):
        raise UnreadableFileError("", "the bundle's `entry` is no list")
    return Bundle(tuple(_entries(held)), folder)


def _entries(held: Resource) -> Iterator[Entry]:
    if word(held, "resourceType") != "Bundle":
        yield Entry(1, "", held)
        return
    given = held.get("entry")
    for number, each in enumerate(given if isinstance(given, list) else [], start=1):
        yield Entry(number, word(each, "fullUrl"), part(each, "resource"))
