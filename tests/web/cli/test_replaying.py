"""Replaying the rules and explaining an entry by command, on the demo's own log."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from audit import read
from tests.demo_world import settings
from tests.portal_world import told
from web.cli.root import root
from web.config import Config
from web.opening import opened

__all__ = ["told"]


@pytest.fixture
def home(told: Path, tmp_path: Path) -> Path:
    shutil.copytree(told, tmp_path / "home")
    return tmp_path / "home"


def run(home: Path, *words: str) -> Result:
    return CliRunner().invoke(root, list(words), env=settings(home))


def test_the_past_is_replayed_without_a_change_under_the_same_rules(home: Path) -> None:
    said = run(home, "policy", "replay", "--since", "2020-01-01", "--json")
    assert said.exit_code == 0, said.output
    found = json.loads(said.stdout)
    assert found["changes"] == []
    assert found["totals"]["same"] > 10
    assert found["totals"]["not-kept"] == 0
    assert {"read", "ask", "decide"} <= {each["action"] for each in found["groups"]}
    table = run(home, "policy", "replay", "--since", "2020-01-01").stdout
    assert "0 would gain, 0 would lose" in table
    assert "home-care" in table


def newest(home: Path, event: str) -> str:
    """The place of the newest entry of *event*, as in ``0-12``."""
    run(home, "audit", "sequence")
    with opened(Config.from_environment(settings(home))) as vault, vault.db.read.connect() as connection:
        rows = read.latest(connection, limit=1000)
    return next(str(row.position) for row in rows if row.leaf.event == event)


def test_an_entry_is_explained_and_one_that_is_not_there_is_said(home: Path) -> None:
    said = run(home, "audit", "explain", newest(home, "record:refused"))
    assert said.exit_code == 0, said.output
    assert "read: refused" in said.stdout
    assert "grant.state = " in said.stdout
    assert "the rules in force now: the same" in said.stdout
    wrong = run(home, "audit", "explain", "7-0")
    assert wrong.exit_code == 2
    assert "no entry of the log is called so" in wrong.output
