"""Short writes that share a commit: each is answered by what became of it, and one that fails takes nobody with it."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

from vault.db import Database
from vault.errors import CommitUncertainError, ReplayedError
from vault.shared_commits import Together

WRITERS = 6


class Driver:
    """A connection that says what was asked of it, and whose commits can fail."""

    def __init__(self) -> None:
        self.real = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self.real.execute("CREATE TABLE written (number INTEGER PRIMARY KEY)")
        self.said: list[str] = []
        self.refuses: set[str] = set()

    def execute(self, text: str, *given: Any) -> sqlite3.Cursor:
        """Run *text*, or fail where it is to fail."""
        self.said.append(text.split(maxsplit=1)[0])
        if text in self.refuses:
            raise sqlite3.OperationalError("disk I/O error")
        return self.real.execute(text, *given)

    def numbers(self) -> list[int]:
        """What was written."""
        return [number for (number,) in self.real.execute("SELECT number FROM written ORDER BY number")]


def _insert(number: int) -> Callable[[Any], int]:
    def steps(driver: Any) -> int:
        driver.execute("INSERT INTO written VALUES (?)", (number,))
        return number

    return steps


class Crowd:
    """Several threads that ask while nobody has the turn, so that the next one takes all of them along."""

    def __init__(self, driver: Driver) -> None:
        self._turn = threading.RLock()
        self._asked = threading.Semaphore(0)
        self.together = Together(self._turn, self._lend)
        self._driver = driver

    @contextmanager
    def _lend(self) -> Iterator[Driver]:
        yield self._driver

    def ask(self, *steps: Callable[[Any], Any]) -> list[Any]:
        """What each of *steps* returned, or the error that its thread was given."""
        with ThreadPoolExecutor(len(steps)) as pool:
            with self._turn:
                answers = [pool.submit(self.together.write, each) for each in steps]
                while len(self.together._waiting) < len(steps):
                    threading.Event().wait(0.001)
            return [answer.exception() or answer.result() for answer in answers]


def test_writes_that_wait_for_the_same_turn_share_one_commit() -> None:
    driver = Driver()
    assert Crowd(driver).ask(*map(_insert, range(WRITERS))) == list(range(WRITERS))
    assert driver.numbers() == list(range(WRITERS))
    assert driver.said.count("COMMIT") == 1


def test_one_that_fails_takes_nobody_with_it_and_leaves_nothing() -> None:
    def replayed(driver: Any) -> None:
        driver.execute("INSERT INTO written VALUES (99)")
        raise ReplayedError("this proof was shown before")

    driver = Driver()
    first, error, last = Crowd(driver).ask(_insert(1), replayed, _insert(2))
    assert (first, last) == (1, 2)
    assert isinstance(error, ReplayedError)
    assert driver.numbers() == [1, 2]


def test_of_two_that_claim_the_same_one_gets_it() -> None:
    driver = Driver()
    answers = Crowd(driver).ask(_insert(1), _insert(1))
    assert sorted(map(type, answers), key=str) == sorted([int, sqlite3.IntegrityError], key=str)
    assert driver.numbers() == [1]


def test_after_a_commit_that_nobody_confirmed_each_is_told_and_nothing_is_kept() -> None:
    driver = Driver()
    driver.refuses = {"COMMIT"}
    crowd = Crowd(driver)
    answers = crowd.ask(_insert(1), _insert(2))
    assert [type(answer) for answer in answers] == [CommitUncertainError] * 2
    assert answers[0] is not answers[1]
    driver.refuses = set()
    assert crowd.ask(_insert(3)) == [3]
    assert driver.numbers() == [3]


def test_where_no_transaction_can_begin_all_are_told_and_none_is_tried_again() -> None:
    driver = Driver()
    driver.refuses = {"BEGIN IMMEDIATE"}
    answers = Crowd(driver).ask(_insert(1), _insert(2))
    assert [type(answer) for answer in answers] == [sqlite3.OperationalError] * 2
    assert driver.said == ["BEGIN"]


def test_a_thread_that_is_told_to_end_amid_the_writes_of_others_leaves_nobody_waiting() -> None:
    class Ending(Crowd):
        lent = 0

        @contextmanager
        def _lend(self) -> Iterator[Driver]:
            self.lent += 1
            if self.lent > 1:  # once a write failed, each is made by itself
                raise SystemExit
            yield self._driver

    def fails(driver: Any) -> None:
        driver.execute("SELECT no_such_column FROM written")

    driver = Driver()
    answers = Ending(driver).ask(fails, _insert(1), _insert(2))
    assert {type(answer) for answer in answers} <= {CommitUncertainError, SystemExit}
    assert driver.numbers() == []


def test_a_connection_that_the_server_closed_is_not_used_again(database_url: str) -> None:
    database = Database(database_url)
    count = "SELECT count(*) FROM refusal_sums"
    with database.driver_reading() as driver:
        assert driver.execute(count).fetchone() == (0,)
        kept = driver
    if not database.is_sqlite:
        with database.write.connect() as connection:
            connection.exec_driver_sql(f"SELECT pg_terminate_backend({kept.info.backend_pid}, 5000)")
    with database.driver_reading() as driver:
        assert driver.execute(count).fetchone() == (0,)
        assert (driver is kept) == database.is_sqlite
    database.dispose()


def test_a_use_that_failed_leaves_nothing_open_on_the_connection(database_url: str) -> None:
    database = Database(database_url)
    add = "INSERT INTO refusal_sums (kind, minute, count) VALUES ('token', 1, 1)"

    def fails(driver: Any) -> None:
        driver.execute(add)
        driver.execute("SELECT no_such_column FROM refusal_sums")

    with pytest.raises(Exception, match="no_such_column"):
        database.at_once(fails)
    if database.is_sqlite:
        with database.driver_reading() as driver:
            assert driver.execute("SELECT count(*) FROM refusal_sums").fetchone() == (0,)
    database.at_once(lambda driver: driver.execute(add.replace("1)", "2)").replace("'token'", "'proof'")))
    database.dispose()
