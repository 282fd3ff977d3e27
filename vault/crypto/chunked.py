"""Long values in chunks: C2SP chunked-encryption with AES-256-GCM and SHA-512 (Cobblestone-256).

https://c2sp.org/chunked-encryption. `cryptography` writes it; it has no way to read from the middle, so reading is
here, chunk by chunk, and is compared with the library's own reading by the tests.

The ciphertext is ``salt (24) | commitment (32) | chunk…``. Each chunk is 16,384 bytes in the clear and 16 more closed,
save the last, which is always shorter in the clear and may be empty: so a text of one length has one ciphertext length,
and a ciphertext that was cut off has none.
"""

import hmac
from typing import Final

from cryptography.cobblestone import Cobblestone256Encryptor
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from vault.crypto.aead import KEY_BYTES, NONCE_BYTES, TAG_BYTES
from vault.errors import SealBrokenError

CHUNK_BYTES: Final = 16 * 1024
CLOSED_BYTES: Final = CHUNK_BYTES + TAG_BYTES
SALT_BYTES: Final = 24
COMMITMENT_BYTES: Final = 32
HEADER_BYTES: Final = SALT_BYTES + COMMITMENT_BYTES
_INFO: Final = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\x00"

closing = Cobblestone256Encryptor
"""``closing(input_key, context)``: `update` and `finalize` give the ciphertext as it grows. The salt is random."""


def closed_length(length: int) -> int:
    """How many bytes the ciphertext of *length* bytes has."""
    return HEADER_BYTES + length + (length // CHUNK_BYTES + 1) * TAG_BYTES


class Opening:
    """
    Reads one ciphertext, chunk by chunk and in any order.

    Args:
        input_key: 32 random bytes, those that it was closed with.
        header: The first `HEADER_BYTES` of the ciphertext.
        context: What it was bound to.
        length: How long it is in the clear, from a place that can be trusted.

    Raises:
        SealBrokenError: Key, context or header is not the one that it was closed with.
    """

    def __init__(self, input_key: bytes, header: bytes, context: bytes, *, length: int) -> None:
        salt, commitment = header[:SALT_BYTES], header[SALT_BYTES:]
        made = HKDFExpand(SHA512(), KEY_BYTES + NONCE_BYTES + COMMITMENT_BYTES, _INFO + salt + context)
        derived = made.derive(input_key)
        if len(header) != HEADER_BYTES or not hmac.compare_digest(derived[KEY_BYTES + NONCE_BYTES :], commitment):
            raise SealBrokenError("opening a long value: it does not match its key or place")
        self._cipher = AESGCM(derived[:KEY_BYTES])
        self._nonce = int.from_bytes(derived[KEY_BYTES : KEY_BYTES + NONCE_BYTES])
        self._length = length

    def chunk(self, number: int, closed: bytes) -> bytes:
        """
        Chunk *number*, counted from 0, in the clear.

        Raises:
            SealBrokenError: It was changed, cut or moved, or is not as long as the whole's length says.
        """
        expected = min(CHUNK_BYTES, self._length - number * CHUNK_BYTES)
        if expected < 0 or len(closed) != expected + TAG_BYTES:
            raise SealBrokenError("opening a long value: a part of it has another length than it should")
        try:
            return self._cipher.decrypt((self._nonce ^ number).to_bytes(NONCE_BYTES), closed, None)
        except InvalidTag:
            raise SealBrokenError("opening a long value: a part of it was changed or moved") from None
