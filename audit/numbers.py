"""Writers' numbers: how a missing leaf is noticed. Pure; the sequencer and the verifier follow the same law.

A writer announces itself under number 0, counts without gaps, and ends with ``audit:closed``. When nobody knows whether
a commit was kept, the writer retires and its successor's announcement names it with the first and last doubtful number:
those are accepted in either outcome, and nothing after them.
"""

import enum
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

from audit.events import ANNOUNCING, Event


class FaultKind(enum.StrEnum):
    """What can be wrong with a queued leaf or a writer's numbers. Values are part of the signed format."""

    MISSING = "missing"  # numbers were used by nobody we can see
    REPEATED = "repeated"  # the number was used before; the leaf is refused
    AFTER_END = "after-end"  # the writer had closed or retired; the leaf is refused
    UNANNOUNCED = "unannounced"  # number 0 and the announcement do not go together
    FORGED = "forged"  # the mark is not the writer's, or the bytes are no leaf; the row is refused
    ROW_CHANGED = "row-changed"  # the leaf is sound, and its row's other columns are not
    PAYLOAD_CHANGED = "payload-changed"  # the leaf is sound, and its payload is not the one it committed to


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing the log must say about itself. `first` and `last` are numbers of `writer`; `leaf` is a leaf hash."""

    kind: FaultKind
    writer: str | None = None
    first: int | None = None
    last: int | None = None
    leaf: str | None = None

    @property
    def about(self) -> dict[str, Any]:
        """The fault as the ``about`` of an ``audit:gap`` leaf."""
        return {
            "first": self.first,
            "kind": self.kind.value,
            "last": self.last,
            "leaf": self.leaf,
            "writer": self.writer,
        }


@dataclass(frozen=True, slots=True)
class Doubt:
    """Numbers of a retired writer, *first* to *last*, of which nobody knows whether their commit was kept."""

    writer: str
    first: int
    last: int


@dataclass(slots=True)
class Progress:
    """How far a writer was followed: its next number, and the last it may use (None while it is open)."""

    next_number: int = 0
    last_number: int | None = None
    last_time: int = 0


def fault_of(about: Mapping[str, Any]) -> Fault:
    """Read the ``about`` of an ``audit:gap`` leaf.

    Raises:
        KeyError, ValueError: it is not one.
    """
    return Fault(FaultKind(about["kind"]), about["writer"], about["first"], about["last"], about["leaf"])


def announcement(doubts: tuple[Doubt, ...]) -> dict[str, Any]:
    """Write the ``about`` of an ``audit:writer-opened`` leaf that names *doubts*."""
    return {"doubtful": [[doubt.writer, doubt.first, doubt.last] for doubt in doubts]}


def doubts_of(about: Mapping[str, Any]) -> list[Doubt]:
    """Read the doubts that an announcement names."""
    return [Doubt(writer, first, last) for writer, first, last in about.get("doubtful", ())]


def follow(known: MutableMapping[str, Progress], leaf: Mapping[str, Any], leaf_hash: bytes) -> tuple[bool, list[Fault]]:
    """Judge the next leaf of its writer and remember it in *known*.

    Args:
        known: Progress of every writer that *leaf* concerns; unknown writers begin at 0.
        leaf: The leaf's members.
        leaf_hash: 32 bytes.

    Returns:
        Whether the leaf has a place in the log, and the faults that this showed.
    """
    writer: str = leaf["writer"]
    number: int = leaf["number"]
    event = leaf["event"]
    progress = known.get(writer) or known.setdefault(writer, Progress())
    refusal = _refusal(progress, number)
    if refusal is not None:
        return False, [Fault(refusal, writer, number, number, leaf_hash.hex())]
    faults = _skipped(writer, progress.next_number, number)
    if (number == 0) != (event in ANNOUNCING):
        faults.append(Fault(FaultKind.UNANNOUNCED, writer, number, number, leaf_hash.hex()))
    progress.next_number = number + 1
    progress.last_time = max(progress.last_time, leaf["time"])
    if event == Event.AUDIT_CLOSED:
        progress.last_number = number
    elif event == Event.AUDIT_WRITER_OPENED:
        for doubt in doubts_of(leaf["about"]):
            faults += _retire(known.setdefault(doubt.writer, Progress()), doubt)
    return True, faults


def _refusal(progress: Progress, number: int) -> FaultKind | None:
    if number < progress.next_number:
        return FaultKind.REPEATED
    if progress.last_number is not None and number > progress.last_number:
        return FaultKind.AFTER_END
    return None


def _skipped(writer: str, expected: int, number: int) -> list[Fault]:
    return [Fault(FaultKind.MISSING, writer, expected, number - 1)] if number > expected else []


def _retire(progress: Progress, doubt: Doubt) -> list[Fault]:
    faults = _skipped(doubt.writer, progress.next_number, doubt.first)
    if progress.next_number > doubt.last + 1:
        faults.append(Fault(FaultKind.AFTER_END, doubt.writer, doubt.last + 1, progress.next_number - 1))
    progress.next_number = max(progress.next_number, doubt.first)
    progress.last_number = doubt.last
    return faults
