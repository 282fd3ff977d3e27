"""Counting calls in the process: right, bounded, and without threads."""

import threading

import pytest
import time_machine
from limits import parse
from limits.strategies import FixedWindowRateLimiter

from web import counting
from web.counting import ProcessStorage

START = 1_800_000_000.0


def test_a_window_lets_through_as_many_as_its_limit_and_begins_anew_when_it_ends() -> None:
    limiter, limit = FixedWindowRateLimiter(ProcessStorage()), parse("3 per minute")
    with time_machine.travel(START, tick=False) as now:
        assert [limiter.hit(limit, "one") for _ in range(4)] == [True, True, True, False]
        assert limiter.hit(limit, "another")
        assert limiter.get_window_stats(limit, "one").remaining == 0
        now.shift(61)
        assert limiter.hit(limit, "one")


def test_counting_starts_no_thread() -> None:
    before, storage = threading.active_count(), ProcessStorage()
    assert [storage.incr(f"key-{number}", 1) for number in range(50)] == [1] * 50
    assert threading.active_count() == before


def test_what_has_ended_is_forgotten() -> None:
    with time_machine.travel(START, tick=False) as now:
        storage = ProcessStorage()
        storage.incr("old", 1)
        now.shift(counting.SWEEP_SECONDS)
        storage.incr("new", 1)
        assert storage.reset() == 1


def test_a_flood_of_addresses_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "MOST_KEYS", 100)
    storage = ProcessStorage()
    for number in range(1000):
        storage.incr(str(number), 60)
    assert storage.reset() <= 100


def test_a_cleared_address_is_counted_from_nothing() -> None:
    storage = ProcessStorage()
    storage.incr("one", 60)
    storage.clear("one")
    assert (storage.get("one"), storage.incr("one", 60)) == (0, 1)
    assert storage.check()


def test_many_threads_lose_no_count() -> None:
    storage = ProcessStorage()
    threads = [threading.Thread(target=lambda: [storage.incr("one", 60) for _ in range(500)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert storage.get("one") == 4000
