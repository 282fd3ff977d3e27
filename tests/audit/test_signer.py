import os
import shutil
from pathlib import Path

import pytest

from audit import read
from audit.checkpoint import open_checkpoint
from audit.errors import (
    HeadExistsError,
    HeadInvalidError,
    HeadMissingError,
    LogRolledBackError,
    NothingToRecoverError,
    TreeIncompleteError,
)
from audit.recovery import recover
from audit.signer import Head, Signer, replace_durably
from tests.log_world import ORIGIN, LogWorld


def _copy(log: LogWorld) -> Path:
    """Keep a copy of the SQLite database, as a back-up does."""
    kept = log.folder / "kept.sqlite3"
    kept.unlink(missing_ok=True)
    log.do_outside("VACUUM INTO :path", path=str(kept))
    return kept


def _restore(log: LogWorld, kept: Path) -> None:
    log.database.dispose()
    path = Path(str(log.database.url.database))
    for ending in ("-wal", "-shm"):
        path.with_name(path.name + ending).unlink(missing_ok=True)
    shutil.copyfile(kept, path)


def test_every_head_is_remembered_and_published(log: LogWorld) -> None:
    for count in (1, 4, 2):
        log.write(count)
        log.sequence()
        with log.database.read.connect() as connection:
            note = read.checkpoint(connection)
        head = open_checkpoint(note, public_keys=[log.public_key], origin=ORIGIN)
        assert log.signer.head == Head(0, ORIGIN, head.size, head.root)


def test_a_database_of_yesterday_gets_no_head(sqlite_log: LogWorld) -> None:
    log = sqlite_log
    log.write(3)
    log.sequence()
    yesterday = _copy(log)
    log.write(3)
    log.sequence()
    remembered = log.signer.head
    _restore(log, yesterday)
    with pytest.raises(LogRolledBackError):
        log.sequence()
    log.write(5)  # grown beyond the old size, and another tree all the same
    with pytest.raises(LogRolledBackError):
        log.sequence()
    assert log.signer.head == remembered
    assert {defect.where for defect in log.checked().defects} >= {f"the remembered root of {remembered.size} entries"}


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE audit_nodes SET hash = zeroblob(32) WHERE level = 2",
        'UPDATE audit_entries SET leaf_hash = zeroblob(32) WHERE "index" = 6',
    ],
)
def test_a_rewritten_tree_gets_no_head(sqlite_log: LogWorld, harm: str) -> None:
    log = sqlite_log
    log.write(6)
    log.sequence()
    log.do(harm)
    log.write()
    with pytest.raises(LogRolledBackError):
        log.sequence()


def test_a_tree_with_a_hole_gets_no_head(log: LogWorld) -> None:
    log.write(6)
    log.sequence()
    log.do("DELETE FROM audit_nodes WHERE level = 2")
    log.write()
    with pytest.raises(TreeIncompleteError):
        log.sequence()


def test_without_its_memory_the_signer_signs_nothing(log: LogWorld) -> None:
    log.write()
    log.sequence()
    log.head_path.unlink()
    log.write()
    with pytest.raises(HeadMissingError):
        log.sequence()
    assert log.ask("SELECT count(*) FROM audit_outbox")[0][0] == 1


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b'{"format":1,"log":0,"origin":"council.example/log","root":"00","size":0}',
        b'{"format":2,"log":0,"origin":"council.example/log","root":"' + b"00" * 32 + b'","size":0}',
        b'{"format":1,"log":0,"origin":"another.example/log","root":"' + b"00" * 32 + b'","size":0}',
        b'{"format":1,"log":0,"origin":"council.example/log","root":"' + b"00" * 32 + b'","size":true}',
    ],
)
def test_a_damaged_memory_is_refused(sqlite_log: LogWorld, content: bytes) -> None:
    sqlite_log.head_path.write_bytes(content)
    with pytest.raises(HeadInvalidError):
        sqlite_log.sequence()


def test_a_new_log_never_forgets_an_old_one(sqlite_log: LogWorld) -> None:
    with pytest.raises(HeadExistsError):
        sqlite_log.signer.begin()


@pytest.mark.parametrize("origin", ["", "two words", "a+b", "line\nbreak"])
def test_an_origin_that_cannot_name_a_key_is_refused(origin: str, tmp_path: Path) -> None:
    with pytest.raises(HeadInvalidError):
        Signer(lambda _text: b"", bytes(32), origin, tmp_path / "head")


def test_a_head_is_on_the_disk_before_it_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced = []
    fsync = os.fsync

    def noting(handle: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{handle}").readlink()))
        fsync(handle)

    monkeypatch.setattr(os, "fsync", noting)
    path = tmp_path / "head.json"
    replace_durably(path, b"new")
    assert synced == [str(tmp_path / ".head.json.new"), str(tmp_path)]
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o077 == 0


def test_a_declared_recovery_closes_one_origin_and_opens_the_next(sqlite_log: LogWorld) -> None:
    log = sqlite_log
    log.write(3)
    log.sequence()
    yesterday = _copy(log)
    log.write(4)
    log.sequence()
    closed = log.signer.head
    _restore(log, yesterday)
    waiting = log.write(2)
    recovery = recover(log.database.write, signer=log.signer, writers=log.writers, now_us=log.now)
    assert (recovery.closed, recovery.kept) == (closed, 4)
    assert log.signer.head.origin == f"{ORIGIN}/1"
    log.sequence()
    with log.database.read.connect() as connection:
        first = read.latest(connection, limit=100)[-5]
        assert (first.log, first.index) == (1, 0)
        assert first.leaf.about == {
            "closed": ORIGIN,
            "kept": 4,
            "kept_root": first.leaf.about and first.leaf.about["kept_root"],
            "root": closed.root.hex(),
            "size": closed.size,
        }
        assert {row.leaf_hash for row in read.latest(connection)} >= set(waiting)
    # The lost numbers of the writer that went on are a declared gap, and the whole is sound with its declarations.
    assert [(alarm.kind, alarm.first, alarm.last) for alarm in log.alarms] == [("missing", 4, 7)]
    for report in (log.checked(), log.verified()):
        assert report.sound, report.defects
        assert len(report.declared) == 2


def test_a_recovery_goes_on_after_a_kill(sqlite_log: LogWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    log = sqlite_log
    log.write(3)
    log.sequence()
    yesterday = _copy(log)
    log.write(4)
    log.sequence()
    _restore(log, yesterday)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Signer, "reopen", killed)
        with pytest.raises(KeyboardInterrupt):
            recover(log.database.write, signer=log.signer, writers=log.writers, now_us=log.now)
    with pytest.raises(LogRolledBackError):
        log.sequence()
    recover(log.database.write, signer=log.signer, writers=log.writers, now_us=log.now)
    log.write()
    log.sequence()
    assert log.checked().sound
    assert log.verified().sound


def test_an_unsigned_tail_of_a_closed_log_stays_proved(sqlite_log: LogWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    log = sqlite_log
    log.write(3)
    log.sequence()
    log.write(2)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Signer, "sign", killed)
        with pytest.raises(KeyboardInterrupt):
            log.sequence()
    backup = _copy(log)
    log.write(2)
    log.sequence()
    _restore(log, backup)
    recovery = recover(log.database.write, signer=log.signer, writers=log.writers, now_us=log.now)
    assert recovery.kept == 6
    log.write()
    log.sequence()
    for report in (log.checked(), log.verified()):
        assert report.sound, report.defects
    log.do('UPDATE audit_entries SET leaf = :leaf WHERE log = 0 AND "index" = 5', leaf=b"{}")
    assert not log.verified().sound


def test_there_is_nothing_to_recover_in_a_sound_log(log: LogWorld) -> None:
    log.write()
    log.sequence()
    with pytest.raises(NothingToRecoverError):
        recover(log.database.write, signer=log.signer, writers=log.writers, now_us=log.now)
    log.write()
    log.sequence()
    assert log.verified().sound
