"""Many writers and a sequencer at once, and commits in another order than their rows."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from audit.log import Outcome
from audit.store import take_turn
from tests.log_world import LogWorld
from vault.db import Database

THREADS = 4
EACH = 10


@pytest.fixture
def postgresql_log(postgresql_url: str, tmp_path: Path) -> Iterator[LogWorld]:
    world = LogWorld(Database(postgresql_url), tmp_path)
    world.signer.begin()
    yield world
    world.database.dispose()


def test_writers_and_the_sequencer_never_disturb_one_another(log: LogWorld) -> None:
    done = threading.Event()

    def write() -> list[bytes]:
        return [held for turn in range(EACH) for held in log.write(2, keep=turn % 5 != 4) if turn % 5 != 4]

    def sequence() -> int:
        placed = 0
        while not done.is_set():
            placed += log.sequence()
        return placed + log.sequence()

    with ThreadPoolExecutor(THREADS + 1) as threads:
        sequencer = threads.submit(sequence)
        written = [threads.submit(write) for _ in range(THREADS)]
        hashes = [held for future in written for held in future.result()]
        done.set()
        placed = sequencer.result()
    assert not log.alarms
    report = log.checked()
    assert report.sound, report.defects
    assert report.entries == placed
    entries = {bytes(held) for (held,) in log.ask("SELECT leaf_hash FROM audit_entries")}
    assert entries >= set(hashes)
    assert report.payloads == len(hashes) == THREADS * EACH * 2 * 4 // 5


def test_a_commit_that_comes_later_than_its_rows_is_not_passed_over(postgresql_log: LogWorld) -> None:
    log = postgresql_log
    with log.borrowed(Outcome.KEPT) as slow, log.database.write.connect() as connection:
        transaction = connection.begin()
        late = log.append(connection, slow)
        early = log.write(3)
        log.sequence()
        placed = {bytes(held) for (held,) in log.ask("SELECT leaf_hash FROM audit_entries")}
        assert late not in placed
        assert placed >= set(early)
        transaction.commit()
    log.sequence()
    assert not log.alarms
    assert log.checked().sound
    assert log.ask("SELECT count(*) FROM audit_entries WHERE leaf_hash = :held", held=late)[0][0] == 1


def test_a_second_sequencer_stands_back(postgresql_log: LogWorld) -> None:
    log = postgresql_log
    log.write()
    with log.database.write.begin() as connection:
        assert take_turn(connection)
        assert log.sequence() == 0
    assert log.sequence() == 2
