import os
import threading
from collections.abc import Callable
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.errors import LeafInvalidError, WriterMisusedError
from audit.events import Event
from audit.log import Outcome, Writers, finish
from audit.numbers import Doubt, Fault, FaultKind, Progress, announcement, doubts_of, fault_of, follow
from audit.sequencer import run
from tests.log_world import ADA, NOW, LogWorld, closed, writer_key

NAME = "0011223344556677"
OTHER = "8899aabbccddeeff"


def _leaf(
    number: int, event: Event = Event.RECORD_OPENED, *, writer: str = NAME, doubts: tuple[Doubt, ...] = ()
) -> dict[str, object]:
    opened = event is Event.AUDIT_WRITER_OPENED
    about = announcement(doubts) if opened else None
    return {"writer": writer, "number": number, "event": event, "time": NOW, "about": about}


def _opening(*doubts: Doubt, writer: str = NAME) -> dict[str, object]:
    return _leaf(0, Event.AUDIT_WRITER_OPENED, writer=writer, doubts=doubts)


def _faults(*leaves: dict[str, object]) -> list[tuple[FaultKind, int | None, int | None]]:
    known: dict[str, Progress] = {}
    return [(fault.kind, fault.first, fault.last) for leaf in leaves for fault in follow(known, leaf, bytes(32))[1]]


@given(st.lists(st.integers(1, 30), unique=True, max_size=12))
def test_every_missing_number_is_named_once(lost: list[int]) -> None:
    leaves = [_opening(), *(_leaf(number) for number in range(1, 32) if number not in lost)]
    named = [number for _, first, last in _faults(*leaves) for number in range(first or 0, (last or 0) + 1)]
    assert named == sorted(lost)


@given(st.booleans(), st.booleans(), st.integers(0, 3), st.integers(1, 3))
def test_doubtful_numbers_are_sound_either_way_and_nothing_else_is(
    kept: bool,  # noqa: FBT001 -- drawn by hypothesis
    late: bool,  # noqa: FBT001 -- drawn by hypothesis
    before: int,
    doubtful: int,
) -> None:
    first = before + 1
    doubt = Doubt(NAME, first, first + doubtful - 1)
    own = [_opening(), *(_leaf(number) for number in range(1, first))]
    rest = [_leaf(number) for number in range(first, first + doubtful)] if kept else []
    successor = [_opening(doubt, writer=OTHER)]
    leaves = [*own, *successor, *rest] if late else [*own, *rest, *successor]
    assert _faults(*leaves) == []
    assert _faults(*leaves, _leaf(doubt.last + 1)) == [(FaultKind.AFTER_END, doubt.last + 1, doubt.last + 1)]
    if before:
        assert (FaultKind.MISSING, before, before) in _faults(*[leaf for leaf in leaves if leaf != _leaf(before)])


@pytest.mark.parametrize(
    ("leaves", "faults"),
    [
        ([_leaf(0)], [(FaultKind.UNANNOUNCED, 0, 0)]),
        ([_opening(), _leaf(1, Event.AUDIT_WRITER_OPENED)], [(FaultKind.UNANNOUNCED, 1, 1)]),
        ([_leaf(4)], [(FaultKind.MISSING, 0, 3)]),
        ([_opening(), _leaf(1), _leaf(1)], [(FaultKind.REPEATED, 1, 1)]),
        ([_opening(), _leaf(1, Event.AUDIT_CLOSED), _leaf(2)], [(FaultKind.AFTER_END, 2, 2)]),
        (
            [_opening(), _leaf(1), _leaf(2), _opening(Doubt(NAME, 1, 1), writer=OTHER)],
            [(FaultKind.AFTER_END, 2, 2)],
        ),
    ],
)
def test_what_breaks_the_law_of_numbers_is_named(
    leaves: list[dict[str, object]], faults: list[tuple[FaultKind, int, int]]
) -> None:
    assert _faults(*leaves) == faults


def test_faults_and_doubts_are_read_as_they_were_written() -> None:
    fault = Fault(FaultKind.MISSING, NAME, 3, 4)
    assert fault_of(fault.about) == fault
    doubt = Doubt(NAME, 3, 4)
    assert doubts_of(announcement((doubt,))) == [doubt]
    with pytest.raises(ValueError, match="unheard-of"):
        fault_of(fault.about | {"kind": "unheard-of"})


def test_a_successor_names_every_doubt_until_it_is_kept() -> None:
    writers = Writers(writer_key)
    first = writers.acquire()
    first.next_number = 2
    writers.release(first, "uncertain")
    second = writers.acquire()
    assert second.doubts == (Doubt(first.id, 0, 1),)
    second.next_number = 3
    writers.release(second, "uncertain")
    third = writers.acquire()
    assert third.doubts == (Doubt(first.id, 0, 1), Doubt(second.id, 0, 2))
    writers.release(third, "rolled_back")
    assert writers.acquire() is third
    third.next_number = 2
    writers.release(third, "kept")
    assert not third.doubts


def test_an_uncertain_end_of_an_empty_transaction_leaves_no_doubt() -> None:
    writers = Writers(writer_key)
    writer = writers.acquire()
    writers.release(writer, Outcome.UNCERTAIN)
    assert writers.acquire() is writer


def test_a_writer_serves_one_transaction_at_a_time(sqlite_log: LogWorld) -> None:
    writers = Writers(writer_key)
    one, other = writers.acquire(), writers.acquire()
    assert one.id != other.id
    writers.release(one, Outcome.KEPT)
    with pytest.raises(WriterMisusedError):
        writers.release(one, Outcome.KEPT)
    with pytest.raises(WriterMisusedError), sqlite_log.database.write.begin() as connection:
        sqlite_log.append(connection, one)
    with pytest.raises(WriterMisusedError):
        other.rewind(1)


def test_a_forked_child_never_counts_with_its_parents_writers(monkeypatch: pytest.MonkeyPatch) -> None:
    writers = Writers(writer_key)
    parents = writers.acquire()
    writers.release(parents, Outcome.KEPT)
    monkeypatch.setattr(os, "getpid", lambda: -1)
    assert writers.acquire().id != parents.id


def test_a_leaf_that_could_not_be_queued_used_no_number(sqlite_log: LogWorld) -> None:
    log = sqlite_log
    log.write()
    with log.borrowed() as writer, log.database.write.begin() as connection:
        number = writer.next_number
        with pytest.raises(LeafInvalidError):
            finish(writer, event=Event.RECORD_OPENED, time_us=log.now, actor="", payload=closed(), subject=ADA)
        assert writer.next_number == number
        log.append(connection, writer)
    log.sequence()
    assert not log.alarms


def test_the_sequencer_runs_until_it_is_stopped(sqlite_log: LogWorld) -> None:
    log = sqlite_log
    stop, failures, clock = threading.Event(), list[Exception](), count(NOW)
    log.write()
    own = Writers(writer_key)

    def tell(failure: Exception) -> None:
        failures.append(failure)
        log.head_path.write_bytes(head)

    head = log.head_path.read_bytes()
    log.head_path.unlink()
    thread = threading.Thread(
        target=run,
        args=(log.database.write,),
        kwargs={
            "writer_key": writer_key,
            "signer": log.signer,
            "clock": lambda: next(clock),
            "writers": own,
            "stop": stop,
            "on_failure": tell,
            "interval_seconds": 0.01,
        },
    )
    thread.start()
    _until(lambda: log.signer.head.size == 2 if log.head_path.exists() else False)
    log.write()
    _until(lambda: log.signer.head.size == 3)
    stop.set()
    thread.join()
    assert [type(failure).__name__ for failure in failures] == ["HeadMissingError"]
    assert log.checked().sound


def _until(reached: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(1000):
        if reached():
            return
        pause.wait(0.01)
    pytest.fail("never reached")
