"""Counting the strangers that one process refuses, by kind and minute; `vault.refusals` tells the log."""

import enum
import os
import threading
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from vault.clock import microseconds

MOST_MINUTES: Final = 10
"""Minutes that a process keeps apart while it cannot hand over; older ones are added to the oldest."""
MINUTE_MICROSECONDS: Final = 60_000_000


class Refused(enum.StrEnum):
    """What a stranger tried. Values stand in the log and are never renamed; their number bounds its growth."""

    TOKEN = "token"  # noqa: S105 -- a word; an access token that is unknown, has ended, or is another key's
    PROOF = "proof"
    """A proof of a key (DPoP) that does not hold."""
    PROOF_REPLAYED = "proof-replayed"
    CLIENT = "client"
    """A client that is not registered, or an assertion that is not its own or not of now."""
    ASSERTION_REPLAYED = "assertion-replayed"
    REQUEST = "request"
    """A call of the service protocol that is wrong before its client is known."""
    PASSKEY = "passkey"
    LINK = "link"
    """A one-time link that was used, has ended or never was."""
    SIGN_IN = "sign-in"
    """Every other way to sign in that failed."""


def minute_of(moment: datetime) -> int:
    """The minute of *moment*, counted from 1970 in UTC."""
    return microseconds(moment) // MINUTE_MICROSECONDS


class Sums:
    """Refusals of strangers in this process, by kind and minute: bounded, and safe between threads and after a fork."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[tuple[int, Refused], int] = {}
        self._process = os.getpid()

    def count(self, kind: Refused, *, now: datetime) -> None:
        """Count one."""
        minute = minute_of(now)
        with self._lock:
            self._after_fork()
            self._add(minute, kind, 1)
            if len({held for held, _kind in self._counts}) > MOST_MINUTES:
                oldest, next_oldest = sorted({held for held, _kind in self._counts})[:2]
                for each in Refused:
                    if (more := self._counts.pop((oldest, each), 0)) > 0:
                        self._add(next_oldest, each, more)

    def take(self) -> dict[tuple[int, Refused], int]:
        """What was counted, by minute (since 1970) and kind; from here on the caller's to keep or to give back."""
        with self._lock:
            self._after_fork()
            taken, self._counts = self._counts, {}
            return taken

    def give_back(self, counts: Mapping[tuple[int, Refused], int]) -> None:
        """Put back what could not be kept."""
        with self._lock:
            for (minute, kind), more in counts.items():
                self._add(minute, kind, more)

    def _add(self, minute: int, kind: Refused, more: int) -> None:
        self._counts[minute, kind] = self._counts.get((minute, kind), 0) + more

    def _after_fork(self) -> None:
        if self._process != os.getpid():  # what the parent counted is the parent's to tell
            self._counts, self._process = {}, os.getpid()
