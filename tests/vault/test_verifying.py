"""`audit verify`, whole or from what was proved last: every row is named that is not as the log says, old or new."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text

from audit import read
from audit.numbers import Fault, FaultKind
from audit.proof import verify_proof
from audit.report import DefectKind
from audit.standing import Standing
from audit.stored_bundles import Rowsource
from tests.vault.house import CARER, House
from tests.vault.proved import Proved, proved_vault
from tests.vault.test_damage import HARMS
from vault import citizens, trail, verifying
from vault.accountability import Ended, end_month
from vault.clock import month_of
from vault.context import OPERATOR
from vault.erasure import destroy_keys
from vault.errors import KeyDestroyedError, NotFoundError, VerifiedUnusableError, WrongStateError
from vault.holding import hold
from vault.keychain import AUDIT, audit_key
from vault.kinds import CitizenStatus
from vault.runtime import prepare
from vault.told import Told
from vault.trail import Filters
from vault.verified import Verified, keep, last
from vault.verifying import KEY, Outcome, verify


@pytest.fixture
def proved(house: House, tmp_path: Path) -> Proved:
    return proved_vault(house, tmp_path)


@pytest.fixture
def sqlite_proved(sqlite_house: House, tmp_path: Path) -> Proved:
    return proved_vault(sqlite_house, tmp_path)


def named(found: Outcome) -> set[str]:
    kinds: list[str] = [str(each.kind) for each in found.log.defects] + [each.kind for each in found.rows]
    return set(kinds)


def test_a_second_run_reads_only_what_is_new_and_comes_to_what_the_whole_one_says(proved: Proved) -> None:
    first = proved.verify()
    assert first.sound
    assert first.before is None
    assert first.log.entries == first.entries > 20
    idle = proved.verify()
    assert idle.sound
    assert (idle.log.entries, idle.entries) == (0, first.entries)
    proved.look()
    second, whole = proved.verify(), proved.verify(whole=True)
    assert second.sound
    assert 0 < second.log.entries < 10
    assert second.entries == whole.entries == whole.log.entries
    assert (second.held.rows, second.log.declared) == (whole.held.rows, whole.log.declared)
    with proved.house.vault.db.snapshot() as session:
        assert hold(session).rows == whole.held.rows


def test_what_a_run_from_the_last_proof_keeps_is_what_a_whole_one_keeps(proved: Proved) -> None:
    proved.verify()
    proved.look()
    proved.verify()
    key, origin = proved.house.vault.keyring.derived(KEY), proved.house.vault.origin
    stepped = last(proved.path, key=key, origin=origin)
    proved.verify(whole=True)
    at_once = last(proved.path, key=key, origin=origin)
    assert stepped is not None
    assert at_once is not None
    assert (stepped.standing.plain, stepped.entries) == (at_once.standing.plain, at_once.entries)
    assert stepped.told == at_once.told


@pytest.mark.parametrize("harm", HARMS)
@pytest.mark.parametrize("whole", [False, True], ids=["since the last proof", "whole"])
def test_every_harm_to_an_old_row_is_named_by_either_run(
    sqlite_proved: Proved,
    harm: str,
    whole: bool,  # noqa: FBT001 -- a parameter of the test
) -> None:
    assert sqlite_proved.verify().sound
    do, (kind, table) = HARMS[harm]
    with sqlite_proved.house.vault.db.write.begin() as connection:
        do(connection)
    found = sqlite_proved.verify(whole=whole)
    assert (kind, table) in {(each.kind, each.table) for each in found.held.defects}
    assert not found.sound


def test_a_row_put_back_is_told_from_one_that_was_changed_though_its_entries_are_not_read(proved: Proved) -> None:
    columns = "state, version, changed_at, row_mac"
    grant = proved.house.grant()
    with proved.house.vault.db.read.connect() as connection:
        query = text(f"SELECT grant_id, {columns} FROM grants WHERE grant_id = :grant_id")
        written = grant.grant_id.hex if proved.house.vault.db.is_sqlite else grant.grant_id
        before = dict(connection.execute(query, {"grant_id": written}).mappings().one())
    proved.house.withdraw(grant)
    proved.place()
    assert proved.verify().sound
    with proved.house.vault.db.write.begin() as connection:
        put = ", ".join(f"{name} = :{name}" for name in columns.split(", "))
        connection.execute(text(f"UPDATE grants SET {put} WHERE grant_id = :grant_id"), before)
    assert named(proved.verify()) == {"rolled-back"}


OLD_HARMS: dict[str, tuple[str, str]] = {
    "an entry gone": ('DELETE FROM audit_entries WHERE "index" = 3', "entry-missing"),
    "a node gone": ('DELETE FROM audit_nodes WHERE level = 1 AND "index" = 1', "node-missing"),
    "a head gone": ("DELETE FROM audit_checkpoints WHERE size = (SELECT min(size) FROM audit_checkpoints)", ""),
    "a payload gone": (
        "DELETE FROM audit_payloads WHERE commitment = (SELECT min(commitment) FROM audit_payloads)",
        "payload-missing",
    ),
    "a payload of nobody": ("INSERT INTO audit_payloads VALUES (zeroblob(32), '2026-01', zeroblob(9))", ""),
    "a writer's number": ("UPDATE audit_writers SET next_number = next_number + 1", "writer-changed"),
}


@pytest.mark.parametrize("harm", OLD_HARMS)
def test_what_is_gone_from_the_old_part_of_the_log_is_named_without_reading_it(
    sqlite_proved: Proved, harm: str
) -> None:
    sqlite_proved.look()
    sqlite_proved.verify()
    statement, kind = OLD_HARMS[harm]
    sqlite_proved.do(statement)
    found = sqlite_proved.verify()
    assert found.log.entries == 0
    assert named(found) == {kind} if kind else named(found) & {"checkpoint-missing", "payload-unknown"}
    assert not sqlite_proved.verify().sound, "what is wrong is not forgotten"


def test_an_old_entry_that_was_changed_is_left_to_the_whole_run_which_names_it(sqlite_proved: Proved) -> None:
    sqlite_proved.verify()
    sqlite_proved.do("UPDATE audit_entries SET leaf = CAST(leaf || ' ' AS BLOB) WHERE \"index\" = 3")
    assert sqlite_proved.verify().sound
    found = sqlite_proved.verify(whole=True)
    assert {(each.kind, each.where) for each in found.log.defects} >= {(DefectKind.ENTRY_CHANGED, "entry 3")}


def test_a_new_entry_that_was_changed_is_named_and_the_rest_is_still_compared(sqlite_proved: Proved) -> None:
    sqlite_proved.verify()
    sqlite_proved.look()
    newest = '"index" = (SELECT max("index") - 2 FROM audit_entries)'
    sqlite_proved.do(f"UPDATE audit_entries SET leaf = CAST('no leaf' AS BLOB) WHERE {newest}")
    found = sqlite_proved.verify()
    assert "entry-changed" in named(found)
    assert found.held.rows > 10


def test_the_file_counts_only_with_the_vaults_own_mark(proved: Proved) -> None:
    proved.verify()
    held = proved.path.read_bytes()
    for at in (0, 30, 60, len(held) // 2, len(held) - 40, len(held) - 1):
        proved.path.write_bytes(held[:at] + bytes([held[at] ^ 1]) + held[at + 1 :])
        found = proved.verify()
        assert "does not carry this vault's mark" in found.unusable
        assert found.before is None
        assert found.sound
    for other in (held[:-1], b"", held + b"x"):
        proved.path.write_bytes(other)
        assert proved.verify().before is None


def test_nothing_is_kept_of_a_log_that_is_not_sound(sqlite_proved: Proved) -> None:
    sqlite_proved.do('DELETE FROM audit_entries WHERE "index" = 3')
    assert not sqlite_proved.verify().sound
    assert not sqlite_proved.path.exists()


def test_a_log_shorter_than_was_proved_is_named_even_where_the_signer_forgot(sqlite_proved: Proved) -> None:
    head, note = sqlite_proved.signer.path.read_bytes(), sqlite_proved.note()
    size = int(note.split("\n")[1])
    sqlite_proved.look()
    sqlite_proved.verify()
    longer = sqlite_proved.note()
    sqlite_proved.signer.path.write_bytes(head)
    sqlite_proved.do(
        f'DELETE FROM audit_entries WHERE "index" >= {size}', f"DELETE FROM audit_checkpoints WHERE size > {size}"
    )
    for whole in (False, True):
        found = sqlite_proved.verify(whole=whole)
        assert any("proved before" in each.where for each in found.log.defects if each.kind is DefectKind.SIZE_DIFFERS)
    sqlite_proved.path.unlink()
    assert "forked" in named(sqlite_proved.verify(kept=(longer,)))
    assert "forked" not in named(sqlite_proved.verify(kept=(note,)))


def test_all_processes_come_to_the_same_and_progress_is_told(
    sqlite_proved: Proved, monkeypatch: pytest.MonkeyPatch
) -> None:
    proved = sqlite_proved
    alone = proved.verify(whole=True)
    monkeypatch.setattr(verifying, "WORTH", 0)
    told: list[tuple[int, int]] = []
    found = verify(
        proved.house.vault,
        signer=proved.signer,
        path=proved.path,
        whole=True,
        progress=lambda done, total: told.append((done, total)),
    )
    assert (found.log, found.held, found.places) == (alone.log, alone.held, alone.places)
    assert found.sound
    phases = [each for each, (after, _total) in zip(told, [*told[1:], (0, 0)], strict=True) if after < each[0]]
    assert phases[:2] == [(found.entries, found.entries), (found.held.rows, found.held.rows)]
    assert all(done == total for done, total in phases)


def test_the_cost_of_a_second_run_does_not_grow_with_the_entries_proved_before(
    proved: Proved, monkeypatch: pytest.MonkeyPatch
) -> None:
    def statements(act: Callable[[], object]) -> int:
        counted: list[str] = []
        asked = Rowsource._all

        def ask(source: Rowsource, words: str, values: Any) -> Any:
            counted.append(words)
            return asked(source, words, values)

        monkeypatch.setattr(Rowsource, "_all", ask)

        def count(*said: object) -> None:
            counted.append(str(said[2]))

        event.listen(proved.house.vault.db.read, "before_cursor_execute", count)
        act()
        monkeypatch.setattr(Rowsource, "_all", asked)
        event.remove(proved.house.vault.db.read, "before_cursor_execute", count)
        return sum(re.search(r"\bleaf\b.*audit_entries", each, re.DOTALL) is not None for each in counted)

    proved.verify()
    assert statements(proved.verify) == 0
    assert statements(partial(proved.verify, whole=True)) > 0


def test_the_format_of_the_file_stays_as_it_is(tmp_path: Path) -> None:
    expected = json.loads((Path(__file__).parents[1] / "vectors" / "verified.json").read_text())
    told = Told()
    told.take(bytes(range(48)) + bytes(range(16)) + bytes(32))
    writers = {"ab" * 8: (3, None, 5), "cd" * 8: (7, 6, 4)}
    standing = Standing(
        log=0,
        size=3,
        peaks=(bytes(32), b"\x01" * 32),
        heads=2,
        writers=writers,
        payloads={"2026-11": 2},
        declared=("said",),
        faults=((Fault(FaultKind.MISSING, "ab" * 8, 1, 2), 0),),
    )
    verified = Verified(standing, 1_795_000_000_000_000, 3, told.pack())
    keep(tmp_path / "file", verified, key=b"k" * 32, origin="vault.test/log")
    assert (tmp_path / "file").read_bytes().hex() == expected["file"]
    assert last(tmp_path / "file", key=b"k" * 32, origin="vault.test/log") == verified
    assert verified.told == told
    assert told.times(bytes(range(16))) == 2
    with pytest.raises(VerifiedUnusableError, match="is of the log"):
        last(tmp_path / "file", key=b"k" * 32, origin="another.test/log")


# --- Erasure -------------------------------------------------------------------------------------------------------


def on(proved: Proved, days: int) -> None:
    """Go on so many days, with the month's key made as housekeeping makes it."""
    proved.house.clock.ahead += timedelta(days=days)
    prepare(proved.house.vault)
    proved.place()


def month_now(proved: Proved) -> str:
    return month_of(proved.house.clock())


def staff_lines(proved: Proved) -> list[trail.Line]:
    """The looks of the carer as an auditor finds them, by the carer's reference."""
    proved.place()
    with proved.house.vault.reading(OPERATOR) as ctx:
        return list(trail.search(ctx, filters=Filters(reference=CARER.reference)).lines)


def own_lines(proved: Proved) -> list[trail.Line]:
    with proved.house.vault.reading(proved.house.citizen) as ctx:
        return trail.of_citizen(ctx, citizen_id=proved.house.citizen_id, limit=100)


def proofs_hold(proved: Proved) -> bool:
    """Whether every entry of the log can be proved in its signed head."""
    with proved.house.vault.db.read.connect() as connection:
        hashes = connection.execute(text("SELECT leaf_hash FROM audit_entries")).scalars().all()
        for held in hashes:
            proof = read.tlog_proof(connection, bytes(held))
            verify_proof(proof, leaf_hash=bytes(held), public_keys=[proved.signer.public_key])
    return len(hashes) > 20


def test_what_an_insider_did_is_readable_to_auditors_until_the_months_key_is_destroyed(proved: Proved) -> None:
    first = month_now(proved)
    on(proved, 62)
    assert proved.verify().sound
    (line,) = staff_lines(proved)
    assert (line.opened, line.who.role) == (True, CARER.role)
    ended = end_month(proved.house.vault, month=first)
    assert min(ended.lines, ended.details) > 0
    assert staff_lines(proved) == []
    with proved.house.vault.reading(OPERATOR) as ctx:
        closed = trail.entry(ctx, leaf_hash=line.leaf_hash)
    assert (closed.opened, closed.who.reference, closed.fields) == (False, "", ())
    mine = next(each for each in own_lines(proved) if each.leaf_hash == line.leaf_hash)
    assert (mine.opened, mine.who.role) == (True, CARER.role), "the resident still reads who looked"
    proved.place()
    for whole in (False, True, False):
        found = proved.verify(whole=whole)
        assert found.sound, named(found)
        assert found.log.absent == {first: ended.details} or not whole
    assert proofs_hold(proved)


def test_a_month_ends_once_and_only_when_nothing_is_written_in_it_any_more(proved: Proved) -> None:
    first = month_now(proved)
    for month, error in ((first, WrongStateError), ("2001-01", NotFoundError), ("november", NotFoundError)):
        with pytest.raises(error):
            end_month(proved.house.vault, month=month)
    on(proved, 62)
    assert end_month(proved.house.vault, month=first) != Ended(0, 0)
    assert end_month(proved.house.vault, month=first) == Ended(0, 0), "run again, as after a kill"
    with proved.house.vault.db.snapshot() as session:
        events = [str(leaf.event) for leaf in read.every_leaf(session)]
    assert events.count("key:destroyed") == 1


def test_without_the_citizens_log_key_pseudonyms_and_names_mean_nothing_and_proofs_stay(proved: Proved) -> None:
    house = proved.house
    with house.vault.reading(OPERATOR) as ctx:
        person = trail.person_found(ctx, citizen_id=house.citizen_id, by="reference")
        subjects = {line.facts.get("by", {}).get("kind") for line in own_lines(proved)}
    assert subjects
    with house.vault.transaction(OPERATOR) as ctx:
        citizens.set_status(ctx, citizen_id=house.citizen_id, status=CitizenStatus.CLOSED)
    with pytest.raises(WrongStateError, match="come first"):
        destroy_keys(house.vault, citizen_id=house.citizen_id, kind=AUDIT)
    destroy_keys(house.vault, citizen_id=house.citizen_id)
    assert destroy_keys(house.vault, citizen_id=house.citizen_id, kind=AUDIT) == 1
    proved.place()
    with house.vault.reading(OPERATOR) as ctx, pytest.raises(KeyDestroyedError):
        audit_key(ctx, citizen_id=house.citizen_id)
    with house.vault.reading(OPERATOR) as ctx:
        assert trail.search(ctx, filters=Filters(person=person)).lines == ()
        with pytest.raises(KeyDestroyedError):
            trail.of_citizen(ctx, citizen_id=house.citizen_id)
    (line,) = staff_lines(proved)
    assert (line.opened, line.who.role) == (True, CARER.role), "what staff did stays readable to auditors"
    assert str(house.citizen_id) not in str(line.facts)
    assert proved.verify().sound
    assert proofs_hold(proved)


def test_a_citizen_has_another_pseudonym_each_month_and_reads_the_lines_of_all(proved: Proved) -> None:
    on(proved, 31)
    proved.look()
    with proved.house.vault.db.snapshot() as session:
        looks = [leaf for leaf in read.every_leaf(session) if leaf.event == "record:opened"]
    assert len({leaf.subject for leaf in looks}) == len(looks) == 2
    assert [line.event for line in own_lines(proved)].count("record:opened") == 2
