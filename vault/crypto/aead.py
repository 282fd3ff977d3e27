"""AES-256-GCM with 12-byte nonces and 16-byte tags (NIST SP 800-38D): the one cipher under every seal and wrap."""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from vault.errors import SealBrokenError

KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16


def aead_close(key: bytes, nonce: bytes, plaintext: bytes, *, associated: bytes) -> bytes:
    """
    Encrypt *plaintext* under *key* and bind it to *associated*, which is not stored.

    Args:
        key: 32 bytes.
        nonce: 12 bytes, never used twice with one key; callers draw it from `os.urandom`.
        plaintext: At most 2**31 - 1 bytes.
        associated: What must be shown again to open it.

    Returns:
        ``ciphertext (as long as plaintext) | tag (16)``.

    Raises:
        ValueError: Key or nonce has another size.
    """
    return _cipher(key, nonce).encrypt(nonce, plaintext, associated)


def aead_open(key: bytes, nonce: bytes, closed: bytes, *, associated: bytes) -> bytes:
    """
    Open what `aead_close` closed.

    Raises:
        SealBrokenError: Key, nonce, ciphertext, tag or *associated* is not the one it was closed with.
        ValueError: Key or nonce has another size.
    """
    cipher = _cipher(key, nonce)
    try:
        return cipher.decrypt(nonce, closed, associated)
    except InvalidTag:
        raise SealBrokenError("opening a sealed value: it does not match its key or place") from None


def _cipher(key: bytes, nonce: bytes) -> AESGCM:
    if len(key) != KEY_BYTES:
        raise ValueError(f"an AES-256-GCM key has {KEY_BYTES} bytes, not {len(key)}")
    if len(nonce) != NONCE_BYTES:
        raise ValueError(f"an AES-256-GCM nonce has {NONCE_BYTES} bytes here, not {len(nonce)}")
    return AESGCM(key)
