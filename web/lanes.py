"""Calling many services at once, each in a lane of its own: one that is slow holds up nobody else."""

import logging
import threading
from collections.abc import Callable, Hashable
from typing import Final

MOST: Final = 8
"""Lanes at once in one process. Who finds none free comes in the next turn."""


class Lanes:
    """Threads that end with the process, one for each lane that is busy."""

    def __init__(self, most: int = MOST) -> None:
        self._free = threading.BoundedSemaphore(most)
        self._busy: set[Hashable] = set()
        self._lock = threading.Lock()

    def offer(self, lane: Hashable, work: Callable[[], object]) -> bool:
        """Begin *work* in *lane*, unless that lane is busy or all places are taken; whether it began."""
        with self._lock:
            if lane in self._busy or not self._free.acquire(blocking=False):
                return False
            self._busy.add(lane)
        threading.Thread(target=self._run, args=(lane, work), daemon=True).start()
        return True

    def _run(self, lane: Hashable, work: Callable[[], object]) -> None:
        try:
            work()
        except Exception:
            logging.getLogger("citizen-vault").exception("a service could not be told; it is tried again")
        finally:
            with self._lock:
                self._busy.discard(lane)
            self._free.release()
