"""Where the root key lives: one module a kind of store, all behind `vault.keystores.base.KeyStore`."""

from pathlib import Path

from vault.crypto.sign import LatticeKey
from vault.errors import KeyStoreError, WrongRootKeyError
from vault.keystores.base import KeyStore
from vault.keystores.file import FileKeyStore

_FILE = "file:"


def open_store(url: str, *, expected_fingerprint: str | None = None) -> KeyStore:
    """
    Open the key store that *url* names.

    Args:
        url: ``file:`` and a folder, absolute or from the working folder: ``file:/var/lib/citizen-vault/keys``.
        expected_fingerprint: What `KeyStore.describe` said when the database was laid down; None asks for none.

    Raises:
        KeyStoreError: The kind is unknown, or the store is missing, damaged or open to others.
        WrongRootKeyError: The store is sound but not the one that *expected_fingerprint* names.
    """
    store = FileKeyStore.open(_folder_of(url))
    found = store.describe()["fingerprint"]
    if expected_fingerprint not in {None, found}:
        raise WrongRootKeyError(
            f"the key store has fingerprint {found}, but this database belongs to {expected_fingerprint}: "
            "set CITIZEN_VAULT_ROOT_KEY to the key store that was made with this database"
        )
    return store


def create_store(url: str) -> KeyStore:
    """
    Make the key store that *url* names, with fresh keys.

    Raises:
        KeyStoreError: The kind is unknown, or there is something at that place already.
    """
    return FileKeyStore.create(_folder_of(url))


def lattice_key(store: KeyStore, label: str) -> LatticeKey:
    """The ML-DSA-44 key for *label*, whose seed is derived from the store's secret: the same after every rotation."""
    return LatticeKey(store.derive(label))


def _folder_of(url: str) -> Path:
    if not url.startswith(_FILE) or url == _FILE:
        raise KeyStoreError("the key store's address begins with none of the known kinds: write `file:/folder`")
    return Path(url.removeprefix(_FILE))
