"""Signatures: Ed25519 (RFC 8032), for the log's heads, receipts and statements; ML-DSA-44 (FIPS 204), for witnesses."""

from typing import Final, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

SEED_BYTES: Final = 32
PUBLIC_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64


class SigningKey:
    """
    One Ed25519 private key; it never shows itself.

    Args:
        seed: The private key as RFC 8032 stores it, 32 random bytes.

    Raises:
        ValueError: The seed has another size.
    """

    __slots__ = ("_private", "public")

    def __init__(self, seed: bytes) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self.public: bytes = self._private.public_key().public_bytes_raw()
        """The raw public key, 32 bytes."""

    @classmethod
    def generate(cls) -> tuple[Self, bytes]:
        """A fresh key and its seed (32 bytes), for the key store to keep."""
        seed = Ed25519PrivateKey.generate().private_bytes_raw()
        return cls(seed), seed

    def sign(self, data: bytes) -> bytes:
        """The signature over *data*, 64 bytes; the same each time."""
        return self._private.sign(data)


class LatticeKey:
    """
    One ML-DSA-44 private key (FIPS 204); it never shows itself.

    Args:
        seed: The private key as FIPS 204 makes it, 32 random bytes.

    Raises:
        ValueError: The seed has another size.
    """

    __slots__ = ("_private", "public")

    def __init__(self, seed: bytes) -> None:
        self._private = MLDSA44PrivateKey.from_seed_bytes(seed)
        self.public: bytes = self._private.public_key().public_bytes_raw()
        """The raw public key, 1,312 bytes."""

    def sign(self, data: bytes) -> bytes:
        """A signature over *data*, 2,420 bytes; another one each time."""
        return self._private.sign(data)
