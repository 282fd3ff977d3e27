"""The import's promises, kept on real input by the real commands: all of it, twice, and nothing lying about."""

import csv
import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pytest
import requests
from sqlalchemy import select

from tests import import_world
from tests.demo_world import serving
from tests.import_world import Home, Search, proven, seen_by_owners, state, strings_in
from vault import citizens
from vault.confidential import open_for_house
from vault.context import OPERATOR
from vault.models import UnmatchedItem

pytestmark = [pytest.mark.realdata, pytest.mark.timeout(400)]

FOREIGN = ("us-ssn", "2.16.840.1.113883.4.3", "passportNumber", "hospital.smarthealthit.org")
LETTER = ("Chest pain", "Cramer ward", "Paul Rastall")
CODED = ("Condition", "MedicationRequest", "AllergyIntolerance", "Procedure", "Immunization", "CarePlan")


def resources(folder: Path) -> Iterator[Mapping[str, Any]]:
    for path in sorted(folder.glob("*/*.json")):
        for entry in json.loads(path.read_bytes())["entry"]:
            yield entry["resource"]


@pytest.fixture(scope="module")
def raw(shared_data: Path) -> list[Mapping[str, Any]]:
    return list(resources(shared_data / "synthea"))


@pytest.fixture(scope="module")
def overlay(shared_data: Path) -> Path:
    return shared_data / "synthea" / "uk_overlay.csv"


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return import_world.made(tmp_path_factory.mktemp("empty") / "home")


@pytest.fixture(scope="module")
def everyone(shared_data: Path, overlay: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, Any]:
    """All 140 people, imported once; and what the import said."""
    home = import_world.made(tmp_path_factory.mktemp("all") / "home")
    folder = shared_data / "synthea"
    return home, home.bring_in(folder / "trimmed", folder / "whole", overlay=overlay)


def never_kept(raw: list[Mapping[str, Any]]) -> set[str]:
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


def personal(raw: list[Mapping[str, Any]], overlay: Path) -> set[str]:
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


@pytest.fixture(scope="module")
def search(raw: list[Mapping[str, Any]], overlay: Path, empty: Home) -> Search:
    return Search(personal(raw, overlay), known=empty.content())


def test_all_people_come_in_whole_and_the_dead_and_the_young_are_told_apart(everyone: tuple[Home, Any]) -> None:
    home, said = everyone
    assert (said["files"], said["failed"], said["notices"]) == (144, 0, [])
    assert said["people"] == {"new": 140}
    assert said["items"]["new"] > 7900
    assert said["items"].keys() <= {"new", "same"}
    assert said["unmatched"] == {}
    held = state(home)
    assert held["citizens"] == {"active": 115, "deceased": 8, "child": 11, "young-person": 6}
    assert held["items"].total() == said["items"]["new"]
    assert proven(home) > 140


def test_the_same_files_again_change_nothing(everyone: tuple[Home, Any], overlay: Path, shared_data: Path) -> None:
    home, said = everyone
    before = state(home)
    again = home.bring_in(shared_data / "synthea" / "whole", shared_data / "synthea" / "trimmed", overlay=overlay)
    assert again["items"] == {"same": said["items"]["new"] + said["items"]["same"]}
    assert again["people"] == {"nhs-number-and-birth-date": 140}
    assert state(home) == before


def test_what_is_never_kept_is_in_no_record_that_is_opened(
    everyone: tuple[Home, Any], raw: list[Mapping[str, Any]]
) -> None:
    home, _ = everyone
    with home.open() as vault:
        shown, closed = seen_by_owners(vault)
    assert len(shown) == 115 + 6
    assert len(closed) == 8 + 11  # nobody signs in as a child or for the dead
    never = Search(never_kept(raw))
    assert len(never.values) > 500
    opened = orjson.dumps([dict(each.fields) for records in shown.values() for each in records])
    assert b"Trafford" in opened or b"M16" in opened
    assert never.found_in(opened) == []
    patients = orjson.dumps([each for each in raw if each["resourceType"] == "Patient"])
    assert never.found_in(patients) == never.values  # it finds them where they are


def test_nothing_personal_lies_in_the_database_the_log_or_what_was_printed(
    everyone: tuple[Home, Any], search: Search, raw: list[Mapping[str, Any]], tmp_path: Path
) -> None:
    home, _ = everyone
    assert len(search.values) > 3000
    assert len(search.found_in(orjson.dumps(raw[:500]))) > 300  # it finds what is there
    name = next(each for each in raw if each["resourceType"] == "Patient")["name"][0]["family"]
    with serving(home.folder) as served, closing(requests.Session()) as browser:
        for path in ("/", "/sign-in", f"/record/{name}", f"/api/v1/records?fields={name}", f"/nowhere?name={name}"):
            browser.get(served.address + path, headers={"Vault-Actor": name}, timeout=30)
        wal = home.folder / "vault.db-wal"
        assert wal.exists()
        assert search.found_in(home.content()) == []
    home.run("audit", "export", tmp_path / "log")
    exported = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert len(exported) > 100_000
    assert search.found_in(exported) == []
    assert search.found_in(b"\n".join([*home.printed, (home.folder / "server.log").read_bytes()])) == []


def test_a_discharge_letter_without_a_patient_is_put_on_the_tray(shared_data: Path, tmp_path: Path) -> None:
    home = import_world.made(tmp_path / "home")
    said = home.bring_in(shared_data / "ukcore" / "json")
    assert (said["files"], said["failed"]) == (110, 0)
    with home.open() as vault:
        shown, _ = seen_by_owners(vault)
        with vault.reading(OPERATOR) as ctx:
            richard = citizens.by_identity(ctx, nhs_number="9912003888", birth_date=date(1970, 9, 11))
            tray = [
                open_for_house(ctx, what="unmatched", row_id=each.item_id, sealed=each.sealed)
                for each in ctx.session.scalars(select(UnmatchedItem))
            ]
    assert richard is not None
    assert len(shown[richard]) > 20
    opened = json.dumps([dict(each.fields) for records in shown.values() for each in records])
    waiting = json.dumps(tray)
    assert [words for words in LETTER if words in opened] == []
    assert [words for words in LETTER if words not in waiting] == []
    assert proven(home) > 10


def test_a_dozen_people_come_in_alike_on_postgresql(
    shared_data: Path, overlay: Path, tmp_path: Path, postgresql_url: str
) -> None:
    dozen = sorted((shared_data / "synthea" / "trimmed").glob("*.json"))[:12]
    here, there = import_world.made(tmp_path / "here"), import_world.made(tmp_path / "there", postgresql_url)
    said = [home.bring_in(*dozen, overlay=overlay) for home in (here, there)]
    assert said[0] == said[1]
    assert state(here) == state(there)
    assert there.bring_in(*dozen, overlay=overlay)["items"] == {"same": said[0]["items"]["new"]}
    assert proven(there) > 12
