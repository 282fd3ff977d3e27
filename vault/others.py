"""What a record says about other people, and what of it its citizen is shown: DPA 2018, Schedule 2, paragraph 16.

Which fields are about somebody else too, and which parts of their values are the citizen's own, stands in the
catalogue (flag T and ``shows``). The cut goes by field and part alone, never by what a value says: it is the same for
everybody, and nobody learns whether there was anything to leave out. What a citizen wrote here themselves is shown as
they wrote it. A person can decide otherwise for one case, weighing both (para. 16(2) and (3)); no page can.
"""

from collections.abc import Mapping
from typing import Any, Final

from vault.catalogue import CATALOGUE, Field

OWN_WORDS: Final = "own-words"
"""The source system of what residents write about themselves here."""
LEFT_OUT: Final = "left out"
"""What stands in place of a value of which no part is the citizen's own."""
ALL: Final = "*"


def own_part(name: str, value: Any, *, source_system: str) -> Any | None:  # noqa: ANN401 -- any JSON value
    """
    What of the *value* of field *name* its citizen, or who looks for them, is shown; None: as if it were not there.

    Args:
        name: A field of the catalogue.
        value: What is held.
        source_system: Where it came from.
    """
    field = CATALOGUE.field(name)
    if not field.third_party or source_system == OWN_WORDS:
        return value
    if field.shows is None:
        return None
    if ALL in field.shows:
        return value
    parts = _parts(field, value)
    return parts or LEFT_OUT


def _parts(field: Field, value: Any) -> dict[str, Any]:  # noqa: ANN401 -- any JSON value
    shows = field.shows or frozenset()
    return {part: held for part, held in value.items() if part in shows} if isinstance(value, Mapping) else {}


def is_left_out(name: str, value: object) -> bool:
    """Whether *value* of field *name* stands for one that was left out."""
    return value == LEFT_OUT and CATALOGUE.field(name).third_party


def may_be_gone(category: str) -> bool:
    """Whether items of *category* may be left out whole, so that how many it holds is not told."""
    return any(each.third_party and each.shows is None for each in CATALOGUE.category(category).fields)


def is_all_gone(category: str) -> bool:
    """Whether every item of *category* is left out whole, save what its citizen wrote themselves."""
    return all(each.third_party and each.shows is None for each in CATALOGUE.category(category).fields)
