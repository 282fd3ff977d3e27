"""The log's own tables: typed, small and mute. Times are whole microseconds since 1970 in UTC, hashes are 32 raw bytes.

No table names a citizen: a subject is a pseudonym of 16 bytes. `log` counts the origins of this database, 0 for the
first and one more for every declared recovery (`audit.recovery`); within a log, entries have the indices of its tree.
"""

from typing import Any, ClassVar, cast

from sqlalchemy import BigInteger, Index, Integer, LargeBinary, MetaData, String, Table, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

WRITER_CHARACTERS = 16
ORIGIN_CHARACTERS = 200

_ROW_NUMBER = BigInteger().with_variant(Integer, "sqlite")  # only an INTEGER key counts by itself on SQLite


class AuditBase(DeclarativeBase):
    """Root of the log's tables; their constraints are named by the same rule as the vault's."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {int: BigInteger, bytes: LargeBinary}


class QueuedLeaf(AuditBase):
    """One finished leaf that waits for its place; it commits with the change that it describes, or not at all."""

    __tablename__ = "audit_outbox"

    id: Mapped[int] = mapped_column(_ROW_NUMBER, primary_key=True)
    leaf_hash: Mapped[bytes] = mapped_column(unique=True)
    subject: Mapped[bytes | None] = mapped_column(index=True)
    leaf: Mapped[bytes]
    mac: Mapped[bytes]
    payload: Mapped[bytes | None]
    month: Mapped[str | None] = mapped_column(String(7))
    refused: Mapped[int] = mapped_column(Integer, default=0)


class Entry(AuditBase):
    """One leaf of the tree, its bytes exactly as they were queued."""

    # INVARIANT: entries are inserted, never updated, never deleted. Erasure destroys keys; pseudonyms stay.
    __tablename__ = "audit_entries"
    __table_args__ = (Index(None, "subject", "log", "index"),)

    log: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    index: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    leaf_hash: Mapped[bytes] = mapped_column(unique=True)
    subject: Mapped[bytes | None]
    leaf: Mapped[bytes]


class SealedPayload(AuditBase):
    """The sealed payload of a sequenced leaf, found by its commitment; deleted when its month's retention ends."""

    __tablename__ = "audit_payloads"

    commitment: Mapped[bytes] = mapped_column(primary_key=True)
    month: Mapped[str] = mapped_column(String(7), index=True)
    payload: Mapped[bytes]


class Node(AuditBase):
    """The hash of one complete subtree of ``2**level`` entries, level 1 and above; level 0 is `Entry.leaf_hash`."""

    __tablename__ = "audit_nodes"

    log: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    level: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    index: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    hash: Mapped[bytes]


class PublishedHead(AuditBase):
    """One published head: the signed note as text (C2SP tlog-checkpoint)."""

    __tablename__ = "audit_checkpoints"

    log: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    size: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    origin: Mapped[str] = mapped_column(String(ORIGIN_CHARACTERS))
    note: Mapped[str] = mapped_column(Text)
    time: Mapped[int]


class Cosignature(AuditBase):
    """What a witness said of one published head: a line of its note, checked before it is kept."""

    __tablename__ = "audit_cosignatures"

    log: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    size: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    witness: Mapped[str] = mapped_column(String(ORIGIN_CHARACTERS), primary_key=True)
    line: Mapped[str] = mapped_column(Text)
    time: Mapped[int]


class KnownWriter(AuditBase):
    """How far the sequencer has followed a writer: its next number and, once it has retired, the last it may use."""

    __tablename__ = "audit_writers"

    writer: Mapped[str] = mapped_column(String(WRITER_CHARACTERS), primary_key=True)
    next_number: Mapped[int]
    last_number: Mapped[int | None]
    last_time: Mapped[int]


OUTBOX = cast("Table", QueuedLeaf.__table__)
ENTRIES = cast("Table", Entry.__table__)
PAYLOADS = cast("Table", SealedPayload.__table__)
NODES = cast("Table", Node.__table__)
CHECKPOINTS = cast("Table", PublishedHead.__table__)
COSIGNATURES = cast("Table", Cosignature.__table__)
WRITERS = cast("Table", KnownWriter.__table__)
