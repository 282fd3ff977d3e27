"""Refusals in the log: singly where the caller is known, as one sum for a kind and minute where it is not."""

import os
import threading
from datetime import UTC, datetime, timedelta

import pytest

from audit.events import Event
from policies.model import Action
from tests.log_reading import told
from tests.vault.house import House
from vault.context import SYSTEM
from vault.errors import NotAllowedError
from vault.housekeeping import keep_house
from vault.judging import demand
from vault.refusals import SETTLED_AFTER, hand_over, log_refusal, settle
from vault.sums import MOST_MINUTES, Refused, Sums


def sums(house: House) -> list[tuple[str, int]]:
    return [(entry.facts["kind"], entry.facts["count"]) for entry in told(house.vault, "audit:sums")]


def test_a_thousand_strangers_of_one_minute_are_one_entry_for_each_kind(house: House) -> None:
    before = len(told(house.vault))
    for _ in range(1000):
        house.vault.count_refused(Refused.TOKEN)
    house.vault.count_refused(Refused.PASSKEY)
    assert len(told(house.vault)) == before
    keep_house(house.vault)
    assert sums(house) == []  # the minute may still be counted on by another process
    house.clock.ahead = timedelta(minutes=SETTLED_AFTER + 1)
    keep_house(house.vault)
    keep_house(house.vault)
    assert sorted(sums(house)) == [("passkey", 1), ("token", 1000)]


def test_processes_that_count_apart_make_one_entry_together(house: House) -> None:
    for _process in range(3):
        own = Sums()
        for _ in range(5):
            own.count(Refused.CLIENT, now=house.clock())
        hand_over(house.vault, own)
    house.clock.ahead = timedelta(minutes=SETTLED_AFTER + 1)
    counted = [settle(house.vault), settle(house.vault)]
    assert counted == [1, 0]
    assert sums(house) == [("client", 15)]


def test_what_is_handed_over_late_never_makes_a_second_entry_of_a_minute(house: House) -> None:
    late = Sums()
    late.count(Refused.LINK, now=house.clock())
    house.vault.count_refused(Refused.LINK)
    hand_over(house.vault, house.vault.sums)
    house.clock.ahead = timedelta(minutes=SETTLED_AFTER + 1)
    settle(house.vault)
    hand_over(house.vault, late)
    house.clock.ahead = timedelta(minutes=2 * SETTLED_AFTER + 2)
    settle(house.vault)
    entries = [entry.facts for entry in told(house.vault, "audit:sums")]
    assert [entry["count"] for entry in entries] == [1, 1]
    assert len({entry["minute"] for entry in entries}) == 2


def test_nothing_is_lost_when_the_sums_cannot_be_kept(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.vault.count_refused(Refused.TOKEN)
    monkeypatch.setattr("vault.refusals._book", lambda *_given: (_ for _ in ()).throw(OSError("disk")))
    with pytest.raises(OSError, match="disk"):
        hand_over(house.vault, house.vault.sums)
    monkeypatch.undo()
    hand_over(house.vault, house.vault.sums)
    settle(house.vault, everything=True)
    assert sums(house) == [("token", 1)]


def test_counting_is_safe_between_threads_and_bounded_in_time() -> None:
    counted, now = Sums(), datetime(2026, 11, 24, tzinfo=UTC)

    def try_often() -> None:
        for minute in range(100):
            counted.count(Refused.TOKEN, now=now + timedelta(minutes=minute))

    threads = [threading.Thread(target=try_often) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken = counted.take()
    assert sum(taken.values()) == 800
    assert len({minute for minute, _kind in taken}) <= MOST_MINUTES


def test_a_forked_process_does_not_tell_what_its_parent_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    counted = Sums()
    counted.count(Refused.TOKEN, now=datetime(2026, 11, 24, tzinfo=UTC))
    monkeypatch.setattr(os, "getpid", lambda: -1)
    assert counted.take() == {}


def test_a_no_of_the_rules_is_logged_although_the_act_is_rolled_back(house: House) -> None:
    with pytest.raises(NotAllowedError) as refused, house.vault.transaction(house.service) as ctx:
        demand(ctx, action=Action.ADMINISTER)
    assert refused.value.logged
    (entry,) = told(house.vault, "record:refused")
    assert (entry.actor, entry.facts["action"]) == (f"service:{house.service_id}", "administer")


def test_a_refusal_is_logged_also_where_the_act_goes_on(house: House) -> None:
    with house.vault.transaction(SYSTEM) as ctx:
        log_refusal(ctx, Event.TOKEN_REFUSED, facts={"reason": "test"})
    with house.vault.reading(SYSTEM) as ctx:
        log_refusal(ctx, Event.TOKEN_REFUSED, facts={"reason": "test"})
    assert len(told(house.vault, "token:refused")) == 2
