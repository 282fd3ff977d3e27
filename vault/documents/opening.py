"""A document opened, in whole or in part: looked through first, then released chunk by chunk.

Before the first byte leaves, every chunk that is asked for and the last one are opened and thrown away, so that what
was changed, cut off, moved or put back is refused as a whole. While it is released each chunk is opened again, and
before each piece somebody is asked whether it may go on: whoever stops sharing stops the rest.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import select

from vault.context import Actor, Context, Vault
from vault.crypto.chunked import CHUNK_BYTES, CLOSED_BYTES, HEADER_BYTES, Opening, closed_length
from vault.documents.keeping import key_of
from vault.documents.kinds import DocumentLink
from vault.documents.sealing import CHUNKS
from vault.errors import SealBrokenError
from vault.models import Document, DocumentPiece

GoOn = Callable[[], None]
"""Asked before each piece is released; raises where it may not go on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A document that may be read now."""

    vault: Vault = field(repr=False)
    actor: Actor
    citizen_id: UUID
    link: DocumentLink
    title: str = field(repr=False)
    """What its item calls it; may be empty."""
    on_broken: Callable[[], None] = field(repr=False)
    go_on: GoOn = field(repr=False)
    _opening: Opening = field(repr=False)
    _header: bytes = field(repr=False)

    def check(self, start: int, stop: int) -> None:
        """
        Open everything between *start* and *stop* (bytes in the clear, *stop* not included), and the end, unseen.

        Raises:
            SealBrokenError: Something of it is not as it was sealed; that is logged.
        """
        try:
            for _ in self._chunks(start, stop):
                pass
            for _ in self._chunks(self.link.size, self.link.size + 1):
                pass
        except SealBrokenError:
            self.on_broken()
            raise

    def read(self, start: int, stop: int) -> Iterator[bytes]:
        """
        What stands between *start* and *stop*, block by block; `check` comes first.

        Raises:
            SealBrokenError: Something of it is not as it was sealed any more; that is logged.
        """
        try:
            for number, chunk in self._chunks(start, stop, self.go_on):
                first = number * CHUNK_BYTES
                yield chunk[max(start - first, 0) : stop - first]
        except SealBrokenError:
            self.on_broken()
            raise

    def _chunks(self, start: int, stop: int, go_on: GoOn = lambda: None) -> Iterator[tuple[int, bytes]]:
        """Every chunk that reaches into the part asked for, by number; one piece of them is in memory at a time."""
        if start >= stop:
            return
        first, last = start // CHUNK_BYTES, min(stop - 1, self.link.size) // CHUNK_BYTES
        for piece in range(first // CHUNKS, last // CHUNKS + 1):
            go_on()
            sealed = self._piece(piece)
            for number in range(max(first, piece * CHUNKS), min(last, piece * CHUNKS + CHUNKS - 1) + 1):
                at = (number - piece * CHUNKS) * CLOSED_BYTES
                yield number, self._opening.chunk(number, sealed[at : at + CLOSED_BYTES])

    def _piece(self, number: int) -> bytes:
        """The chunks of one piece; its length is checked, so that nothing hides behind what is asked for."""
        sealed = _piece(self.vault, self.actor, self.citizen_id, self.link.document_id, number)
        whole = closed_length(self.link.size) - HEADER_BYTES
        expected = min(CHUNKS * CLOSED_BYTES, whole - number * CHUNKS * CLOSED_BYTES)
        header = HEADER_BYTES if number == 0 else 0
        if len(sealed) != header + expected or sealed[:header] != self._header[:header]:
            raise SealBrokenError("opening a document: a piece of it is missing or has another length")
        return sealed[header:]


def _piece(vault: Vault, actor: Actor, citizen_id: UUID, document_id: UUID, number: int) -> bytes:
    with vault.reading(actor) as ctx:
        found = ctx.session.scalar(
            select(DocumentPiece.sealed).where(
                DocumentPiece.citizen_id == citizen_id,
                DocumentPiece.document_id == document_id,
                DocumentPiece.number == number,
            )
        )
    if found is None:
        raise SealBrokenError("opening a document: a piece of it is missing")
    return found


def open_document(
    vault: Vault,
    *,
    actor: Actor,
    citizen_id: UUID,
    record_id: UUID,
    link: DocumentLink,
    title: str,
    on_broken: Callable[[], None],
    go_on: GoOn,
) -> Opened:
    """
    Make ready to read the document that an item's sealed body names.

    Raises:
        SealBrokenError: It is missing, is another item's, or does not open; that is logged.
        RowForgedError: Its row was planted or changed behind the vault's back.
        KeyDestroyedError: The citizen's keys were destroyed.
    """
    try:
        with vault.reading(actor) as ctx:
            key, place = key_of(ctx, _row(ctx, citizen_id, record_id, link))
        header = _piece(vault, actor, citizen_id, link.document_id, 0)[:HEADER_BYTES]
        opening = Opening(place.input_key(key), header, place.encode(), length=link.size)
    except SealBrokenError:
        on_broken()
        raise
    return Opened(
        vault=vault,
        actor=actor,
        citizen_id=citizen_id,
        link=link,
        title=title,
        on_broken=on_broken,
        go_on=go_on,
        _opening=opening,
        _header=header,
    )


def _row(ctx: Context, citizen_id: UUID, record_id: UUID, link: DocumentLink) -> Document:
    row = ctx.session.get(Document, (citizen_id, link.document_id))
    if row is None or row.record_id != record_id or row.size != link.size:
        raise SealBrokenError(f"opening the document of record `{record_id}`: it is missing or another's")
    return row
