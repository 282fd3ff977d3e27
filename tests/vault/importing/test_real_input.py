"""Real input: 140 invented patients, the UK Core examples, the UK Patient Summary."""

import csv
import json
import time
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from vault.catalogue import CATALOGUE
from vault.importing.items import Item, Notice, NoticeKind, Subject
from vault.importing.reading import read_file
from vault.kinds import RecordStatus

pytestmark = pytest.mark.realdata

TODAY = date(2026, 11, 23)
FOREIGN_SYSTEMS = ("us-ssn", "2.16.840.1.113883.4.3", "passportNumber", "hospital.smarthealthit.org", "synthea")
FOREIGN_EXTENSIONS = (
    "mothersMaidenName",
    "us-core-race",
    "us-core-ethnicity",
    "disability-adjusted",
    "quality-adjusted",
)
RICHARD = "Patient/UKCore-Patient-RichardSmith-Example"

Read = dict[Path, list[Subject | Item | Notice]]


def read_all(folder: Path, pattern: str, overlay: Path | None = None) -> Read:
    return {path: list(read_file(path, overlay=overlay)) for path in sorted(folder.glob(pattern))}


@pytest.fixture(scope="module")
def synthea(shared_data: Path) -> Read:
    return read_all(shared_data / "synthea", "trimmed/*.json", shared_data / "synthea" / "uk_overlay.csv")


@pytest.fixture(scope="module")
def ukcore(shared_data: Path) -> Read:
    return read_all(shared_data / "ukcore", "json/*.json")


def items(read: Read) -> Iterator[Item]:
    return (each for found in read.values() for each in found if isinstance(each, Item))


def subjects(read: Read) -> list[Subject]:
    return [each for found in read.values() for each in found if isinstance(each, Subject)]


def notices(read: Read, *kinds: NoticeKind) -> list[Notice]:
    return [each for found in read.values() for each in found if isinstance(each, Notice) and each.kind in kinds]


def spelled(item: Item) -> str:
    return json.dumps(
        [dict(item.fields), item.source_id, item.subject, item.codes, item.reason_codes], ensure_ascii=False
    )


def test_every_patient_is_read_without_an_error_or_a_warning(synthea: Read) -> None:
    assert len(synthea) == 140
    assert len(subjects(synthea)) == 140
    assert notices(synthea, NoticeKind.ERROR, NoticeKind.WARNING) == []


def test_every_resource_with_a_home_becomes_an_item(synthea: Read) -> None:
    counted = Counter((each.source_type, each.category) for each in items(synthea))
    assert counted["Condition", "condition"] == 953
    assert counted["MedicationRequest", "medication"] == 743
    assert counted["AllergyIntolerance", "allergy"] == 44
    assert counted["Immunization", "immunisation"] == 823
    assert counted["Procedure", "procedure"] == 886
    assert counted["Encounter", "hospital_stay"] == 206
    assert counted["Observation", "lifestyle"] == 165
    assert counted["Observation", "test"] == 2800 - 165
    assert counted["DiagnosticReport", "test"] == 267
    assert counted["CarePlan", "care_plan"] == 311
    assert counted["Goal", "care_plan"] == 228
    assert counted["Patient", "identity"] == 140


def test_what_has_no_home_is_counted_by_type(synthea: Read) -> None:
    counted: Counter[str] = Counter()
    for each in notices(synthea, NoticeKind.LEFT_OUT):
        counted[each.type] += each.count
    assert counted == {"Encounter": 1579 - 206, "Organization": 200, "Practitioner": 201}


def test_stopped_medicines_are_history_and_no_dose_is_ever_blank(synthea: Read) -> None:
    medicines = [each for each in items(synthea) if each.category == "medication"]
    assert Counter(each.source_status for each in medicines) == {RecordStatus.CURRENT: 285, RecordStatus.HISTORY: 458}
    doses = Counter(str(each.fields["medication.dose"]) for each in medicines)
    assert doses["dose not recorded: ask"] == 439
    assert doses["1, once a day (unit not recorded)"] > 100
    assert sum("not recorded" in dose for dose in doses.elements()) == 743
    assert sum("medication.reason" in each.fields for each in medicines) == 389
    assert all(each.reason_codes for each in medicines if "medication.reason" in each.fields)


def test_the_dead_and_the_young_are_told_apart(synthea: Read, shared_data: Path) -> None:
    with (shared_data / "synthea" / "manifest.csv").open(encoding="utf-8") as file:
        manifest = {f"Patient/{row['patient_id']}": row for row in csv.DictReader(file)}
    people = {each.key: each for each in subjects(synthea)}
    assert people.keys() == manifest.keys()
    assert {key for key, each in people.items() if each.deceased} == {
        key for key, row in manifest.items() if row["deceased"] == "True"
    }
    assert sum(each.deceased for each in people.values()) == 8
    assert all(each.claim.birth_date == date.fromisoformat(manifest[key]["birth_date"]) for key, each in people.items())
    ages = [_age(each.claim.birth_date) for each in people.values() if not each.deceased]
    assert sum(age < 13 for age in ages) == 11
    assert sum(13 <= age < 18 for age in ages) == 6


def _age(born: date | None) -> int:
    assert born is not None
    return TODAY.year - born.year - ((TODAY.month, TODAY.day) < (born.month, born.day))


def test_the_overlay_gives_everyone_a_valid_number_and_a_british_address(synthea: Read, shared_data: Path) -> None:
    assert all(each.claim.nhs_number_valid for each in subjects(synthea))
    with (shared_data / "synthea" / "uk_overlay.csv").open(encoding="utf-8") as file:
        overlay = {f"Patient/{row['patient_id']}": row for row in csv.DictReader(file)}
    for each in items(synthea):
        if each.category == "contact":
            row = overlay[str(each.subject)]
            assert str(each.fields["contact.address"]).endswith(row["postcode"])
            assert each.fields["contact.phone"] == f"{row['phone']} (home); {row['mobile']} (mobile)"
            assert "Massachusetts" not in spelled(each)


def test_all_of_it_is_read_in_a_few_seconds(shared_data: Path) -> None:
    began = time.process_time()  # of this process: others on the machine do not count
    read_all(shared_data / "synthea", "*/*.json", shared_data / "synthea" / "uk_overlay.csv")
    assert time.process_time() - began < 20


def test_whole_and_trimmed_records_of_a_person_agree_on_every_key(synthea: Read, shared_data: Path) -> None:
    whole = read_all(shared_data / "synthea", "whole/*.json", shared_data / "synthea" / "uk_overlay.csv")
    assert len(whole) == 4
    assert notices(whole, NoticeKind.ERROR, NoticeKind.WARNING) == []
    for path, found in whole.items():
        held = _keyed(found)
        assert _keyed(synthea[path.parent.parent / "trimmed" / path.name]).keys() <= held.keys()


def _keyed(found: list[Subject | Item | Notice]) -> dict[tuple[str, str], Item]:
    given = [each for each in found if isinstance(each, Item)]
    keyed = {(each.source_type, each.source_id): each for each in given}
    assert len(keyed) == len(given)
    return keyed


def _foreign(held: object) -> Iterator[str]:
    if isinstance(held, list):
        for each in held:
            yield from _foreign(each)
    elif isinstance(held, dict):
        url, system = str(held.get("url")), str(held.get("system"))
        if any(name in system for name in FOREIGN_SYSTEMS) and "value" in held and held.get("system") != "phone":
            yield str(held["value"])
        if any(name in url for name in FOREIGN_EXTENSIONS) and isinstance(held.get("valueString"), str):
            yield held["valueString"]
        for each in held.values():
            yield from _foreign(each)


@pytest.mark.parametrize("keep_unknown", [False, True])
def test_no_foreign_identifier_is_in_anything_that_is_handed_on(shared_data: Path, *, keep_unknown: bool) -> None:
    for path in [*(shared_data / "synthea").glob("*/*.json")][:: 5 if keep_unknown else 1]:
        held: Any = json.loads(path.read_bytes())
        patients = [each["resource"] for each in held["entry"] if each["resource"]["resourceType"] == "Patient"]
        foreign = set(_foreign(patients))
        assert len(foreign) >= 3
        for each in read_file(path, keep_unknown=keep_unknown):
            shown = spelled(each) + each.source_id if isinstance(each, Item) else repr(each)
            assert not [value for value in foreign if value in shown]
            if isinstance(each, Item):
                assert each.source_type not in {"Claim", "ExplanationOfBenefit"}


def test_every_field_is_in_the_catalogue_and_says_something(synthea: Read, ukcore: Read) -> None:
    for each in (*items(synthea), *items(ukcore)):
        assert each.fields
        assert {CATALOGUE.field(name).category for name in each.fields} == {each.category}
        assert all(each.fields.values())


def test_the_discharge_letter_is_attached_to_nobody(ukcore: Read) -> None:
    letter = [each for each in items(ukcore) if each.source_type == "Composition"]
    assert {each.category for each in letter} == {"hospital_stay", "gp", "document"}
    assert all(each.subject is None for each in letter)
    stay = next(each for each in letter if each.category == "hospital_stay")
    assert "Chest pain" in stay.fields["hospital_stay.why"]
    assert "Cramer ward" in stay.fields["hospital_stay.plan"]
    assert "Dr Paul Rastall Tel: 0113 6323200" in stay.fields["hospital_stay.questions_to"]
    assert "1352465790" not in "".join(spelled(each) for each in letter)


def test_uk_core_is_read_without_an_error(ukcore: Read) -> None:
    assert len(ukcore) == 110
    assert notices(ukcore, NoticeKind.ERROR, NoticeKind.WARNING) == []


def test_a_removed_death_notice_is_no_death(ukcore: Read) -> None:
    richard = next(each for each in subjects(ukcore) if each.key == RICHARD)
    assert not richard.deceased
    assert richard.claim.nhs_number_valid
    assert not any("identity.date_of_death" in each.fields for each in items(ukcore))


def test_richard_smith_is_read_as_uk_core_writes_him(ukcore: Read) -> None:
    said = {name: value for each in items(ukcore) if each.subject == RICHARD for name, value in each.fields.items()}
    assert said["identity.ethnicity"] == "Mixed - Any other mixed background"
    assert said["contact.best_way"] == "Telephone, on Monday, Wednesday, Friday, in the morning"
    assert said["communication.language"] == "British Sign Language; Makaton vocabulary"
    assert said["communication.format"] == "Large print"
    assert "Advance Decision to Refuse Treatment" in said["decisions.advance_decision"]
    assert said["care_needs.eating_drinking"]
    people = [each for each in items(ukcore) if each.category == "people"]
    assert {each.fields["people.name"] for each in people} == {"Miss Jane Jackson", "Joy SMITH"}
    assert all(each.third_party for each in people)


def test_a_medicine_in_a_file_beside_is_found_by_its_id(ukcore: Read) -> None:
    names = {each.fields.get("medication.name") for each in items(ukcore)}
    assert "Timoptol 0.5% eye drops (DE Pharmaceuticals)" in names


def test_habits_are_apart_from_tests(ukcore: Read) -> None:
    habits = [each for each in items(ukcore) if each.category == "lifestyle"]
    assert Counter(next(iter(each.fields)) for each in habits) == {
        "lifestyle.alcohol_drugs": 2,
        "lifestyle.smoking": 1,
    }


def test_no_allergy_list_or_empty_search_says_that_none_is_known(ukcore: Read) -> None:
    known = [each for each in items(ukcore) if "allergy.none_known" in each.fields]
    assert [each.source_id for each in known] == ["UKCore-AllergyIntolerance-Sn-NegHandlNoKnownAllergies-Example"]
    assert all("List" not in each.source_type for each in items(ukcore))


def test_what_was_entered_in_error_says_so(ukcore: Read) -> None:
    wrong = [each for each in items(ukcore) if each.source_status is RecordStatus.ENTERED_IN_ERROR]
    assert [each.fields["allergy.status"] for each in wrong] == ["entered by mistake"]


def test_only_what_names_nobody_is_on_the_tray(ukcore: Read) -> None:
    introduced = {each.key for each in subjects(ukcore)}
    homeless = {path.name for path, found in ukcore.items() for each in found if _unmatched(each, introduced)}
    assert homeless == {
        "UKCore-Bundle-NEWS2Observations-Example.json",
        "UKCore-Composition-Discharge-Example.json",
        "UKCore-Observation-FingerJointInflamed-Example.json",
        "UKCore-Observation-Lab-Albumin-Example.json",
    }


def _unmatched(found: Subject | Item | Notice, introduced: set[str]) -> bool:
    return isinstance(found, Item) and found.subject not in introduced


def test_the_patient_summary_number_with_a_bad_check_digit_matches_nobody(shared_data: Path) -> None:
    read = read_all(shared_data / "uk-patient-summary", "*.json")
    assert len(subjects(read)) == 2
    assert not any(each.claim.nhs_number_valid for each in subjects(read))
    assert len(notices(read, NoticeKind.WARNING)) == 2
    assert not any("identity.nhs_number" in each.fields for each in items(read))
    doses = {each.fields["medication.dose"] for each in items(read) if each.category == "medication"}
    assert doses == {"Take as needed; 500 mg"}
    names = {each.fields["medication.name"] for each in items(read) if each.category == "medication"}
    assert names == {"Paracetamol 500mg tablets"}


def test_text_made_to_break_readers_passes_through_in_one_piece(shared_data: Path, tmp_path: Path) -> None:
    nasty = json.loads((shared_data / "strings" / "blns_even.json").read_text("utf-8"))
    held = [
        {
            "resource": {
                "resourceType": "Condition",
                "id": f"c{number}",
                "code": {"text": words},
                "subject": {"reference": words},
            }
        }
        for number, words in enumerate(nasty)
        if isinstance(words, str)
    ]
    path = tmp_path / "nasty.json"
    path.write_text(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": held}), encoding="utf-8")
    for each in read_file(path):
        if isinstance(each, Item):
            name = str(each.fields["condition.name"])
            assert name.encode("utf-8").decode("utf-8") == name
            assert not set(name) & set("\x00\u200b\u202e\u2066\ufeff")
        else:
            assert isinstance(each, Notice)
            assert each.kind is NoticeKind.LEFT_OUT
