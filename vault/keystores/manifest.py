"""The list of what a key folder must hold, so that a lost, damaged or foreign key file is noticed before it is used."""

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Self

from vault.crypto.kdf import derive
from vault.crypto.mac import mac
from vault.errors import KeyStoreError

FILE: Final = "store.json"
FORMAT: Final = 1
_LABEL = "citizen-vault/manifest/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """
    What belongs to one key store; nothing in it is secret.

    Attributes:
        keys: Name of each key file and the fingerprint of the key in it (`vault.crypto.kdf`), 64 hex digits.
        public: Name of each signing key and its Ed25519 public key, 64 hex digits.
        newest: The root key that wraps now, from 1.
        destroyed: Root keys that were destroyed, oldest first.
    """

    keys: Mapping[str, str]
    public: Mapping[str, str]
    newest: int
    destroyed: tuple[int, ...] = field(default=())

    def encode(self, secret: bytes) -> bytes:
        """
        One line of JSON with sorted names, a line feed, the mark in hexadecimal (64), a line feed.

        The mark is HMAC-SHA256 of the first line under a key derived from *secret*: ``derivation``, 32 bytes.
        """
        plain = {
            "format": FORMAT,
            "keys": dict(self.keys),
            "public": dict(self.public),
            "newest": self.newest,
            "destroyed": list(self.destroyed),
        }
        line = json.dumps(plain, sort_keys=True, separators=(",", ":")).encode()
        return _marked(line, secret)

    @classmethod
    def decode(cls, content: bytes, secret: bytes) -> Self:
        """
        Read what `encode` wrote.

        Raises:
            KeyStoreError: It was changed, it belongs to another store, or a newer version wrote it.
        """
        line = content.partition(b"\n")[0]
        if not hmac.compare_digest(content, _marked(line, secret)):
            raise KeyStoreError(
                f"the key files {FILE} and derivation do not belong together: restore both from the key store's back-up"
            )
        plain: dict[str, Any] = json.loads(line)
        if plain["format"] != FORMAT:
            raise KeyStoreError(f"{FILE} was written by a newer version: run that one")
        return cls(
            keys=plain["keys"],
            public=plain["public"],
            newest=plain["newest"],
            destroyed=tuple(plain["destroyed"]),
        )

    def with_root(self, version: int, fingerprint: str) -> "Manifest":
        """This list with one more root key, which wraps from now on."""
        return replace(self, keys={**self.keys, root_name(version): fingerprint}, newest=version)

    def with_signing(self, name: str, fingerprint: str, public: str) -> "Manifest":
        """This list with one more signing key."""
        keys = {**self.keys, f"sign-{name}": fingerprint}
        return replace(self, keys=keys, public={**self.public, name: public})

    def without_root(self, version: int) -> "Manifest":
        """This list with a root key moved among the destroyed."""
        keys = {name: print_ for name, print_ in self.keys.items() if name != root_name(version)}
        return replace(self, keys=keys, destroyed=tuple(sorted({*self.destroyed, version})))

    def roots(self) -> list[int]:
        """Every root key that still opens, oldest first."""
        return [version for version in range(1, self.newest + 1) if root_name(version) in self.keys]


def root_name(version: int) -> str:
    """The file of root key *version*: ``root-0001``."""
    return f"root-{version:04}"


def _marked(line: bytes, secret: bytes) -> bytes:
    return line + b"\n" + mac(derive(secret, _LABEL), line).hex().encode() + b"\n"
