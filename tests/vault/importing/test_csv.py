"""Council extracts: an exact header, one item a meaning, one item a person, and nothing lost without a word."""

import csv
from datetime import date
from pathlib import Path

import pytest

from tests.vault.importing.fhir import VALID, Read, items, notices
from vault.catalogue import CATALOGUE
from vault.importing.csv_mapping import file_rules, plain
from vault.importing.items import Item, NoticeKind, Subject
from vault.importing.reading import read_file

KINDS = sorted(file_rules())
PERSON = {
    "system": "asc",
    "reference": "A-1",
    "nhs_number": VALID,
    "date_of_birth": "1944-03-09",
    "last_name": "Hargreaves",
}


def extract(folder: Path, kind: str, *rows: dict[str, str], name: str = "") -> Read:
    path = folder / (name or f"{kind}.csv")
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, file_rules()[kind].columns, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return list(read_file(path))


def by_field(read: Read) -> dict[str, Item]:
    return {name: each for each in items(read) for name in each.fields}


def test_every_kind_of_extract_has_a_mapping_with_the_agreed_header() -> None:
    assert KINDS == [
        "about_me",
        "authorities",
        "benefits",
        "care",
        "contacts",
        "council_tax",
        "home",
        "housing",
        "people",
        "visits",
    ]
    assert file_rules()["contacts"].columns == tuple(
        "system,reference,contact_name,relationship,phone,role,holds_key,may_be_told,as_of".split(",")  # noqa: SIM905 -- a header line as it stands in the file
    )


def test_every_council_field_of_the_catalogue_that_a_file_can_bring_is_mapped() -> None:
    mapped = {name for rule in file_rules().values() for item in rule.items for name in item.fields}
    council = ("care_visit", "home_access", "housing", "council_tax", "benefits", "about_me", "people")
    assert {each.name for each in CATALOGUE.fields if each.category in council} <= mapped
    assert "contact.not_safe" not in mapped


@pytest.mark.parametrize("kind", KINDS)
def test_a_header_must_be_exact_and_the_message_says_what_is_wrong(tmp_path: Path, kind: str) -> None:
    columns = [*file_rules()[kind].columns[1:], "surname"]
    path = tmp_path / f"{kind}-2026-11.csv"
    path.write_text(",".join(columns) + "\nsecret" + "," * (len(columns) - 1) + "\n", encoding="utf-8")
    (notice,) = notices(list(read_file(path)))
    assert notice.kind is NoticeKind.ERROR
    assert notice.position == "line 1"
    assert "lacks `system`" in notice.message
    assert f"unknown name in column {len(columns)}" in notice.message
    assert "surname" not in notice.message


def test_a_file_of_no_known_kind_is_left_out_and_no_error(tmp_path: Path) -> None:
    path = tmp_path / "manifest.csv"
    path.write_text("patient_id,file\n1,2\n", encoding="utf-8")
    assert [each.kind for each in notices(list(read_file(path)))] == [NoticeKind.LEFT_OUT]


def test_a_misnamed_extract_is_known_by_its_header(tmp_path: Path) -> None:
    assert extract(tmp_path, "home", {"system": "asc", "reference": "A-1", "entry": "Back door"}, name="x.csv")


def test_a_person_is_claimed_by_number_birth_date_name_and_reference(tmp_path: Path) -> None:
    found = extract(tmp_path, "people", {**PERSON, "title": "Mrs", "first_names": "Edith May"})
    (subject,) = (each for each in found if isinstance(each, Subject))
    assert subject.key == "asc/A-1"
    assert subject.claim.nhs_number_valid
    assert subject.claim.birth_date == date(1944, 3, 9)
    assert subject.claim.name == "Mrs Edith May Hargreaves"
    assert subject.claim.references == (("asc", "A-1"),)
    assert {each.subject for each in items(found)} == {"asc/A-1"}


def test_a_bad_check_digit_is_a_warning_and_never_a_value(tmp_path: Path) -> None:
    found = extract(tmp_path, "people", {**PERSON, "nhs_number": "9434765918"})
    assert "identity.nhs_number" not in by_field(found)
    assert [each.kind for each in notices(found)] == [NoticeKind.WARNING]


@pytest.mark.parametrize(
    ("written", "read"), [("1944-03-09", "1944-03-09"), ("09/03/1944", "1944-03-09"), ("9.3.44", None)]
)
def test_a_date_is_read_in_the_agreed_forms_only(tmp_path: Path, written: str, read: str | None) -> None:
    found = extract(tmp_path, "people", {**PERSON, "date_of_birth": written})
    assert by_field(found)["identity.name"].fields.get("identity.date_of_birth") == read
    assert bool(notices(found)) is (read is None)


def test_a_joint_tenancy_is_one_item_for_each_tenant_and_the_others_stand_apart(tmp_path: Path) -> None:
    row = {"system": "h", "tenancy_id": "T1", "tenure": "rented", "others_count": "3", "as_of": "2026-11-16"}
    both = (
        {**row, "reference": "R1", "joint_tenant_refs": "R2"},
        {**row, "reference": "R2", "joint_tenant_refs": "R1"},
    )
    found = items(extract(tmp_path, "housing", *both))
    once = {(each.source_id, each.subject, str(dict(each.fields)), each.third_party) for each in found}
    assert len(once) == 4
    assert {each.subject for each in found} == {"h/R1", "h/R2"}
    others = {each.subject: each.fields["housing.others_here"] for each in found if each.third_party}
    assert others == {
        "h/R1": {"joint tenants": "R2", "others living here": "3"},
        "h/R2": {"joint tenants": "R1", "others living here": "3"},
    }


def test_everyone_liable_gets_the_account(tmp_path: Path) -> None:
    row = {"system": "r", "account": "C1", "reference": "R1", "liable_refs": "R1;R2", "band": "C"}
    found = items(extract(tmp_path, "council_tax", row))
    assert {(each.subject, str(each.fields["council_tax.liable_people"])) for each in found if each.third_party} == {
        ("r/R1", "you; R2"),
        ("r/R2", "you; R1"),
    }


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        ("need", "care_needs.needs"),
        ("moving", "care_needs.moving"),
        ("eating", "care_needs.eating_drinking"),
        ("risk", "care_needs.risks"),
        ("Medication help", "medication.help_needed"),
        ("capacity", "decisions.capacity"),
        ("goal", "care_plan.goals"),
        ("action", "care_plan.what_we_do"),
    ],
)
def test_a_finding_of_an_assessment_goes_where_its_kind_belongs(tmp_path: Path, kind: str, field: str) -> None:
    row = {
        "system": "asc",
        "reference": "A-1",
        "item": "1",
        "kind": kind,
        "decision_or_need": "Washing",
        "date": "2026-11-22",
    }
    found = extract(tmp_path, "care", row)
    assert "Washing" in str(by_field(found)[field].fields[field])
    assert by_field(found)[field].as_of == date(2026, 11, 22)


def test_a_row_of_no_known_kind_is_named_and_left_out(tmp_path: Path) -> None:
    found = extract(tmp_path, "care", {"system": "asc", "reference": "A-1", "item": "1", "kind": "horoscope"})
    assert items(found) == []
    assert [(each.kind, each.position) for each in notices(found)] == [(NoticeKind.LEFT_OUT, "row 2")]


def test_the_way_in_is_an_item_apart_from_what_every_carer_may_know(tmp_path: Path) -> None:
    row = {"system": "asc", "reference": "A-1", "entry": "Key safe", "code": "0417", "hazards": "Cat", "alarm": "None"}
    way_in, home = items(extract(tmp_path, "home", row))
    assert set(way_in.fields) == {"home_access.entry", "home_access.key_safe_code"}
    assert all(CATALOGUE.field(name).needs_reveal for name in way_in.fields)
    assert set(home.fields) == {"home_access.hazards", "home_access.alarm"}


def test_a_visit_that_is_made_later_keeps_its_key(tmp_path: Path) -> None:
    planned = {"system": "rota", "visit_id": "V1", "reference": "H1", "planned_from": "2026-11-23T18:00"}
    (before,) = items(extract(tmp_path, "visits", planned))
    (after,) = items(extract(tmp_path, "visits", {**planned, "arrived": "2026-11-23T18:04", "outcome": "done"}))
    assert before.source_id == after.source_id
    assert before.fields != after.fields
    assert after.fields["care_visit.actual"] == {"arrived": "2026-11-23 18:04", "outcome": "done"}


def test_a_row_with_too_few_cells_is_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "home.csv"
    header = ",".join(file_rules()["home"].columns)
    path.write_text(f"{header}\nasc,A-1\n\nasc,A-2,,Back door,,,,\n", encoding="utf-8")
    found = list(read_file(path))
    assert [(each.kind, each.position) for each in notices(found)] == [(NoticeKind.ERROR, "row 2")]
    assert [each.subject for each in items(found)] == ["asc/A-2"]


def test_a_row_without_a_reference_is_about_nobody(tmp_path: Path) -> None:
    found = extract(tmp_path, "home", {"system": "asc", "entry": "Back door"})
    assert [each.subject for each in items(found)] == [None]
    assert [each.kind for each in notices(found)] == [NoticeKind.WARNING]


@pytest.mark.parametrize(
    ("held", "message"),
    [
        (b"asc,A-1,,Back \xff door,,,,\n", "not UTF-8"),
        (b'asc,A-1,,"Back door,,,,\n', "malformed CSV"),
        (b"asc,A-1,," + b"x" * 200_000 + b",,,,\n", "malformed CSV"),
        (b"asc,A-1,," + b"x" * 2_000_000 + b",,,,\n", "longer than 1 MiB"),
    ],
)
def test_a_damaged_extract_is_named_by_line_and_what_came_before_is_kept(
    tmp_path: Path, held: bytes, message: str
) -> None:
    path = tmp_path / "home.csv"
    header = ",".join(file_rules()["home"].columns).encode()
    path.write_bytes(header + b"\nasc,A-0,,Front door,,,,\n" + held)
    found = list(read_file(path))
    assert [each.subject for each in items(found)] == ["asc/A-0"]
    (notice,) = notices(found)
    assert message in notice.message
    assert notice.position.startswith("line 3")


def test_empty_and_headless_files_are_no_crash(tmp_path: Path) -> None:
    path = tmp_path / "home.csv"
    path.write_bytes(b"")
    assert [each.kind for each in notices(list(read_file(path)))] == [NoticeKind.ERROR]


def test_kinds_are_compared_without_their_punctuation() -> None:
    assert plain("Please do, please don't") == plain("please do - please DONT") == "please-do-please-dont"


def test_words_that_tell_of_health_or_need_are_handed_to_the_sensitivity_list(tmp_path: Path) -> None:
    row = {"system": "r", "account": "C1", "reference": "R1", "discount_reason": "severe mental impairment"}
    account, liable = items(extract(tmp_path, "council_tax", row))
    assert ("", "", "severe mental impairment") in account.codes
    assert liable.codes == ()
