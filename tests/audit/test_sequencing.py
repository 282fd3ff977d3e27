from audit import read
from audit.events import Event
from audit.log import Outcome, Writers, append_about
from audit.numbers import FaultKind
from tests.log_world import ADA, BEN, LogWorld, writer_key


def test_what_was_committed_gets_its_place_and_what_was_rolled_back_does_not(log: LogWorld) -> None:
    kept = log.write(3)
    lost = log.write(2, keep=False)
    kept += log.write(2)
    assert log.sequence() == 6  # and the writer's announcement
    with log.database.read.connect() as connection:
        placed = [row.leaf_hash for row in read.latest(connection)][::-1]
    assert [held for held in placed if held in {*kept, *lost}] == kept
    assert not log.alarms
    assert log.checked().sound
    assert log.verified().sound


def test_nothing_is_placed_twice_and_nothing_waits_longer_than_a_turn(log: LogWorld) -> None:
    for _ in range(5):
        log.write(7)
    assert log.sequence(batch=4) == 36
    assert log.sequence() == 0
    assert log.ask("SELECT count(*) FROM audit_outbox")[0][0] == 0
    assert log.checked().entries == 36


def test_many_writers_count_each_for_itself(log: LogWorld) -> None:
    with log.borrowed() as one, log.borrowed() as other:
        for writer in (one, other, one):
            with log.database.write.begin() as connection:
                log.append(connection, writer)
    log.sequence()
    assert not log.alarms
    assert log.checked().sound


def test_an_uncertain_commit_is_sound_either_way(log: LogWorld) -> None:
    log.write()
    log.write(2, outcome=Outcome.UNCERTAIN)  # it was kept
    log.write(2, keep=False, outcome=Outcome.UNCERTAIN)  # it was not
    log.write()
    log.sequence()
    assert not log.alarms
    assert log.checked().sound
    assert log.verified().sound


def test_a_first_uncertain_commit_is_sound_either_way(log: LogWorld) -> None:
    log.write(outcome=Outcome.UNCERTAIN)
    log.write(keep=False, outcome=Outcome.UNCERTAIN)
    log.write(keep=False)
    log.write()
    log.sequence()
    assert not log.alarms
    assert log.verified().sound


def test_a_doubtful_leaf_may_come_late(sqlite_log: LogWorld) -> None:
    log = sqlite_log
    log.write()
    (late,) = log.write(outcome=Outcome.UNCERTAIN)
    columns = "id, leaf_hash, subject, leaf, mac, payload, month, refused"
    log.do("CREATE TABLE aside AS SELECT * FROM audit_outbox WHERE leaf_hash = :held", held=late)
    log.do("DELETE FROM audit_outbox WHERE leaf_hash = :held", held=late)
    log.write()
    log.sequence()
    log.do(f"INSERT INTO audit_outbox ({columns}) SELECT {columns} FROM aside")
    log.do("DROP TABLE aside")
    log.sequence()
    assert not log.alarms
    assert log.checked().sound


def test_nothing_follows_a_doubtful_number(sqlite_log: LogWorld) -> None:
    log = sqlite_log
    with log.borrowed(Outcome.UNCERTAIN) as writer, log.database.write.begin() as connection:
        log.append(connection, writer)
    log.write()
    log.sequence()
    writer.borrowed = True  # a writer that does not know it has retired
    with log.database.write.begin() as connection:
        log.append(connection, writer)
    log.sequence()
    assert [alarm.kind for alarm in log.alarms] == [FaultKind.AFTER_END]


def test_a_closed_writer_stays_closed(log: LogWorld) -> None:
    log.write()
    with log.borrowed() as writer:
        pass
    with log.database.write.begin() as connection:
        log.writers.close(connection, time_us=log.now)
    log.sequence()
    assert log.checked().sound
    writer.borrowed = True
    with log.database.write.begin() as connection:
        forged = log.append(connection, writer)
    log.sequence()
    assert [(alarm.kind, alarm.leaf) for alarm in log.alarms] == [(FaultKind.AFTER_END, forged.hex())]


def test_a_closing_pool_closes_what_was_never_announced_without_a_word(log: LogWorld) -> None:
    with log.borrowed():
        pass
    with log.database.write.begin() as connection:
        log.writers.close(connection, time_us=log.now)
    assert log.sequence() == 0


def test_idle_writers_beat(log: LogWorld) -> None:
    log.write()
    with log.database.write.begin() as connection:
        assert log.writers.beat(connection, time_us=log.now + 10, idle_us=60) == []
        beating = log.writers.beat(connection, time_us=log.now + 60, idle_us=60)
    for writer in beating:
        log.writers.release(writer, Outcome.KEPT)
    assert len(beating) == 1
    log.write()
    log.sequence()
    assert log.verified().sound


def test_a_writer_that_fell_silent_is_listed(log: LogWorld) -> None:
    log.write()
    log.sequence()
    with log.database.read.connect() as connection:
        assert len(read.silent_writers(connection, since_us=log.now + 1)) == 1
        assert read.silent_writers(connection, since_us=log.now - 1) == []


def test_a_savepoint_rolled_back_leaves_no_gap(log: LogWorld) -> None:
    with log.borrowed() as writer, log.database.write.begin() as connection:
        log.append(connection, writer)
        number = writer.next_number
        savepoint = connection.begin_nested()
        log.append(connection, writer)
        savepoint.rollback()
        writer.rewind(number)
        log.append(connection, writer)
    log.sequence()
    assert not log.alarms
    assert log.verified().sound


def test_who_looked_is_found_before_and_after_it_has_its_place(log: LogWorld) -> None:
    mine = log.write(3)
    log.write(2, subject=BEN)
    for _ in range(2):
        with log.database.read.connect() as connection:
            found = read.entries_for(connection, [ADA])
            assert [row.leaf_hash for row in found] == mine[::-1]
            assert all(row.payload is not None and row.payload.intact for row in found)
            assert read.entries_for(connection, []) == []
        log.sequence()
    with log.database.read.connect() as connection:
        page = read.entries_for(connection, [ADA], limit=2)
        assert page[-1].position is not None
        rest = read.entries_for(connection, [ADA], limit=2, before=read.Position.parse(str(page[-1].position)))
        assert [row.leaf_hash for row in page + rest] == mine[::-1]


def test_two_sequencers_never_place_the_same_leaf(log: LogWorld) -> None:
    log.write(20)
    other = LogWorld(log.database, log.folder, key=log.key, writers=Writers(writer_key))
    assert log.sequence(batch=5) + other.sequence(batch=5) == 21
    assert log.checked().sound


def test_a_log_without_an_entry_has_a_signed_head(log: LogWorld) -> None:
    assert log.sequence() == 0
    assert log.checked().sound
    assert log.verified().sound


def test_what_the_log_says_about_itself_needs_no_payload(log: LogWorld) -> None:
    with log.borrowed() as writer, log.database.write.begin() as connection:
        append_about(connection, writer, event=Event.AUDIT_BEAT, time_us=log.now, about={})
    log.sequence()
    assert log.ask("SELECT count(*) FROM audit_payloads")[0][0] == 0
    assert log.verified().sound
