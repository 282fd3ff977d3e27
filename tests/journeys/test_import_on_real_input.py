"""The import's promises, kept on real input by the real commands: all of it, twice, and nothing lying about."""

import json
import shutil
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
from tests.import_world import Home, Search, proven, seen_by_owners, state
from tests.real_input import Resource, never_kept, personal, resources_in
from vault import citizens
from vault.confidential import open_for_house
from vault.context import OPERATOR
from vault.models import UnmatchedItem

pytestmark = [pytest.mark.realdata, pytest.mark.timeout(400)]

LETTER = ("Chest pain", "Cramer ward", "Paul Rastall")


@pytest.fixture(scope="module")
def raw(shared_data: Path) -> list[Resource]:
    return list(resources_in(shared_data / "synthea"))


@pytest.fixture(scope="module")
def overlay(shared_data: Path) -> Path:
    return shared_data / "synthea" / "uk_overlay.csv"


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return import_world.made(tmp_path_factory.mktemp("empty") / "home")


@pytest.fixture(scope="module")
def everyone(shared_data: Path, overlay: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, Any]:
    """All 140 people, imported once in this run and copied for this module; and what the import said."""
    made = import_world.all_people(shared_data / "synthea")
    home = Home(tmp_path_factory.mktemp("all") / "home", printed=[(made / "printed.log").read_bytes()])
    shutil.copytree(made / "home", home.folder)
    return home, json.loads((made / "said.json").read_bytes())


@pytest.fixture(scope="module")
def search(raw: list[Resource], overlay: Path, empty: Home) -> Search:
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


def test_what_is_never_kept_is_in_no_record_that_is_opened(everyone: tuple[Home, Any], raw: list[Resource]) -> None:
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
    everyone: tuple[Home, Any], search: Search, raw: list[Resource], tmp_path: Path
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
