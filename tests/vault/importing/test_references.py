"""Whose item it is: by reference, address or id, and never by a name."""

from pathlib import Path
from typing import Any

import pytest

from tests.vault.importing.fhir import PERSON, VALID, about, bundle, items, notices, only, read
from vault.importing.items import NoticeKind, Subject

CONDITION: dict[str, Any] = {"code": {"text": "Asthma"}}


@pytest.mark.parametrize("reference", ["Patient/p1", "urn:uuid:p1", "Patient/p1/_history/3"])
def test_a_reference_by_type_and_id_or_by_full_address_finds_the_person(tmp_path: Path, reference: str) -> None:
    found = read(tmp_path, bundle(PERSON, about("Condition", reference=reference, **CONDITION)))
    assert only(found, "Condition").subject == "Patient/p1"


def test_a_person_comes_before_the_first_item_about_them_even_where_the_file_ends_with_them(tmp_path: Path) -> None:
    found = read(tmp_path, bundle(about("Condition", **CONDITION), PERSON))
    assert isinstance(found[0], Subject)


def test_a_person_of_another_file_is_named_by_id_for_the_run_to_find(tmp_path: Path) -> None:
    found = read(tmp_path, about("Condition", **CONDITION))
    assert only(found, "Condition").subject == "Patient/p1"


@pytest.mark.parametrize(
    "reference",
    ["urn:uuid:5e0d0c3a-0000-4000-8000-000000000000", "https://elsewhere.example/Patient/p1", "p1", "#p1", ""],
)
def test_a_dangling_reference_names_nobody(tmp_path: Path, reference: str) -> None:
    found = read(tmp_path, bundle(PERSON, about("Condition", reference=reference, **CONDITION)))
    assert only(found, "Condition").subject is None


def test_a_name_and_a_number_in_a_reference_name_nobody(tmp_path: Path) -> None:
    said = {"display": "Edith May Hargreaves", "identifier": PERSON["identifier"][0]}
    found = read(tmp_path, bundle(PERSON, {"resourceType": "Condition", "id": "r1", "subject": said, **CONDITION}))
    assert only(found, "Condition").subject is None


def test_two_people_under_one_id_are_both_refused_and_nothing_is_matched_to_either(tmp_path: Path) -> None:
    other = {**PERSON, "name": [{"family": "Somebody", "given": ["Else"]}]}
    found = read(tmp_path, bundle(PERSON, other, about("Condition", **CONDITION)))
    assert not [each for each in found if isinstance(each, Subject)]
    assert only(found, "Condition").subject is None
    assert NoticeKind.ERROR in {each.kind for each in notices(found)}


def test_the_same_person_twice_in_a_file_is_one(tmp_path: Path) -> None:
    found = read(tmp_path, bundle(PERSON, PERSON))
    assert len([each for each in found if isinstance(each, Subject)]) == 1


def test_what_is_about_a_group_or_a_place_is_about_no_person(tmp_path: Path) -> None:
    found = read(tmp_path, about("Observation", reference="Group/g1", code={"text": "Noise"}))
    assert items(found) == []
    assert [each.kind for each in notices(found)] == [NoticeKind.LEFT_OUT]


def test_a_claim_says_what_the_file_says(tmp_path: Path) -> None:
    (subject,) = (each for each in read(tmp_path, PERSON) if isinstance(each, Subject))
    assert subject.claim.nhs_number == VALID
    assert subject.claim.nhs_number_valid
    assert subject.claim.name == "Mrs Edith May Hargreaves"
    assert subject.claim.source_id == "p1"


@pytest.mark.parametrize("code", ["02", "03", "08"])
def test_a_number_its_source_has_not_verified_matches_nobody(tmp_path: Path, code: str) -> None:
    said = {
        "url": "https://example/Extension-UKCore-NHSNumberVerificationStatus",
        "valueCodeableConcept": {"coding": [{"code": code}]},
    }
    doubted = {**PERSON, "identifier": [{**PERSON["identifier"][0], "extension": [said]}]}
    found = read(tmp_path, doubted)
    (subject,) = (each for each in found if isinstance(each, Subject))
    assert not subject.claim.nhs_number_valid
    assert [each.kind for each in notices(found)] == [NoticeKind.WARNING]


def test_a_partial_birth_date_is_no_birth_date(tmp_path: Path) -> None:
    (subject,) = (each for each in read(tmp_path, {**PERSON, "birthDate": "1944"}) if isinstance(each, Subject))
    assert subject.claim.birth_date is None


def test_a_claim_is_not_spelled_out_in_a_log_line(tmp_path: Path) -> None:
    shown = repr(read(tmp_path, bundle(PERSON, about("Condition", **CONDITION))))
    assert not [value for value in (VALID, "Hargreaves", "1944", "Asthma") if value in shown]
