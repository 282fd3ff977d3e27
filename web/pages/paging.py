"""Long lists on pages of their own: the next page begins below the last thing shown, whatever was added meanwhile."""

from collections.abc import Callable, Sequence
from typing import Final, TypeVar
from uuid import UUID

from flask import request

PAGE: Final = 20

_T = TypeVar("_T")


def after() -> str | None:
    """Where the last page ended, as the address says it."""
    return request.args.get("after")


def part(found: Sequence[_T], key: Callable[[_T], UUID], *, most: int = PAGE) -> tuple[list[_T], str | None]:
    """
    The page of *found* that begins below the thing named in the address, and where the next one begins.

    A name that is not among them begins at the top.
    """
    names = [str(key(each)) for each in found]
    start = names.index(wanted) + 1 if (wanted := after()) in names else 0
    shown = list(found[start : start + most])
    return shown, names[start + most - 1] if len(found) > start + most else None
