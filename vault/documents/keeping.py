"""Documents as rows: pieces written, tied to an item, deleted with it, and swept where nobody came back for them."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete, insert, select

from vault.context import Context
from vault.documents.kinds import Content, DocumentPlace, Stored
from vault.documents.sealing import Sealing, blocks_of
from vault.ids import new_id
from vault.keychain import category_key, category_key_for_writing
from vault.models import Document, DocumentPiece, Upload

LONGEST_UPLOAD: Final = timedelta(minutes=30)
FORGOTTEN_AFTER: Final = timedelta(hours=1)
"""When what an upload left is taken away; well after the longest one has ended."""


def sealing_for(
    ctx: Context, *, citizen_id: UUID, category: str, record_id: UUID, media_type: str
) -> tuple[DocumentPlace, Sealing]:
    """
    What seals a new document of an item, under the newest key of its category.

    Raises:
        KeyNotFoundError: The citizen has no key.
        KeyDestroyedError: It was destroyed.
    """
    epoch, key = category_key_for_writing(ctx, citizen_id=citizen_id, category=category)
    place = DocumentPlace(
        tenant=ctx.keyring.tenant,
        citizen_id=citizen_id,
        category=category,
        record_id=record_id,
        document_id=new_id(),
        epoch=epoch,
    )
    return place, Sealing(place, key, ctx.keyring.derived("content-digest"), media_type)


def write(ctx: Context, place: DocumentPlace, numbered: Iterable[tuple[int, bytes]]) -> None:
    """Write pieces by their numbers. They stand outside the log's count of rows: their document's digest holds them."""
    for number, sealed in numbered:
        values = {"citizen_id": place.citizen_id, "document_id": place.document_id, "number": number}
        ctx.session.execute(insert(DocumentPiece.__table__), {**values, "sealed": sealed})  # type: ignore[arg-type]


def put(ctx: Context, *, citizen_id: UUID, category: str, record_id: UUID, content: Content) -> Stored:
    """
    Seal *content* and keep its pieces in the context's own transaction; the caller attaches it.

    Raises:
        InvalidInputError: It is not of a kind that is taken.
        TooLargeError: It is too large.
    """
    place, sealing = sealing_for(
        ctx, citizen_id=citizen_id, category=category, record_id=record_id, media_type=content.media_type
    )
    write(ctx, place, enumerate(sealing.pieces(blocks_of(content.body))))
    return sealing.stored


def attach(ctx: Context, *, citizen_id: UUID, category: str, record_id: UUID, version: int, stored: Stored) -> None:
    """Let *stored* be the document of an item from *version* on. The caller notes it."""
    ctx.session.add(
        Document(
            citizen_id=citizen_id,
            document_id=stored.link.document_id,
            record_id=record_id,
            version=version,
            category=category,
            epoch=stored.epoch,
            size=stored.link.size,
            pieces=stored.pieces,
            sealed_digest=stored.sealed_digest,
            content_digest=stored.content_digest,
            stored_at=ctx.now,
        )
    )
    mine = Upload.citizen_id == citizen_id, Upload.document_id == stored.link.document_id
    ctx.session.execute(delete(Upload).where(*mine))


def forget(ctx: Context, *, citizen_id: UUID, record_id: UUID) -> int:
    """Delete every document of an item, pieces first; return how many there were. The caller notes it."""
    rows = ctx.session.scalars(
        select(Document).where(Document.citizen_id == citizen_id, Document.record_id == record_id)
    ).all()
    for row in rows:
        remove_pieces(ctx, citizen_id, row.document_id)
        ctx.session.delete(row)
    return len(rows)


def remove_pieces(ctx: Context, citizen_id: UUID, document_id: UUID) -> None:
    """Delete the pieces of one document, whoever's they are."""
    its = DocumentPiece.citizen_id == citizen_id, DocumentPiece.document_id == document_id
    ctx.session.execute(delete(DocumentPiece).where(*its))


def sweep(ctx: Context) -> None:
    """Take away what uploads left that were cut off an hour ago: a process that was killed cleans nothing up itself."""
    left = ctx.session.execute(
        select(Upload.citizen_id, Upload.document_id).where(Upload.begun_at < ctx.now - FORGOTTEN_AFTER)
    ).all()
    for citizen_id, document_id in left:
        # INVARIANT: a row planted here never costs a document its pieces.
        if ctx.session.get(Document, (citizen_id, document_id)) is None:
            remove_pieces(ctx, citizen_id, document_id)
        its = Upload.citizen_id == citizen_id, Upload.document_id == document_id
        ctx.session.execute(delete(Upload).where(*its))


def key_of(ctx: Context, row: Document) -> tuple[bytes, DocumentPlace]:
    """
    The category's key that a document was sealed under (32 bytes), and where it belongs.

    Raises:
        KeyNotFoundError: There is none.
        KeyDestroyedError: It was destroyed.
    """
    place = DocumentPlace(
        tenant=ctx.keyring.tenant,
        citizen_id=row.citizen_id,
        category=row.category,
        record_id=row.record_id,
        document_id=row.document_id,
        epoch=row.epoch,
    )
    return category_key(ctx, citizen_id=row.citizen_id, category=row.category, epoch=row.epoch), place
