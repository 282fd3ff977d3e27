"""What a helping process is told in tests: to die, to fail, to work."""

import os
from typing import NoReturn


def die(_item: object) -> NoReturn:
    """End at once, as when it is killed."""
    os._exit(1)


def fail(item: object) -> NoReturn:
    """Fail over *item*."""
    raise ValueError(item)


def double(item: int) -> int:
    """Twice *item*."""
    return 2 * item
