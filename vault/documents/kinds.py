"""What a document is: which kinds are taken, how it is bound to its place, what is known of one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from vault.crypto.kdf import derive
from vault.crypto.mac import encode_tuple
from vault.errors import InvalidInputError

MOST_BYTES: Final = 100 * 1024 * 1024
"""Bytes of one document."""
FIELD: Final = "document.file"
"""The field that a document belongs to: who may see it may open the document."""
FORMAT: Final = "citizen-vault/document/1"

MEDIA_TYPES: Final[Mapping[str, tuple[str, tuple[bytes, ...]]]] = {
    "application/pdf": ("pdf", (b"%PDF-",)),
    "image/jpeg": ("jpg", (b"\xff\xd8\xff",)),
    "image/png": ("png", (b"\x89PNG\r\n\x1a\n",)),
    "image/tiff": ("tif", (b"II*\x00", b"MM\x00*")),
    "text/plain": ("txt", ()),
}
"""The kinds that are taken: the ending of a file's name, and how such a file begins (nothing: as it likes)."""
LONGEST_BEGINNING: Final = 8


@dataclass(frozen=True, slots=True)
class DocumentLink:
    """What an item says of its document, sealed with its fields."""

    document_id: UUID
    media_type: str
    size: int
    """Bytes in the clear."""

    @classmethod
    def of(cls, said: Mapping[str, str | int] | None) -> "DocumentLink | None":
        """What a sealed body holds as ``document``; nothing where it holds none."""
        return cls(UUID(str(said["id"])), str(said["type"]), int(said["size"])) if said else None

    @property
    def ending(self) -> str:
        """How the name of such a file ends, without the dot."""
        return MEDIA_TYPES[self.media_type][0]


@dataclass(frozen=True, slots=True)
class Content:
    """A document that is at hand as a whole: what an import found in a file."""

    media_type: str
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A document whose pieces are kept, and which is no item's yet."""

    link: DocumentLink
    epoch: int
    pieces: int
    sealed_digest: bytes
    """SHA-256 of the whole ciphertext (32 bytes)."""
    content_digest: bytes = field(repr=False)
    """HMAC-SHA256 of what it says (32 bytes): equal for the same content of the same citizen, and tells nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentPlace:
    """Where a document belongs; it opens nowhere else. Not stored with it and not secret."""

    tenant: str
    citizen_id: UUID
    category: str
    record_id: UUID
    document_id: UUID
    epoch: int

    def encode(self) -> bytes:
        """The canonical tuple (format, tenant, citizen, category, record, document, epoch), by `encode_tuple`."""
        return encode_tuple(
            FORMAT, self.tenant, self.citizen_id, self.category, self.record_id, self.document_id, self.epoch
        )

    def input_key(self, category_key: bytes) -> bytes:
        """The document's own key, 32 bytes: HKDF-SHA256 of its category's key with the place as info."""
        return derive(category_key, "document-key/1", self.encode())


def check_beginning(media_type: str, beginning: bytes) -> None:
    """
    Let a document go on that begins as its kind does.

    Raises:
        InvalidInputError: The kind is not taken, or it begins otherwise.
    """
    if media_type not in MEDIA_TYPES:
        raise InvalidInputError("this kind of document is not taken")
    begins = MEDIA_TYPES[media_type][1]
    if begins and not beginning.startswith(begins):
        raise InvalidInputError("the document is not of the kind that it is sent as")
