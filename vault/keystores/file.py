"""The key store in a folder: kept apart from the database and its back-ups.

Files: ``root-0001`` … (32 random bytes each; the highest wraps), ``derivation`` (32 bytes; outlives every rotation),
``sign-log`` and ``sign-receipt`` and
``sign-issuer`` (Ed25519 private keys, 32 bytes) with ``public-…`` beside them, ``tombstones`` (a line per destroyed
key).
"""

import os
from pathlib import Path
from typing import Final, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from vault.crypto.kdf import derive, fingerprint
from vault.crypto.wrap import key_id_of as root_version_of
from vault.crypto.wrap import unwrap, wrap
from vault.errors import KeyDestroyedError, KeyNotFoundError, KeyStoreError, SealBrokenError
from vault.keystores.base import KEY_ID_HEX, Description, key_id_of
from vault.keystores.folder import SecretFolder

KEY_BYTES: Final = 32
SIGNING_KEYS: Final = ("log", "receipt", "issuer")
_TOMBSTONES = "tombstones"
_DERIVATION = "derivation"


class FileKeyStore:
    """A key store in a folder of mode 0700. Make it with `create`, take an existing one with `open`."""

    def __init__(self, folder: SecretFolder) -> None:
        self._folder = folder
        self._roots = {
            int(found.name.removeprefix("root-")): self._key(found.name) for found in folder.path.glob("root-*")
        }
        if not self._roots:
            raise KeyStoreError(
                f"the key store at {folder.path} has no root key: restore it from the key store's back-up"
            )
        self._secret = self._key(_DERIVATION)
        self._stamp: tuple[int, int, int] | None = None
        self._tombstones: frozenset[str] = frozenset()

    @classmethod
    def create(cls, path: Path) -> Self:
        """
        Make a key store with fresh keys.

        Raises:
            KeyStoreError: There is something at *path* already.
        """
        folder = SecretFolder.create(path)
        folder.write(_TOMBSTONES, b"\n")
        for name in SIGNING_KEYS:
            private = Ed25519PrivateKey.generate()
            folder.write(f"sign-{name}", private.private_bytes_raw())
            folder.write(f"public-{name}", private.public_key().public_bytes_raw())
        folder.write(_DERIVATION, os.urandom(KEY_BYTES))
        folder.write("root-0001", os.urandom(KEY_BYTES))
        return cls(folder)

    @classmethod
    def open(cls, path: Path) -> Self:
        """
        Take an existing key store.

        Raises:
            KeyStoreError: It is missing, damaged or open to others.
        """
        return cls(SecretFolder.open(path))

    def _key(self, name: str) -> bytes:
        found = self._folder.read(name)
        if len(found) != KEY_BYTES:
            raise KeyStoreError(
                f"the key file {self._folder.path / name} is damaged: restore it from the key store's back-up"
            )
        return found

    @property
    def path(self) -> Path:
        """The folder itself; the log's head is kept beside its key."""
        return self._folder.path

    def wrap(self, key: bytes, context: bytes) -> bytes:
        """See `vault.keystores.base.KeyStore.wrap`."""
        self._refuse_dead(context)
        newest = max(self._roots)
        return wrap(self._roots[newest], key, key_id=newest, context=context)

    def unwrap(self, blob: bytes, context: bytes) -> bytes:
        """See `vault.keystores.base.KeyStore.unwrap`."""
        self._refuse_dead(context)
        version = root_version_of(blob)
        root = self._roots.get(version)
        if root is None and version < max(self._roots):
            raise KeyDestroyedError(f"root key {version} was destroyed")
        if root is None:
            raise KeyNotFoundError(f"this key store never had root key {version}")
        return unwrap(root, blob, context=context)

    def rewrap(self, blob: bytes, context: bytes) -> bytes:
        """See `vault.keystores.base.KeyStore.rewrap`."""
        key = self.unwrap(blob, context)
        return blob if root_version_of(blob) == max(self._roots) else self.wrap(key, context)

    def rotate(self) -> int:
        """Make a new root key, which wraps from now on; return its version. Older ones open until `destroy_root`."""
        with self._folder.locked():
            version = max(self._roots) + 1
            self._folder.write(f"root-{version:04}", os.urandom(KEY_BYTES))
        self._roots[version] = self._key(f"root-{version:04}")
        return version

    def destroy_root(self, version: int) -> None:
        """
        Destroy an old root key; everything still wrapped under it is lost for ever.

        Raises:
            KeyStoreError: It is the newest one.
        """
        if version >= max(self._roots):
            raise KeyStoreError("the newest root key cannot be destroyed; rotate and rewrap first")
        self._folder.shred(f"root-{version:04}")
        self._roots.pop(version, None)

    def sign(self, name: str, data: bytes) -> bytes:
        """See `vault.keystores.base.KeyStore.sign`."""
        if name not in SIGNING_KEYS:
            raise KeyNotFoundError(f"there is no signing key `{name}`")
        return Ed25519PrivateKey.from_private_bytes(self._key(f"sign-{name}")).sign(data)

    def public_key(self, name: str) -> bytes:
        """See `vault.keystores.base.KeyStore.public_key`."""
        if name not in SIGNING_KEYS:
            raise KeyNotFoundError(f"there is no signing key `{name}`")
        return self._key(f"public-{name}")

    def derive(self, label: str, length: int = 32) -> bytes:
        """See `vault.keystores.base.KeyStore.derive`."""
        return derive(self._secret, "citizen-vault/derive/1", label, length=length)

    def describe(self) -> Description:
        """See `vault.keystores.base.KeyStore.describe`."""
        newest = max(self._roots)
        return Description(
            kind="file",
            place=str(self._folder.path),
            fingerprint=fingerprint(self._secret).hex(),
            root_version=newest,
            root_versions=sorted(self._roots),
            destroyed_versions=sorted(set(range(1, newest)) - self._roots.keys()),
            tombstones=len(self._dead()),
            public_keys={name: self.public_key(name).hex() for name in SIGNING_KEYS},
        )

    def entomb(self, key_id: str) -> None:
        """See `vault.keystores.base.KeyStore.entomb`."""
        if len(key_id) != KEY_ID_HEX:
            raise SealBrokenError("a key id has 32 hex digits")
        with self._folder.locked():
            if key_id not in self._dead():
                self._folder.append(_TOMBSTONES, key_id.encode() + b"\n")

    def is_entombed(self, key_id: str) -> bool:
        """See `vault.keystores.base.KeyStore.is_entombed`."""
        return key_id in self._dead()

    def _dead(self) -> frozenset[str]:
        # INVARIANT: read again whenever the file changed, for another process may have destroyed a key.
        stamp = self._folder.stamp(_TOMBSTONES)
        if stamp != self._stamp:
            self._tombstones = frozenset(self._folder.read(_TOMBSTONES).decode().split())
            self._stamp = stamp
        return self._tombstones

    def _refuse_dead(self, context: bytes) -> None:
        if key_id_of(context) in self._dead():
            raise KeyDestroyedError("this key was destroyed; what it sealed cannot be read again")
