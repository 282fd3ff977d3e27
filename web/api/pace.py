"""How often a service may call, in all and about one person; and how much is answered at once.

Counted in the process, as `web.limits` does; several worker processes each count their own. What is left is told with
every answer (draft-ietf-httpapi-ratelimit-headers-10), so that a client can slow down before it is refused.
"""

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from flask import Flask

from web.faults import OverloadedError, TooFastError
from web.limits import limiter

SECONDS: Final = 60


def init_app(app: Flask) -> None:
    """Calls of one service in a minute, in all and about one person: what the operator set."""
    config = app.extensions["vault"].config
    app.config.setdefault("SERVICE_CALLS", config.service_calls)
    app.config.setdefault("CITIZEN_CALLS", config.citizen_calls)


@dataclass(slots=True)
class Tally:
    """The count of one call, for the door to take and the answer to tell."""

    by_service: int
    by_citizen: int
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, app: Flask) -> "Tally":
        """What *app* allows."""
        return cls(int(app.config["SERVICE_CALLS"]), int(app.config["CITIZEN_CALLS"]))

    def admit(self, service_id: UUID, citizen_id: UUID) -> None:
        """
        Count a call of a service about a person.

        Raises:
            TooFastError: It is one too many.
        """
        service, citizen = f"pace/{service_id}", f"pace/{service_id}/{citizen_id}"
        counted = (
            ("service", service, limiter.storage.incr(service, SECONDS), self.by_service),
            ("citizen", citizen, limiter.storage.incr(citizen, SECONDS), self.by_citizen),
        )
        name, key, count, most = min(counted, key=lambda one: one[3] - one[2])
        left = max(1, math.ceil(limiter.storage.get_expiry(key) - time.time()))
        self.headers = {
            "RateLimit-Policy": ", ".join(f'"{each[0]}";q={each[3]};w={SECONDS}' for each in counted),
            "RateLimit": f'"{name}";r={max(0, most - count)};t={left}',
        }
        if count > most:
            raise TooFastError(f"too many calls ({name}); wait", headers={**self.headers, "Retry-After": str(left)})


class Gate:
    """At most so many at once; who finds it full is sent away at once, and not kept waiting."""

    def __init__(self, most: int) -> None:
        self._places = threading.BoundedSemaphore(most)

    def enter(self) -> Callable[[], None]:
        """Take a place; raises `OverloadedError` where there is none. Call what is returned to give it back, once."""
        if not self._places.acquire(blocking=False):
            raise OverloadedError("as much is being answered as can be; try again soon")
        left = threading.Lock()

        def leave() -> None:
            if left.acquire(blocking=False):
                self._places.release()

        return leave
