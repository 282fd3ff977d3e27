"""Fail every write of a turn once before and once after it was kept: nothing is lost, doubled or left unsigned."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event

from audit import signer as signer_module
from audit.signer import replace_durably
from tests.log_world import LogWorld


class KilledError(Exception):
    """The turn ended here; what its transaction had not committed is gone."""


@contextmanager
def _killed_at(  # noqa: C901 -- one hook for each kind of write
    log: LogWorld, step: int, *, after: bool, monkeypatch: pytest.MonkeyPatch
) -> Iterator[list[str]]:
    """Let the *step*-th statement, commit or head file be the last thing that happens."""
    steps: list[str] = []

    def reached(name: str) -> bool:
        steps.append(name)
        return len(steps) == step

    def before_statement(_c: Connection, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not after and reached(statement):
            raise KilledError

    def after_statement(_c: Connection, _cursor: Any, statement: str, *_rest: Any) -> None:
        if after and not statement.startswith("BEGIN") and reached(statement):
            raise KilledError

    def commit(_self: Any, connection: Any) -> None:
        if not after and reached("commit"):
            raise KilledError
        connection.commit()
        if after and reached("commit"):
            raise KilledError

    def remember(path: Path, content: bytes) -> None:
        if not after and reached("head"):
            raise KilledError
        replace_durably(path, content)
        if after and reached("head"):
            raise KilledError

    engine = log.database.write
    with monkeypatch.context() as patched:
        event.listen(engine, "before_cursor_execute", before_statement)
        event.listen(engine, "after_cursor_execute", after_statement)
        patched.setattr(type(engine.dialect), "do_commit", commit)
        patched.setattr(signer_module, "replace_durably", remember)
        try:
            yield steps
        finally:
            event.remove(engine, "before_cursor_execute", before_statement)
            event.remove(engine, "after_cursor_execute", after_statement)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_kill_anywhere_in_a_turn_loses_nothing(
    log: LogWorld,
    after: bool,  # noqa: FBT001 -- a parameter of the test
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    total, killed = 0, 0
    for step in itertools.count(1):
        log.write(2)
        log.do(  # a forged row, so that gap leaves are among the writes
            "INSERT INTO audit_outbox (id, leaf_hash, leaf, mac, refused) VALUES (:id, :held, :held, :held, 0)",
            id=-step,
            held=step.to_bytes(32),
        )
        with _killed_at(log, step, after=after, monkeypatch=monkeypatch) as steps:
            try:
                log.sequence(batch=100)
            except KilledError:
                killed += 1
            finished = len(steps) < step
        log.sequence()
        total += 1
        assert log.signer.head.size == log.ask("SELECT max(size) FROM audit_checkpoints")[0][0], steps[-1]
        if finished:
            break
    assert killed == total - 1 > 10
    opened = log.ask("SELECT count(*) FROM audit_entries")[0][0]
    told = [leaf for (leaf,) in log.ask("SELECT leaf FROM audit_entries") if b"record:opened" in bytes(leaf)]
    gaps = [leaf for (leaf,) in log.ask("SELECT leaf FROM audit_entries") if b"audit:gap" in bytes(leaf)]
    assert len(told) == 2 * total
    assert len(gaps) == total
    assert opened == log.signer.head.size
    assert log.checked().sound
    assert log.verified(log.exported(payloads=True)).sound
