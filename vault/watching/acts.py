"""What staff did, as the log says it: one act for each entry that a watcher can judge.

A watcher reads what an auditor may read: the leaf, and the facts that the month's accountability key opens. It never
opens a record, and keeps of an act only marks, times and kinds.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from vault.clock import from_microseconds

ZONE: Final = ZoneInfo("Europe/London")
"""Where the council's days and working hours are counted."""

LOOK: Final = "look"
"""Somebody's data was opened."""
REFUSED: Final = "refused"
WORK: Final = "work"
"""Something done for a person that leaves a trace others see: a visit written, a case answered, a request made."""
READ: Final = "read"
"""An auditor opened, searched or copied the log."""
EMERGENCY: Final = "emergency"
FOLLOW_UP: Final = "follow-up"
"""Somebody judged an emergency."""

KIND_OF: Final = {
    "record:opened": LOOK,
    "record:refused": REFUSED,
    "request:refused": REFUSED,
    "page:refused": REFUSED,
    "record:written": WORK,
    "request:made": WORK,
    "request:decided": WORK,
    "case:read": WORK,
    "case:answered": WORK,
    "case:extended": WORK,
    "audit:opened": READ,
    "audit:searched": READ,
    "audit:exported": READ,
    "emergency:stated": EMERGENCY,
    "emergency:followed-up": FOLLOW_UP,
}
"""Event of the log → what it is to a watcher; every other event is passed over."""

_HOUR_US: Final = 3_600_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One act; columns as in `vault.models.WatchedAct`."""

    log: int
    at: int
    time: int
    kind: str
    leaf_hash: bytes
    officer: bytes
    team: bytes
    service_id: UUID | None = None
    organisation_id: UUID | None = None
    person: bytes | None = None
    subject: bytes | None = None
    matter: bytes | None = None
    ties: str = ""
    emergency: bool = False
    fresh: bool = False
    explained: bool | None = None

    @property
    def whom(self) -> bytes | None:
        """Whom it was about: the watchers' own mark, or the month's pseudonym where no share says who that is."""
        return self.person or self.subject

    @property
    def day(self) -> date:
        """The council's day on which it happened."""
        return local(self.time)[0]

    @property
    def hour(self) -> int:
        """The hour of that day, 0 to 23."""
        return local(self.time)[1]

    def is_about(self, other: "Act") -> bool:
        """Whether both are about the same person, as far as is known."""
        same_person = self.person is not None and self.person == other.person
        return same_person or (self.subject is not None and self.subject == other.subject)


def local(time_us: int) -> tuple[date, int]:
    """Day and hour in the council's time zone, of which every offset is whole hours."""
    return _local(time_us // _HOUR_US)


@lru_cache(maxsize=4096)
def _local(hour: int) -> tuple[date, int]:
    moment = from_microseconds(hour * _HOUR_US).astimezone(ZONE)
    return moment.date(), moment.hour


def midnight(day: date) -> datetime:
    """When the council's *day* begins."""
    return datetime.combine(day, datetime.min.time(), ZONE)


NAMES: Final = tuple(each.name for each in fields(Act))


def since(acts: Sequence[Act], time_us: int) -> Sequence[Act]:
    """Those of *acts*, oldest first, that are not older than *time_us*."""
    return acts[bisect_left(acts, time_us, key=lambda act: act.time) :]


def in_us(span: timedelta) -> int:
    """*span* in microseconds."""
    return span // timedelta(microseconds=1)


def people_in(acts: Sequence[Act]) -> int:
    """How many different people *acts* are about; an act about nobody counts as one of its own."""
    return len({act.whom or act.leaf_hash for act in acts})
