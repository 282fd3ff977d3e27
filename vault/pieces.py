"""Documents held against the log: the pieces of each must be exactly those whose digest its logged row holds."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from vault.models import Document, DocumentPiece, Upload


@dataclass(frozen=True, slots=True)
class Stray:
    """What is wrong with a document's pieces: ``changed``, ``deleted`` or ``added``."""

    kind: str
    table: str
    row: str


def stray_pieces(session: Session) -> Iterator[Stray]:
    """
    Every document whose pieces are not as they were sealed, and every piece that belongs to none.

    One piece is in memory at a time. Pieces of an upload under way belong to nobody yet, and are left alone.

    Args:
        session: Sees one moment throughout.
    """
    table = Document.__table__.c
    columns = (table.citizen_id, table.document_id, table.pieces, table.sealed_digest)
    for citizen_id, document_id, pieces, digest in session.execute(select(*columns)).all():
        yield from _of_one(session, citizen_id, document_id, pieces, digest)
    yield from _of_nobody(session)


def _of_one(session: Session, citizen_id: UUID, document_id: UUID, pieces: int, digest: bytes) -> Iterator[Stray]:
    its = DocumentPiece.citizen_id == citizen_id, DocumentPiece.document_id == document_id
    there = set(session.scalars(select(DocumentPiece.number).where(*its)))
    name = f"{citizen_id} {document_id}"
    for number in sorted(set(range(pieces)) - there):
        yield Stray("deleted", DocumentPiece.__tablename__, f"{name} {number}")
    for number in sorted(there - set(range(pieces))):
        yield Stray("added", DocumentPiece.__tablename__, f"{name} {number}")
    if there == set(range(pieces)) and _digest(session, its, pieces) != digest:
        yield Stray("changed", DocumentPiece.__tablename__, name)


def _digest(session: Session, its: Any, pieces: int) -> bytes:  # noqa: ANN401 -- conditions of SQLAlchemy
    whole = hashlib.sha256()
    for number in range(pieces):
        whole.update(session.scalars(select(DocumentPiece.sealed).where(*its, DocumentPiece.number == number)).one())
    return whole.digest()


def _of_nobody(session: Session) -> Iterator[Stray]:
    known = exists().where(
        Document.citizen_id == DocumentPiece.citizen_id, Document.document_id == DocumentPiece.document_id
    )
    coming = exists().where(
        Upload.citizen_id == DocumentPiece.citizen_id, Upload.document_id == DocumentPiece.document_id
    )
    query = select(DocumentPiece.citizen_id, DocumentPiece.document_id, func.count()).where(~known, ~coming)
    for citizen_id, document_id, _ in session.execute(
        query.group_by(DocumentPiece.citizen_id, DocumentPiece.document_id)
    ):
        yield Stray("added", DocumentPiece.__tablename__, f"{citizen_id} {document_id}")
