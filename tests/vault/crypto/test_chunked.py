"""Long values in chunks are C2SP chunked-encryption, and whatever is done to one is refused.

The specification has no vectors. Ours (``chunked_encryption.json``) was made once by `cryptography`'s own
Cobblestone-256 and is frozen; here it is opened by our reader, by the library's, and by a third one that spells the
specification out.
"""

import hashlib
import hmac
import json
import os
from pathlib import Path

import pytest
from cryptography.cobblestone import Cobblestone256Decryptor
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import GCM

from vault.crypto.chunked import CHUNK_BYTES, CLOSED_BYTES, HEADER_BYTES, Opening, closed_length, closing
from vault.errors import SealBrokenError

KEY, CONTEXT = bytes(range(32)), b"a place"
SIZES = (0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES, 5 * CHUNK_BYTES + 77)


def close(plain: bytes, *, key: bytes = KEY, context: bytes = CONTEXT) -> bytes:
    made = closing(key, context)
    return made.update(plain) + made.finalize()


def opened(sealed: bytes, length: int, *, key: bytes = KEY, context: bytes = CONTEXT) -> bytes:
    reader = Opening(key, sealed[:HEADER_BYTES], context, length=length)
    return b"".join(
        reader.chunk(number, sealed[HEADER_BYTES + number * CLOSED_BYTES :][:CLOSED_BYTES])
        for number in range(length // CHUNK_BYTES + 1)
    )


def spelled_out(sealed: bytes) -> bytes:
    """The specification word by word: HKDF-Expand by hand (RFC 5869, 2.3), AES-GCM from its primitive."""
    salt, commitment, rest = sealed[:24], sealed[24:56], sealed[56:]
    info = b"c2sp.org/chunked-encryption@v1+" + b"AEAD_AES_256_GCM" + b"\x00" + salt + CONTEXT
    first = hmac.digest(KEY, info + b"\x01", hashlib.sha512)
    derived = (first + hmac.digest(KEY, first + info + b"\x02", hashlib.sha512))[:76]
    assert derived[44:] == commitment
    plain, number = b"", 0
    while True:
        part, rest = rest[:16400], rest[16400:]
        nonce = (int.from_bytes(derived[32:44]) ^ number).to_bytes(12)
        reader = Cipher(AES(derived[:32]), GCM(nonce, part[-16:])).decryptor()
        plain += reader.update(part[:-16]) + reader.finalize()
        number += 1
        if len(part) < 16400:
            return plain


@pytest.mark.parametrize("size", SIZES)
def test_three_readers_agree_at_every_edge_of_a_chunk(size: int) -> None:
    plain = os.urandom(size)
    sealed = close(plain)
    library = Cobblestone256Decryptor(KEY, CONTEXT)
    assert len(sealed) == closed_length(size)
    assert opened(sealed, size) == spelled_out(sealed) == library.update(sealed) + library.finalize() == plain


def test_the_frozen_vector_opens() -> None:
    path = Path(__file__).parents[2] / "vectors" / "chunked_encryption.json"
    for vector in json.loads(path.read_text())["vectors"]:
        sealed = bytes.fromhex(vector["header_and_last_chunk"])
        size, plain = vector["size"], bytes.fromhex(vector["last_chunk"])
        reader = Opening(KEY, sealed[:HEADER_BYTES], CONTEXT, length=size)
        assert reader.chunk(size // CHUNK_BYTES, sealed[HEADER_BYTES:]) == plain


def test_any_bit_of_any_region_that_is_flipped_is_refused() -> None:
    size = CHUNK_BYTES + 5
    sealed = close(os.urandom(size))
    for at in (0, 23, 24, 55, 56, 56 + CHUNK_BYTES, 56 + CLOSED_BYTES - 1, 56 + CLOSED_BYTES, len(sealed) - 1):
        broken = bytearray(sealed)
        broken[at] ^= 1
        with pytest.raises(SealBrokenError):
            opened(bytes(broken), size)


def test_what_is_cut_lengthened_or_put_in_another_order_is_refused() -> None:
    size = 2 * CHUNK_BYTES
    sealed = close(os.urandom(size))
    first, second, last = (sealed[56 + n * CLOSED_BYTES : 56 + (n + 1) * CLOSED_BYTES] for n in range(3))
    header = sealed[:56]
    for broken, length in (
        (header + first + second, size),
        (header + second + first + last, size),
        (header + first + last, CHUNK_BYTES),
        (sealed + b"\x00", size),
        (sealed[:-1], size),
        (header + first + second, size - 1),
    ):
        with pytest.raises(SealBrokenError):
            opened(broken, length)


def test_another_key_or_place_opens_nothing() -> None:
    sealed = close(b"words")
    for other in ({"key": bytes(32)}, {"context": b"another place"}):
        with pytest.raises(SealBrokenError):
            opened(sealed, 5, **other)


def test_a_piece_of_another_value_under_the_same_key_and_place_is_refused() -> None:
    one, other = close(b"o" * 40), close(b"t" * 40)
    with pytest.raises(SealBrokenError):
        opened(one[:56] + other[56:], 40)
