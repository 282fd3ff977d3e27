"""Whose neighbour or namesake might somebody be? Name and address are opened for this; only keyed marks leave."""

import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import Any, Final
from uuid import UUID

from sqlalchemy.dialects import postgresql, sqlite

from vault.access.checking import TIES, open_for
from vault.authentic import mac_of, marks_of
from vault.context import SYSTEM, Context, Vault
from vault.keyring import Keyring
from vault.models import TieMark

SURNAME: Final = "surname"
POSTCODE: Final = "postcode"
NAME: Final = "identity.name"
ADDRESS: Final = "contact.address"
_POSTCODE: Final = re.compile(r"\b([A-Z]{1,2}[0-9][A-Z0-9]?) ?([0-9][A-Z]{2})\b")
"""A postcode of the United Kingdom, by its shape (BS 7666)."""

Marking = Callable[[Keyring, UUID, str, str], str]


def surnames(name: str) -> frozenset[str]:
    """The last name in *name* and each part of a double one, written the same way everywhere."""
    words = unicodedata.normalize("NFKC", name).casefold().split()
    last = words[-1] if words else ""
    return frozenset(part for part in (last, *last.split("-")) if part)


def postcode(text: str) -> str | None:
    """The postcode in *text*, without a space; None where there is none."""
    found = _POSTCODE.findall(text.upper())
    return "".join(found[-1]) if found else None


def marks_of_ties(vault: Vault, *, citizen_id: UUID, mark: Marking) -> TieMark:
    """
    Keep marks of a citizen's surnames and postcodes, and return them; logged before anything is opened.

    Args:
        vault: The running vault, not within a transaction of the caller's.
        citizen_id: Whom it is about.
        mark: What makes a mark of keyring, citizen, kind and value.

    Raises:
        NotFoundError: No such citizen.
        NotAllowedError: The rules do not allow the check.
        SealBrokenError: A name or address does not open; that is logged.
        KeyDestroyedError: The citizen's keys were destroyed.
    """
    held = [record.fields for record in open_for(vault, TIES, citizen_id=citizen_id)]
    names = {each for fields in held if fields.get(NAME) for each in surnames(str(fields[NAME]))}
    places = {place for fields in held if fields.get(ADDRESS) and (place := postcode(str(fields[ADDRESS])))}

    def marked(kind: str, values: Iterable[str]) -> list[str]:
        return sorted(mark(vault.keyring, citizen_id, kind, value) for value in values)

    with vault.transaction(SYSTEM) as ctx:
        return _keep(ctx, citizen_id, marked(SURNAME, names), marked(POSTCODE, places))


def _keep(ctx: Context, citizen_id: UUID, names: list[str], places: list[str]) -> TieMark:
    values: dict[str, Any] = {"citizen_id": citizen_id, "surnames": names, "postcodes": places, "made_at": ctx.now}
    insert = sqlite.insert if ctx.vault.db.is_sqlite else postgresql.insert
    adding = insert(TieMark).on_conflict_do_nothing()  # another process may be at it
    ctx.session.execute(adding, {**values, "row_mac": mac_of(marks_of(ctx.session), TieMark, values)})
    return TieMark(**values)
