"""
The key store in a folder: kept apart from the database and its back-ups.

Files: ``store.json`` (what must be there, see `vault.keystores.manifest`); ``root-0001`` … (the newest wraps);
``derivation`` (outlives every rotation); ``sign-log``, ``sign-receipt``, ``sign-issuer`` (Ed25519 seeds);
``tombstones`` (a line for each destroyed key). Each key file is its 32 bytes and nothing else.
"""

import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from vault.crypto.kdf import derive, fingerprint
from vault.crypto.sign import SigningKey
from vault.crypto.wrap import key_id_of as root_version_of
from vault.crypto.wrap import unwrap, wrap
from vault.errors import KeyDestroyedError, KeyNotFoundError, KeyStoreError
from vault.keystores import manifest, tombstones
from vault.keystores.base import Description, key_id_of
from vault.keystores.folder import SecretFolder
from vault.keystores.manifest import Manifest, root_name
from vault.keystores.tombstones import Tombstones

KEY_BYTES: Final = 32
SIGNING_KEYS: Final = ("log", "receipt", "issuer")
_DERIVATION = "derivation"
_TOMBSTONES_LABEL = "citizen-vault/tombstones/1"
_DERIVE_LABEL = "citizen-vault/derive/1"


@dataclass(frozen=True, slots=True)
class _Opened:
    """The folder as it was when its manifest had *stamp*; replaced as a whole, so that threads see one state."""

    stamp: tuple[int, int, int]
    manifest: Manifest
    roots: dict[int, bytes] = field(repr=False)


class FileKeyStore:
    """A key store in a folder of mode 0700. Make it with `create`, take an existing one with `open`."""

    def __init__(self, folder: SecretFolder) -> None:
        self._folder = folder
        self._secret = self._read_key(_DERIVATION)
        self._opened = self._load()
        self._tombstones = Tombstones(folder, derive(self._secret, _TOMBSTONES_LABEL))
        self._tombstones.ids()
        self._signing: dict[str, SigningKey] = {}

    @classmethod
    def create(cls, path: Path) -> Self:
        """
        Make a key store with fresh keys: whole or not at all.

        Raises:
            KeyStoreError: There is something at *path* already, or it cannot be written.
        """
        staging = SecretFolder.create(path.with_name(f".{path.name}.{secrets.token_hex(4)}"))
        _lay_down(staging)
        return cls(staging.move_to(path))

    @classmethod
    def open(cls, path: Path) -> Self:
        """
        Take an existing key store; a root key whose destruction was cut short is destroyed now.

        Raises:
            KeyStoreError: It is missing, damaged or open to others; the message names the next step.
        """
        store = cls(SecretFolder.open(path))
        for version in store._opened.manifest.destroyed:
            store._folder.shred(root_name(version))
        return store

    @property
    def path(self) -> Path:
        """The folder itself; the log's head is kept beside its key."""
        return self._folder.path

    def wrap(self, key: bytes, context: bytes) -> bytes:
        """See `vault.keystores.base.KeyStore.wrap`."""
        self._refuse_dead(context)
        now = self._now()
        newest = now.manifest.newest
        return wrap(now.roots[newest], key, key_id=newest, context=context)

    def unwrap(self, blob: bytes, context: bytes) -> bytes:
        """See `vault.keystores.base.KeyStore.unwrap`."""
        self._refuse_dead(context)
        now = self._now()
        version = root_version_of(blob)
        if version in now.manifest.destroyed:
            raise KeyDestroyedError(f"root key {version} was destroyed")
        if version not in now.roots:
            raise KeyNotFoundError(f"this key store never had root key {version}")
        return unwrap(now.roots[version], blob, context=context)

    def rewrap(self, blob: bytes, context: bytes) -> bytes:
        """See `vault.keystores.base.KeyStore.rewrap`."""
        key = self.unwrap(blob, context)
        return blob if root_version_of(blob) == self._now().manifest.newest else self.wrap(key, context)

    def rotate(self) -> int:
        """Make a new root key, which wraps from now on; return its version. Older ones open until `destroy_root`."""
        with self._folder.locked():
            before = self._load().manifest
            version, key = before.newest + 1, os.urandom(KEY_BYTES)
            self._folder.write(root_name(version), key)  # overwrites one that a killed rotation left: it never wrapped
            self._keep(before.with_root(version, fingerprint(key).hex()))
        return version

    def destroy_root(self, version: int) -> None:
        """
        Destroy an old root key; what is still wrapped under it, in back-ups too, is lost. Again is no error.

        Raises:
            KeyStoreError: It is the newest one.
            KeyNotFoundError: This store never had it.
        """
        with self._folder.locked():
            before = self._load().manifest
            if version == before.newest:
                raise KeyStoreError("the newest root key cannot be destroyed; rotate and rewrap first")
            if version not in {*before.roots(), *before.destroyed}:
                raise KeyNotFoundError(f"this key store never had root key {version}")
            self._keep(before.without_root(version))
            self._folder.shred(root_name(version))

    def sign(self, name: str, data: bytes) -> bytes:
        """See `vault.keystores.base.KeyStore.sign`."""
        if name not in self._signing:
            self._signing[name] = self._open_signing_key(name)
        return self._signing[name].sign(data)

    def add_signing(self, name: str) -> bytes:
        """Make the signing key *name*, or take the one that is there; return its raw public key, 32 bytes."""
        with self._folder.locked():
            before = self._load().manifest
            if name not in before.public:
                signing, seed = SigningKey.generate()
                self._folder.write(f"sign-{name}", seed)  # overwrites one that a killed run left: it never signed
                self._keep(before.with_signing(name, fingerprint(seed).hex(), signing.public.hex()))
        return self.public_key(name)

    def public_key(self, name: str) -> bytes:
        """See `vault.keystores.base.KeyStore.public_key`."""
        known = self._now().manifest.public
        if name not in known:
            raise KeyNotFoundError(f"there is no signing key `{name}`")
        return bytes.fromhex(known[name])

    def derive(self, label: str, length: int = 32) -> bytes:
        """See `vault.keystores.base.KeyStore.derive`."""
        return derive(self._secret, _DERIVE_LABEL, label, length=length)

    def describe(self) -> Description:
        """See `vault.keystores.base.KeyStore.describe`."""
        listed = self._now().manifest
        return Description(
            kind="file",
            place=str(self._folder.path),
            fingerprint=fingerprint(self._secret).hex(),
            root_version=listed.newest,
            root_versions=listed.roots(),
            destroyed_versions=list(listed.destroyed),
            tombstones=len(self._tombstones.ids()),
            public_keys=dict(listed.public),
        )

    def entomb(self, key_id: str) -> None:
        """See `vault.keystores.base.KeyStore.entomb`."""
        self._tombstones.add(key_id)

    def is_entombed(self, key_id: str) -> bool:
        """See `vault.keystores.base.KeyStore.is_entombed`."""
        return key_id in self._tombstones.ids()

    def _refuse_dead(self, context: bytes) -> None:
        if self.is_entombed(key_id_of(context)):
            raise KeyDestroyedError("this key was destroyed; what it sealed cannot be read again")

    def _now(self) -> _Opened:
        # INVARIANT: read again whenever the manifest changed: another process may have rotated or destroyed a root.
        if self._folder.stamp(manifest.FILE) != self._opened.stamp:
            self._opened = self._load()
        return self._opened

    def _load(self) -> _Opened:
        stamp = self._folder.stamp(manifest.FILE)
        try:
            listed = Manifest.decode(self._folder.read(manifest.FILE), self._secret)
            roots = {version: self._listed_key(root_name(version), listed) for version in listed.roots()}
        except KeyStoreError:
            if self._folder.stamp(manifest.FILE) != stamp:  # a root key was destroyed between the two reads
                return self._load()
            raise
        return _Opened(stamp, listed, roots)

    def _keep(self, changed: Manifest) -> None:
        self._folder.write(manifest.FILE, changed.encode(self._secret))
        self._opened = self._load()

    def _open_signing_key(self, name: str) -> SigningKey:
        expected = self.public_key(name)
        key = SigningKey(self._listed_key(f"sign-{name}", self._now().manifest))
        if key.public != expected:
            raise self._damaged(f"sign-{name}")
        return key

    def _listed_key(self, name: str, listed: Manifest) -> bytes:
        key = self._read_key(name)
        if fingerprint(key).hex() != listed.keys.get(name):
            raise self._damaged(name)
        return key

    def _read_key(self, name: str) -> bytes:
        found = self._folder.read(name)
        if len(found) != KEY_BYTES:
            raise self._damaged(name)
        return found

    def _damaged(self, name: str) -> KeyStoreError:
        path = self._folder.path / name
        return KeyStoreError(f"the key file {path} is damaged: restore it from the key store's back-up")


def _lay_down(folder: SecretFolder) -> None:
    keys = {name: os.urandom(KEY_BYTES) for name in (_DERIVATION, root_name(1))}
    public = {}
    for name in SIGNING_KEYS:
        signing, keys[f"sign-{name}"] = SigningKey.generate()
        public[name] = signing.public.hex()
    for name, key in keys.items():
        folder.write(name, key)
    folder.write(tombstones.FILE, tombstones.HEADER)
    prints = {name: fingerprint(key).hex() for name, key in keys.items()}
    folder.write(manifest.FILE, Manifest(keys=prints, public=public, newest=1).encode(keys[_DERIVATION]))
