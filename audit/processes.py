"""Many bundles judged at once, by as many processes as there are cores; what comes back is in their order."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Final

from audit.bundles import Summary

WORTH: Final = 64
"""Bundles (of 256 entries) from which on starting more processes costs less than it gains."""
AT_ONCE: Final = 8


@contextmanager
def in_order(
    there: Callable[[int], Summary | None] | None,
    bundles: Sequence[int],
    *,
    here: Callable[[int], Summary | None],
) -> Iterator[Iterator[Summary | None]]:
    """
    What each of some bundles comes to, in their order.

    Args:
        there: Judges one, by its number, in another process; None where there is no way to.
        bundles: Their numbers.
        here: The same for this process.
    """
    if there is None or len(bundles) < WORTH:
        yield map(here, bundles)
        return
    # Started afresh: a fork would take with it locks and connections that threads of this process may hold.
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        yield pool.map(there, bundles, chunksize=AT_ONCE)
