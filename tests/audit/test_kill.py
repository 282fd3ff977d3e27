"""Every write of a turn fails once before and once after it was kept, or the process is killed there: nothing is lost.

No gap, no double, no signed head without its batch, no smaller head ever signed.
"""

import itertools
import subprocess
import sys

import pytest

from audit.checkpoint import open_checkpoint
from tests.faults import KilledError, ending_at
from tests.log_world import ORIGIN, LogWorld


def forge(log: LogWorld, number: int) -> None:
    """A row that no writer queued, so that gap leaves are among the writes."""
    log.do(
        "INSERT INTO audit_outbox (id, leaf_hash, leaf, mac, refused) VALUES (:id, :held, :held, :held, 0)",
        id=-number,
        held=number.to_bytes(32),
    )


def published(log: LogWorld) -> list[int]:
    """The sizes of the heads that were published, each signed, none without its entries, none smaller than before."""
    notes = [note for (note,) in log.ask("SELECT note FROM audit_checkpoints ORDER BY time, size")]
    sizes = [open_checkpoint(note, public_keys=[log.public_key], origin=ORIGIN).size for note in notes]
    assert sizes == sorted(sizes)
    assert (sizes or [0])[-1] <= log.ask("SELECT count(*) FROM audit_entries")[0][0]
    return sizes


def count(log: LogWorld, event: bytes) -> int:
    return sum(event in bytes(leaf) for (leaf,) in log.ask("SELECT leaf FROM audit_entries"))


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_failure_anywhere_in_a_turn_loses_nothing(log: LogWorld, after: bool) -> None:  # noqa: FBT001 -- a parameter
    total, failed, last = 0, 0, 0
    for step in itertools.count(1):
        log.write(2)
        forge(log, step)
        with ending_at(log.database.write, step, after=after) as steps:
            try:
                log.sequence(batch=100)
            except KilledError:
                failed += 1
        assert last <= log.signer.head.size
        log.sequence()
        last, total = log.signer.head.size, total + 1
        assert published(log)[-1] == last, steps.reached[-1]
        if steps.done:
            assert {"commit", "head"} <= set(steps.reached)
            break
    assert failed == total - 1 > 10
    assert count(log, b"record:opened") == 2 * total
    assert count(log, b"audit:gap") == total
    assert log.ask("SELECT count(*) FROM audit_entries")[0][0] == log.signer.head.size
    assert log.checked().sound
    assert log.verified(log.exported(payloads=True)).sound


def test_a_sequencer_that_is_killed_at_any_write_is_followed_by_one_that_finishes(log: LogWorld) -> None:
    url = log.database.url.render_as_string(hide_password=False)
    seed = log.key.private_bytes_raw().hex()
    command = [sys.executable, "-m", "tests.killed_sequencer", url, str(log.folder), seed]
    found = subprocess.run(command, check=False, capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
    killed = int(found.stdout)
    assert killed > 8
    log.now += 1_000_000
    log.sequence()
    assert published(log)[-1] == log.signer.head.size
    assert not log.alarms
    assert count(log, b"record:opened") == 2 * (killed + 1)
    assert log.checked().sound
    assert log.verified().sound
