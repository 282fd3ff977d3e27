"""The ``Vault-Log-Receipt`` header: a promise, signed with the receipt key, that the entry of this look is queued for the log."""

import base64
from typing import Final

from audit.receipts import sign_receipt
from vault.context import Vault
from vault.release import Release

HEADER: Final = "Vault-Log-Receipt"
KEY_NAME: Final = "receipt"


def of(vault: Vault, release: Release) -> str:
    """The receipt of one release, base64 in one line."""
    receipt = sign_receipt(
        lambda data: vault.keyring.store.sign(KEY_NAME, data), vault.origin, release.leaf_hash, release.time_us
    )
    return base64.b64encode(receipt.encode()).decode()
