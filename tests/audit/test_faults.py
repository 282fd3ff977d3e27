"""What goes wrong around a log: full disks, a clock that jumps, two sequencers, a witness that fails at any write."""

import errno
import itertools
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import event, insert
from sqlalchemy.exc import OperationalError

from audit.cosignature import Cosigner
from audit.entry import Leaf, encode, leaf_hash
from audit.errors import EntriesPlantedError
from audit.events import Event
from audit.log import Writers
from audit.models import ENTRIES, NODES, WRITERS
from audit.numbers import announcement
from audit.recovery import recover
from audit.signer import replace_durably
from audit.store import stored_tree
from audit.witness import Witness, open_memory
from audit.witnessing import gather
from tests.audit.test_kill import count, published
from tests.audit.test_witnessing import link_to
from tests.faults import KilledError, ending_at
from tests.log_world import ORIGIN, LogWorld, writer_key
from vault.db import Database

DAY_US = 24 * 3600 * 1_000_000


# --- Full disks ----------------------------------------------------------------------------------------------------


@contextmanager
def full(log: LogWorld) -> Iterator[None]:
    """No page more for the database (SQLite says SQLITE_FULL, as on a full disk)."""

    def limit(connection: Any) -> None:
        connection.exec_driver_sql("PRAGMA max_page_count = 1")

    event.listen(log.database.write, "begin", limit)
    try:
        yield
    finally:
        event.remove(log.database.write, "begin", limit)
    log.database.dispose()


def test_a_full_disk_stops_the_turn_and_loses_nothing(sqlite_log: LogWorld) -> None:
    log = sqlite_log
    log.write(200)
    log.sequence()
    log.write(200)
    head = log.signer.head
    with full(log), pytest.raises(OperationalError, match="disk is full"):
        log.sequence()
    assert log.signer.head.size == head.size == published(log)[-1]
    assert log.sequence() == 200
    assert count(log, b"record:opened") == 400
    assert not log.alarms
    assert log.checked().sound


def test_an_entry_that_the_disk_has_no_room_for_is_an_error_and_no_gap(sqlite_log: LogWorld) -> None:
    log = sqlite_log
    log.write()
    with full(log), pytest.raises(OperationalError, match="disk is full"):
        log.write(300)
    # Its writer was never given back, as after a kill; the next one counts for itself.
    log.write(2)
    log.sequence()
    assert not log.alarms
    assert log.checked().sound


def test_a_head_that_the_disk_has_no_room_for_is_not_signed(log: LogWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    log.write(3)
    log.sequence()
    head = log.head_path.read_bytes()
    log.write(3)

    def no_room(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "no space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", no_room)
        with pytest.raises(OSError, match="no space left"):
            log.sequence()
    assert log.head_path.read_bytes() == head
    assert len(published(log)) == 1
    log.sequence()
    assert published(log)[-1] == 7
    assert log.checked().sound


def test_a_write_that_the_disk_cut_short_never_becomes_the_head(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "head.json"
    replace_durably(path, b"old")
    with monkeypatch.context() as patched:
        patched.setattr(os, "fdopen", _SmallDisk)
        with pytest.raises(OSError, match="no space left"):
            replace_durably(path, b"x" * 100)
    assert path.read_bytes() == b"old"


class _SmallDisk:
    """A file with room for ten bytes."""

    def __init__(self, handle: int, _mode: str) -> None:
        self._file = open(handle, "wb", buffering=0)  # noqa: SIM115 -- by its handle; closed below

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, content: bytes) -> None:
        self._file.write(content[:10])

    def flush(self) -> None:
        raise OSError(errno.ENOSPC, "no space left on device")


# --- Clocks, races -------------------------------------------------------------------------------------------------


def test_a_clock_that_jumps_back_leaves_the_order_and_the_proof_whole(log: LogWorld) -> None:
    sizes = []
    for jump in (0, -400 * DAY_US, 500 * DAY_US, -1):
        log.now += jump
        log.write(2)
        log.sequence()
        sizes.append(log.signer.head.size)
    assert sizes == [3, 5, 7, 9]
    assert not log.alarms
    assert log.verified(log.exported(payloads=False)).sound


def test_two_sequencers_that_race_place_each_leaf_once_and_sign_only_what_grows(log: LogWorld) -> None:
    done = threading.Event()
    others = [
        LogWorld(Database(str(log.database.url.render_as_string(hide_password=False))), log.folder, key=log.key)
        for _ in range(2)
    ]

    def race(world: LogWorld) -> int:
        placed = 0
        while not done.is_set():
            placed += world.sequence(batch=3)
        return placed

    with ThreadPoolExecutor(2) as threads:
        racing = [threads.submit(race, world) for world in others]
        for _ in range(12):
            log.write(4)
        done.set()
        placed = sum(each.result() for each in racing)
    placed += log.sequence()
    assert count(log, b"record:opened") == 48
    assert placed == log.signer.head.size == published(log)[-1]
    assert not [alarm for world in (log, *others) for alarm in world.alarms]
    assert log.checked().sound
    for world in others:
        world.database.dispose()


# --- What somebody puts into the tables past the sequencer ---------------------------------------------------------


def plant(log: LogWorld) -> None:
    """Two entries that fit in every way (hashes, nodes, numbers), by somebody who can write the database alone."""
    with log.database.write.begin() as connection:
        frontier = stored_tree(connection, 0).frontier()
        for number, (kind, about) in enumerate(((Event.AUDIT_WRITER_OPENED, announcement(())), (Event.AUDIT_BEAT, {}))):
            leaf = encode(Leaf(writer="ab" * 8, number=number, time=log.now, event=kind, actor="system", about=about))
            row = {"log": 0, "index": frontier.size, "leaf_hash": leaf_hash(leaf), "subject": None, "leaf": leaf}
            connection.execute(insert(ENTRIES), row)
            for (level, index), held in frontier.append(leaf_hash(leaf)):
                connection.execute(insert(NODES), {"log": 0, "level": level, "index": index, "hash": held})
        known = {"writer": "ab" * 8, "next_number": 2, "last_number": None, "last_time": log.now}
        connection.execute(insert(WRITERS), known)


def test_entries_put_into_the_tables_past_the_sequencer_are_never_signed(log: LogWorld) -> None:
    log.write(5)
    log.sequence()
    head = log.signer.head
    plant(log)
    for _ in range(2):
        with pytest.raises(EntriesPlantedError, match="entries 6 to 7"):
            log.sequence()
        log.write()
    assert log.signer.head == head
    assert published(log) == [6]
    recovery = recover(log.database.write, signer=log.signer, writers=Writers(writer_key), now_us=log.now)
    assert (recovery.closed.size, recovery.kept) == (6, 8)
    log.sequence()
    report = log.checked()
    assert report.sound, report.defects
    assert any("2 entries after it were never signed" in words for words in report.declared)


def test_entries_planted_between_placing_and_signing_are_not_signed(log: LogWorld) -> None:
    log.write(5)
    for step in itertools.count(1):
        with ending_at(log.database.write, step, after=True) as steps:
            try:
                log.sequence()
            except KilledError:
                if steps.reached[-1] == "commit":
                    break
    plant(log)
    with pytest.raises(EntriesPlantedError):
        log.sequence()
    assert published(log) == []


# --- The witness ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_witness_that_fails_at_any_write_never_forgets_and_never_goes_back(
    sqlite_log: LogWorld,
    tmp_path: Path,
    after: bool,  # noqa: FBT001 -- a parameter of the test
) -> None:
    log, key = sqlite_log, Ed25519PrivateKey.generate()
    cosigner = Cosigner("witness.test/w1", key.public_key().public_bytes_raw())
    witness = Witness(cosigner, key.sign, {ORIGIN: (log.public_key,)}, open_memory(tmp_path / "witness.db"))
    last, failed = 0, 0
    for step in itertools.count(1):
        log.write()
        log.sequence()
        with ending_at(witness.engine, step, after=after) as steps:
            try:
                gather(log.database.read, log.database.write, [link_to(witness)], now_us=log.now)
            except KilledError:
                failed += 1
        seen = _remembered(witness)
        assert last <= seen
        assert gather(log.database.read, log.database.write, [link_to(witness)], now_us=log.now) == []
        last = _remembered(witness)
        assert last == log.signer.head.size
        if steps.done:
            break
    assert failed == step - 1 >= 2
    witness.engine.dispose()


def _remembered(witness: Witness) -> int:
    note = witness.latest(ORIGIN)
    return 0 if note is None else int(note.split("\n")[1])
