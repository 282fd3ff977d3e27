"""What the invented patients' files say that must never lie about: who they are, where they live, what ails them."""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

Resource = Mapping[str, Any]
"""A FHIR resource as plain JSON."""

FOREIGN: Final = ("us-ssn", "2.16.840.1.113883.4.3", "passportNumber", "hospital.smarthealthit.org")
"""Parts of the identifier systems that the catalogue's first import rule bars."""

CODED: Final = ("Condition", "MedicationRequest", "AllergyIntolerance", "Procedure", "Immunization", "CarePlan")
"""Resource types whose code says something of a person's health."""


def strings_in(held: object) -> Iterator[str]:
    """Every text in a JSON value."""
    if isinstance(held, str):
        yield held
    elif isinstance(held, list | tuple):
        for each in held:
            yield from strings_in(each)
    elif isinstance(held, Mapping):
        for each in held.values():
            yield from strings_in(each)


def resources_in(folder: Path) -> Iterator[Resource]:
    """Every resource of the bundles anywhere below *folder*."""
    for path in sorted(folder.rglob("*.json")):
        for entry in json.loads(path.read_bytes())["entry"]:
            yield entry["resource"]


def never_kept(raw: Sequence[Resource]) -> set[str]:
    """Security, licence, passport and record numbers, and mothers' maiden names (the catalogue's first import rule)."""
    patients = [each for each in raw if each["resourceType"] == "Patient"]
    numbers = {
        given["value"]
        for each in patients
        for given in each["identifier"]
        if any(name in given["system"] for name in FOREIGN)
    }
    names = {
        given["valueString"] for each in patients for given in each["extension"] if "mothersMaidenName" in given["url"]
    }
    return numbers | names


def personal(raw: Sequence[Resource], overlay: Path) -> set[str]:
    """Everything in the input that says who somebody is, where they live, what ails them, or how others number them."""
    with overlay.open(encoding="utf-8") as file:
        british = {row[name] for row in csv.DictReader(file) for name in ("nhs_number", "postcode", "mobile", "email")}
    values = british | never_kept(raw) | {each["id"] for each in raw}
    for each in raw:
        if each["resourceType"] == "Patient":
            values.update(strings_in([each.get("telecom"), [place["line"] for place in each["address"]]]))
            for name in each["name"]:
                values |= {name["family"], f"{name['given'][0]} {name['family']}"}
        elif each["resourceType"] in CODED:
            code = each.get("code") or each.get("medicationCodeableConcept") or each.get("vaccineCode") or {}
            values.update([code.get("text", ""), *(coding.get("display", "") for coding in code.get("coding", []))])
    return values
