"""An entry that its citizen sees later: by two people, by law, for a time; and until then as if it had never been."""

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from tests.log_reading import told
from tests.vault.house import House
from tests.vault.test_trail import Desk as Log
from tests.vault.test_trail import desk as log
from vault import accounts, cases, delays, grants, notices, trail
from vault.access import read_as_officer
from vault.access.tying import marks_of_ties
from vault.accounts import StaffLabel
from vault.context import OPERATOR, Actor
from vault.delays import DelayView, Wanted
from vault.errors import (
    InvalidInputError,
    NotAllowedError,
    NotFoundError,
    ProofNeededError,
    RowForgedError,
    WrongStateError,
)
from vault.grants import GrantView
from vault.holding import hold
from vault.housekeeping import keep_house
from vault.kinds import AccountStatus, CaseKind, DelayState, GrantState, NoticeKind, Role
from vault.release import Refusal
from vault.trail import Line
from vault.watching.marks import tie_mark

__all__ = ["log"]

DAYS = timedelta(days=30)
WHY = "The police asked for time, reference 77"


@dataclass(frozen=True)
class Desk:
    """The house with one look, an auditor who asks for a delay of it, and others who decide."""

    log: Log
    grant: GrantView
    look: Line
    first: Actor
    second: Actor
    administrator: Actor

    @property
    def house(self) -> House:
        return self.log.house

    def propose(self, who: Actor | None = None, **changed: Any) -> DelayView:
        given: dict[str, Any] = {
            "leaf_hash": self.look.leaf_hash,
            "until": self.house.clock() + DAYS,
            "law": "crime",
            "authority": "Northshire Police",
            "why": WHY,
        }
        with self.house.vault.transaction(who or self.first) as ctx:
            return delays.propose(ctx, wanted=Wanted(**{**given, **changed}))

    def approve(self, delay: DelayView, who: Actor | None = None) -> DelayView:
        with self.house.vault.transaction(who or self.second) as ctx:
            return delays.approve(ctx, delay_id=delay.delay_id)

    def delay(self, **changed: Any) -> DelayView:
        return self.approve(self.propose(**changed))

    def lines(self) -> list[Line]:
        """What the citizen sees."""
        with self.house.vault.reading(self.house.citizen) as ctx:
            return trail.of_citizen(ctx, citizen_id=self.house.citizen_id, limit=1000)

    def events(self) -> list[str]:
        return [line.event for line in self.lines()]

    def share(self) -> GrantView:
        """The share as the citizen sees it."""
        with self.house.vault.reading(self.house.citizen) as ctx:
            return grants.view(ctx, citizen_id=self.house.citizen_id, grant_id=self.grant.grant_id)

    def again(self) -> DelayView:
        """The one delay there is."""
        with self.house.vault.reading(self.first) as ctx:
            (found,) = delays.everything(ctx)
        return found


def staff(house: House, role: Role = Role.AUDITOR, organisation_id: UUID | None = None) -> Actor:
    with house.vault.transaction(OPERATOR) as ctx:
        label = StaffLabel("Sam", "auditor", "audit")
        return accounts.make(ctx, role=role, organisation_id=organisation_id or house.council_id, label=label).actor()


@pytest.fixture
def desk(log: Log) -> Desk:
    house = log.house
    grant = house.grant()
    house.read(house.token(grant))
    log.place()
    (look,) = log.found(event="record:opened").lines
    return Desk(log, grant, look, staff(house), staff(house), staff(house, Role.ADMINISTRATOR))


def test_two_people_keep_a_look_from_its_citizen_until_its_day_and_then_it_opens_by_itself(desk: Desk) -> None:
    assert {"record:opened", "token:issued"} <= set(desk.events())
    waiting = desk.propose()
    assert "record:opened" in desk.events(), "one person hides nothing"
    desk.approve(waiting)
    assert not {"record:opened", "token:issued"} & set(desk.events())
    with (
        pytest.raises(NotFoundError, match=r"^there is no such line$"),
        desk.house.vault.reading(desk.house.citizen) as ctx,
    ):
        trail.line(ctx, citizen_id=desk.house.citizen_id, leaf_hash=desk.look.leaf_hash)
    desk.house.clock.ahead = DAYS
    (line,) = [line for line in desk.lines() if line.event == "record:opened"]
    assert line.late is not None
    assert (line.late.authority, line.late.law, line.late.since) == ("Northshire Police", "crime", waiting.until)


def test_the_share_shows_nothing_of_it_and_goes_on_being_what_it_was(desk: Desk) -> None:
    assert (desk.share().uses, desk.share().last_used_at) == (1, desk.look.at)
    desk.delay()
    assert (desk.share().uses, desk.share().last_used_at) == (0, None)
    assert desk.share().uses_left == desk.grant.max_uses
    with desk.house.vault.reading(desk.house.service) as ctx:
        assert grants.by_id(ctx, grant_id=desk.grant.grant_id).uses == 1, "the service knows what it did"
    desk.house.clock.ahead = DAYS
    assert (desk.share().uses, desk.share().last_used_at) == (1, desk.look.at)


def test_an_earlier_look_is_the_last_one_while_the_later_is_hidden(desk: Desk) -> None:
    desk.house.clock.ahead = timedelta(hours=1)
    desk.house.read(desk.house.token(desk.grant))
    later = desk.log.found(event="record:opened").lines[0]
    desk.delay(leaf_hash=later.leaf_hash)
    assert (desk.share().uses, desk.share().last_used_at) == (1, desk.look.at)
    assert desk.events().count("record:opened") == desk.events().count("token:issued") == 1


def test_a_share_that_a_hidden_look_used_up_goes_on_for_its_citizen(log: Log) -> None:
    house = log.house
    grant = house.grant(uses=1)
    house.read(house.token(grant))
    keep_house(house.vault)
    log.place()
    (look,) = log.found(event="record:opened").lines
    desk = Desk(log, grant, look, staff(house), staff(house), staff(house, Role.ADMINISTRATOR))
    assert desk.share().state is GrantState.EXHAUSTED
    desk.delay()
    assert desk.share().state is GrantState.ACTIVE
    assert "grant:used-up" not in desk.events()
    desk.house.clock.ahead = DAYS
    assert "grant:used-up" in desk.events()


def test_a_look_that_is_shown_does_not_tell_that_a_hidden_one_used_the_share_up_with_it(log: Log) -> None:
    house = log.house
    grant = house.grant(uses=2)
    house.read(house.token(grant))
    log.place()
    (look,) = log.found(event="record:opened").lines
    desk = Desk(log, grant, look, staff(house), staff(house), staff(house, Role.ADMINISTRATOR))
    desk.delay()
    before = desk.share()
    house.read(house.token(grant))
    keep_house(house.vault)
    assert "grant:used-up" not in desk.events()
    after = desk.share()
    assert (after.uses, after.state, after.version) == (1, GrantState.ACTIVE, before.version)
    house.clock.ahead = DAYS
    keep_house(house.vault)
    assert "grant:used-up" in desk.events()


def test_renewing_gives_as_many_looks_as_the_citizen_can_count(desk: Desk) -> None:
    desk.delay()
    house = desk.house
    house.clock.ahead = timedelta(days=1)
    with house.vault.transaction(house.citizen) as ctx:
        made = grants.renew(ctx, citizen_id=house.citizen_id, grant_id=desk.grant.grant_id, until=None)
    assert made.uses_left == desk.grant.max_uses


def test_lifting_it_early_takes_one_person_and_shows_it_at_once(desk: Desk) -> None:
    delay = desk.delay()
    with desk.house.vault.transaction(desk.administrator) as ctx:
        delays.lift(ctx, delay_id=delay.delay_id)
    (line,) = [line for line in desk.lines() if line.event == "record:opened"]
    assert line.late is not None
    assert line.late.since < delay.until
    assert [each.facts["entry"] for each in told(desk.house.vault, "delay:lifted")] == [desk.look.leaf_hash.hex()]
    with pytest.raises(WrongStateError), desk.house.vault.transaction(OPERATOR) as ctx:
        delays.lift(ctx, delay_id=delay.delay_id)


def test_everything_about_a_delay_is_in_the_log_and_in_nobodys_lines(desk: Desk) -> None:
    before = len(desk.lines())
    desk.delay()
    desk.house.clock.ahead = DAYS
    keep_house(desk.house.vault)
    assert desk.again().state is DelayState.OPENED
    steps = told(desk.house.vault, "delay:proposed", "delay:approved", "delay:opened")
    assert [each.event for each in steps] == ["delay:proposed", "delay:approved", "delay:opened"]
    assert {each.subject for each in steps} == {None}
    assert {each.facts["entry"] for each in steps} == {desk.look.leaf_hash.hex()}
    assert {each.facts["authority"] for each in steps} == {"Northshire Police"}
    assert WHY not in str([each.facts for each in steps])
    assert len(desk.lines()) == before


def moved(desk: Desk) -> Actor:
    """The second person, on the day on which a delay ends."""
    desk.house.clock.ahead = DAYS
    return desk.second


def left(desk: Desk) -> DelayView:
    """A delay that waits, asked for by somebody who has left since."""
    waiting = desk.propose()
    assert desk.first.account_id is not None
    with desk.house.vault.transaction(OPERATOR) as ctx:
        accounts.set_status(ctx, account_id=desk.first.account_id, status=AccountStatus.SUSPENDED)
    return waiting


REFUSED = {
    "by the one who asked": lambda desk: desk.approve(desk.propose(), desk.first),
    "for longer than a year": lambda desk: desk.propose(until=desk.look.at + timedelta(days=366)),
    "until a day that is over": lambda desk: desk.propose(until=desk.look.at),
    "asked for by an administrator": lambda desk: desk.propose(desk.administrator),
    "asked for by an auditor of another organisation": lambda desk: desk.propose(desk.log.trust_auditor),
    "approved by an auditor of another organisation": lambda desk: desk.approve(desk.propose(), desk.log.trust_auditor),
    "asked for by a service": lambda desk: desk.propose(desk.house.service),
    "asked for by the resident": lambda desk: desk.propose(desk.house.citizen),
    "approved when its day has come": lambda desk: desk.approve(
        desk.propose(until=desk.house.clock() + DAYS), moved(desk)
    ),
    "approved after who asked had left": lambda desk: desk.approve(left(desk)),
}


@pytest.mark.parametrize("how", REFUSED)
def test_a_delay_is_refused(desk: Desk, how: str) -> None:
    with pytest.raises((NotAllowedError, NotFoundError)):
        REFUSED[how](desk)
    assert "record:opened" in desk.events()


def test_an_administrator_may_be_the_second_person(desk: Desk) -> None:
    assert desk.approve(desk.propose(), desk.administrator).is_running


def test_nobody_hides_their_own_search(desk: Desk) -> None:
    with desk.house.vault.reading(desk.first) as ctx:
        handle = trail.find_person(ctx, organisation_id=desk.house.council_id, system="pas", reference="E-1")
    mine = desk.log.found(event="audit:searched", person=handle, who=desk.first).lines[-1]
    with pytest.raises(NotAllowedError):
        desk.propose(leaf_hash=mine.leaf_hash)
    theirs = desk.propose(desk.second, leaf_hash=mine.leaf_hash)
    with pytest.raises(NotAllowedError):
        desk.approve(theirs, desk.first)


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.ADMINISTRATOR])
def test_nobody_of_another_organisation_reads_what_is_hidden_from_whom_and_why(desk: Desk, role: Role) -> None:
    delay, stranger = desk.propose(), staff(desk.house, role, desk.log.trust_auditor.organisation_id)
    for read in (delays.everything, delays.waiting, lambda ctx: delays.find(ctx, delay_id=delay.delay_id)):
        with pytest.raises(NotAllowedError), desk.house.vault.reading(stranger) as ctx:
            read(ctx)


def test_a_check_of_ties_does_not_tell_of_the_look_that_called_for_it(desk: Desk) -> None:
    marks_of_ties(desk.house.vault, citizen_id=desk.house.citizen_id, mark=tie_mark)
    desk.log.place()
    assert desk.log.found(event="ties:checked").lines
    assert "ties:checked" in desk.events()
    desk.delay()
    assert not {"record:opened", "ties:checked"} & set(desk.events())


def test_who_could_prove_again_who_they_are_does_so_first(desk: Desk) -> None:
    with pytest.raises(ProofNeededError):
        desk.propose(replace(desk.first, can_prove=True))
    waiting = desk.propose(replace(desk.first, can_prove=True, proven_at=desk.house.clock()))
    with pytest.raises(ProofNeededError):
        desk.approve(waiting, replace(desk.second, can_prove=True))


@pytest.mark.parametrize("changed", [{"law": "because"}, {"authority": " "}, {"why": ""}, {"why": "x" * 1001}])
def test_a_delay_names_who_asks_why_and_by_which_law(desk: Desk, changed: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError):
        desk.propose(**changed)


def test_only_looks_of_others_are_shown_later_and_none_that_the_citizen_asked_about(desk: Desk) -> None:
    (made,) = desk.log.found(event="grant:made").lines
    with pytest.raises(InvalidInputError):
        desk.propose(leaf_hash=made.leaf_hash)
    house = desk.house
    with house.vault.transaction(house.citizen) as ctx:
        cases.open_case(
            ctx,
            citizen_id=house.citizen_id,
            leaf_hash=desk.look.leaf_hash,
            kind=CaseKind.NOT_RECOGNISED,
            service_id=house.service_id,
            statement="Who was this?",
        )
    with pytest.raises(InvalidInputError):
        desk.propose()


def test_it_is_turned_down_with_a_reason_or_taken_back(desk: Desk) -> None:
    waiting = desk.propose()
    with pytest.raises(WrongStateError):
        desk.propose()
    with desk.house.vault.transaction(desk.second) as ctx:
        assert delays.reject(ctx, delay_id=waiting.delay_id, reason="No reference").answer == "No reference"
    other = desk.propose()
    with pytest.raises(NotAllowedError), desk.house.vault.transaction(desk.second) as ctx:
        delays.take_back(ctx, delay_id=other.delay_id)
    with desk.house.vault.transaction(desk.first) as ctx:
        assert delays.take_back(ctx, delay_id=other.delay_id).state is DelayState.TAKEN_BACK
    with pytest.raises(WrongStateError):
        desk.approve(other)
    steps = [each.event for each in told(desk.house.vault, "delay:rejected", "delay:taken-back")]
    assert steps == ["delay:rejected", "delay:taken-back"]


HARMS = {
    "planted": "UPDATE delays SET state = 'running'",
    "made longer": "UPDATE delays SET until = 4102444800000000",
    "widened": "UPDATE delays SET entries = '[]'",
}


@pytest.mark.parametrize("harm", HARMS)
def test_a_delay_that_was_altered_behind_the_vaults_back_is_named_and_shows_nothing(desk: Desk, harm: str) -> None:
    waiting = desk.propose()
    if harm != "planted":
        desk.approve(waiting)
    with desk.house.vault.db.write.begin() as connection:
        connection.execute(text(HARMS[harm]))
    with desk.house.vault.snapshot(OPERATOR) as ctx:
        assert {("unmarked", "delays"), ("changed", "delays")} <= {(d.kind, d.table) for d in hold(ctx.session).defects}
    with pytest.raises(RowForgedError):
        desk.lines()


def test_an_ended_delay_put_back_whole_is_named(desk: Desk) -> None:
    delay = desk.delay()
    with desk.house.vault.db.write.begin() as connection:
        kept = connection.execute(text("SELECT state, version, ended_at, row_mac FROM delays")).one()
    with desk.house.vault.transaction(desk.second) as ctx:
        delays.lift(ctx, delay_id=delay.delay_id)
    with desk.house.vault.db.write.begin() as connection:
        connection.execute(
            text(
                "UPDATE delays SET state = :state, version = :version, ended_at = :ended_at, ended_by = NULL,"
                " row_mac = :row_mac"
            ),
            dict(kept._mapping),
        )
    with desk.house.vault.snapshot(OPERATOR) as ctx:
        assert ("rolled-back", "delays") in {(d.kind, d.table) for d in hold(ctx.session).defects}


def used_up(log: Log) -> Desk:
    """A share that one look used up, which is to be hidden."""
    house = log.house
    grant = house.grant(uses=1)
    house.read(house.token(grant))
    log.place()
    (look,) = log.found(event="record:opened").lines
    return Desk(log, grant, look, staff(house), staff(house), staff(house, Role.ADMINISTRATOR))


def placed(desk: Desk) -> None:
    """Let every entry have its place, and be found by it."""
    desk.log.place()
    trail.catch_up(desk.house.vault)


def refused(desk: Desk, officer: Actor) -> None:
    """An officer of the service looks once more than they may."""
    answer = read_as_officer(desk.house.vault, actor=officer, grant_id=desk.grant.grant_id, fields=None)
    assert isinstance(answer, Refusal)
    placed(desk)


@pytest.mark.parametrize("when", ["before", "while it waits", "while it runs", "while it runs, and was swept"])
def test_noes_that_come_of_a_hidden_look_are_hidden_with_it_and_shown_late(log: Log, when: str) -> None:
    desk, officer = used_up(log), log.house.officer()
    if when.endswith("swept"):
        keep_house(log.house.vault)
        placed(desk)
    if when == "before":
        refused(desk, officer)
    delay = desk.propose()
    if when == "while it waits":
        refused(desk, officer)
    desk.approve(delay)
    if when.startswith("while it runs"):
        refused(desk, officer)
    assert not {"record:refused", "record:opened", "grant:used-up"} & set(desk.events())
    assert told(desk.house.vault, "record:refused"), "auditors read it"
    followed = told(desk.house.vault, "delay:followed")
    assert [each.subject for each in followed] == ([] if when == "before" else [None])
    desk.house.clock.ahead = DAYS
    keep_house(desk.house.vault)
    (line,) = [line for line in desk.lines() if line.event == "record:refused"]
    assert line.late is not None
    with desk.house.vault.snapshot(OPERATOR) as ctx:
        assert hold(ctx.session).defects == ()


def test_a_no_for_looks_that_the_citizen_knows_of_is_shown_although_another_is_hidden(log: Log) -> None:
    """A refusal for what was never allowed has nothing to do with the hidden look."""
    house = log.house
    grant = house.grant(uses=2)
    token = house.token(grant)
    house.read(token)
    log.place()
    (look,) = log.found(event="record:opened").lines
    desk = Desk(log, grant, look, staff(house), staff(house), staff(house, Role.ADMINISTRATOR))
    desk.delay()
    assert isinstance(house.read(token, fields=frozenset({"condition.name"})), Refusal)
    assert desk.events().count("record:refused") == 1


@pytest.mark.parametrize("act", ["stop", "narrow", "renew"])
@pytest.mark.parametrize("swept", ["at once", "swept"])
def test_a_share_that_hidden_looks_used_up_is_stopped_narrowed_and_renewed_like_any_other(
    log: Log, act: str, swept: str
) -> None:
    desk = used_up(log)
    if swept == "swept":
        keep_house(log.house.vault)
        placed(desk)
    desk.delay()
    house, mine = desk.house, {"citizen_id": desk.house.citizen_id, "grant_id": desk.grant.grant_id}
    house.clock.ahead = timedelta(days=1)
    with house.vault.transaction(house.citizen) as ctx:
        if act == "stop":
            assert grants.withdraw(ctx, **mine).state is GrantState.WITHDRAWN
        elif act == "narrow":
            made = grants.narrow(ctx, **mine, keep=frozenset({"medication.name"}))
            assert (made.state, made.uses) == (GrantState.ACTIVE, 0)
        else:
            assert grants.renew(ctx, **mine, until=None).uses_left == 1


def test_when_it_opens_the_citizen_gets_a_message_and_nothing_before(desk: Desk) -> None:
    def messages() -> list[NoticeKind]:
        with desk.house.vault.reading(desk.house.citizen) as ctx:
            return [each.kind for each in notices.of_citizen(ctx, citizen_id=desk.house.citizen_id)]

    before = messages()
    desk.delay()
    keep_house(desk.house.vault)
    assert messages() == before
    desk.house.clock.ahead = DAYS
    keep_house(desk.house.vault)
    keep_house(desk.house.vault)
    assert messages().count(NoticeKind.SHOWN_LATE) == 1


def test_a_delay_that_runs_for_long_is_due_for_review(desk: Desk) -> None:
    delay = desk.delay(until=desk.house.clock() + timedelta(days=300))
    now = desk.house.clock()
    assert not delay.needs_review(now)
    assert delay.needs_review(now + delays.REVIEW_AFTER)


def test_every_law_names_its_act_and_section() -> None:
    for citation in delays.LAWS.values():
        assert re.search(r"Act \d{4}, (?:Schedule \d+, paragraphs? \d|sections? \d)", citation), citation


def test_while_a_delay_waits_or_runs_a_share_is_not_written_down_as_used_up(log: Log) -> None:
    desk = used_up(log)
    delay = desk.propose()
    keep_house(log.house.vault)
    desk.approve(delay)
    keep_house(log.house.vault)
    assert "grant:used-up" not in desk.events()
    with log.house.vault.transaction(desk.second) as ctx:
        delays.lift(ctx, delay_id=delay.delay_id)
    keep_house(log.house.vault)
    assert "grant:used-up" in desk.events()
