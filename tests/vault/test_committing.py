"""A commit that was not confirmed: nothing is taken as kept, and the next unit of work starts clean."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from vault.db import Database
from vault.errors import CommitUncertainError


def test_after_a_commit_that_failed_the_next_one_works(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    database = Database(database_url)
    add = text("INSERT INTO refusal_sums (kind, minute, count) VALUES ('token', 1, 1)")

    def no_room(_dialect: object, _connection: object) -> None:
        raise OperationalError("COMMIT", {}, Exception("database or disk is full"))

    with monkeypatch.context() as patched:
        patched.setattr(type(database.write.dialect), "do_commit", no_room)
        with pytest.raises(CommitUncertainError), database.transaction() as session:
            session.execute(add)
    with database.transaction() as session:
        assert session.scalar(text("SELECT count(*) FROM refusal_sums")) == 0
        session.execute(add)
    with database.reading() as session:
        assert session.scalar(text("SELECT count(*) FROM refusal_sums")) == 1
    database.dispose()


def test_a_snapshot_that_ended_in_an_error_leaves_nothing_open(database_url: str) -> None:
    database = Database(database_url)
    with pytest.raises(ZeroDivisionError), database.snapshot():
        raise ZeroDivisionError
    with database.transaction() as session:
        session.execute(text("INSERT INTO refusal_sums (kind, minute, count) VALUES ('token', 1, 1)"))
    with database.snapshot() as session:
        assert session.scalar(text("SELECT count(*) FROM refusal_sums")) == 1
    database.dispose()
