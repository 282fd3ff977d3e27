"""What is never stored, at any depth: foreign identifiers, and the data that came with them.

The mappings read by name what the catalogue has a home for, so none of this is picked up as a value. What remains is
free text that repeats such a number, and resources kept whole on request: both pass through here.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from vault.importing.fhir_values import Resource, code, parts, word
from vault.importing.items import Value

NHS_NUMBER: Final = "https://fhir.nhs.uk/Id/nhs-number"
NEVER_TYPES: Final = frozenset({"Claim", "ClaimResponse", "Coverage", "ExplanationOfBenefit", "Invoice", "Account"})
"""Resource types that are left out even where unknown ones are kept: another country's bills."""
REMOVED: Final = "[number removed]"

_HOME_SYSTEMS: Final = ("https://fhir.nhs.uk/", "https://fhir.hl7.org.uk/", "https://fhir.nhs.wales/")
_FOREIGN_TYPES: Final = frozenset(
    {"SS", "SB", "DL", "PPN", "MR", "PI", "PT", "NPI", "TAX", "CZ", "MC", "MCD", "HC"}
)  # HL7 v2-0203
_FOREIGN_SYSTEMS: Final = re.compile(
    r"us-ssn|us-npi|us-medicare|passport|driver|smarthealthit|synthea|urn:oid:2\.16\.840\.1\.113883\.4\.", re.IGNORECASE
)
_SOCIAL_SECURITY: Final = re.compile(r"(?<![\d-])\d{3}-\d{2}-\d{4}(?![\d-])")
_SHORTEST: Final = 6  # a shorter number is part of too many words
_DROPPED: Final = frozenset(
    {"div", "meta", "fhir_comments", "extension", "modifierExtension", "contained", "data", "photo"}
)
_ELEMENT: Final = re.compile(r"[A-Za-z][A-Za-z0-9]{0,63}")
_NAMED_TEXT: Final = 20_000


def foreign_numbers(resources: object) -> frozenset[str]:
    """Every value in *resources*, at any depth, of an identifier that is never stored."""
    return frozenset(each for each in _numbers(resources) if len(each) >= _SHORTEST)


def _numbers(held: object) -> Iterator[str]:
    if isinstance(held, list):
        for each in held:
            yield from _numbers(each)
    elif isinstance(held, Mapping):
        for identifier in parts(held, "identifier"):
            if is_foreign(identifier):
                yield word(identifier, "value")
        for each in held.values():
            if isinstance(each, list | Mapping):
                yield from _numbers(each)


def is_foreign(identifier: Resource) -> bool:
    """Whether an Identifier is one never stored: a foreign authority's, or another hospital's own numbering."""
    system = word(identifier, "system")
    if system.startswith(_HOME_SYSTEMS):
        return False
    return code(identifier.get("type"), "v2-0203") in _FOREIGN_TYPES or bool(_FOREIGN_SYSTEMS.search(system))


class Scrubber:
    """Takes the foreign numbers of one file out of whatever is kept from it."""

    def __init__(self, numbers: frozenset[str]) -> None:
        self._numbers = re.compile(
            "|".join(re.escape(each) for each in sorted(numbers, key=len, reverse=True)) or r"(?!)"
        )

    def words(self, held: str) -> str:
        """*held* without the file's foreign numbers, and without anything written as a US social security number."""
        return _SOCIAL_SECURITY.sub(REMOVED, self._numbers.sub(REMOVED, held))

    def value(self, held: Value) -> Value:
        """A field's value, scrubbed in every part."""
        if isinstance(held, str):
            return self.words(held)
        if isinstance(held, list):
            return [self.words(each) for each in held]
        return {label: self.words(each) for label, each in held.items()}

    def whole(self, resource: Resource) -> dict[str, str]:
        """A resource without a home, as labelled text: no foreign identifier, extension, narrative or binary."""
        flat = dict(_flat(resource, ""))
        return {place: self.words(held) for place, held in flat.items() if held and len(held) <= _NAMED_TEXT}


def _flat(held: Any, place: str) -> Iterator[tuple[str, str]]:  # noqa: ANN401 -- any JSON
    if isinstance(held, list):
        for number, each in enumerate(held, start=1):
            if not (isinstance(each, Mapping) and place.endswith("identifier") and is_foreign(each)):
                yield from _flat(each, f"{place} {number}" if len(held) > 1 else place)
    elif isinstance(held, Mapping):
        for name in held:
            narrative = name == "text" and isinstance(held[name], Mapping)
            if name not in _DROPPED and _ELEMENT.fullmatch(name) and not narrative:
                yield from _flat(held[name], f"{place}.{name}" if place else name)
    elif held is not None:
        yield place, word({"": held}, "")
