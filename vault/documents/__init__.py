"""Documents: the file of an item (a letter, a discharge summary, a picture), up to 100 MiB, sealed in chunks.

What a document is called and of which kind it is stands in its item, sealed like every other field. Here is the
content: how it is sealed piece by piece, kept beside the records and opened again. Only the door (`vault.access`) opens
one for anybody; `vault.pieces` holds the pieces against the log.
"""

from vault.documents.keeping import attach, forget, put, sweep
from vault.documents.kinds import MEDIA_TYPES, MOST_BYTES, Content, DocumentLink, Stored
from vault.documents.opening import Opened, open_document
from vault.documents.uploading import Arriving, receive

__all__ = [
    "MEDIA_TYPES",
    "MOST_BYTES",
    "Arriving",
    "Content",
    "DocumentLink",
    "Opened",
    "Stored",
    "attach",
    "forget",
    "open_document",
    "put",
    "receive",
    "sweep",
]
