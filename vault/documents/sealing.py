"""A document sealed as it comes: the ciphertext cut into pieces of 64 chunks, each a row of its own.

The pieces one after another are exactly one C2SP ciphertext; the first holds its header too. At no time is more than a
piece in memory, and nothing of it in the clear on a disk.
"""

import hashlib
import hmac
from collections.abc import Iterable, Iterator
from typing import Final

from vault.crypto.chunked import CLOSED_BYTES, HEADER_BYTES, closing
from vault.documents.kinds import LONGEST_BEGINNING, MOST_BYTES, DocumentLink, DocumentPlace, Stored, check_beginning
from vault.errors import TooLargeError

CHUNKS: Final = 64
PIECE_BYTES: Final = CHUNKS * CLOSED_BYTES
"""Sealed bytes of a piece, about 1 MiB; the first has the header besides, the last may be shorter."""
BLOCK_BYTES: Final = 64 * 1024


class Sealing:
    """
    Seals one document.

    Args:
        place: Where it belongs.
        category_key: The key of its category and epoch, 32 bytes.
        digest_key: The key under which equal content is known again, 32 bytes.
        media_type: Its kind, as its sender says.
    """

    def __init__(self, place: DocumentPlace, category_key: bytes, digest_key: bytes, media_type: str) -> None:
        self._place = place
        self._media_type = media_type
        self._closing = closing(place.input_key(category_key), place.encode())
        self._sealed = hashlib.sha256()
        self._content = hmac.new(digest_key, place.citizen_id.bytes, hashlib.sha256)
        self._size = 0
        self._pieces = 0

    def pieces(self, blocks: Iterable[bytes]) -> Iterator[bytes]:
        """
        The pieces, one after another, each when it is full; *blocks* may be of any size.

        Raises:
            InvalidInputError: The document is not of a kind that is taken, or not of the one that it is sent as.
            TooLargeError: There is more of it than `MOST_BYTES`.
        """
        waiting = bytearray()
        for block in self._checked(blocks):
            waiting += self._closing.update(block)
            while len(waiting) >= self._full:
                yield self._take(waiting, self._full)
        waiting += self._closing.finalize()
        while waiting:
            yield self._take(waiting, min(self._full, len(waiting)))

    @property
    def stored(self) -> Stored:
        """What is to be kept of it, once all pieces are."""
        return Stored(
            link=DocumentLink(self._place.document_id, self._media_type, self._size),
            epoch=self._place.epoch,
            pieces=self._pieces,
            sealed_digest=self._sealed.digest(),
            content_digest=self._content.digest(),
        )

    @property
    def _full(self) -> int:
        return PIECE_BYTES + (0 if self._pieces else HEADER_BYTES)

    def _take(self, waiting: bytearray, length: int) -> bytes:
        piece = bytes(waiting[:length])
        del waiting[:length]
        self._pieces += 1
        self._sealed.update(piece)
        return piece

    def _checked(self, blocks: Iterable[bytes]) -> Iterator[bytes]:
        beginning = b""
        given = iter(blocks)
        while len(beginning) < LONGEST_BEGINNING and (more := next(given, b"")):
            beginning += more
        check_beginning(self._media_type, beginning)
        yield self._counted(beginning)
        for block in given:
            yield self._counted(block)

    def _counted(self, block: bytes) -> bytes:
        self._size += len(block)
        if self._size > MOST_BYTES:
            raise TooLargeError(f"a document has at most {MOST_BYTES} bytes")
        self._content.update(block)
        return block


def blocks_of(body: bytes) -> Iterator[bytes]:
    """*body* cut into blocks."""
    for start in range(0, len(body), BLOCK_BYTES):
        yield body[start : start + BLOCK_BYTES]
