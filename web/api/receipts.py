"""The ``Vault-Log-Receipt`` header: a signed promise that the entry of this look is queued for the log."""

from typing import Final

from audit.receipts import sign_receipt
from vault.context import Vault
from vault.release import Release

HEADER: Final = "Vault-Log-Receipt"
KEY_NAME: Final = "receipt"


def of(vault: Vault, release: Release) -> str:
    """The receipt of one release, a line of ASCII (`audit.receipts`)."""
    store = vault.keyring.store
    return sign_receipt(lambda data: store.sign(KEY_NAME, data), vault.origin, release.leaf_hash, release.time_us)
