"""The watchers: each rule finds what it is for and leaves plain work alone; a finding is made once, and stays."""

import importlib
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import pytest
from sqlalchemy import select, text

from audit.events import Event
from tests import databases
from tests.log_reading import Told, told
from tests.watching_world import URGENT, Officer, Person, World, world
from vault import access, accounts, services, watching
from vault.context import OPERATOR, Actor
from vault.errors import InvalidInputError, NotAllowedError, NotFoundError, RowForgedError, WrongStateError
from vault.holding import hold
from vault.housekeeping import keep_house
from vault.kinds import FindingState, Role
from vault.models import Finding, WatchedAct
from vault.release import Release
from vault.watching import LIMITS, FindingLine, Wanted
from vault.watching.acts import ZONE

FRIDAY: Final = 4
SMALL: Final = replace(LIMITS, settled_looks=10, hours_days=5, own_days=5)
"""The same rules for a world of a few days."""


@dataclass
class Team:
    """One service, two teams of two, and five people each who share with it."""

    world: World
    service_id: UUID
    north: list[Officer]
    south: list[Officer]
    people: list[Person]
    auditor: Actor
    clock: datetime
    begun: datetime
    """When the team was made: whatever was found earlier is about others."""
    since: int
    """Entries of the log that were there before."""

    def does(self, officer: Officer, event: Event, person: Person | None, *, hour: float = 0, **more: Any) -> bytes:
        """One act, so many hours after now."""
        with self.world.writing() as ctx:
            return self.world.act(ctx, officer, event, self.clock + timedelta(hours=hour), person, **more)

    def looks(self, officer: Officer, *people: Person, hour: float = 0) -> list[bytes]:
        """One look at each of *people*, a minute apart."""
        start = self.clock + timedelta(hours=hour)
        with self.world.writing() as ctx:
            moments = [(start + timedelta(minutes=each), person) for each, person in enumerate(people)]
            return [self.world.act(ctx, officer, Event.RECORD_OPENED, *moment) for moment in moments]

    def usual(self, days: int) -> None:
        """Days of plain work: each officer looks at the people of their own team, and writes a visit down."""
        for _day in range(days):
            with self.world.writing() as ctx:
                for officers, people in ((self.north, self.people[:5]), (self.south, self.people[5:])):
                    for officer in officers:
                        for person in people:
                            self.world.act(ctx, officer, Event.RECORD_OPENED, self.clock, person)
                        self.world.act(ctx, officer, Event.RECORD_WRITTEN, self.clock + timedelta(hours=1), people[0])
            self.next_day()

    def more(self, count: int) -> list[Person]:
        """More people who share with the service since a few days."""
        with self.world.writing() as ctx:
            people = [self.world.person(ctx) for _ in range(count)]
            for person in people:
                self.world.share(ctx, person, self.service_id, made=self.clock - timedelta(days=3))
        return people

    def next_day(self) -> None:
        """Go on to the next day of work."""
        self.clock += timedelta(days=3 if self.clock.weekday() == FRIDAY else 1)
        self.world.at(self.clock)

    def scan(self, *, hours: float = 0) -> watching.Scanned:
        """Place what was written, and run the watchers, so many hours after the evening of this day."""
        self.world.at(self.clock + timedelta(hours=12 + hours))
        self.world.place()
        return watching.scan(self.world.vault, limits=SMALL)

    def found(self, rule: str = "", who: Actor | None = None, **wanted: str) -> list[FindingLine]:
        """The findings about this team, or an auditor of its, that an auditor sees."""
        with self.world.vault.reading(who or self.auditor) as ctx:
            found = watching.of_scope(ctx, wanted=Wanted(rule=rule, **{"state": "", **wanted}))
        return [each for each in found if each.first_at >= self.begun]

    def told(self, *events: str) -> list[Told]:
        """What the log says since this team was made."""
        return [entry for entry in told(self.world.vault)[self.since :] if not events or entry.event in events]

    def evidence(self, finding_id: UUID) -> list[bytes]:
        """The leaf hashes that a finding names."""
        with self.world.vault.reading(OPERATOR) as ctx:
            row = ctx.session.get(Finding, finding_id)
            assert row is not None
            return [bytes.fromhex(each) for each in row.evidence]


@contextmanager
def council(kind: str) -> Iterator[World]:
    """A council on a database of this kind."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        with databases.sqlite(home) if kind == "sqlite" else databases.postgresql() as url, world(home, url) as made:
            yield made


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def both(request: pytest.FixtureRequest) -> Iterator[World]:
    """One council for the tests of this file: each test brings a service of its own, and time goes on between them."""
    with council(request.param) as made:
        yield made


@pytest.fixture
def team(both: World) -> Team:
    """A new team in the council."""
    return _team(both)


@pytest.fixture
def alone() -> Iterator[Team]:
    """A team in a council of its own, for harm that is the same on both databases."""
    with council("sqlite") as made:
        yield _team(made)


def _team(made: World) -> Team:
    """A new service and its people, whose shares are some months old, on the Monday after next."""
    monday = made.clock.now.replace(hour=10, minute=0, second=0, microsecond=0)
    monday += timedelta(days=14 - monday.weekday())
    made.at(monday)
    service_id = made.service(f"home-care-{monday:%Y-%m-%d}")
    north, south = ([made.officer(service_id, name) for _ in range(2)] for name in ("north", "south"))
    with made.writing() as ctx:
        people = [made.person(ctx) for _ in range(10)]
        for person in people:
            made.share(ctx, person, service_id, made=monday - timedelta(days=90))
    auditor = made.officer(None, "audit").actor
    return Team(made, service_id, north, south, people, auditor, monday, monday, len(told(made.vault)))


def test_what_the_traffic_writes_is_what_the_door_writes(team: Team) -> None:
    person, officer = team.people[0], team.north[0]
    team.does(officer, Event.RECORD_OPENED, person)
    answer = access.read_as_officer(
        team.world.vault, actor=officer.actor, grant_id=person.shares[team.service_id], fields=None
    )
    assert isinstance(answer, Release)
    ours, doors = team.told(Event.RECORD_OPENED)
    assert ours.facts["by"] == doors.facts["by"]
    assert ours.facts["acting"] == doors.facts["acting"]
    assert {name: type(held) for name, held in ours.facts.items()} == {
        name: type(held) for name, held in doors.facts.items() if name not in {"records", "judged"}
    }


def test_days_of_plain_work_make_no_finding(team: Team) -> None:
    team.usual(8)
    assert team.scan(hours=48).acts >= 8 * 4 * 6
    assert team.found() == []


def test_a_look_that_no_work_explains_is_found_with_its_evidence(team: Team) -> None:
    team.usual(8)
    (look,) = team.looks(team.north[0], team.people[9])
    team.scan()
    assert team.found() == []  # a visit may still be written down
    team.scan(hours=24)
    (finding,) = team.found("no-relationship")
    assert team.evidence(finding.finding_id) == [look]
    assert finding.who["account"] == str(team.north[0].account)


def test_a_visit_written_afterwards_explains_the_look_before_it(team: Team) -> None:
    team.usual(8)
    team.looks(team.north[0], team.people[9])
    team.does(team.north[0], Event.RECORD_WRITTEN, team.people[9], hour=5)
    team.scan(hours=24)
    assert team.found() == []


def test_a_service_where_nothing_is_ever_explained_is_left_alone(team: Team) -> None:
    for _day in range(8):
        for number, officer in enumerate((*team.north, *team.south)):
            team.looks(officer, team.people[(number + team.clock.day) % 10])
        team.next_day()
    team.scan(hours=24)
    assert team.found("no-relationship") == []


def test_many_people_in_one_hour_are_found_and_the_finding_grows_while_they_go_on(team: Team) -> None:
    team.usual(6)
    many = team.more(40)
    team.looks(team.north[0], *many[:20])
    assert team.scan().made >= 1
    (finding,) = team.found("bulk")
    assert (finding.evidence, finding.grave) == (20, True)
    team.looks(team.north[0], *many[20:], hour=1)
    assert team.scan().grown >= 1
    (finding,) = team.found("bulk")
    assert finding.evidence == 40
    assert [entry.facts["evidence"] for entry in team.told("finding:grown") if entry.facts["rule"] == "bulk"] == [40]


def test_looks_at_night_are_found_and_a_night_shift_is_not(team: Team) -> None:
    team.usual(7)
    night = team.looks(team.north[0], team.people[0], hour=13)
    team.scan(hours=12)
    (finding,) = team.found("out-of-hours")
    assert team.evidence(finding.finding_id) == night


def test_hours_are_those_of_the_clock_on_the_wall_in_summer_too(team: Team) -> None:
    days = (team.clock + timedelta(days=each) for each in range(10, 400))
    change = next(day for day in days if _offset(day) != _offset(day + timedelta(days=1)))  # clocks change on a Sunday
    team.clock = team.world.at(change - timedelta(days=5)).clock.now
    team.usual(5)
    team.clock += _offset(change) - _offset(change + timedelta(days=1))
    team.looks(team.north[0], team.people[0])
    team.scan()
    assert team.found("out-of-hours") == []


def _offset(moment: datetime) -> timedelta:
    return moment.astimezone(ZONE).utcoffset() or timedelta()


def test_a_sudden_change_against_ones_own_days_is_found(team: Team) -> None:
    team.usual(7)
    team.looks(team.south[0], *team.people[5:], *team.more(9))
    team.scan()
    (finding,) = team.found("sudden-change")
    assert finding.evidence == 14
    assert team.found("bulk") == []


def test_repeated_refusals_are_found_and_a_fault_of_the_system_is_not(team: Team) -> None:
    for _ in range(5):
        team.does(team.north[0], Event.RECORD_REFUSED, team.people[8], refused=["condition.name"])
    team.scan()
    (finding,) = team.found("repeated-refusals")
    assert finding.evidence == 5
    team.next_day()
    team.usual(1)
    everybody = (*team.north, *(team.world.officer(team.service_id, "north") for _ in range(2)))
    for officer in everybody:
        for _ in range(6):
            team.does(officer, Event.RECORD_REFUSED, team.people[0], refused=["condition.name"])
    team.scan()
    assert len(team.found("repeated-refusals")) == 1


def _tie(team: Team, officer: Officer, **given: object) -> None:
    told_them: dict[str, object] = {"names": [], "postcodes": [], "citizen_id": None, **given}
    with team.world.writing() as ctx:
        watching.note_staff(ctx, account_id=officer.account, **told_them)  # type: ignore[arg-type]


def test_a_look_at_ones_own_record_or_a_colleagues_is_found_at_once(team: Team) -> None:
    _tie(team, team.north[0], citizen_id=team.people[0].citizen_id)
    team.looks(team.north[0], team.people[0])
    team.looks(team.south[0], team.people[0])
    team.scan()
    (own,), (colleague,) = team.found("own-record"), team.found("colleague")
    assert (own.who["account"], colleague.who["account"]) == (str(team.north[0].account), str(team.south[0].account))


def test_a_marked_person_is_watched_and_work_for_them_is_not_suspected(team: Team) -> None:
    with team.world.writing() as ctx:
        watching.mark_person(ctx, citizen_id=team.people[0].citizen_id, reason="on television")
    assert [(entry.subject, set(entry.facts)) for entry in team.told("person:marked")] == [(None, {"by", "marked"})]
    team.does(team.north[0], Event.RECORD_WRITTEN, team.people[0])
    team.looks(team.north[0], team.people[0])
    team.looks(team.north[1], team.people[0])
    team.scan(hours=24)  # whom the team has to do with is judged when the time for writing work down is over
    (finding,) = team.found("well-known")
    assert finding.who["account"] == str(team.north[1].account)


@pytest.mark.parametrize(
    ("rule", "given"),
    [("neighbour", {"postcodes": ["zz99 3vz"]}), ("same-surname", {"names": ["Sam Marlow-Jones"]})],
)
def test_a_neighbours_and_a_namesakes_record_is_watched_without_a_clear_word(
    team: Team, rule: str, given: dict[str, object]
) -> None:
    with team.world.writing() as ctx:
        near = team.world.person(ctx, name="Edith Marlow", address="4 Larch Close, Ferndale, ZZ99 3VZ")
        team.world.share(ctx, near, team.service_id, made=team.clock - timedelta(days=90))
    _tie(team, team.north[0], **given)
    for officer in team.north:
        team.looks(officer, near, team.people[0])
    team.scan(hours=24)
    (finding,) = team.found(rule)
    assert finding.who["account"] == str(team.north[0].account)
    assert [set(entry.facts) for entry in team.told("ties:noted")] == [{"by", "staff"}]
    assert len(team.told(Event.TIES_CHECKED)) == 2  # once for each person looked at by who told their ties
    assert_no_clear_word(team, "marlow", "zz993vz", "zz99 3vz")


def assert_no_clear_word(team: Team, *words: str) -> None:
    """None of *words* stands in any table, nor in what the log tells auditors."""
    facts = " ".join(str(entry.facts) for entry in team.told()).casefold()
    assert [word for word in words if word in facts] == []
    with team.world.vault.db.read.connect() as connection:
        for table in ("watched_acts", "tie_marks", "staff_ties", "marked_people", "findings", "blind_indexes"):
            rows = " ".join(str(tuple(row)) for row in connection.execute(text(f"SELECT * FROM {table}"))).casefold()
            assert [word for word in words if word in rows] == [], table


def test_a_scan_again_makes_no_second_finding_and_looks_only_at_what_is_new(alone: Team) -> None:
    _tie(alone, alone.north[0], citizen_id=alone.people[0].citizen_id)
    alone.looks(alone.north[0], alone.people[0])
    first, second = alone.scan(), alone.scan()
    assert (first.made, second.made, second.acts) == (1, 0, 0)
    watching.begin_anew(alone.world.vault)
    again = alone.scan()
    assert (again.acts, again.made, again.grown) == (first.acts, 0, 0)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_two_processes_that_first_look_at_once_judge_the_log_once(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with council(kind) as made:
        team = _team(made)
        team.usual(1)
        made.place()
        scanning = importlib.import_module("vault.watching.scan")  # the package offers a function of that name
        both_judged, kept = threading.Barrier(2), scanning._keep

        def together(*given: Any) -> object:
            with suppress(threading.BrokenBarrierError):  # after the first batch, whoever went on is alone
                both_judged.wait(5)
            both_judged.abort()
            return kept(*given)

        monkeypatch.setattr(scanning, "_keep", together)
        with ThreadPoolExecutor(2) as pool:
            done = [each.result() for each in [pool.submit(watching.scan, made.vault) for _ in range(2)]]
        assert sorted(one.acts > 0 for one in done) == [False, True]
        assert watching.scan(made.vault).acts == 0


def test_more_of_the_same_after_a_finding_was_closed_is_a_new_finding(team: Team) -> None:
    _tie(team, team.north[0], citizen_id=team.people[0].citizen_id)
    team.looks(team.north[0], team.people[0])
    team.scan()
    _close(team, team.found()[0].finding_id)
    team.scan()
    (second,) = team.looks(team.north[0], team.people[0], hour=1)
    team.scan()
    (open_one,) = team.found(state="open")
    assert team.evidence(open_one.finding_id) == [second]


def _close(team: Team, finding_id: UUID, who: Actor | None = None) -> None:
    with team.world.vault.transaction(who or team.auditor) as ctx:
        watching.close(ctx, finding_id=finding_id, outcome=FindingState.WRONG, words="They were on call.")


def _one(team: Team) -> UUID:
    _tie(team, team.north[0], citizen_id=team.people[0].citizen_id)
    team.looks(team.north[0], team.people[0])
    team.scan()
    return team.found()[0].finding_id


def test_a_finding_is_given_to_somebody_explained_and_closed_and_the_log_tells_each_step(team: Team) -> None:
    finding_id = _one(team)
    other = team.world.officer(None, "audit").actor.account_id
    assert other
    with team.world.vault.transaction(team.auditor) as ctx:
        watching.assign(ctx, finding_id=finding_id, to=other)
        watching.explain(ctx, finding_id=finding_id, words="She says that she tested the screen.")
        watching.close(ctx, finding_id=finding_id, outcome=FindingState.RIGHT, words="Nobody tests on real records.")
    with team.world.vault.reading(team.auditor) as ctx:
        view = watching.read(ctx, finding_id=finding_id)
    assert (view.state, view.assigned_to) == (FindingState.RIGHT, other)
    assert [str(each.step) for each in view.notes] == ["assigned", "explained", "closed"]
    assert [line.event for line in view.lines] == ["record:opened"]
    steps = [entry.event for entry in team.told() if entry.event.startswith("finding:")]
    assert steps == ["finding:made", "finding:assigned", "finding:explained", "finding:closed", "finding:read"]
    assert "tested" not in str([entry.facts for entry in team.told()])


def test_a_closed_finding_stays_as_it_is(team: Team) -> None:
    finding_id = _one(team)
    _close(team, finding_id)
    with team.world.vault.transaction(team.auditor) as ctx:
        with pytest.raises(WrongStateError):
            watching.close(ctx, finding_id=finding_id, outcome=FindingState.RIGHT, words="after all")
        with pytest.raises(WrongStateError):
            watching.explain(ctx, finding_id=finding_id, words="after all")
        with pytest.raises(WrongStateError):
            watching.assign(ctx, finding_id=finding_id, to=team.auditor.account_id or finding_id)


@pytest.mark.parametrize(("outcome", "words"), [("open", "why"), ("right", " "), ("right", "x" * 4001)])
def test_a_finding_is_closed_as_something_and_for_a_reason(team: Team, outcome: str, words: str) -> None:
    finding_id = _one(team)
    with team.world.vault.transaction(team.auditor) as ctx, pytest.raises(InvalidInputError):
        watching.close(ctx, finding_id=finding_id, outcome=FindingState(outcome), words=words)


def test_whom_a_finding_suspects_never_sees_it_and_cannot_close_it(team: Team) -> None:
    suspect = team.world.officer(None, "audit")
    _tie(team, suspect, citizen_id=team.people[0].citizen_id)
    team.does(suspect, Event.AUDIT_SEARCHED, team.people[0], person_by="nhs-number")
    team.scan()
    (finding,) = team.found("own-record")
    assert team.found(who=suspect.actor) == []
    for act in (watching.read, watching.assignable):
        with team.world.vault.reading(suspect.actor) as ctx, pytest.raises(NotFoundError):
            act(ctx, finding_id=finding.finding_id)
    with pytest.raises(NotFoundError):
        _close(team, finding.finding_id, suspect.actor)
    with team.world.vault.reading(team.auditor) as ctx:
        offered = {account for account, _name in watching.assignable(ctx, finding_id=finding.finding_id)}
    assert team.auditor.account_id in offered
    assert suspect.account not in offered


def test_only_auditors_of_the_whole_log_or_of_that_organisation_see_a_finding(team: Team) -> None:
    finding_id = _one(team)
    with team.world.writing() as ctx:
        trust = services.make_organisation(ctx, slug="trust", name="Trust", kind="nhs").organisation_id
        elsewhere = accounts.make(ctx, role=Role.AUDITOR, organisation_id=trust).actor()
    assert team.found(who=elsewhere) == []
    with team.world.vault.reading(elsewhere) as ctx, pytest.raises(NotFoundError):
        watching.read(ctx, finding_id=finding_id)
    for stranger in (team.north[0].actor, Actor(kind="citizen", citizen_id=team.people[0].citizen_id)):
        with team.world.vault.reading(stranger) as ctx, pytest.raises(NotAllowedError):
            watching.of_scope(ctx)


def test_no_citizen_finds_a_finding_among_their_lines(team: Team) -> None:
    _one(team)
    assert {entry.subject for entry in team.told("finding:made", "watch:run")} == {None}


def _defects(team: Team) -> set[tuple[str, str]]:
    with team.world.vault.snapshot(OPERATOR) as ctx:
        return {(each.kind, each.table) for each in hold(ctx.session).defects}


@pytest.mark.parametrize(
    ("harm", "defect"),
    [
        ("UPDATE findings SET state = 'open'", ("unmarked", "findings")),
        ("UPDATE findings SET evidence = '[]'", ("changed", "findings")),
        ("DELETE FROM findings", ("deleted", "a covered table")),
        ("DELETE FROM finding_notes", ("deleted", "a covered table")),
        ("DELETE FROM staff_ties", ("deleted", "a covered table")),
        ("UPDATE watch_states SET at = 999999", ("changed", "watch_states")),
    ],
)
def test_a_finding_altered_or_deleted_behind_the_vaults_back_is_named(
    alone: Team, harm: str, defect: tuple[str, str]
) -> None:
    _close(alone, _one(alone))
    assert _defects(alone) == set()
    with alone.world.vault.db.write.begin() as connection:
        connection.execute(text(harm))
    assert defect in _defects(alone)


def test_a_planted_act_or_position_is_not_believed(alone: Team) -> None:
    alone.looks(alone.north[0], alone.people[0])
    alone.scan()
    with alone.world.vault.db.write.begin() as connection:
        connection.execute(text("UPDATE watched_acts SET fresh = NOT fresh"))
    alone.looks(alone.north[0], alone.people[0], hour=1)
    with pytest.raises(RowForgedError):
        alone.scan()
    with alone.world.vault.db.write.begin() as connection:
        connection.execute(text("DELETE FROM watched_acts"))
        connection.execute(text("UPDATE watch_states SET at = at + 100"))
    with pytest.raises(RowForgedError):
        alone.scan()


def _emergency(person: Person) -> dict[str, Any]:
    return {"emergency": str(person.citizen_id), "purpose": URGENT}


def test_an_emergency_that_nobody_judged_in_time_is_found_with_its_looks(team: Team) -> None:
    judged, unjudged = team.people[:2]
    first, second = _emergency(judged), _emergency(unjudged)
    officer = team.north[0]
    team.does(officer, Event.EMERGENCY_STATED, judged, hour=0, **first)
    team.does(team.north[1], Event.EMERGENCY_FOLLOWED_UP, judged, hour=1, **first)
    stated = team.does(officer, Event.EMERGENCY_STATED, unjudged, hour=2, **second)
    look = team.does(officer, Event.RECORD_OPENED, unjudged, hour=2.1, **second)
    team.scan(hours=24 * 3)
    assert team.found("emergency-not-followed-up") == []
    team.scan(hours=24 * 5)
    (finding,) = team.found("emergency-not-followed-up")
    assert team.evidence(finding.finding_id) == [stated, look]
    assert team.found("no-relationship") == []


def test_the_housekeeping_watches_and_lets_old_acts_go(team: Team) -> None:
    _tie(team, team.north[0], citizen_id=team.people[0].citizen_id)
    team.looks(team.north[0], team.people[0])
    team.world.place()
    keep_house(team.world.vault)
    assert len(team.found("own-record")) == 1
    team.world.at(team.clock + timedelta(days=100))
    keep_house(team.world.vault)
    with team.world.vault.reading(OPERATOR) as ctx:
        assert ctx.session.scalars(select(WatchedAct)).all() == []
