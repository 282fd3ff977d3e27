"""Delays by command: listed for review, shown at once by one, and never made."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.demo_world import settings
from tests.vault.house import Clock, furnish
from vault import accounts, delays, trail
from vault.context import OPERATOR
from vault.delays import Wanted
from vault.kinds import Role
from web.cli.root import root
from web.cli.sequencing import place_waiting
from web.config import Config
from web.opening import created


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A vault in which one look is shown later, by two people."""
    config = Config.from_environment(settings(tmp_path / "home"))
    with created(config) as vault:
        house = furnish(vault, Clock())
        house.read(house.token(house.grant()))
        with vault.transaction(OPERATOR) as ctx:
            council = house.council_id
            first, second = (accounts.make(ctx, role=Role.AUDITOR, organisation_id=council).actor() for _ in range(2))
        place_waiting(vault, config)
        trail.catch_up(vault)
        with vault.reading(first) as ctx:
            (look,) = trail.search(ctx, filters=trail.Filters(event="record:opened")).lines
        until = vault.clock() + timedelta(days=40)
        wanted = Wanted(
            leaf_hash=look.leaf_hash, until=until, law="crime", authority="Northshire Police", why="Reference 77"
        )
        with vault.transaction(first) as ctx:
            waiting = delays.propose(ctx, wanted=wanted)
        with vault.transaction(second) as ctx:
            delays.approve(ctx, delay_id=waiting.delay_id)
    return tmp_path / "home"


def run(home: Path, *words: str) -> Result:
    return CliRunner().invoke(root, ["audit", "delays", *words], env=settings(home))


def listed(home: Path, *words: str) -> list[dict[str, str]]:
    answer = run(home, "list", "--json", *words)
    assert answer.exit_code == 0, answer.output
    found: list[dict[str, str]] = json.loads(answer.output)
    return found


def test_a_running_delay_is_listed_without_whose_or_why_and_one_person_shows_the_line_at_once(home: Path) -> None:
    (held,) = listed(home)
    assert (held["state"], held["law"], held["authority"]) == ("running", "crime", "Northshire Police")
    assert "Reference 77" not in run(home, "list").output
    assert listed(home, "--review") == []
    shown = run(home, "show-now", held["delay"], "--yes")
    assert shown.exit_code == 0, shown.output
    assert listed(home) == []
    assert [each["state"] for each in listed(home, "--all")] == ["lifted"]
    assert run(home, "show-now", held["delay"], "--yes").exit_code == 1


def test_no_command_makes_a_delay_or_agrees_to_one(home: Path) -> None:
    offered = run(home, "--help").output.partition("Commands:")[2]
    assert {line.split()[0] for line in offered.splitlines() if line.strip()} == {"list", "show-now"}
