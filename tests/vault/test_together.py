"""Several processes compare the tables with the log: one moment, the same findings in the same order, or a failure."""

from pathlib import Path

import pytest
from sqlalchemy import text

from audit.errors import WorkerFailedError
from audit.processes import Crew
from tests.dying import die, double, fail
from tests.vault.house import House
from tests.vault.proved import Proved, proved_vault
from tests.vault.test_damage import HARMS
from vault import comparing, holding, verifying
from vault.models import Grant
from vault.together import one_moment
from vault.trail import catch_up, held

HARM = ("a grant's uses set back", "a death undone", "a record body deleted")


@pytest.fixture
def proved(house: House, tmp_path: Path) -> Proved:
    return proved_vault(house, tmp_path)


def test_many_items_come_back_in_their_order_and_one_that_fails_or_dies_fails_all() -> None:
    with Crew(2) as crew:
        assert list(crew.in_order(double, range(100), at_once=3)) == [2 * each for each in range(100)]
        with pytest.raises(WorkerFailedError, match="part: ValueError"):
            list(crew.in_order(fail, ["what no message may hold"]))
    with Crew(2) as crew, pytest.raises(WorkerFailedError, match="ended before its part was done"):
        list(crew.in_order(die, range(40)))


def test_damage_is_named_by_all_processes_as_by_one_in_the_same_order(
    proved: Proved, monkeypatch: pytest.MonkeyPatch
) -> None:
    _find_places(proved)
    with proved.house.vault.db.write.begin() as connection:
        for name in HARM:
            HARMS[name][0](connection)
        for statement in (
            "UPDATE log_lines SET event = 'record:written' WHERE at = 3",
            "DELETE FROM log_lines WHERE at IN (7, 8)",
            "INSERT INTO log_lines (log, at, time, event) VALUES (0, 900, 1, 'x'), (0, -1, 1, 'x'), (5, 1, 1, 'x')",
        ):
            connection.execute(text(statement))
    for module, name, small in ((comparing, "ROWS", 5), (comparing, "PAGES", 1), (held, "BATCH", 4)):
        monkeypatch.setattr(module, name, small)
    alone = proved.verify(whole=True)
    monkeypatch.setattr(verifying, "WORTH", 0)
    together = proved.verify(whole=True)
    assert together == alone
    assert {"changed", "deleted", "unmarked", "uses"} <= {each.kind for each in alone.held.defects}
    assert [(each.kind, each.row) for each in alone.places] == [
        ("added", "before 0-0"),
        ("changed", "0-3"),
        ("deleted", "0-7"),
        ("deleted", "0-8"),
        ("added", "0-900"),
        ("added", "5-1"),
    ]


def _find_places(proved: Proved) -> None:
    proved.place()
    catch_up(proved.house.vault)


def test_all_see_one_moment_whatever_is_written_meanwhile(proved: Proved) -> None:
    vault = proved.house.vault
    with Crew(2) as crew, one_moment(vault, crew) as (ctx, helping):
        assert helping is crew
        grants = comparing.Part(Grant)
        before = comparing.states_in(ctx.session, grants)
        proved.house.grant(frozenset({"medication.name"}))
        with vault.db.snapshot() as session:
            assert comparing.states_in(session, grants) != before
        assert crew.each(comparing.states_seen, grants) == [before, before]


def test_a_process_that_dies_is_a_failed_verification_and_nothing_is_kept(
    sqlite_house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    proved = proved_vault(sqlite_house, tmp_path)
    monkeypatch.setattr(verifying, "WORTH", 0)
    monkeypatch.setattr(holding, "states_seen", die)
    with pytest.raises(WorkerFailedError):
        proved.verify()
    assert not proved.path.exists()
