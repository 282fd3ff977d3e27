"""What every key store can do, and how keys are named towards it."""

import hashlib
from typing import Protocol, TypedDict

KEY_ID_HEX = 32


class Description(TypedDict):
    """
    A key store in words and numbers; nothing in it is secret.

    Attributes:
        kind: ``file``.
        place: Where it is, as its kind says it.
        fingerprint: Names this store as long as it lives, whatever is rotated: 64 hex digits.
        root_version: The root key that wraps now.
        root_versions: Every root key that still opens.
        destroyed_versions: Root keys that were destroyed.
        tombstones: How many single keys were destroyed.
        public_keys: Name of each signing key and its Ed25519 public key, 64 hex digits.
    """

    kind: str
    place: str
    fingerprint: str
    root_version: int
    root_versions: list[int]
    destroyed_versions: list[int]
    tombstones: int
    public_keys: dict[str, str]


class KeyStore(Protocol):
    """
    Holds the root key, never gives it away, and works with it.

    A context is the canonical tuple (`vault.crypto.mac.encode_tuple`) that says what a key is for; it is never stored
    with the wrap.
    """

    def wrap(self, key: bytes, context: bytes) -> bytes:
        """
        Wrap *key* (32 bytes) under the newest root key: 65 bytes, see `vault.crypto.wrap`.

        Raises:
            KeyDestroyedError: A key with this context was destroyed; its name is not used again.
        """

    def unwrap(self, blob: bytes, context: bytes) -> bytes:
        """
        Open what `wrap` made: 32 bytes.

        Raises:
            SealBrokenError: The wrap was changed, or it was made for another context.
            KeyDestroyedError: This key, or the root key that wraps it, was destroyed.
            KeyNotFoundError: It names a root key that this store never had.
        """

    def rewrap(self, blob: bytes, context: bytes) -> bytes:
        """*blob* under the newest root key (itself, if it is already); raises like `unwrap`."""

    def sign(self, name: str, data: bytes) -> bytes:
        """
        Sign *data* with the signing key *name* (``log``, ``receipt``, ``issuer``): Ed25519, 64 bytes.

        Opens that key only, and only now.

        Raises:
            KeyNotFoundError: There is no such signing key.
        """

    def public_key(self, name: str) -> bytes:
        """
        The raw Ed25519 public key of *name*, 32 bytes; the private one is not opened.

        Raises:
            KeyNotFoundError: There is no such signing key.
        """

    def derive(self, label: str, length: int = 32) -> bytes:
        """The secret for *label*, *length* bytes: the same after every rotation of the root key."""

    def describe(self) -> Description:
        """What the store is; nothing secret."""

    def entomb(self, key_id: str) -> None:
        """Refuse the key named *key_id* (`key_id_of`) for ever; durable when this returns. Again is no error."""

    def is_entombed(self, key_id: str) -> bool:
        """Whether the key named *key_id* was destroyed, by this process or another."""


def key_id_of(context: bytes) -> str:
    """The id of the key that *context* names, for tombstones: SHA-256, first 16 bytes as 32 hex digits."""
    return hashlib.sha256(context).hexdigest()[:KEY_ID_HEX]
