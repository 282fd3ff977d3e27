"""A whole FHIR file: who it speaks of, then item by item what it says of them, then what was left out."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from vault.identifiers import nhs_number_is_valid
from vault.importing import fhir_care, fhir_health, fhir_medicine, fhir_observation, fhir_person, fhir_stay
from vault.importing.bundle import Bundle, Entry
from vault.importing.fhir_values import Resource, part, word
from vault.importing.found import NO_HOME, Found, LeftOut, Mapper, source_id
from vault.importing.items import Item, Notice, NoticeKind, Subject
from vault.importing.overlay import NO_ROW, Overlay, OverlayRow
from vault.importing.scrub import NEVER_TYPES

MAPPERS: Final[Mapping[str, Mapper]] = {
    "AllergyIntolerance": fhir_health.allergy,
    "CarePlan": fhir_care.care_plan,
    "CareTeam": fhir_care.care_team,
    "Composition": fhir_stay.composition,
    "Condition": fhir_health.condition,
    "Device": fhir_care.device,
    "DiagnosticReport": fhir_observation.report,
    "DocumentReference": fhir_care.document,
    "Encounter": fhir_stay.encounter,
    "Flag": fhir_care.flag,
    "Goal": fhir_care.goal,
    "Immunization": fhir_health.immunisation,
    "MedicationRequest": fhir_medicine.medication,
    "MedicationStatement": fhir_medicine.medication,
    "Observation": fhir_observation.observation,
    "Procedure": fhir_health.procedure,
    "QuestionnaireResponse": fhir_care.questionnaire,
    "RelatedPerson": fhir_person.related_person,
}
"""Resource type → what reads it. `Patient` is read apart, since it makes the subject."""

_SUBJECT_MEMBERS: Final = ("subject", "patient", "beneficiary", "individual", "for")
_MAY_BE_NOBODYS: Final = frozenset({"Device"})  # without a patient it is a thing in a store
_SAYS_NOTHING: Final = LeftOut("says nothing that has a home in the catalogue")


class FhirFile:
    """Reads one bundle into subjects, items and notices."""

    def __init__(self, bundle: Bundle, overlay: Overlay, *, keep_unknown: bool) -> None:
        self._bundle = bundle
        self._overlay = overlay
        self._keep_unknown = keep_unknown
        self._left_out: Counter[tuple[str, str]] = Counter()

    def read(self) -> Iterator[Subject | Item | Notice]:
        """Subjects first, since references may point forwards; then items; then what was left out, by type and why."""
        people = [each for each in self._bundle.entries if each.type == "Patient"]
        told_apart = {key: each for each in people if (key := self._person_key(each))}
        for key, entry in told_apart.items():
            yield fhir_person.subject(entry, self._row(entry))
            yield from self._doubts(entry)
            found = fhir_person.patient_items(self._bundle, entry, self._row(entry))
            yield from self._items(entry, found, key)
        if len({fhir_person.key_of(each) for each in people}) > len(told_apart):
            message = "two different people under one id: neither was taken, nor anything about them matched"
            yield Notice(kind=NoticeKind.ERROR, type="Patient", position="", message=message)
        for entry in self._bundle.entries:
            if entry.type != "Patient":
                yield from self._other(entry)
        for (kind, why), count in sorted(self._left_out.items()):
            yield Notice(kind=NoticeKind.LEFT_OUT, type=kind, position="", message=why, count=count)

    def _row(self, entry: Entry) -> OverlayRow:
        return self._overlay.get(entry.id, NO_ROW)

    def _person_key(self, entry: Entry) -> str | None:
        """The key of a Patient; None where another Patient of the file claims the same id."""
        own = {"reference": f"Patient/{entry.id}"}
        return fhir_person.key_of(entry) if not entry.id or self._bundle.find(own) is not None else None

    def _doubts(self, entry: Entry) -> Iterator[Notice]:
        subject = fhir_person.subject(entry, self._row(entry))
        number, position = subject.claim.nhs_number, f"entry {entry.number}"
        if number is not None and not nhs_number_is_valid(number):
            message = "the NHS number has a bad check digit: it was not taken and matches nobody"
            yield Notice(kind=NoticeKind.WARNING, type="Patient", position=position, message=message)
        elif subject.claim.nhs_number_doubted:
            message = "the source has not verified the NHS number: it matches nobody"
            yield Notice(kind=NoticeKind.WARNING, type="Patient", position=position, message=message)

    def _other(self, entry: Entry) -> Iterator[Item | Notice]:
        if not entry.type:
            message = "an entry without a resource"
            yield Notice(kind=NoticeKind.ERROR, type="", position=f"entry {entry.number}", message=message)
            return
        about_person, key = self._whose(entry)
        mapper = MAPPERS.get(entry.type)
        if not about_person:
            yield from self._items(entry, [LeftOut("is about no person")], None)
        elif mapper is None:
            yield from self._items(entry, [NO_HOME], key)
        else:
            yield from self._items(entry, mapper(self._bundle, entry), key)

    def _items(self, entry: Entry, found: list[Found | LeftOut], key: str | None) -> Iterator[Item]:
        for each in found:
            if isinstance(each, Found) and each.fields:
                yield self._item(entry, each, key)
                continue
            why = each if isinstance(each, LeftOut) else _SAYS_NOTHING
            kept = self._whole(entry, key) if self._keep_unknown and entry.type not in NEVER_TYPES else None
            if kept is None:
                self._left_out[entry.type, why.why] += 1
            else:
                yield kept

    def _item(self, entry: Entry, found: Found, key: str | None) -> Item:
        return Item(
            category=found.category,
            fields={name: self._bundle.scrubber.value(held) for name, held in found.fields.items()},
            source_type=entry.type,
            source_id=source_id(entry, found.part),
            as_of=found.as_of,
            source_status=found.status,
            codes=found.codes,
            reason_codes=found.reason_codes,
            third_party=found.third_party,
            content=found.content,
            subject=key,
        )

    def _whole(self, entry: Entry, key: str | None) -> Item | None:
        """A resource without a home, kept as it came, if it is about a person at all."""
        held = self._bundle.scrubber.whole(entry.resource) if self._names_person(entry) else {}
        if not held:
            return None
        kind, number = entry.type, source_id(entry, "whole")
        return Item(category="other", fields={"other.item": held}, source_type=kind, source_id=number, subject=key)

    def _names_person(self, entry: Entry) -> bool:
        return self._whose(entry)[0] and bool(_reference(entry.resource))

    def _whose(self, entry: Entry) -> tuple[bool, str | None]:
        """Whether a resource is about a person, and that person's key where the reference says who: never by name."""
        reference = _reference(entry.resource)
        if not reference:
            return entry.type in MAPPERS and entry.type not in _MAY_BE_NOBODYS, None
        found = self._bundle.find(reference)
        if found is not None:
            return found.type == "Patient", fhir_person.key_of(found) if found.type == "Patient" else None
        address = word(reference, "reference")
        kind, _, number = address.partition("/")
        if ":" in address or not number:
            return True, None
        if kind != "Patient":
            return False, None
        return True, None if self._ambiguous(number) else f"Patient/{number}"

    def _ambiguous(self, number: str) -> bool:
        return any(each.type == "Patient" and each.id == number for each in self._bundle.entries)


def _reference(resource: Resource) -> Resource:
    return next((found for each in _SUBJECT_MEMBERS if (found := part(resource, each))), {})
