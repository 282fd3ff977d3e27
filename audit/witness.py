"""A witness: it cosigns a log's head only if that extends the last one it cosigned (C2SP tlog-witness, add-checkpoint).

It keeps one row for each log: the size, root and note it cosigned last. It has keys and a small database of its own and
no access to anything else of the vault. Checking a head and keeping it is one transaction, and the row is on the disk
before the cosignature is given: two requests at once, a kill or a full disk never roll it back.
"""

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Engine,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    event,
    select,
)
from sqlalchemy.dialects.sqlite import insert

from audit.checkpoint import Checkpoint, open_checkpoint, read_text, split_note
from audit.cosignature import Cosigner, cosign
from audit.errors import (
    CheckpointInvalidError,
    HeadUnprovenError,
    LogUnknownError,
    ProofInvalidError,
    SizeConflictError,
    WitnessRequestInvalidError,
)
from audit.tree import EMPTY_ROOT, HASH_BYTES, verify_consistency

MOST_HASHES: Final = 63
REQUEST_MOST: Final = 64 * 1024  # bytes: 63 hashes and a note with many signatures

_OLD = re.compile(r"old (0|[1-9][0-9]{0,18})")
_METADATA = MetaData()
_HEADS = Table(
    "witnessed_heads",
    _METADATA,
    Column("origin", String(200), primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("root", LargeBinary, nullable=False),
    Column("note", Text, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Request:
    """What a log sends: the size that the witness cosigned last, the proof from there, and the new head."""

    old: int
    proof: tuple[bytes, ...]
    note: str

    @classmethod
    def parse(cls, body: bytes) -> Self:
        """Read the body of ``add-checkpoint``.

        Raises:
            WitnessRequestInvalidError: it is not one.
        """
        try:
            before, empty_line, note = body.decode().partition("\n\n")
        except UnicodeDecodeError as error:
            raise WitnessRequestInvalidError("the request is not UTF-8") from error
        first, *hashes = before.split("\n")
        old = _OLD.fullmatch(first)
        if not empty_line or old is None or len(hashes) > MOST_HASHES or len(body) > REQUEST_MOST:
            raise WitnessRequestInvalidError("the request is not an old size, a proof and a checkpoint")
        return cls(int(old[1]), tuple(_hash(line) for line in hashes), note)

    def write(self) -> bytes:
        """The body that `parse` reads."""
        proof = "".join(f"{base64.b64encode(held).decode()}\n" for held in self.proof)
        return f"old {self.old}\n{proof}\n{self.note}".encode()


@dataclass(frozen=True, slots=True)
class Witness:
    """One witness: who it is, whose logs it watches, and where it remembers their heads."""

    cosigner: Cosigner
    sign: Callable[[bytes], bytes]
    logs: Mapping[str, tuple[bytes, ...]]
    """The keys of each log that it watches, Ed25519, 32 bytes each, by origin."""
    engine: Engine

    def add_checkpoint(self, body: bytes, *, now: int) -> str:
        """Cosign the head in *body*; return the cosignature as a line of a note.

        Args:
            body: As `Request.write` writes it.
            now: POSIX seconds.

        Raises:
            WitnessRequestInvalidError: *body* is malformed, or its old size is above the new one.
            LogUnknownError: this witness does not watch that log.
            CheckpointInvalidError: no key of that log signed the head, or one of them badly.
            SizeConflictError: the old size is not the one cosigned last; it says which that is.
            HeadUnprovenError: the head is not shown to extend the last one: the log forked, or was rolled back.
        """
        asked = Request.parse(body)
        head = self._opened(asked.note)
        if asked.old > head.size:
            raise WitnessRequestInvalidError("the old size is above the new one")
        with self.engine.begin() as connection:
            last = _last(connection, head.origin)
            if asked.old != (last.size if last else 0):
                raise SizeConflictError("another size was cosigned last", size=last.size if last else 0)
            _demand_extension(last, head, asked.proof)
            line = cosign(split_note(asked.note)[0], cosigner=self.cosigner, sign=self.sign, time=now)
            _keep(connection, head, asked.note + line)
        return line

    def latest(self, origin: str) -> str | None:
        """The note of *origin* that was cosigned last, with its cosignature; None before the first one."""
        with self.engine.connect() as connection:
            note: str | None = connection.execute(select(_HEADS.c.note).where(_HEADS.c.origin == origin)).scalar()
        return note

    def _opened(self, note: str) -> Checkpoint:
        try:
            origin = read_text(split_note(note)[0]).origin
        except CheckpointInvalidError as error:
            raise WitnessRequestInvalidError(str(error)) from error
        if origin not in self.logs:
            raise LogUnknownError("this witness does not watch that log")
        return open_checkpoint(note, public_keys=self.logs[origin], origin=origin)


def open_memory(path: Path) -> Engine:
    """Open the witness's own database at *path*, made where it is missing; what is kept is on the disk."""
    engine = create_engine(f"sqlite:///{path}", isolation_level=None, connect_args={"timeout": 15})

    @event.listens_for(engine, "connect")
    def durable(connection: object, _record: object) -> None:
        connection.isolation_level = None  # type: ignore[attr-defined] # the driver's own connection
        for pragma in ("journal_mode=WAL", "synchronous=FULL"):
            connection.execute(f"PRAGMA {pragma}")  # type: ignore[attr-defined] # as above

    @event.listens_for(engine, "begin")
    def at_once(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    _METADATA.create_all(engine)
    return engine


def _last(connection: Connection, origin: str) -> Checkpoint | None:
    row = connection.execute(select(_HEADS.c.size, _HEADS.c.root).where(_HEADS.c.origin == origin)).first()
    return None if row is None else Checkpoint(origin, row.size, row.root)


def _demand_extension(last: Checkpoint | None, head: Checkpoint, proof: Sequence[bytes]) -> None:
    if head.size == 0 and head.root != EMPTY_ROOT:
        raise HeadUnprovenError("an empty tree has another root")
    if last is None or last.size == 0:
        if proof:
            raise HeadUnprovenError("from an empty tree there is nothing to prove")
        return
    try:
        verify_consistency(first=last.size, second=head.size, first_root=last.root, second_root=head.root, proof=proof)
    except ProofInvalidError as error:
        raise HeadUnprovenError(str(error)) from error


def _keep(connection: Connection, head: Checkpoint, note: str) -> None:
    kept = {"size": head.size, "root": head.root, "note": note}
    adding = insert(_HEADS).values(origin=head.origin, **kept)
    connection.execute(adding.on_conflict_do_update(index_elements=["origin"], set_=kept))


def _hash(line: str) -> bytes:
    try:
        held = base64.b64decode(line, validate=True)
    except ValueError as error:
        raise WitnessRequestInvalidError("the proof holds something that is not base64") from error
    if len(held) != HASH_BYTES or base64.b64encode(held).decode() != line:
        raise WitnessRequestInvalidError("a hash is not 32 bytes in canonical base64")
    return held
