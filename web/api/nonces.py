"""DPoP nonces without memory (RFC 9449, section 8): an HMAC over the number of a time window.

Every worker that holds the key gives and knows the same nonces, so none is stored. A nonce is good in its window and in
the next one, so a proof made with one is at most two windows old.
"""

import hashlib
import hmac
from datetime import datetime
from typing import Final

from web.api.jose import base64url

WINDOW_SECONDS: Final = 120
NONCE_BYTES: Final = 16
KEY_BYTES: Final = 32
MOST_KEPT: Final = 8  # windows whose nonce is not computed again


class Nonces:
    """The nonces of one server."""

    def __init__(self, key: bytes) -> None:
        """
        Make nonces with one key.

        Args:
            key: 32 secret bytes, the same for all workers.

        Raises:
            ValueError: *key* is of another length.
        """
        if len(key) != KEY_BYTES:
            raise ValueError(f"a nonce key has {KEY_BYTES} bytes")
        self._key = key
        self._made: dict[int, str] = {}

    def current(self, now: datetime) -> str:
        """The nonce of this moment: 22 characters that nobody else can make."""
        return self._of(_window(now))

    def accepts(self, nonce: object, now: datetime) -> bool:
        """Whether *nonce* is this window's or the last one's."""
        if not isinstance(nonce, str) or not nonce.isascii():
            return False
        window = _window(now)
        good = [hmac.compare_digest(nonce, self._of(window - age)) for age in (0, 1)]
        return any(good)

    def _of(self, window: int) -> str:
        made = self._made.get(window)
        if made is None:
            message = b"citizen-vault/dpop-nonce/1\0" + window.to_bytes(8, "big")
            made = base64url(hmac.new(self._key, message, hashlib.sha256).digest()[:NONCE_BYTES])
            if len(self._made) >= MOST_KEPT:
                self._made.clear()
            self._made[window] = made
        return made


def _window(now: datetime) -> int:
    return int(now.timestamp()) // WINDOW_SECONDS
