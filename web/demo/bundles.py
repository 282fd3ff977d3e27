"""FHIR R4 bundles from the invented hospital: what it holds about a resident, and a discharge summary as a document."""

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any, Final
from uuid import UUID, uuid5

from web.demo.cast import Resident
from web.demo.clinical import BUILDERS, HEADINGS, SNOMED, Resource, coded

_SPACE: Final = UUID("7d3c1c86-5a0c-4b43-9d7a-6a4c51b0b7d2")
_NHS_NUMBER: Final = "https://fhir.nhs.uk/Id/nhs-number"
_SECTIONS: Final[Mapping[str, tuple[str, str]]] = {
    "presenting": ("presenting-complaints-or-issues", "Presenting complaints or issues"),
    "diagnoses": ("diagnoses", "Diagnoses"),
    "narrative": ("clinical-narrative", "Clinical narrative"),
    "plan": ("plan-and-requested-actions", "Plan and requested actions"),
    "advice": ("information-and-advice-given", "Information and advice given"),
    "contact": ("contact-for-further-information", "Contact for further information"),
}


def _id(person: Resident, what: str) -> str:
    return str(uuid5(_SPACE, f"{person.nhs_number}/{what}"))


def _urn(person: Resident) -> str:
    return f"urn:uuid:{_id(person, 'patient')}"


def patient(person: Resident) -> Resource:
    """The Patient resource: name, NHS number, birth and death, address, GP."""
    first, second, town, postcode = person.address
    died = {"deceasedDateTime": person.died.isoformat()} if person.died else {}
    names = [
        {
            "use": "official",
            "family": person.last_name,
            "given": person.first_names.split(),
            "prefix": [person.title],
        }
    ]
    return {
        "resourceType": "Patient",
        "id": _id(person, "patient"),
        "identifier": [{"system": _NHS_NUMBER, "value": person.nhs_number}],
        "name": names,
        "gender": person.sex,
        "birthDate": person.born.isoformat(),
        "address": [
            {"use": "home", "line": [line for line in (first, second) if line], "city": town, "postalCode": postcode}
        ],
        "generalPractitioner": [{"display": person.health["gp_practice"]}],
        **died,
    }


def _clinical(person: Resident) -> Iterator[Resource]:
    for heading, build in BUILDERS.items():
        for number, given in enumerate(person.health.get(heading, ())):
            made = build(given, _urn(person))
            yield {"resourceType": made.pop("resourceType"), "id": _id(person, f"{heading}/{number}"), **made}


def _entry(resource: Resource) -> Resource:
    return {"fullUrl": f"urn:uuid:{resource['id']}", "resource": resource}


def held(person: Resident) -> dict[str, Any]:
    """Everything the hospital holds about *person*, as a bundle of type collection."""
    resources = [patient(person), *_clinical(person)]
    return {
        "resourceType": "Bundle",
        "id": _id(person, "held"),
        "type": "collection",
        "entry": [_entry(resource) for resource in resources],
    }


def discharge(person: Resident) -> dict[str, Any] | None:
    """The discharge summary of *person* as a bundle of type document, or None when there is none."""
    told = person.health.get("discharge")
    if told is None:
        return None
    stays = person.health["stays"]
    last_stay, encounter = stays[-1], _id(person, f"stays/{len(stays) - 1}")
    composition = {
        "resourceType": "Composition",
        "id": _id(person, "discharge"),
        "status": "final",
        "type": coded(SNOMED, "373942005", "Discharge summary"),
        "subject": {"reference": _urn(person)},
        "encounter": {"reference": f"urn:uuid:{encounter}"},
        "date": last_stay["until"],
        "author": [{"display": f"{last_stay['place']}, Ferndale General Hospital"}],
        "title": f"Discharge summary, {last_stay['place']}",
        "section": [_section(_SECTIONS[name], told[name]) for name in _SECTIONS if name in told],
    }
    return {
        "resourceType": "Bundle",
        "id": _id(person, "discharge-bundle"),
        "type": "document",
        "timestamp": last_stay["until"],
        "identifier": {"system": "https://tools.ietf.org/html/rfc4122", "value": f"urn:uuid:{composition['id']}"},
        "entry": [_entry(composition), _entry(patient(person))],
    }


def _section(heading: tuple[str, str], words: str) -> Resource:
    code, title = heading
    narrative = f'<div xmlns="http://www.w3.org/1999/xhtml"><p>{escape(words)}</p></div>'
    return {
        "title": title,
        "code": coded(HEADINGS, code, title),
        "text": {"status": "additional", "div": narrative},
    }
