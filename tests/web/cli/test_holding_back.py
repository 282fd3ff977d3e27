"""Holding an item back by command: by two people, with a ground and a day, and shown again by one."""

import json
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.demo_world import settings
from tests.portal_world import told
from vault.clock import utc_now
from vault.errors import InvalidInputError, NotAllowedError, SecondPersonNeededError
from web.cli.root import root
from web.demo import note
from web.demo.note import Note

__all__ = ["told"]

WHY = "It would do him serious harm"
GROUND = ("--authority", "DPA 2018 Sch. 3 para. 11", "--reason", "-")


@pytest.fixture
def home(told: Path, tmp_path: Path) -> Path:
    shutil.copytree(told, tmp_path / "home")
    return tmp_path / "home"


@pytest.fixture
def held(home: Path) -> Note:
    return note.read(home)


def run(home: Path, *words: object) -> Result:
    return CliRunner().invoke(root, ["citizen", *map(str, words)], env=settings(home), input=WHY)


def items(home: Path, citizen: object, *more: str) -> dict[str, str]:
    """Each item that is, or could be, held back, with the day until which it is."""
    listed = run(home, "held-back", citizen, "--json", *more)
    assert listed.exit_code == 0, listed.output
    return {each["item"]: each["held-until"] for each in json.loads(listed.output)}


def day(ahead: int) -> str:
    return (utc_now() + timedelta(days=ahead)).date().isoformat()


def test_two_people_hold_an_item_back_until_a_day_and_one_shows_it_again(home: Path, held: Note) -> None:
    peter, first, second = held.citizens["peter"], held.accounts["social-worker"], held.accounts["administrator"]
    assert items(home, peter) == {}
    item = next(iter(items(home, peter, "--all")))
    done = run(home, "hold-back", peter, item, "--until", day(30), *GROUND, "--by", first, second)
    assert done.exit_code == 0, done.output
    assert day(30) in done.output
    assert WHY not in done.output
    assert items(home, peter) == {item: day(30)}
    assert run(home, "show-again", peter, item, "--by", second).exit_code == 0
    assert items(home, peter) == {}


@pytest.mark.parametrize(
    ("by", "until", "expected"),
    [
        (("social-worker", "social-worker"), 30, SecondPersonNeededError),
        (("social-worker", "auditor"), 30, NotAllowedError),
        (("social-worker", "peter"), 30, NotAllowedError),
        (("social-worker", "administrator"), -1, InvalidInputError),
        (("social-worker", "administrator"), 400, InvalidInputError),
    ],
    ids=["one person alone", "an auditor", "the citizen", "yesterday", "for good"],
)
def test_nothing_is_held_back_otherwise(
    home: Path, held: Note, by: tuple[str, str], until: int, expected: type[Exception]
) -> None:
    peter = held.citizens["peter"]
    item = next(iter(items(home, peter, "--all")))
    two = [held.accounts[slug] for slug in by]
    refused = run(home, "hold-back", peter, item, "--until", day(until), *GROUND, "--by", *two)
    assert isinstance(refused.exception, expected)
    assert items(home, peter) == {}
