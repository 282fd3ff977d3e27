"""Where calls are counted: in the process, bounded, without a thread of its own.

The library's own ``memory://`` starts a timer thread for nearly every call that it counts, which cost a governed read a
tenth of its time; here what has ended is swept by the calls themselves.
"""

import threading
import time
from typing import Any, Final

from limits.storage import Storage

SCHEME: Final = "process"
SWEEP_SECONDS: Final = 10.0
MOST_KEYS: Final = 100_000
"""Addresses counted at once. Beyond it the windows that end first are forgotten, so that memory stays bounded."""


class ProcessStorage(Storage):
    """Counters of fixed windows, as ``flask-limiter`` asks for them; chosen with ``storage_uri="process://"``."""

    STORAGE_SCHEME: list[str] | None = [SCHEME]  # noqa: RUF012 -- the library's registry reads it

    def __init__(self, uri: str | None = None, *, wrap_exceptions: bool = False, **options: Any) -> None:  # noqa: ANN401 -- the library's signature
        super().__init__(uri, wrap_exceptions=wrap_exceptions, **options)
        self._lock = threading.Lock()
        self._windows: dict[str, tuple[int, float]] = {}
        self._swept = time.time()

    @property
    def base_exceptions(self) -> type[Exception]:
        """What may go wrong here that is not a programming error: nothing."""
        return MemoryError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count *amount* more under *key*, whose window ends *expiry* seconds after its first call; return the sum."""
        now = time.time()
        with self._lock:
            self._sweep(now)
            count, ends = self._windows.get(key, (0, 0.0))
            if ends <= now:
                count, ends = 0, now + expiry
            self._windows[key] = (count + amount, ends)
            return count + amount

    def get(self, key: str) -> int:
        """What was counted under *key* in its window."""
        count, ends = self._windows.get(key, (0, 0.0))
        return count if ends > time.time() else 0

    def get_expiry(self, key: str) -> float:
        """When the window of *key* ends, in seconds since 1970."""
        return self._windows.get(key, (0, time.time()))[1]

    def check(self) -> bool:
        """Whether it works: it does."""
        return True

    def reset(self) -> int:
        """Forget everything; return how many windows that were."""
        with self._lock:
            found = len(self._windows)
            self._windows.clear()
        return found

    def clear(self, key: str) -> None:
        """Forget *key*."""
        with self._lock:
            self._windows.pop(key, None)

    def _sweep(self, now: float) -> None:
        if now - self._swept < SWEEP_SECONDS and len(self._windows) < MOST_KEYS:
            return
        self._swept = now
        self._windows = {key: window for key, window in self._windows.items() if window[1] > now}
        if len(self._windows) >= MOST_KEYS:
            latest = sorted(self._windows.items(), key=lambda item: item[1][1])
            self._windows = dict(latest[MOST_KEYS // 10 :])
