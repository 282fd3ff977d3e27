import csv
import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault.identifiers import nhs_number_is_valid
from web.demo import cast, council, identifiers
from web.demo.cast import Resident
from web.demo.extracts import HEADERS, HOSPITAL, SOURCES

TODAY = date(2026, 3, 14)


@pytest.fixture(scope="module")
def people() -> list[Resident]:
    return council.residents(60, today=TODAY)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, people: list[Resident]) -> Path:
    made = tmp_path_factory.mktemp("ferndale")
    council.write(made, people, today=TODAY)
    return made


def _tables(folder: Path) -> Iterator[tuple[Path, list[dict[str, str]]]]:
    for path in sorted(folder.rglob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            yield path, list(csv.DictReader(file))


def _bundles(folder: Path) -> Iterator[dict[str, object]]:
    for path in sorted(folder.rglob("*.json")):
        yield json.loads(path.read_text(encoding="utf-8"))


def test_the_same_day_and_seed_write_the_same_bytes(tmp_path: Path, folder: Path) -> None:
    council.write(tmp_path, council.residents(60, today=TODAY), today=TODAY)
    names = sorted(path.relative_to(folder) for path in folder.rglob("*.*"))
    assert names == sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*.*"))
    assert all((folder / name).read_bytes() == (tmp_path / name).read_bytes() for name in names)


def test_another_seed_invents_other_people() -> None:
    told = len(cast.scripts())
    assert council.residents(40, today=TODAY, seed=1)[told:] != council.residents(40, today=TODAY, seed=2)[told:]


def test_everyone_with_a_story_is_there_whatever_number_is_asked_for() -> None:
    assert len(council.residents(1, today=TODAY)) == len(cast.scripts()) >= 12


def test_every_extract_is_written_with_its_header_and_has_a_row(folder: Path) -> None:
    found: Counter[str] = Counter()
    for path, rows in _tables(folder):
        with path.open(encoding="utf-8", newline="") as file:
            assert tuple(next(csv.reader(file))) == HEADERS[path.stem]
        found[path.stem] += len(rows)
    assert set(found) == set(HEADERS)
    assert all(found.values())


def test_no_resident_tells_a_column_that_no_extract_has(people: list[Resident]) -> None:
    for person in people:
        for extract, rows in person.tables.items():
            assert all(row.keys() <= set(HEADERS[extract]) for row in rows), (person.slug, extract)


def test_every_row_is_about_somebody_its_system_introduces(folder: Path) -> None:
    for source in SOURCES:
        tables = dict(_tables(council.folder_of(folder, source)))
        introduced = {row["reference"] for path, rows in tables.items() if path.stem == "people" for row in rows}
        assert all(row["reference"] in introduced for rows in tables.values() for row in rows)
        assert all(row["system"] == source.system for rows in tables.values() for row in rows)


def test_every_number_is_one_that_belongs_to_nobody(folder: Path) -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in folder.rglob("*.*"))
    assert set(re.findall(r"\b07\d{3} \d{6}\b", text)) <= {identifiers.mobile(index) for index in range(1000)}
    assert set(re.findall(r"\b01\d{3} \d{6}\b", text)) <= {identifiers.landline(index) for index in range(1000)}
    assert {found.rpartition("@")[2] for found in re.findall(r"[\w.+-]+@[\w.-]+", text)} == {"example.org"}
    postcodes = [row["postcode"] for path, rows in _tables(folder) if path.stem == "people" for row in rows]
    assert all(re.fullmatch(r"ZZ99 \d[A-Z]{2}", postcode) for postcode in postcodes)


def test_every_nhs_number_is_a_valid_test_number_of_one_person(people: list[Resident]) -> None:
    numbers = Counter(person.nhs_number for person in people)
    assert set(numbers.values()) == {1}
    assert all(number.startswith("999") and nhs_number_is_valid(number) for number in numbers)


@given(st.dates(date(2024, 1, 1), date(2060, 12, 31)))
def test_ages_hold_on_any_day(today: date) -> None:
    ages = {script["slug"]: script["age"] for script in cast.scripts()}
    for person in council.residents(today=today):
        had_birthday = (today.month, today.day) >= (person.born.month, person.born.day)
        assert today.year - person.born.year - (not had_birthday) == ages[person.slug]


def test_edith_came_home_today_and_is_visited_this_evening(folder: Path) -> None:
    edith = json.loads((council.folder_of(folder, HOSPITAL) / "edith.json").read_text(encoding="utf-8"))
    stays = [each["resource"] for each in edith["entry"] if each["resource"]["resourceType"] == "Encounter"]
    assert stays[-1]["period"]["end"].startswith(TODAY.isoformat())
    visits = next(rows for path, rows in _tables(folder) if path.stem == "visits")
    assert any(row["reference"] == "HH-0317" and row["planned_from"] == f"{TODAY}T18:00" for row in visits)


def test_a_discharge_document_begins_with_its_composition(folder: Path) -> None:
    letters = [bundle for bundle in _bundles(folder) if bundle["type"] == "document"]
    assert letters
    for letter in letters:
        entries = letter["entry"]
        assert isinstance(entries, list)
        assert entries[0]["resource"]["resourceType"] == "Composition"
        subject = entries[0]["resource"]["subject"]["reference"]
        assert any(each["fullUrl"] == subject for each in entries)


def test_the_residents_are_of_all_ages_and_kinds(people: list[Resident]) -> None:
    by_slug = {person.slug: person for person in people}
    assert by_slug["harold"].died == TODAY - timedelta(days=40)
    assert by_slug["poppy"].tables["authorities"][0]["kind"] == "parental responsibility"
    assert "Welsh" in by_slug["gwenllian"].language
    assert "British Sign Language" in by_slug["marcus"].interpreter
    assert float(by_slug["dean"].tables["council_tax"][0]["balance"]) > 1000
    assert {script["age"] for script in cast.scripts()} >= {9, 15, 82, 91}
