"""Medicines: a carer can act on the dose, or is told what is missing."""

from pathlib import Path
from typing import Any

import pytest

from tests.vault.importing.fhir import SNOMED, about, bundle, only, read
from vault.kinds import RecordStatus

DAILY = {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}}
ONE = [{"doseQuantity": {"value": 1}}]
MG = [{"doseQuantity": {"value": 500, "unit": "mg"}}]


def medicine(folder: Path, kind: str = "MedicationRequest", **members: Any) -> Any:
    given = {"status": "active", "medicationCodeableConcept": {"text": "Codeine"}, **members}
    return only(read(folder, about(kind, **given)), kind)


@pytest.mark.parametrize(
    ("dosage", "words"),
    [
        ([], "dose not recorded: ask"),
        ([{}], "dose not recorded: ask"),
        ([{"text": "500mg - three times a day."}], "500mg - three times a day."),
        ([{"text": "Take as needed", "doseAndRate": MG}], "Take as needed; 500 mg"),
        ([{"timing": DAILY, "doseAndRate": ONE}], "1, once a day (unit not recorded)"),
        ([{"timing": DAILY, "doseAndRate": MG}], "500 mg, once a day"),
        ([{"timing": DAILY}], "once a day (amount not recorded: ask)"),
        ([{"doseAndRate": MG}], "500 mg, how often not recorded: ask"),
        ([{"asNeededBoolean": True}], "as needed (dose not recorded: ask)"),
        ([{"asNeededBoolean": True, "doseAndRate": MG, "timing": DAILY}], "500 mg, once a day, as needed"),
        ([{"text": "One"}, {"text": "Two"}], "One; then Two"),
        (
            [{"timing": {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}}, "doseAndRate": MG}],
            "500 mg, twice a day",
        ),
        (
            [{"timing": {"repeat": {"frequency": 1, "period": 6, "periodUnit": "h"}}, "doseAndRate": MG}],
            "500 mg, every 6 hours",
        ),
        ([{"timing": {"repeat": {"when": ["HS"]}}, "doseAndRate": MG}], "500 mg, at bedtime"),
        (
            [
                {
                    "doseAndRate": [
                        {"doseRange": {"low": {"value": 1, "unit": "tablet"}, "high": {"value": 2, "unit": "tablet"}}}
                    ]
                }
            ],
            "1 tablet to 2 tablet, how often not recorded: ask",
        ),
        (
            [
                {
                    "text": "One",
                    "maxDosePerPeriod": {
                        "numerator": {"value": 4, "unit": "g"},
                        "denominator": {"value": 24, "unit": "h"},
                    },
                }
            ],
            "One; no more than 4 g in 24 h",
        ),
        ("not a list", "dose not recorded: ask"),
    ],
)
def test_a_dose_says_all_that_is_known_and_what_is_not(tmp_path: Path, dosage: Any, words: str) -> None:
    assert medicine(tmp_path, dosageInstruction=dosage).fields["medication.dose"] == words


@pytest.mark.parametrize(
    ("status", "kept"),
    [
        ("active", RecordStatus.CURRENT),
        ("on-hold", RecordStatus.CURRENT),
        ("unknown", RecordStatus.CURRENT),
        ("stopped", RecordStatus.HISTORY),
        ("completed", RecordStatus.HISTORY),
        ("cancelled", RecordStatus.HISTORY),
        ("not-taken", RecordStatus.HISTORY),
        ("entered-in-error", RecordStatus.ENTERED_IN_ERROR),
    ],
)
def test_only_what_may_still_be_taken_is_current(tmp_path: Path, status: str, kept: RecordStatus) -> None:
    assert medicine(tmp_path, status=status).source_status is kept


def test_a_medicine_not_to_be_given_never_reads_as_one_to_give(tmp_path: Path) -> None:
    assert medicine(tmp_path, doNotPerform=True).fields["medication.name"] == "Do not give: Codeine"


def test_a_proposed_medicine_is_not_one_that_is_taken(tmp_path: Path) -> None:
    assert medicine(tmp_path, intent="proposal").fields["medication.status"] == "proposed, not prescribed"


def test_a_contained_medicine_is_named(tmp_path: Path) -> None:
    held: Any = {"contained": [{"resourceType": "Medication", "id": "m", "code": {"text": "Paracetamol"}}]}
    found = medicine(tmp_path, medicationCodeableConcept=None, medicationReference={"reference": "#m"}, **held)
    assert found.fields["medication.name"] == "Paracetamol"
    assert found.codes == (("", "", "Paracetamol"),)


def test_a_medicine_nobody_named_says_so(tmp_path: Path) -> None:
    found = medicine(tmp_path, medicationCodeableConcept=None, medicationReference={"reference": "Medication/gone"})
    assert found.fields["medication.name"] == "medicine not named by the source: ask"


def test_a_medicine_carries_the_codes_of_its_reason_and_not_in_its_name(tmp_path: Path) -> None:
    code = {"coding": [{"system": SNOMED, "code": "86406008", "display": "HIV infection (disorder)"}]}
    order = about(
        "MedicationRequest",
        status="active",
        medicationCodeableConcept={"text": "Dolutegravir"},
        reasonReference=[{"reference": "Condition/c1"}],
    )
    found = only(read(tmp_path, bundle(order, about("Condition", "c1", code=code))), "MedicationRequest")
    assert found.fields["medication.name"] == "Dolutegravir"
    assert found.fields["medication.reason"] == "HIV infection"
    assert found.reason_codes == ((SNOMED, "86406008", "HIV infection (disorder)"),)


def test_a_statement_says_since_when_and_who_said_so(tmp_path: Path) -> None:
    found = medicine(
        tmp_path,
        "MedicationStatement",
        effectivePeriod={"start": "2021-02-15", "end": "2021-05-15"},
        status="completed",
        informationSource={"display": "The Greenway Practice"},
    )
    assert found.fields["medication.status"] == "finished, 2021-05-15"
    assert found.fields["medication.prescriber"] == "The Greenway Practice"
