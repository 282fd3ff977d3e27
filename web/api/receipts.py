"""The ``Vault-Log-Receipt`` header: a signed promise that the entry of this look is queued for the log."""

from typing import Final, Protocol

from audit.receipts import sign_receipt
from vault.context import Vault

HEADER: Final = "Vault-Log-Receipt"
KEY_NAME: Final = "receipt"


class Entered(Protocol):
    """A release, or what was kept: something that has an entry."""

    @property
    def leaf_hash(self) -> bytes:
        """The entry's leaf hash, 32 bytes."""

    @property
    def time_us(self) -> int:
        """Its time, microseconds since 1970."""


def of(vault: Vault, entered: Entered) -> str:
    """The receipt of one entry, a line of ASCII (`audit.receipts`)."""
    store = vault.keyring.store
    return sign_receipt(lambda data: store.sign(KEY_NAME, data), vault.origin, entered.leaf_hash, entered.time_us)
