"""Receipts: the promise, given with every answer, that its entry is queued and will be in the tree.

A receipt is one line of ASCII, fit for a header::

    citizen-vault-receipt/1 <origin> <leaf hash, 64 hex digits> <time, µs> <base64 of 64 bytes>

The signature is Ed25519 under the receipt key, which is not the log's, over the line up to and without its last space.
An entry that a receipt promises and no tree holds after a day proves that the log was cut.
"""

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from audit.errors import ReceiptInvalidError

_LABEL = "citizen-vault-receipt/1"
_RECEIPT = re.compile(rf"({re.escape(_LABEL)} ([!-~]+) ([0-9a-f]{{64}}) (0|[1-9][0-9]{{0,18}})) ([A-Za-z0-9+/]+=*)")


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was promised: this leaf hash (32 bytes) in this log, at this time (µs)."""

    origin: str
    leaf_hash: bytes
    time_us: int


def sign_receipt(sign: Callable[[bytes], bytes], origin: str, leaf_hash: bytes, time_us: int) -> str:
    """Promise that the leaf with *leaf_hash* (32 bytes) is queued for the log *origin* (ASCII) at *time_us*.

    Args:
        sign: Makes an Ed25519 signature (64 bytes) under the receipt key.
        origin: The log's name, without spaces.
        leaf_hash: What `audit.log.append` returned.
        time_us: Now, in µs since 1970.
    """
    promise = f"{_LABEL} {origin} {leaf_hash.hex()} {time_us}"
    return f"{promise} {base64.b64encode(sign(promise.encode('ascii'))).decode()}"


def verify_receipt(receipt: str, public_key: bytes) -> Receipt:
    """Return what *receipt* promises.

    Raises:
        ReceiptInvalidError: malformed, or not signed by the key whose public half is *public_key* (32 bytes).
    """
    parts = _RECEIPT.fullmatch(receipt)
    if parts is None:
        raise ReceiptInvalidError("not a receipt")
    try:
        signature = base64.b64decode(parts[5], validate=True)
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, parts[1].encode())
    except (binascii.Error, InvalidSignature) as error:
        raise ReceiptInvalidError("receipt is not signed by this key") from error
    return Receipt(parts[2], bytes.fromhex(parts[3]), int(parts[4]))
