"""Everything that can be done to the log's tables and files is named by its verification."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from audit.entry import named_in
from audit.numbers import FaultKind
from audit.report import DefectKind, Report
from audit.store import one_state, stored_tree
from audit.stored import check_tables
from audit.verify import verify_directory
from tests.log_world import ADA, ORIGIN, LogWorld, kinds

COUNT = 40
WIDE = 300  # more than one tile
FLIPPED = b"\x00" * 32


@pytest.fixture
def whole(log: LogWorld) -> LogWorld:
    """A log of 41 entries with two heads."""
    log.write(COUNT // 2)
    log.sequence()
    log.write(COUNT // 2)
    log.sequence()
    return log


def _flipped(held: bytes, at: int) -> bytes:
    at %= len(held)
    return held[:at] + bytes([held[at] ^ 1]) + held[at + 1 :]


def _swap(log: LogWorld, table: str, column: str, one: str, other: str) -> None:
    first, second = (log.ask(f"SELECT {column} FROM {table} WHERE {where}")[0][0] for where in (one, other))
    log.do(f"UPDATE {table} SET {column} = :held WHERE {one}", held=second)
    log.do(f"UPDATE {table} SET {column} = :held WHERE {other}", held=first)


def _flip(log: LogWorld, table: str, column: str, where: str, at: int = 40) -> None:
    held = log.ask(f"SELECT {column} FROM {table} WHERE {where}")[0][0]
    log.do(f"UPDATE {table} SET {column} = :held WHERE {where}", held=_flipped(held, at))


def _flip_note(log: LogWorld) -> None:
    (note, size), *_ = log.ask("SELECT note, size FROM audit_checkpoints ORDER BY size DESC")
    log.do("UPDATE audit_checkpoints SET note = :note WHERE size = :size", note=note.replace(str(size), "7"), size=size)


def _payload_of(log: LogWorld, index: int) -> str:
    leaf = log.ask(f'SELECT leaf FROM audit_entries WHERE "index" = {index}')[0][0]
    held = (named_in(leaf).commitment or b"").hex()
    return f"commitment = decode('{held}', 'hex')" if not log.database.is_sqlite else f"commitment = x'{held}'"


Harm = Callable[[LogWorld], None]

HARMS: dict[str, tuple[Harm, DefectKind]] = {
    "entry flipped": (lambda log: _flip(log, "audit_entries", "leaf", '"index" = 5'), DefectKind.ENTRY_CHANGED),
    "entry's hash flipped": (
        lambda log: _flip(log, "audit_entries", "leaf_hash", '"index" = 5'),
        DefectKind.ENTRY_CHANGED,
    ),
    "entry's subject flipped": (
        lambda log: _flip(log, "audit_entries", "subject", '"index" = 5'),
        DefectKind.ENTRY_CHANGED,
    ),
    "entries swapped": (
        lambda log: _swap(log, "audit_entries", "leaf", '"index" = 5', '"index" = 6'),
        DefectKind.ENTRY_CHANGED,
    ),
    "entry rolled back": (
        lambda log: log.do(
            'UPDATE audit_entries SET leaf = (SELECT leaf FROM audit_entries WHERE "index" = 4) WHERE "index" = 5'
        ),
        DefectKind.ENTRY_CHANGED,
    ),
    "entry deleted": (lambda log: log.do('DELETE FROM audit_entries WHERE "index" = 5'), DefectKind.ENTRY_MISSING),
    "last entry deleted": (
        lambda log: log.do(f'DELETE FROM audit_entries WHERE "index" = {COUNT}'),
        DefectKind.SIZE_DIFFERS,
    ),
    "entry added": (
        lambda log: log.do(
            'INSERT INTO audit_entries (log, "index", leaf_hash, subject, leaf) VALUES (0, 41, :held, NULL, :leaf)',
            held=FLIPPED,
            leaf=b"{}",
        ),
        DefectKind.ENTRY_BAD,
    ),
    "node flipped": (
        lambda log: _flip(log, "audit_nodes", "hash", 'level = 3 AND "index" = 2', 4),
        DefectKind.NODE_CHANGED,
    ),
    "nodes swapped": (
        lambda log: _swap(log, "audit_nodes", "hash", 'level = 3 AND "index" = 2', 'level = 3 AND "index" = 3'),
        DefectKind.NODE_CHANGED,
    ),
    "node rolled back": (
        lambda log: log.do("UPDATE audit_nodes SET hash = :held WHERE level = 5", held=FLIPPED),
        DefectKind.NODE_CHANGED,
    ),
    "node deleted": (lambda log: log.do("DELETE FROM audit_nodes WHERE level = 5"), DefectKind.NODE_MISSING),
    "node added": (
        lambda log: log.do('INSERT INTO audit_nodes (log, level, "index", hash) VALUES (0, 5, 1, :h)', h=FLIPPED),
        DefectKind.NODE_UNKNOWN,
    ),
    "checkpoint flipped": (_flip_note, DefectKind.CHECKPOINT_BAD),
    "checkpoints swapped": (
        lambda log: _swap(log, "audit_checkpoints", "note", "size = 21", "size = 41"),
        DefectKind.CHECKPOINT_BAD,
    ),
    "checkpoint rolled back": (
        lambda log: log.do("DELETE FROM audit_checkpoints WHERE size = 41"),
        DefectKind.CHECKPOINT_MISSING,
    ),
    "checkpoints deleted": (lambda log: log.do("DELETE FROM audit_checkpoints"), DefectKind.CHECKPOINT_MISSING),
    "checkpoint added": (
        lambda log: log.do(
            "INSERT INTO audit_checkpoints (log, size, origin, note, time) "
            "SELECT log, 7, origin, note, time FROM audit_checkpoints WHERE size = 21"
        ),
        DefectKind.CHECKPOINT_BAD,
    ),
    "payload flipped": (
        lambda log: _flip(log, "audit_payloads", "payload", _payload_of(log, 5)),
        DefectKind.PAYLOAD_CHANGED,
    ),
    "payloads swapped": (
        lambda log: _swap(log, "audit_payloads", "payload", _payload_of(log, 5), _payload_of(log, 6)),
        DefectKind.PAYLOAD_CHANGED,
    ),
    "payload rolled back": (
        lambda log: log.do(f"UPDATE audit_payloads SET payload = :held WHERE {_payload_of(log, 5)}", held=b"\x01"),
        DefectKind.PAYLOAD_CHANGED,
    ),
    "payload's month changed": (
        lambda log: log.do(f"UPDATE audit_payloads SET month = '2020-01' WHERE {_payload_of(log, 5)}"),
        DefectKind.PAYLOAD_CHANGED,
    ),
    "payload deleted": (
        lambda log: log.do(f"DELETE FROM audit_payloads WHERE {_payload_of(log, 5)}"),
        DefectKind.PAYLOAD_MISSING,
    ),
    "payload added": (
        lambda log: log.do(
            "INSERT INTO audit_payloads (commitment, month, payload) VALUES (:held, '2026-09', :payload)",
            held=FLIPPED,
            payload=b"\x01",
        ),
        DefectKind.PAYLOAD_UNKNOWN,
    ),
    "writer rolled back": (
        lambda log: log.do("UPDATE audit_writers SET next_number = next_number - 1"),
        DefectKind.WRITER_CHANGED,
    ),
    "writer deleted": (lambda log: log.do("DELETE FROM audit_writers"), DefectKind.WRITER_CHANGED),
    "writer added": (
        lambda log: log.do(
            "INSERT INTO audit_writers (writer, next_number, last_number, last_time) VALUES ('00', 1, 1, 1)"
        ),
        DefectKind.WRITER_CHANGED,
    ),
}


@pytest.mark.parametrize("name", HARMS)
def test_harm_to_the_tables_is_named(whole: LogWorld, name: str) -> None:
    assert whole.checked().sound
    harm, expected = HARMS[name]
    harm(whole)
    assert expected in kinds(whole.checked())


@pytest.mark.parametrize("at", [0, 1, 40, 200, -1])
def test_a_leaf_is_named_wherever_it_is_touched(whole: LogWorld, at: int) -> None:
    _flip(whole, "audit_entries", "leaf", '"index" = 5', at)
    assert f"entry {5}" in {defect.where for defect in whole.checked().defects}
    assert "entry 5" in {defect.where for defect in whole.verified().defects}


def test_a_check_sees_one_state_whatever_is_written_meanwhile(log: LogWorld) -> None:
    log.write(3)
    log.sequence()
    head = log.signer.head
    with one_state(log.database.read) as connection:
        assert stored_tree(connection, 0).size == 4
        log.write(3)
        log.sequence()
        assert stored_tree(connection, 0).size == 4
        assert check_tables(connection, [log.public_key], origin=ORIGIN, head=head).sound
    assert log.checked().entries == 7


def test_one_changed_leaf_is_one_changed_entry(whole: LogWorld) -> None:
    _flip(whole, "audit_payloads", "payload", _payload_of(whole, 9))
    assert [str(defect) for defect in whole.checked().defects] == ["payload-changed: log 0, entry 9"]


def test_a_payload_whose_retention_ended_is_counted_and_no_defect(whole: LogWorld) -> None:
    whole.do("DELETE FROM audit_payloads")
    assert kinds(whole.checked()) == {DefectKind.PAYLOAD_MISSING}
    report = whole.checked(disposed_months={"2026-09"})
    assert report.sound
    assert report.absent == {"2026-09": COUNT}


# --- Files ---------------------------------------------------------------------------------------------------------

FILES = ("checkpoint", "tile/0/000", "tile/0/001.p/45", "tile/1/000.p/1", "tile/entries/000", "payloads/000")


def _read(folder: Path, log: LogWorld) -> Report:
    return verify_directory(folder, [log.public_key])


@pytest.mark.parametrize("name", FILES)
def test_every_file_is_named_wherever_it_is_touched(sqlite_log: LogWorld, name: str) -> None:
    sqlite_log.write(WIDE)
    sqlite_log.sequence()
    folder = sqlite_log.exported()
    assert _read(folder, sqlite_log).sound
    path = folder / "0" / name
    content = path.read_bytes()
    for at in (0, 1, len(content) // 2, len(content) - 1):
        path.write_bytes(_flipped(content, at))
        assert not _read(folder, sqlite_log).sound, at
    for shorter in (b"", content[:-1], content[1:]):
        path.write_bytes(shorter)
        assert not _read(folder, sqlite_log).sound
    path.unlink()
    assert not _read(folder, sqlite_log).sound
    path.write_bytes(content)
    assert _read(folder, sqlite_log).sound


def test_a_folder_without_a_log_is_not_sound(tmp_path: Path) -> None:
    assert not verify_directory(tmp_path, [bytes(32)]).sound


def test_a_log_is_sound_only_under_its_own_key_and_name(sqlite_log: LogWorld) -> None:
    sqlite_log.write()
    sqlite_log.sequence()
    folder = sqlite_log.exported()
    assert not verify_directory(folder, [LogWorld(sqlite_log.database, folder).public_key]).sound
    assert not verify_directory(folder, [sqlite_log.public_key], origin="another.example").sound
    assert verify_directory(folder / "0", [sqlite_log.public_key]).sound


def test_leaves_without_payloads_prove_the_log(sqlite_log: LogWorld) -> None:
    sqlite_log.write(3)
    sqlite_log.sequence()
    folder = sqlite_log.exported(payloads=False)
    assert not (folder / "0" / "payloads").exists()
    assert _read(folder, sqlite_log).sound


def test_a_cut_log_under_an_older_head_shows_its_smaller_size(sqlite_log: LogWorld) -> None:
    sqlite_log.write(3)
    sqlite_log.sequence()
    old = sqlite_log.exported("old")
    sqlite_log.write(3)
    sqlite_log.sequence()
    new = sqlite_log.exported("new")
    shutil.copyfile(old / "0" / "checkpoint", new / "0" / "checkpoint")
    assert not _read(new, sqlite_log).sound


# --- The outbox ----------------------------------------------------------------------------------------------------


def _queued(log: LogWorld) -> LogWorld:
    log.write(4)
    log.sequence()
    for _ in range(3):
        log.write()
    return log


OUTBOX_HARMS: dict[str, tuple[Harm, set[FaultKind]]] = {
    "leaf flipped": (lambda log: _flip(log, "audit_outbox", "leaf", _second()), {FaultKind.FORGED, FaultKind.MISSING}),
    "mark flipped": (
        lambda log: _flip(log, "audit_outbox", "mac", _second(), 3),
        {FaultKind.FORGED, FaultKind.MISSING},
    ),
    "hash flipped": (lambda log: _flip(log, "audit_outbox", "leaf_hash", _second(), 3), {FaultKind.ROW_CHANGED}),
    "subject flipped": (lambda log: _flip(log, "audit_outbox", "subject", _second(), 3), {FaultKind.ROW_CHANGED}),
    "payload flipped": (lambda log: _flip(log, "audit_outbox", "payload", _second(), 70), {FaultKind.PAYLOAD_CHANGED}),
    "payload removed": (
        lambda log: log.do(f"UPDATE audit_outbox SET payload = NULL WHERE {_second()}"),
        {FaultKind.PAYLOAD_CHANGED},
    ),
    "month removed": (
        lambda log: log.do(f"UPDATE audit_outbox SET month = NULL WHERE {_second()}"),
        {FaultKind.PAYLOAD_CHANGED},
    ),
    "leaves swapped": (
        lambda log: _swap(log, "audit_outbox", "leaf", _second(), _last()),
        {FaultKind.FORGED, FaultKind.MISSING},
    ),
    "hidden": (lambda log: log.do(f"UPDATE audit_outbox SET refused = 1 WHERE {_second()}"), {FaultKind.MISSING}),
    "deleted": (lambda log: log.do(f"DELETE FROM audit_outbox WHERE {_second()}"), {FaultKind.MISSING}),
    "added": (
        lambda log: log.do(
            "INSERT INTO audit_outbox (id, leaf_hash, leaf, mac, refused) VALUES (99, :held, :leaf, :held, 0)",
            held=FLIPPED,
            leaf=b"no leaf",
        ),
        {FaultKind.FORGED},
    ),
}


def _second() -> str:
    return "id = (SELECT min(id) + 1 FROM (SELECT id FROM audit_outbox) AS queued)"


def _last() -> str:
    return "id = (SELECT max(id) FROM (SELECT id FROM audit_outbox) AS queued)"


@pytest.mark.parametrize("name", OUTBOX_HARMS)
def test_harm_to_the_outbox_becomes_an_alarm_and_a_declared_gap(log: LogWorld, name: str) -> None:
    harm, expected = OUTBOX_HARMS[name]
    _queued(log)
    harm(log)
    log.sequence()
    log.write()
    log.sequence()
    assert {alarm.kind for alarm in log.alarms} == expected
    report = log.verified(log.exported(payloads=False))
    assert report.sound, report.defects
    assert len(report.declared) == len(log.alarms)


def test_waiting_rows_are_checked_where_they_wait(log: LogWorld) -> None:
    _queued(log)
    assert log.checked().sound
    for column in ("leaf", "mac", "leaf_hash", "subject"):
        held = log.ask(f"SELECT {column} FROM audit_outbox WHERE {_second()}")[0][0]
        _flip(log, "audit_outbox", column, _second(), 5)
        assert DefectKind.OUTBOX_BAD in kinds(log.checked())
        log.do(f"UPDATE audit_outbox SET {column} = :held WHERE {_second()}", held=held)
    log.do(f"UPDATE audit_outbox SET refused = 1 WHERE {_second()}")
    assert DefectKind.OUTBOX_BAD in kinds(log.checked())


def test_an_outbox_row_put_back_after_it_was_placed_is_refused(sqlite_log: LogWorld) -> None:
    log = sqlite_log
    log.write(2, subject=ADA)
    log.do("CREATE TABLE aside AS SELECT * FROM audit_outbox")
    log.sequence()
    log.do("INSERT INTO audit_outbox SELECT * FROM aside")
    log.do("DROP TABLE aside")
    log.sequence()
    assert {alarm.kind for alarm in log.alarms} == {FaultKind.REPEATED}
    assert log.checked().sound


def test_rows_renumbered_in_the_outbox_are_put_back_in_order(sqlite_log: LogWorld) -> None:
    log = sqlite_log
    log.write(4)
    log.do("UPDATE audit_outbox SET id = 1000 - id")
    log.sequence()
    assert not log.alarms
    assert log.verified().sound


def test_a_gap_hidden_in_the_writers_table_is_found_in_the_leaves(sqlite_log: LogWorld) -> None:
    log = _queued(sqlite_log)
    log.do(f"DELETE FROM audit_outbox WHERE {_second()}")
    log.do("DELETE FROM audit_outbox WHERE id < (SELECT max(id) FROM audit_outbox)")
    log.do("UPDATE audit_writers SET next_number = next_number + 2")
    log.sequence()
    assert not log.alarms
    assert DefectKind.NUMBERS_BROKEN in kinds(log.verified())
