"""Allergies, conditions, vaccinations, procedures, tests, stays: what is known, and never more than that."""

import base64
from pathlib import Path
from typing import Any

import pytest

from tests.vault.importing.fhir import PERSON, SNOMED, about, bundle, items, notices, only, read
from vault.importing.items import Item
from vault.kinds import RecordStatus


def found(folder: Path, kind: str, **members: Any) -> Item:
    return only(read(folder, about(kind, **members)), kind)


def coded(*codes: str, text: str = "") -> dict[str, Any]:
    return {
        "coding": [{"system": SNOMED, "code": code, "display": f"the words of {code}"} for code in codes],
        "text": text,
    }


@pytest.mark.parametrize("code", ["716186003", "409137002", "no-known-allergies"])
def test_no_known_allergies_names_who_and_when(tmp_path: Path, code: str) -> None:
    said = {"recordedDate": "2026-08-25", "asserter": {"display": "Diabetes nurse"}}
    item = found(tmp_path, "AllergyIntolerance", code=coded(code, text="No known allergy"), **said)
    assert dict(item.fields) == {"allergy.none_known": "No known allergy, said by Diabetes nurse on 2026-08-25"}


def test_not_having_asked_about_allergies_is_no_answer(tmp_path: Path) -> None:
    read_ = read(tmp_path, about("AllergyIntolerance", code=coded("no-allergy-info")))
    assert items(read_) == []
    assert len(notices(read_)) == 1


def test_a_refuted_or_mistaken_no_known_allergy_is_not_current(tmp_path: Path) -> None:
    for status, kept in (("refuted", RecordStatus.HISTORY), ("entered-in-error", RecordStatus.ENTERED_IN_ERROR)):
        verified = {"coding": [{"code": status}]}
        item = found(tmp_path, "AllergyIntolerance", code=coded("716186003"), verificationStatus=verified)
        assert item.source_status is kept


def test_an_allergy_without_a_name_is_kept_and_says_so(tmp_path: Path) -> None:
    item = found(tmp_path, "AllergyIntolerance", criticality="high")
    assert item.fields["allergy.to_what"] == "an allergy the source does not name: ask"
    assert item.fields["allergy.reaction"] == "high risk to life"


@pytest.mark.parametrize(
    ("members", "dates"),
    [
        (
            {"onsetDateTime": "2011-08-02T23:30:00-04:00", "abatementDateTime": "2011-08"},
            {"from": "2011-08-02", "to": "2011-08"},
        ),
        ({"onsetAge": {"value": 64, "unit": "years"}}, {"about": "at 64 years"}),
        ({"onsetString": "in childhood"}, {"about": "in childhood"}),
        ({"onsetPeriod": {"start": "2019", "end": "2020"}}, {"from": "2019", "to": "2020"}),
        ({"onsetDateTime": "yesterday"}, None),
    ],
)
def test_a_condition_is_dated_as_precisely_as_it_was_written(tmp_path: Path, members: Any, dates: Any) -> None:
    item = found(tmp_path, "Condition", code={"text": "Asthma"}, **members)
    assert item.fields.get("condition.dates") == dates


def test_a_condition_ruled_out_is_not_one_that_somebody_has(tmp_path: Path) -> None:
    item = found(tmp_path, "Condition", code={"text": "Asthma"}, verificationStatus={"coding": [{"code": "refuted"}]})
    assert item.source_status is RecordStatus.HISTORY
    assert item.fields["condition.status"] == "ruled out"


def test_a_vaccination_not_given_says_so(tmp_path: Path) -> None:
    said = {"status": "not-done", "statusReason": {"text": "declined"}, "occurrenceDateTime": "2021-07-20"}
    item = found(tmp_path, "Immunization", vaccineCode={"text": "Influenza"}, **said)
    assert item.fields["immunisation.vaccine"] == "Influenza (not given: declined)"


def test_a_procedure_not_done_says_so(tmp_path: Path) -> None:
    item = found(tmp_path, "Procedure", code={"text": "Hip replacement"}, status="not-done")
    assert item.fields["procedure.name"] == "Hip replacement (not done)"


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"valueQuantity": {"value": 37.936222343273904, "unit": "Cel"}}, "Sodium: 37.94 °C"),
        ({"valueQuantity": {"value": 0.00012345678, "unit": "g"}}, "Sodium: 0.0001235 g"),
        ({"valueQuantity": {"value": 5, "comparator": "<", "unit": "mmol/L"}}, "Sodium: below 5 mmol/L"),
        ({"valueString": "clear"}, "Sodium: clear"),
        ({"valueBoolean": False}, "Sodium: no"),
        ({"valueInteger": 0}, "Sodium: 0"),
        ({"valueCodeableConcept": {"text": "positive"}}, "Sodium: positive"),
        ({"dataAbsentReason": {"text": "Specimen spoilt"}}, "Sodium: no result: Specimen spoilt"),
        ({"valueQuantity": {"value": "lots"}}, "Sodium"),
        (
            {
                "valueQuantity": {"value": 140, "unit": "mmol/L"},
                "referenceRange": [{"low": {"value": 133}, "high": {"value": 146}}],
            },
            "Sodium: 140 mmol/L (usual 133 to 146)",
        ),
        ({"component": [{"code": {"text": "Low"}, "valueQuantity": {"value": 1, "unit": "g"}}]}, "Sodium: Low 1 g"),
    ],
)
def test_a_result_is_one_readable_line(tmp_path: Path, members: Any, words: str) -> None:
    assert found(tmp_path, "Observation", code={"text": "Sodium"}, **members).fields["test.result"] == words


def test_social_history_without_a_home_is_left_out_not_filed_as_a_test(tmp_path: Path) -> None:
    kind = [{"coding": [{"code": "social-history"}]}]
    assert items(read(tmp_path, about("Observation", code={"text": "Lives alone"}, category=kind))) == []


@pytest.mark.parametrize(("kind", "kept"), [("IMP", True), ("EMER", True), ("AMB", False), ("", False)])
def test_only_stays_and_emergencies_are_hospital_stays(tmp_path: Path, kind: str, *, kept: bool) -> None:
    said: Any = {"class": {"code": kind}, "period": {"start": "2026-11-14T23:55:00+00:00"}}
    assert bool(items(read(tmp_path, about("Encounter", **said)))) is kept


def test_a_letter_is_kept_as_words_without_markup_or_the_persons_particulars(tmp_path: Path) -> None:
    table = "<table><tr><th>By</th><td>Nurse</td></tr></table>"
    told = f"<div><h1>Plan</h1><p>Walk &amp; rest<script>alert(1)</script></p>{table}</div>"
    sections = [
        {"title": "Plan", "code": {"coding": [{"code": "plan-and-requested-actions"}]}, "text": {"div": told}},
        {"title": "Who", "code": {"coding": [{"code": "patient-demographics"}]}, "text": {"div": "<p>Edith, 1944</p>"}},
    ]
    read_ = read(tmp_path, about("Composition", type=coded("373942005"), title="Letter", section=sections))
    stay, letter = items(read_)
    assert stay.codes == (("", "", "Plan\nWalk & rest\nBy: Nurse"),)
    assert stay.fields["hospital_stay.plan"] == "Plan\nWalk & rest\nBy: Nurse"
    assert isinstance(letter.fields["document.file"], dict)
    assert letter.fields["document.file"]["content"] == "Plan\nPlan\nWalk & rest\nBy: Nurse"


def test_only_text_is_copied_out_of_an_attachment(tmp_path: Path) -> None:
    for kind, told in (("text/plain", "Dear Edith"), ("application/pdf", "not copied: application/pdf")):
        data = base64.b64encode(b"Dear Edith").decode()
        content = [{"attachment": {"contentType": kind, "data": data, "title": "Letter"}}]
        item = found(tmp_path, "DocumentReference", content=content)
        assert isinstance(item.fields["document.file"], dict)
        assert item.fields["document.file"]["content"] == told


def test_a_thing_without_a_person_is_left_out_and_equipment_of_a_person_is_not(tmp_path: Path) -> None:
    assert items(read(tmp_path, {"resourceType": "Device", "id": "d1", "type": {"text": "Hoist"}})) == []
    assert found(tmp_path, "Device", type={"text": "Hoist"}).fields == {"care_needs.moving": "Hoist"}


def test_goals_of_a_plan_are_items_of_their_own_where_they_are_given(tmp_path: Path) -> None:
    plan = about(
        "CarePlan", "plan", goal=[{"reference": "Goal/g1"}, {"display": "Sleep well"}], category=[{"text": "Rest"}]
    )
    read_ = read(tmp_path, bundle(PERSON, plan, about("Goal", "g1", description={"text": "Walk again"})))
    assert only(read_, "CarePlan").fields["care_plan.goals"] == "Sleep well"
    assert only(read_, "Goal").fields["care_plan.goals"] == "Walk again"
