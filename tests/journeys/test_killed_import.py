"""An import is killed in the middle and started again: it ends as if nothing had happened."""

import os
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from tests import import_world
from tests.import_world import HOSPITAL, Home, Search, proven, state
from tests.real_input import personal, resources_in

pytestmark = [pytest.mark.realdata, pytest.mark.timeout(400)]

PEOPLE = 15
GOES = 10  # most tries to kill an import before it is done
PATIENCE = 120  # seconds until an import on a busy machine has come as far as that


@pytest.fixture(scope="module")
def bundles(shared_data: Path) -> list[Path]:
    return sorted((shared_data / "synthea" / "trimmed").glob("*.json"), key=lambda path: path.stat().st_size)[:PEOPLE]


@pytest.fixture(scope="module")
def overlay(shared_data: Path) -> Path:
    return shared_data / "synthea" / "uk_overlay.csv"


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return import_world.made(tmp_path_factory.mktemp("empty") / "home")


@pytest.fixture(scope="module")
def search(shared_data: Path, overlay: Path, empty: Home) -> Search:
    raw = list(resources_in(shared_data / "synthea" / "trimmed"))
    return Search(personal(raw, overlay), known=empty.content())


def copied(empty: Home, folder: Path) -> Home:
    shutil.copytree(empty.folder, folder)
    return Home(folder)


@pytest.fixture(scope="module")
def undisturbed(
    empty: Home, bundles: list[Path], overlay: Path, tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, Any]:
    """What is held after an import that nobody killed."""
    home = copied(empty, tmp_path_factory.mktemp("undisturbed") / "home")
    assert home.bring_in(*bundles, overlay=overlay)["people"] == {"new": PEOPLE}
    return state(home)


def come_in(home: Home, running: "subprocess.Popen[bytes]") -> Iterator[int]:
    """How many people have come in so far, asked again and again for as long as the import runs."""
    with closing(sqlite3.connect(f"file:{home.folder / 'vault.db'}?mode=ro", uri=True)) as database:
        last = time.monotonic() + PATIENCE
        while time.monotonic() < last and running.poll() is None:
            yield database.execute("SELECT count(*) FROM citizens").fetchone()[0]
            time.sleep(0.005)


def killed_after(people: int, home: Home, bundles: list[Path], overlay: Path) -> Home | None:
    """*home*, its import killed when that many had come in; nothing where the import was quicker than its killer."""
    running = home.start("import", *bundles, *HOSPITAL, "--overlay", overlay)
    for so_far in come_in(home, running):
        if so_far >= people:
            break
    time.sleep(0.02)  # in the middle of the next file
    with suppress(ProcessLookupError):
        os.killpg(running.pid, signal.SIGKILL)
    printed, _ = running.communicate()
    assert running.returncode in {0, -signal.SIGKILL}, printed.decode()
    if running.returncode == 0:
        return None
    assert (home.folder / "vault.db-wal").exists()  # nobody was left to tidy up
    return home if state(home)["citizens"].total() < len(bundles) else None


@pytest.mark.parametrize("after", [0, 1, PEOPLE // 2, PEOPLE - 1])
def test_a_killed_import_is_finished_by_starting_it_again(
    empty: Home,
    bundles: list[Path],
    overlay: Path,
    undisturbed: Mapping[str, Any],
    search: Search,
    tmp_path: Path,
    after: int,
) -> None:
    killed = (killed_after(after, copied(empty, tmp_path / f"{go}"), bundles, overlay) for go in range(GOES))
    home = next((each for each in killed if each is not None), None)
    assert home is not None, "every import was done before it could be killed"
    assert search.found_in(home.content()) == []
    left = state(home)["citizens"].total()
    assert after <= left < PEOPLE
    proven(home)
    again = home.bring_in(*bundles, overlay=overlay)
    assert again["people"].get("nhs-number-and-birth-date", 0) == left
    assert again["items"].keys() <= {"new", "same"}
    assert state(home) == undisturbed
    proven(home)
