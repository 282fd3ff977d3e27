"""Patient and RelatedPerson: who someone is, how to reach them, who is close to them.

Read by name and nothing else: race, ethnicity and birth sex of US Core, maiden names, birth places and foreign
identifiers have no reader here.
"""

import hashlib
from collections.abc import Iterator
from datetime import date
from typing import Final

from vault.identifiers import nhs_number_is_valid, normalise_nhs_number
from vault.importing.bundle import Bundle, Entry, human_name
from vault.importing.dates import fhir_date, fhir_day
from vault.importing.fhir_values import (
    Resource,
    choice,
    code,
    codings,
    extension,
    filled,
    is_true,
    part,
    parts,
    phrase,
    phrases,
    sentence,
    word,
    words,
)
from vault.importing.found import Found, LeftOut, source_id, status_of
from vault.importing.items import Claim, Subject, Value
from vault.importing.overlay import NO_ROW, OverlayRow
from vault.importing.scrub import NHS_NUMBER

_VERIFIED: Final = "01"  # UKCore-NHSNumberVerificationStatus: number present and verified
_DEAD: Final = frozenset({"1", "2"})  # UKCore-DeathNotificationStatus: informal, formal
_REMOVED: Final = "U"
_TIMES: Final = {"MORN": "in the morning", "AFT": "in the afternoon", "EVE": "in the evening", "NIGHT": "at night"}
_DAYS: Final = {
    "mon": "Monday",
    "tue": "Tuesday",
    "wed": "Wednesday",
    "thu": "Thursday",
    "fri": "Friday",
    "sat": "Saturday",
    "sun": "Sunday",
}


def key_of(entry: Entry) -> str:
    """What items of this run call the patient of *entry*."""
    return f"Patient/{source_id(entry)}"


def subject(entry: Entry, overlay: OverlayRow = NO_ROW) -> Subject:
    """The person a Patient resource is about, as it claims."""
    patient = entry.resource
    number = _nhs_number(patient)
    claimed = overlay.nhs_number or word(number, "value")
    status = code(extension(number, "NHSNumberVerificationStatus").get("valueCodeableConcept"))
    deceased, died = _death(patient)
    return Subject(
        key=key_of(entry),
        claim=Claim(
            nhs_number=normalise_nhs_number(claimed) or None,
            nhs_number_doubted=not overlay.nhs_number and status not in {"", _VERIFIED},
            birth_date=_birth_date(patient),
            name=human_name(_name(patient, "official")) or None,
            source_id=entry.id or None,
        ),
        deceased=deceased,
        death_date=died,
        languages=tuple(
            tag for each in parts(patient, "communication") if (tag := code(each.get("language"), "bcp:47"))
        ),
    )


def patient_items(bundle: Bundle, entry: Entry, overlay: OverlayRow = NO_ROW) -> list[Found | LeftOut]:
    """Everything a Patient resource says, by category."""
    patient = entry.resource
    said = [
        Found(category="identity", part="identity", fields=_identity(entry, overlay)),
        Found(category="contact", part="contact", fields=_contact(patient, overlay)),
        Found(category="communication", part="communication", fields=_communication(patient)),
        Found(
            category="gp",
            part="gp",
            fields=filled(gp__practice=sentence(bundle.names(patient, "generalPractitioner"), "; ")),
        ),
        *(_close_person(each, f"person-{_mark(human_name(part(each, 'name')))}") for each in parts(patient, "contact")),
    ]
    return [each for each in said if each.fields]


def related_person(_: Bundle, entry: Entry) -> list[Found | LeftOut]:
    """Someone close to the patient, from a RelatedPerson."""
    found = _close_person(entry.resource, "")
    return [found] if found.fields else [LeftOut("names nobody")]


def _nhs_number(patient: Resource) -> Resource:
    return next((each for each in parts(patient, "identifier") if word(each, "system") == NHS_NUMBER), {})


def _name(patient: Resource, *uses: str) -> Resource:
    given = parts(patient, "name")
    usual = [each for each in given if word(each, "use") in uses]
    bare = [each for each in given if not word(each, "use")] if "official" in uses else []
    return next(iter([*usual, *bare]), {})


def _birth_date(patient: Resource) -> date | None:
    written = word(patient, "birthDate")
    return fhir_day(written) if fhir_date(written) == written and len(written) == len("1970-01-01") else None


def _death(patient: Resource) -> tuple[bool, date | None]:
    notified = code(
        extension(patient, "DeathNotificationStatus", "deathNotificationStatus").get("valueCodeableConcept")
    )
    if notified == _REMOVED:
        return False, None
    died = fhir_day(word(patient, "deceasedDateTime"))
    return bool(died) or is_true(patient, "deceasedBoolean") or notified in _DEAD, died


def _identity(entry: Entry, overlay: OverlayRow) -> dict[str, Value]:
    patient = entry.resource
    number = subject(entry, overlay).claim.nhs_number or ""
    _, died = _death(patient)
    return filled(
        identity__name=human_name(_name(patient, "official")),
        identity__known_as=human_name(_name(patient, "usual", "nickname")),
        identity__date_of_birth=fhir_date(word(patient, "birthDate")) or "",
        identity__sex=word(patient, "gender"),
        identity__ethnicity=phrase(extension(patient, "UKCore-EthnicCategory").get("valueCodeableConcept")),
        identity__nhs_number=number if nhs_number_is_valid(number) else "",
        identity__date_of_death=died.isoformat() if died else "",
    )


def _contact(patient: Resource, overlay: OverlayRow) -> dict[str, Value]:
    phones = [
        f"{overlay.phone} (home)" if overlay.phone else "",
        f"{overlay.mobile} (mobile)" if overlay.mobile else "",
    ]
    return filled(
        contact__address=_address(part(patient, "address"), overlay),
        contact__phone=sentence(phones, "; ") or _reached(patient, "phone", "sms"),
        contact__email=overlay.email or _reached(patient, "email"),
        contact__best_way=_best_way(extension(patient, "UKCore-ContactPreference")),
    )


def _address(given: Resource, overlay: OverlayRow) -> str:
    lines = words(given, "line")
    if overlay.postcode:
        return sentence([*lines, overlay.town, overlay.postcode])
    county = [word(given, "district"), word(given, "postalCode")]
    return sentence([*lines, word(given, "city"), *county]) or word(given, "text")


def _reached(holder: Resource, *systems: str) -> str:
    found = []
    for each in parts(holder, "telecom"):
        if word(each, "system") in systems and word(each, "use") != "old" and (value := word(each, "value")):
            use = word(each, "use")
            found.append(f"{value} ({use})" if use and "email" not in systems else value)
    return sentence(found, "; ")


def _best_way(preference: Resource) -> str:
    method = phrase(extension(preference, "PreferredContactMethod").get("valueCodeableConcept"))
    repeat = part(extension(preference, "PreferredContactTimes"), "valueTiming", "repeat")
    days = sentence([_DAYS[each] for each in words(repeat, "dayOfWeek") if each in _DAYS])
    return sentence(
        [method, f"on {days}" if days else "", *(_TIMES[each] for each in words(repeat, "when") if each in _TIMES)]
    )


def _communication(patient: Resource) -> dict[str, Value]:
    written = extension(patient, "UKCore-ContactPreference", "PreferredWrittenCommunicationFormat")
    interpreter = is_true(extension(patient, "patient-interpreterRequired"), "valueBoolean")
    return filled(
        communication__language=sentence(list(_languages(patient)), "; "),
        communication__interpreter="yes" if interpreter else "",
        communication__format=phrase(written.get("valueCodeableConcept")),
    )


def _languages(patient: Resource) -> Iterator[str]:
    for each in parts(patient, "communication"):
        level = [
            word(found, "display") for found in codings(extension(each, "proficiency", "level").get("valueCoding"))
        ]
        preferred = "preferred" if is_true(each, "preferred") else ""
        notes = sentence([*level, preferred])
        used = [word(found, "display") for found in codings(each.get("language"))]
        if language := word(part(each, "language"), "text") or sentence(used, "; ") or phrase(each.get("language")):
            yield f"{language} ({notes.lower()})" if notes else language


def _close_person(held: Resource, part_name: str) -> Found:
    rank = next((str(value) for _, value in choice(extension(held, "UKCore-ContactRank"), "value")), "")
    letters = is_true(extension(held, "UKCore-CopyCorrespondenceIndicator"), "valueBoolean")
    role = [f"contact number {rank}" if rank.isdecimal() else "", "gets copies of letters" if letters else ""]
    return Found(
        category="people",
        part=part_name,
        fields=filled(
            people__name=human_name(part(held, "name")),
            people__relationship=sentence(phrases(held, "relationship")),
            people__phone=_reached(held, "phone", "sms", "email"),
            people__role=sentence(role),
        ),
        status=status_of(held, "inactive"),
        third_party=True,
    )


def _mark(name: str) -> str:
    """A short stand-in for a name, so that the same person stays the same item when others join or leave the list."""
    return hashlib.sha256(name.casefold().encode()).hexdigest()[:16]
