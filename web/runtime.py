"""What every part of the web layer reaches by ``app.extensions["vault"]``: settings, running vault, a few names."""

import hashlib
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock
from typing import Final

from flask import Flask, current_app

from vault.context import Vault
from web.config import Config

NAMES_MOST: Final = 1000
NAMES_SECONDS: Final = 900.0
STAMP_SECONDS: Final = 60.0


class Names:
    """A word about each sign-in, such as what the person is called: in memory only, bounded in number and time."""

    def __init__(self, seconds: float = NAMES_SECONDS) -> None:
        self._seconds = seconds
        self._held: OrderedDict[bytes, tuple[float, str]] = OrderedDict()
        self._lock = Lock()

    def find(self, cookie: str) -> str | None:
        """The name kept for the sign-in behind *cookie*, or None once it is too old."""
        with self._lock:
            until, name = self._held.get(self._key(cookie), (0.0, ""))
        return name if until > time.monotonic() else None

    def keep(self, cookie: str, name: str) -> None:
        """Keep *name*; the oldest goes when there are too many."""
        with self._lock:
            self._held[self._key(cookie)] = (time.monotonic() + self._seconds, name)
            while len(self._held) > NAMES_MOST:
                self._held.popitem(last=False)

    def drop(self, cookie: str) -> None:
        """Forget the name of a sign-in that ends."""
        with self._lock:
            self._held.pop(self._key(cookie), None)

    @staticmethod
    def _key(cookie: str) -> bytes:
        return hashlib.sha256(cookie.encode()).digest()


@dataclass(frozen=True, slots=True)
class Runtime:
    """One running application: made once by `web.app.create_app`."""

    config: Config
    vault: Vault
    names: Names = field(default_factory=Names, repr=False)
    """What people are called."""
    stamps: Names = field(default_factory=lambda: Names(STAMP_SECONDS), repr=False)
    """Which browsers were noted as seen within the last minute."""

    @classmethod
    def of(cls, app: Flask) -> "Runtime":
        """The runtime of *app*."""
        held = app.extensions["vault"]
        assert isinstance(held, cls)  # noqa: S101 -- set by create_app alone
        return held


def runtime() -> Runtime:
    """The runtime of the application that answers now."""
    return Runtime.of(current_app)
