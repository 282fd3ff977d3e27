"""What waits in the outbox, judged row by row: marks, numbers, and whether a row is what its leaf says."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import Connection, Row, select

from audit.entry import leaf_hash, mac_is_sound
from audit.events import Event
from audit.models import OUTBOX, WRITERS
from audit.numbers import Fault, FaultKind, Progress, doubts_of, follow
from audit.payload import commitment_of

_WAITING = select(OUTBOX).where(OUTBOX.c.refused == 0).order_by(OUTBOX.c.id)


@dataclass(frozen=True, slots=True)
class Arrival:
    """One authentic leaf on its way into the tree."""

    row_id: int
    leaf_hash: bytes
    encoded: bytes
    members: dict[str, Any]
    payload: bytes | None
    month: str | None
    own_row: bool  # the row's other columns are those its leaf implies

    @property
    def subject(self) -> bytes | None:
        """The subject's pseudonym, 16 bytes, as the leaf says it."""
        named = self.members["subject"]
        return None if named is None else bytes.fromhex(named)


@dataclass(slots=True)
class Intake:
    """The judged batch: what gets a place, what is refused, what must be said, and how far each writer is now."""

    accepted: list[Arrival] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    progress: dict[str, Progress] = field(default_factory=dict)


def read_outbox(connection: Connection, writer_key: Callable[[str], bytes], batch: int) -> Intake | None:
    """Judge up to *batch* waiting rows; None when none waits."""
    rows = connection.execute(_WAITING.limit(batch)).all()
    if not rows:
        return None
    intake = Intake()
    keys: dict[str, bytes] = {}
    arrivals = []
    for row in rows:
        arrival = _authentic(row, writer_key, keys)
        if arrival is None:
            intake.refused.append(row.id)
            intake.faults.append(Fault(FaultKind.FORGED, leaf=leaf_hash(row.leaf).hex()))
        else:
            arrivals.append(arrival)
    intake.progress = _progress_of(connection, arrivals)
    for arrival in _in_own_order(arrivals):
        _judge(intake, arrival)
    return intake


def _authentic(row: Row[Any], writer_key: Callable[[str], bytes], keys: dict[str, bytes]) -> Arrival | None:
    try:
        members = orjson.loads(row.leaf)
        writer = members["writer"]
        key = keys.get(writer) or keys.setdefault(writer, writer_key(writer))
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        return None  # no leaf of ours, whoever put it there
    if not mac_is_sound(key, row.leaf, row.mac):
        return None
    hashed = leaf_hash(row.leaf)
    subject = None if row.subject is None else row.subject.hex()
    own = row.leaf_hash == hashed and subject == members["subject"]
    return Arrival(row.id, hashed, row.leaf, members, row.payload, row.month, own)


def _progress_of(connection: Connection, arrivals: Iterable[Arrival]) -> dict[str, Progress]:
    concerned = set()
    for arrival in arrivals:
        concerned.add(arrival.members["writer"])
        if arrival.members["event"] == Event.AUDIT_WRITER_OPENED:
            concerned |= {doubt.writer for doubt in doubts_of(arrival.members["about"])}
    rows = connection.execute(select(WRITERS).where(WRITERS.c.writer.in_(concerned)))
    return {row.writer: Progress(row.next_number, row.last_number, row.last_time) for row in rows}


def _in_own_order(arrivals: list[Arrival]) -> list[Arrival]:
    # A writer's leaves were queued in the order of their numbers; rows renumbered since are put back.
    waiting: dict[str, list[Arrival]] = {}
    for arrival in arrivals:
        waiting.setdefault(arrival.members["writer"], []).append(arrival)
    ordered = {
        writer: iter(sorted(queue, key=lambda arrival: arrival.members["number"])) for writer, queue in waiting.items()
    }
    return [next(ordered[arrival.members["writer"]]) for arrival in arrivals]


def _judge(intake: Intake, arrival: Arrival) -> None:
    accepted, faults = follow(intake.progress, arrival.members, arrival.leaf_hash)
    intake.faults += faults
    if not accepted:
        intake.refused.append(arrival.row_id)
        return
    intake.accepted.append(arrival)
    if not arrival.own_row:
        intake.faults.append(_about(FaultKind.ROW_CHANGED, arrival))
    if not _has_own_payload(arrival):
        intake.faults.append(_about(FaultKind.PAYLOAD_CHANGED, arrival))


def _has_own_payload(arrival: Arrival) -> bool:
    committed = arrival.members["commitment"]
    if committed is None or arrival.payload is None:
        return committed is None and arrival.payload is None
    return commitment_of(arrival.payload).hex() == committed and arrival.month is not None


def _about(kind: FaultKind, arrival: Arrival) -> Fault:
    number = arrival.members["number"]
    return Fault(kind, arrival.members["writer"], number, number, arrival.leaf_hash.hex())
