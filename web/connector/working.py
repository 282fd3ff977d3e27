"""The connector at work: each request one step further, each step remembered before the next."""

import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from web.client import (
    Asked,
    ClientError,
    NoAnswerError,
    PendingError,
    ProblemError,
    Read,
    ServerError,
    Token,
    TokenEndedError,
    VaultClient,
    WaitError,
)
from web.connector.store import Row, State, Store

LONGEST_WAIT: Final = 300.0  # seconds between two tries
POLL_MOST: Final = 60.0  # seconds between two polls of a request that has waited long
_LOG: Final = logging.getLogger("citizen-vault.connector")

Deliver = Callable[[str, Mapping[str, Any]], None]
"""Writes the answer of one request; raises where it could not."""


@dataclass(frozen=True, slots=True)
class Worker:
    """What moves requests on."""

    client: VaultClient
    store: Store
    deliver: Deliver
    clock: Callable[[], float] = time.time

    def work(self) -> int:
        """Move every request whose turn it is one step on; return how many there were."""
        rows = self.store.due(self.clock())
        for row in rows:
            self._move(row)
        return len(rows)

    def _move(self, row: Row) -> None:
        try:
            match row.state:
                case State.NEW:
                    self._ask(row)
                case State.WAITING:
                    self._poll(row)
                case _:
                    self._answer(row)
        except PendingError:
            self._later(row, min(POLL_MOST, 5.0 + row.tries))
        except (WaitError, NoAnswerError, ServerError) as error:
            _LOG.warning("%s: %s; it is tried again", row.job.id, _kind(error))
            self._later(row, getattr(error, "retry_after", None) or min(LONGEST_WAIT, 5.0 * 2 ** min(row.tries, 6)))
        except ClientError as error:
            self._end(row, error)
        except OSError as error:  # the answer could not be written; it is read again, which is logged again
            _LOG.warning("%s: its answer cannot be written (%s); it is tried again", row.job.id, error.strerror)
            self._later(row, 60.0)

    def _later(self, row: Row, wait: float) -> None:
        self.store.change(row, row.state, now=self.clock(), wait=wait)

    def _ask(self, row: Row) -> None:
        """Ask. After a kill in the midst of it the same is asked again, and joins the request that waits."""
        job = row.job
        asked = self.client.ask(job.person, job.wanted, message=job.message)
        self.store.change(row, State.WAITING, now=self.clock(), asked=asked.auth_req_id)
        _LOG.info("%s: asked", job.id)

    def _poll(self, row: Row) -> None:
        """INVARIANT: a request gives its first token once; it is kept before anything else is done with it."""
        token = self.client.poll(Asked(row.asked, expires_in=0, interval=0))
        state = State.GRANTED if row.by_file else State.ANSWERED
        self.store.change(row, state, now=self.clock(), token=json.dumps(asdict(token)))
        _LOG.info("%s: shared", row.job.id)

    def _answer(self, row: Row) -> None:
        answer = self.read(row)
        self.deliver(row.job.id, {"id": row.job.id, "state": State.ANSWERED, **answer})
        self.store.change(row, State.ANSWERED, now=self.clock())
        _LOG.info("%s: answered", row.job.id)

    def read(self, row: Row) -> dict[str, Any]:
        """What is shared now, read through the vault; raises as `VaultClient.read` does."""
        token = Token(**json.loads(row.token))
        try:
            answer = self.client.read(token, acting=row.job.acting)
        except TokenEndedError:
            answer = self.client.read(self._fresh(row, token), acting=row.job.acting)
        return told(answer)

    def _fresh(self, row: Row, token: Token) -> Token:
        """A new access token; where nothing is shared any more, that is the end of the request."""
        try:
            fresh = self.client.refresh(token)
        except TokenEndedError as error:
            self.store.change(row, State.ENDED, now=self.clock(), code=error.code)
            raise
        self.store.change(row, row.state, now=self.clock(), token=json.dumps(asdict(fresh)))
        return fresh

    def give_back(self, row: Row) -> None:
        """End the share: it is needed no longer."""
        self.client.give_back(self._fresh(row, Token(**json.loads(row.token))))
        self.store.change(row, State.ENDED, now=self.clock(), code="given_back")

    def _end(self, row: Row, error: ClientError) -> None:
        code = _kind(error)
        answer = {"id": row.job.id, "state": State.ENDED, "code": code, "remedy": error.remedy}
        if row.by_file:
            self.deliver(row.job.id, answer)
        self.store.change(row, State.ENDED, now=self.clock(), code=code)
        _LOG.info("%s: %s", row.job.id, code)


def _kind(error: ClientError) -> str:
    return error.code if isinstance(error, ProblemError) else type(error).__name__


def told(answer: Read | None) -> dict[str, Any]:
    """A read as JSON."""
    if answer is None:
        return {}
    return {
        "records": [{**asdict(one), "fields": dict(one.fields)} for one in answer.records],
        "fields": answer.fields,
        "missing": answer.missing,
        "states": {name: asdict(state) for name, state in answer.states.items()},
        "receipt": answer.receipt,
    }
