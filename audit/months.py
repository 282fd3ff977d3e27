"""The month a moment belongs to, as payloads are kept by it."""

import time
from functools import lru_cache
from typing import Final

_DAY_US: Final = 24 * 3600 * 1_000_000


def month_of(time_us: int) -> str:
    """The UTC month of *time_us* (µs since 1970), as "2026-11"."""
    return _of_day(time_us // _DAY_US)


@lru_cache(maxsize=4096)
def _of_day(day: int) -> str:
    return time.strftime("%Y-%m", time.gmtime(day * 86_400))
