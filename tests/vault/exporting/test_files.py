"""The files a citizen takes along: whole, valid, harmless, and without what must not leave."""

import csv
import io
import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import jsonschema_rs
import pytest
from fhir.resources.R4B.bundle import Bundle
from hypothesis import given
from hypothesis import strategies as st

from vault.catalogue import CATALOGUE
from vault.exporting.content import ALWAYS_SAID, Content, Item, Look, leaving, one_at_a_time
from vault.exporting.csv_file import safe, to_csv
from vault.exporting.fhir_file import IN_FHIR, to_fhir
from vault.exporting.json_file import schema, to_json
from vault.kinds import RecordStatus

NOW = datetime(2026, 3, 14, 9, 12, tzinfo=UTC)


def item(category: str, marked: RecordStatus = RecordStatus.CURRENT, **fields: Any) -> Item:
    return Item(
        record_id=uuid4(),
        category=category,
        fields={f"{category}.{name}": value for name, value in fields.items()},
        status=marked,
        as_of="2026-03-01",
        received_at=NOW,
        organisation="Example Hospital",
        system="pas",
        version=1,
    )


def content(*items: Item, **more: Any) -> Content:
    return Content(made_at=NOW, council="Example Council", items=items, **more)


def everything(value: Any) -> Content:
    """One item of each category, in each status, with *value* in every field that may leave, and a look."""
    items = [
        item(each.name, status, **{name.partition(".")[2]: value for name in sorted(leaving(each.name))})
        for each in CATALOGUE.categories
        for status in RecordStatus
        if leaving(each.name)
    ]
    look = Look(
        leaf_hash=bytes(32), position="0-1", at=NOW, event="record:opened", who=str(value), purpose="care",
        fields=("medication.name",), refused=(), proof="",
    )  # fmt: skip
    return content(*items, looks=(look,))


def tables(made: bytes) -> dict[str, list[list[str]]]:
    with zipfile.ZipFile(io.BytesIO(made)) as bundle:
        texts = {name: bundle.read(name).decode("utf-8-sig") for name in bundle.namelist()}
    return {name: list(csv.reader(io.StringIO(text, newline=""))) for name, text in texts.items()}


@pytest.fixture(scope="session")
def naughty(shared_data: Path) -> list[str]:
    found: list[str] = json.loads((shared_data / "strings/blns_even.json").read_text(encoding="utf-8"))
    return [each for each in found if each.strip()]


def test_nothing_dangerous_is_among_what_leaves_by_itself() -> None:
    leaves = frozenset().union(*(leaving(each.name) for each in CATALOGUE.categories))
    assert not {name for name in leaves if CATALOGUE.field(name).needs_reveal}
    assert set(one_at_a_time()) == {"contact.not_safe", "home_access.entry", "home_access.key_safe_code"}


def test_the_json_file_is_what_its_schema_says_and_names_each_source() -> None:
    made = json.loads(to_json(everything("Apixaban")))
    jsonschema_rs.Draft202012Validator(json.loads(schema())).validate(made)
    assert {each["source"]["organisation"] for each in made["items"]} == {"Example Hospital"}


def test_the_schema_refuses_a_file_that_is_something_else() -> None:
    made = json.loads(to_json(everything("Apixaban")))
    made["items"][0]["source"].pop("organisation")
    assert not jsonschema_rs.Draft202012Validator(json.loads(schema())).is_valid(made)


def test_the_fhir_file_is_a_valid_bundle_with_a_provenance_for_each_item() -> None:
    bundle = Bundle.model_validate_json(to_fhir(everything("Apixaban")))
    kinds = [entry.resource.get_resource_type() for entry in bundle.entry or () if entry.resource]
    assert kinds.count("Patient") == 1
    assert {"Condition", "AllergyIntolerance", "MedicationStatement", "Immunization", "Procedure", "Observation",
            "Encounter", "CarePlan"} <= set(kinds)  # fmt: skip
    assert kinds.count("Provenance") == (len(kinds) - len({"Patient", "OperationOutcome"})) // 2


@pytest.mark.parametrize(
    ("words", "code"),
    [("taking now, since 2026-01-02", "active"), ("stopped, 2025-01-01", "stopped"), ("who knows", "unknown")],
)
def test_a_medicines_words_become_the_status_that_other_systems_know(words: str, code: str) -> None:
    bundle = json.loads(to_fhir(content(item("medication", name="Apixaban", status=words))))
    assert bundle["entry"][1]["resource"]["status"] == code


def test_what_was_entered_by_mistake_says_so_and_has_no_clinical_status() -> None:
    made = json.loads(to_fhir(content(item("condition", RecordStatus.ENTERED_IN_ERROR, name="Gout"))))
    condition = made["entry"][1]["resource"]
    assert condition["verificationStatus"]["coding"][0]["code"] == "entered-in-error"
    assert "clinicalStatus" not in condition


@pytest.mark.realdata
def test_naughty_strings_in_every_field_leave_valid_files(naughty: list[str]) -> None:
    for value in naughty:
        whole = everything(value)
        Bundle.model_validate_json(to_fhir(whole))
        assert json.loads(to_json(whole))["items"][0]["fields"][0]["value"] == value


@pytest.mark.realdata
def test_no_cell_of_a_naughty_string_is_a_formula_and_every_row_has_its_columns(naughty: list[str]) -> None:
    for name, rows in tables(to_csv(content(*(item("medication", name=each, dose=each) for each in naughty)))).items():
        assert {len(row) for row in rows} == {len(rows[0])}, name
        assert not [cell for row in rows for cell in row if cell.lstrip().startswith(("=", "+", "-", "@", "\t", "\r"))]


@given(st.text())
def test_no_text_becomes_a_formula(text: str) -> None:
    assert not safe(text).lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r"))


def test_tables_keep_welsh_letters_and_hold_one_file_a_category() -> None:
    made = to_csv(content(item("identity", name="Siân Ŵyn ŷ"), item("housing", tenancy="rented")))
    found = tables(made)
    assert set(found) == {"about-this-copy.csv", "identity.csv", "housing.csv"}
    assert found["identity.csv"][1][0] == "Siân Ŵyn ŷ"


def test_every_category_that_fhir_has_a_place_for_is_one_of_the_catalogue() -> None:
    assert {each.name for each in CATALOGUE.categories} >= IN_FHIR


def test_every_file_says_the_same_of_what_is_left_out_whatever_it_holds() -> None:
    for made in (content(), everything("Apixaban")):
        assert json.loads(to_json(made))["left_out"] == list(ALWAYS_SAID)
        assert [row[0] for row in tables(to_csv(made))["about-this-copy.csv"]][1:] == list(ALWAYS_SAID)
        notice = json.loads(to_fhir(made))["entry"][-1]["resource"]
        assert [each["details"]["text"] for each in notice["issue"]] == list(ALWAYS_SAID)
