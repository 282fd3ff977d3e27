"""The code list: what "all conditions" must never mean is marked, by code and by words, and plain ailments are not."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from vault.catalogue import Sensitivity
from vault.sensitivity import GROUPS, Group, groups_of, judge

SNOMED = "http://snomed.info/sct"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
LOINC = "http://loinc.org"
PHYSICAL_EXAMINATION = "5880005"
"""A plain code that the sample also uses for an examination after an abortion; only the words tell them apart."""


@pytest.mark.parametrize(
    ("system", "code", "group"),
    [
        (SNOMED, "72892002", "pregnancy-and-birth"),
        (SNOMED, "19169002", "pregnancy-loss"),
        (SNOMED, "714812005", "termination"),
        (SNOMED, "65200003", "sexual-and-reproductive-health"),
        (SNOMED, "86406008", "hiv-and-sexually-transmitted-infection"),
        (SNOMED, "35489007", "mental-health"),
        (SNOMED, "55680006", "self-harm-and-overdose"),
        (SNOMED, "5602001", "substance-misuse"),
        (SNOMED, "26929004", "dementia"),
        (SNOMED, "93461009", "gender"),
        (SNOMED, "190905008", "genetic"),
        (RXNORM, "998582", "dementia"),
        (LOINC, "76691-5", "gender"),
    ],
)
def test_a_listed_code_is_enough_without_words(system: str, code: str, group: str) -> None:
    assert groups_of([(system, code, "")]) == (group,)
    assert judge([(system, code, "")]) is Sensitivity.SENSITIVE


@pytest.mark.parametrize(
    "text",
    [
        "Drug overdose",
        "SELF HARM",
        "deliberate self-harm",
        "Antepartum eclampsia",
        "miscarriage in first trimester",
        "HIV positive",
        "Demential management",
        "Major depressive disorder",
        "Sertraline 50mg tablets",
        "Gender dysphoria",
        "Mirena 52 MG Intrauterine System",
        "methadone 1mg/ml oral solution",
    ],
)
def test_words_are_enough_without_a_code(text: str) -> None:
    assert judge([("", "", text)]) is Sensitivity.SENSITIVE


@pytest.mark.parametrize(
    "text", ["Victim of domestic violence", "domestic  abuse", "Safeguarding concern", "At risk: MARAC case"]
)
def test_abuse_is_a_danger(text: str) -> None:
    assert judge([("", "", text)]) is Sensitivity.DANGER


@pytest.mark.parametrize(
    "text",
    [
        "Hypertension",
        "Fracture of ankle",
        "General examination",
        "Diabetes",
        "Asthma",
        "Paracetamol 500mg tablets",
        "",
        "Chive allergy",
    ],
)
def test_plain_ailments_stay_normal(text: str) -> None:
    assert judge([(SNOMED, "38341003", text)]) is Sensitivity.NORMAL


def test_a_code_counts_only_in_its_own_system() -> None:
    assert judge([(SNOMED, "998582", "")]) is Sensitivity.NORMAL
    assert judge([("https://example.org/codes", "55680006", "")]) is Sensitivity.NORMAL


def test_the_highest_of_several_codes_counts_and_a_medicine_inherits_its_reason() -> None:
    plain = (RXNORM, "313782", "Acetaminophen 325 MG Oral Tablet")
    assert judge([plain]) is Sensitivity.NORMAL
    assert judge([plain, (SNOMED, "55680006", "")]) is Sensitivity.SENSITIVE
    assert judge([plain, (SNOMED, "55680006", ""), (SNOMED, "706893006", "")]) is Sensitivity.DANGER


def test_nothing_is_normal() -> None:
    assert judge([]) is Sensitivity.NORMAL


@pytest.mark.parametrize(
    "given",
    [{"level": "sensitive"}, {"level": "sensitive", "words": []}, {"level": "sensitive", "words": ["x"], "icd": []}],
)
def test_a_mistake_in_the_list_stops_the_start(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="sensitivity list"):
        Group.parse("made-up", given)


def test_no_code_is_listed_twice() -> None:
    codes = [code for group in GROUPS for code in group.codes]
    assert len(codes) == len(set(codes))


def _people(folder: Path) -> Iterator[list[tuple[str, str, str]]]:
    """Every coding of each person's conditions, procedures, encounters and medicines."""
    for path in sorted(folder.glob("*/*.json")):
        bundle = json.loads(path.read_bytes())
        yield [
            (coding.get("system", ""), coding.get("code", ""), coding.get("display", ""))
            for entry in bundle["entry"]
            for concept in _concepts(entry["resource"])
            for coding in concept.get("coding", ())
        ]


def _concepts(resource: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if resource["resourceType"] in {"Condition", "Procedure", "Encounter", "MedicationRequest"}:
        for name in ("code", "medicationCodeableConcept"):
            yield resource.get(name, {})
        for name in ("reasonCode", "type"):
            yield from resource.get(name, ())


@pytest.mark.realdata
def test_everyone_in_the_sample_with_something_sensitive_is_covered(shared_data: Path) -> None:
    stems = (
        "pregnan",
        "miscarr",
        "abortion",
        "overdose",
        "opioid abuse",
        "rehabilitation and detox",
        "alzheimer",
        "contracept",
        "donepezil",
    )
    met = dict.fromkeys(stems, 0)
    for codes in _people(shared_data / "synthea"):
        for stem in stems:
            named = [each for each in codes if stem in each[2].lower()]
            met[stem] += bool(named)
            assert all(judge([each]) >= Sensitivity.SENSITIVE for each in named)
            codes_alone = [(system, code, "") for system, code, _ in named if code != PHYSICAL_EXAMINATION]
            assert all(judge([each]) >= Sensitivity.SENSITIVE for each in codes_alone)
    assert all(met.values())
