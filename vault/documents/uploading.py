"""A document received as it comes: each piece kept by a short write of its own, so that nobody else waits for it.

Until it is attached to its item it is nobody's: nothing points to it, and whatever stops it takes its pieces away.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

from vault.context import Actor, Vault
from vault.documents.keeping import LONGEST_UPLOAD, remove_pieces, sealing_for, write
from vault.documents.kinds import DocumentPlace, Stored
from vault.errors import InvalidInputError
from vault.models import Document, Upload


@dataclass(frozen=True, slots=True, kw_only=True)
class Arriving:
    """A document that a caller sends."""

    media_type: str
    size: int
    """Bytes, as its sender says beforehand; another length is refused."""
    blocks: Iterable[bytes] = field(repr=False)


@contextmanager
def receive(
    vault: Vault, *, actor: Actor, citizen_id: UUID, category: str, record_id: UUID, arriving: Arriving
) -> Iterator[Stored]:
    """
    Keep what arrives, piece by piece; within the block the caller attaches it, in a transaction of its own.

    Whatever leaves the block without having attached it takes the pieces away.

    Raises:
        InvalidInputError: It is not of a kind that is taken, ends too early, or takes too long.
        TooLargeError: It is too large.
    """
    with vault.reading(actor) as ctx:
        place, sealing = sealing_for(
            ctx, citizen_id=citizen_id, category=category, record_id=record_id, media_type=arriving.media_type
        )
    begun = vault.clock()
    with vault.transaction(actor) as ctx:
        ctx.session.add(Upload(citizen_id=citizen_id, document_id=place.document_id, begun_at=ctx.now))
    try:
        for number, sealed in enumerate(sealing.pieces(arriving.blocks)):
            if vault.clock() - begun > LONGEST_UPLOAD:
                raise InvalidInputError("the document took too long to arrive")
            with vault.transaction(actor) as ctx:
                write(ctx, place, [(number, sealed)])
        stored = sealing.stored
        if stored.link.size != arriving.size:
            raise InvalidInputError("the document is not as long as was said")
        yield stored
    finally:
        _clean_up(vault, actor, place)


def _clean_up(vault: Vault, actor: Actor, place: DocumentPlace) -> None:
    """Take the pieces away unless the document was attached."""
    with vault.transaction(actor) as ctx:
        if ctx.session.get(Document, (place.citizen_id, place.document_id)) is None:
            remove_pieces(ctx, place.citizen_id, place.document_id)
            upload = ctx.session.get(Upload, (place.citizen_id, place.document_id))
            if upload is not None:
                ctx.session.delete(upload)
