"""The log asks its witnesses to cosign each published head, and keeps what they say (C2SP tlog-witness).

Nothing waits for a witness: heads are published when they are signed, and cosignatures come to them when they come.
What a witness says is checked before it is kept. How a request travels is the caller's business (`Ask`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Engine, func, insert, select

from audit.checkpoint import DASH
from audit.cosignature import Cosigner, cosigned_by
from audit.errors import CheckpointInvalidError
from audit.log import Executor
from audit.models import CHECKPOINTS, COSIGNATURES
from audit.store import StoredTree, newest_log
from audit.tree import consistency_ranges, hashes_of, places_of
from audit.witness import Request


@dataclass(frozen=True, slots=True)
class Cosigned:
    """The witness cosigned: the lines it answered with."""

    lines: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """The witness cosigned another size last than the log believes."""

    size: int


@dataclass(frozen=True, slots=True)
class NotCosigned:
    """The witness refused, or could not be reached."""

    reason: str
    final: bool
    """Whether it said no; else it may say yes when it is asked again."""


Ask = Callable[[bytes], Cosigned | Conflict | NotCosigned]


class Trouble(StrEnum):
    """What went wrong with a witness, by how much it matters."""

    SILENT = "silent"
    """It could not be reached, or its answer makes no sense. It is asked again."""
    AHEAD = "ahead"
    """It cosigned more than this log holds: the database was put back to an older day, or somebody forked the log."""
    REFUSED = "refused"
    """It will not cosign this head."""


@dataclass(frozen=True, slots=True)
class Unwitnessed:
    """A head that a witness did not cosign, and why."""

    witness: str
    trouble: Trouble
    words: str


@dataclass(frozen=True, slots=True)
class Link:
    """A witness, and the way to ask it."""

    cosigner: Cosigner
    ask: Ask


@dataclass(frozen=True, slots=True)
class _Head:
    log: int
    size: int
    note: str


def gather(read: Engine, write: Engine, links: Sequence[Link], *, now_us: int) -> list[Unwitnessed]:
    """Have the newest published head cosigned by every witness that has not yet; return what went wrong.

    Args:
        read: For reading, in autocommit.
        write: For keeping what was said. No transaction is open while a witness is asked.
        links: The witnesses.
        now_us: When it is kept, µs since 1970.
    """
    with read.connect() as connection:
        head = _newest(connection)
    if head is None:
        return []
    found = [(link.cosigner, _asked(read, link, head)) for link in links]
    return [fault for cosigner, answer in found if (fault := _taken(write, cosigner, head, answer, now_us))]


def _newest(connection: Executor) -> _Head | None:
    log = newest_log(connection)
    query = select(CHECKPOINTS).where(CHECKPOINTS.c.log == log).order_by(CHECKPOINTS.c.size.desc()).limit(1)
    row = connection.execute(query).first()
    return None if row is None else _Head(log, row.size, row.note)


def _asked(read: Engine, link: Link, head: _Head) -> Cosigned | Conflict | NotCosigned | None:
    """What the witness says of *head*; None where it has cosigned it before."""
    with read.connect() as connection:
        last = _last(connection, link.cosigner, head.log)
        request = _request(connection, head, last or 0)
    if last == head.size:
        return None
    answer = link.ask(request)
    if isinstance(answer, Conflict) and answer.size <= head.size:
        with read.connect() as connection:
            request = _request(connection, head, answer.size)
        answer = link.ask(request)
    return answer


def _taken(
    write: Engine, cosigner: Cosigner, head: _Head, answer: Cosigned | Conflict | NotCosigned | None, now_us: int
) -> Unwitnessed | None:
    if isinstance(answer, Conflict):
        words = f"it cosigned {answer.size} entries, this log holds {head.size}"
        return Unwitnessed(cosigner.name, Trouble.AHEAD, words)
    if isinstance(answer, NotCosigned):
        return Unwitnessed(cosigner.name, Trouble.REFUSED if answer.final else Trouble.SILENT, answer.reason)
    return None if answer is None else _keep(write, cosigner, head, answer.lines, now_us)


def _last(connection: Executor, cosigner: Cosigner, log: int) -> int | None:
    query = select(func.max(COSIGNATURES.c.size)).where(
        COSIGNATURES.c.log == log, COSIGNATURES.c.witness == cosigner.name
    )
    found: int | None = connection.execute(query).scalar()
    return found


def _request(connection: Executor, head: _Head, old: int) -> bytes:
    tree = StoredTree(connection, head.log, head.size)
    ranges = consistency_ranges(old, head.size) if 0 < old < head.size else []
    nodes = tree.nodes([place for start, end in ranges for place in places_of(start, end)])
    return Request(old, tuple(hashes_of(ranges, nodes.__getitem__)), head.note).write()


def _keep(write: Engine, cosigner: Cosigner, head: _Head, lines: str, now_us: int) -> Unwitnessed | None:
    """Keep the one line of the witness that is known; lines of other keys are passed over."""
    own = next((line for line in lines.splitlines() if line.startswith(f"{DASH} {cosigner.name} ")), "")
    try:
        if not own or not cosigned_by(f"{head.note}{own}\n", [cosigner]):
            return Unwitnessed(cosigner.name, Trouble.SILENT, "its answer holds no cosignature of its own")
    except CheckpointInvalidError as error:
        return Unwitnessed(cosigner.name, Trouble.SILENT, str(error))
    row = {"log": head.log, "size": head.size, "witness": cosigner.name, "line": f"{own}\n", "time": now_us}
    with write.begin() as connection:
        connection.execute(insert(COSIGNATURES), row)
    return None
