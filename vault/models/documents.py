"""Tables of documents: what there is of one, its sealed pieces, and what is on its way in."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from vault.models.base import Authenticated, Base, Covered


class Document(Authenticated, Covered, Base):
    """One document of one item, never changed: its size, and the digest of all its pieces. Not what it is called."""

    __tablename__ = "documents"
    __table_args__ = (Index(None, "citizen_id", "record_id"),)

    citizen_id: Mapped[UUID] = mapped_column(primary_key=True)
    document_id: Mapped[UUID] = mapped_column(primary_key=True)
    record_id: Mapped[UUID]
    version: Mapped[int]
    """The version of the item that it came with; later ones keep it until another document takes its place."""
    category: Mapped[str]
    epoch: Mapped[int]
    """The epoch of the category's key that it was sealed under."""
    size: Mapped[int]
    """Bytes in the clear."""
    pieces: Mapped[int]
    sealed_digest: Mapped[bytes]
    """SHA-256 of the whole ciphertext (32 bytes): by it every piece is held against the log."""
    content_digest: Mapped[bytes]
    """HMAC-SHA256 of what it says (32 bytes)."""
    stored_at: Mapped[datetime]


class DocumentPiece(Base):
    """A piece of a document's ciphertext: 64 chunks, the first with the header (`vault.documents.sealing`)."""

    __tablename__ = "document_pieces"

    citizen_id: Mapped[UUID] = mapped_column(primary_key=True)
    document_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    """Counted from 0."""
    sealed: Mapped[bytes]


class Upload(Base):
    """A document on its way in. What is not finished in time is taken away again, with its pieces."""

    __tablename__ = "uploads"

    citizen_id: Mapped[UUID] = mapped_column(primary_key=True)
    document_id: Mapped[UUID] = mapped_column(primary_key=True)
    begun_at: Mapped[datetime] = mapped_column(index=True)
