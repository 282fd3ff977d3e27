"""Foreign numbers are never handed on, at any depth, in any spelling."""

from pathlib import Path
from typing import Any

import pytest

from tests.vault.importing.fhir import PERSON, VALID, about, bundle, items, read

SSN, PASSPORT, LICENCE, RECORD = "999-22-2971", "X4479220X", "S99981454", "5ad50081-cf54-49bc-b8ea-045497418383"
FOREIGN = [
    {"system": "http://hl7.org/fhir/sid/us-ssn", "value": SSN},
    {"system": "http://standardhealthrecord.org/fhir/StructureDefinition/passportNumber", "value": PASSPORT},
    {"system": "urn:oid:2.16.840.1.113883.4.3.25", "value": LICENCE},
    {"type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR"}]}, "value": RECORD},
]
NUMBERS = (SSN, PASSPORT, LICENCE, RECORD)


def spelled(read: Any) -> str:
    return str([(dict(each.fields), each.source_id) for each in items(read)])


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("kind", ["Condition", "Communication"])
def test_a_foreign_number_written_into_text_is_taken_out(tmp_path: Path, number: str, kind: str) -> None:
    patient = {**PERSON, "identifier": [*PERSON["identifier"], *FOREIGN]}
    told = {"text": f"see {number}, please"}
    found = read(tmp_path, bundle(patient, about(kind, code=told, payload=[told])), keep_unknown=True)
    assert number not in spelled(found)
    assert "see [number removed], please" in spelled(found)


def test_a_social_security_number_is_taken_out_where_no_identifier_declares_it(tmp_path: Path) -> None:
    assert SSN not in spelled(read(tmp_path, about("Condition", code={"text": f"number {SSN}"})))


def test_numbers_in_contained_resources_and_deep_extensions_are_never_picked_up(tmp_path: Path) -> None:
    deep: Any = {"url": "x", "valueIdentifier": FOREIGN[1]}
    for _ in range(10):
        deep = {"url": "y", "extension": [deep]}
    inner = {"resourceType": "Patient", "id": "c", "identifier": FOREIGN}
    held = about("ServiceRequest", contained=[inner], extension=[deep], identifier=FOREIGN, code={"text": "Scan"})
    shown = spelled(read(tmp_path, bundle(PERSON, held), keep_unknown=True))
    assert "Scan" in shown
    assert not [number for number in NUMBERS if number in shown]


def test_race_birth_sex_and_maiden_names_of_other_countries_have_no_reader(tmp_path: Path) -> None:
    us = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-"
    told = [
        {"url": f"{us}race", "extension": [{"url": "text", "valueString": "SecretRace"}]},
        {"url": f"{us}ethnicity", "extension": [{"url": "text", "valueString": "SecretEthnicity"}]},
        {"url": f"{us}birthsex", "valueCode": "SecretSex"},
        {"url": "http://hl7.org/fhir/StructureDefinition/patient-mothersMaidenName", "valueString": "SecretName"},
        {"url": "http://synthetichealth.github.io/synthea/quality-adjusted-life-years", "valueDecimal": 59},
    ]
    narrative = {"text": {"status": "generated", "div": "<div>SecretNarrative</div>"}}
    maiden = [*PERSON["name"], {"use": "maiden", "family": "SecretMaiden"}]
    assert "Secret" not in spelled(read(tmp_path, {**PERSON, "extension": told, "name": maiden, **narrative}))


@pytest.mark.parametrize("kind", ["Claim", "ExplanationOfBenefit"])
def test_bills_are_left_out_even_where_the_unknown_is_kept(tmp_path: Path, kind: str) -> None:
    assert items(read(tmp_path, about(kind, status="active"), keep_unknown=True)) == []


def test_the_unknown_is_kept_only_on_request_and_only_about_a_person(tmp_path: Path) -> None:
    letter = about("Communication", payload=[{"contentString": "First vaccination given"}])
    assert items(read(tmp_path, letter)) == []
    (kept,) = items(read(tmp_path, letter, keep_unknown=True))
    assert kept.category == "other"
    assert "First vaccination given" in str(kept.fields["other.item"])
    assert items(read(tmp_path, {"resourceType": "Slot", "id": "s", "status": "free"}, keep_unknown=True)) == []


def test_the_nhs_number_itself_stays(tmp_path: Path) -> None:
    assert VALID in spelled(read(tmp_path, PERSON))
