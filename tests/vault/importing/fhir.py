"""Small FHIR files for the tests of the import."""

import json
from pathlib import Path
from typing import Any

from vault.importing.items import Item, Notice, Subject
from vault.importing.reading import read_file

SNOMED = "http://snomed.info/sct"
VALID = "9434765919"  # the NHS Data Dictionary's own example of a good check digit
PERSON: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "p1",
    "identifier": [{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": VALID}],
    "name": [{"use": "official", "given": ["Edith", "May"], "family": "Hargreaves", "prefix": ["Mrs"]}],
    "birthDate": "1944-03-09",
}

Read = list[Subject | Item | Notice]


def read(folder: Path, held: Any, **options: Any) -> Read:
    path = folder / "file.json"
    path.write_text(json.dumps(held), encoding="utf-8")
    return list(read_file(path, **options))


def bundle(*resources: dict[str, Any]) -> dict[str, Any]:
    entries = [
        {"fullUrl": f"urn:uuid:{each.get('id', number)}", "resource": each} for number, each in enumerate(resources)
    ]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def about(kind: str, number: str = "r1", reference: str = "Patient/p1", **members: Any) -> dict[str, Any]:
    person = "patient" if kind in {"AllergyIntolerance", "Immunization", "Device", "RelatedPerson"} else "subject"
    return {"resourceType": kind, "id": number, person: {"reference": reference}, **members}


def items(read: Read) -> list[Item]:
    return [each for each in read if isinstance(each, Item)]


def notices(read: Read) -> list[Notice]:
    return [each for each in read if isinstance(each, Notice)]


def only(read: Read, kind: str) -> Item:
    (found,) = [each for each in items(read) if each.source_type == kind]
    return found
