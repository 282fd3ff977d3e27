"""After someone was looked up by identifiers: does what we hold of them say the same? Yes or no, and no value."""

import hmac
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final
from uuid import UUID

from audit.events import Event
from vault import facts as reading
from vault.access.refusing import note_broken
from vault.clock import microseconds
from vault.context import Actor, Context, Vault
from vault.errors import InvalidInputError
from vault.facts import Item
from vault.identifiers import normalise_nhs_number, normalise_reference
from vault.ids import new_id
from vault.journal import Happening, keys_for, queue
from vault.kinds import RecordStatus
from vault.release import Release

_CATEGORY: Final = frozenset({"identity"})


def confirm_identity(vault: Vault, *, actor: Actor, citizen_id: UUID | None, given: Mapping[str, str]) -> bool:
    """
    Whether a citizen's sealed identity says what was *given* when they were looked up. No value leaves.

    A blind index only proposes: it may be of an old number, or two people's numbers may have been swapped at the
    source. So whoever finds a person by identifiers asks this, in no transaction of their own, before going on.

    It is logged before anything is opened, under the house key and without the answer, so that the entry of a person
    whom nobody knows is of the same shape. Call it with `citizen_id` None for such a person: the same statements
    run, the same entry is kept, and the answer is no.

    Args:
        vault: The running vault.
        actor: Who looked the person up.
        citizen_id: Whom the look-up found; None where it found nobody.
        given: What must agree, by field: ``identity.nhs_number``, ``identity.date_of_birth`` (ISO 8601),
            ``identity.name``, ``identity.council_reference``. Every one of them must stand in a current item.

    Raises:
        InvalidInputError: Nothing was given, or a field that no look-up is made by.
        SealBrokenError: An identity does not open; that is logged.
        RowForgedError: A row was planted or changed behind the vault's back.
    """
    if not given or not given.keys() <= _SPELLINGS.keys():
        raise InvalidInputError("an identity is confirmed by name, birth date, NHS number or council reference")
    found = reading.items(vault.db, citizen_id=citizen_id or new_id(), categories=_CATEGORY)
    current = tuple(item for item in found if item.record["status"] is RecordStatus.CURRENT)
    release = _logged(vault, actor, citizen_id, frozenset(given), current)
    held = [record.fields for record in release.unseal().records]
    return _all_agree(given, held)


def _logged(
    vault: Vault, actor: Actor, citizen_id: UUID | None, fields: frozenset[str], items: tuple[Item, ...]
) -> Release:
    with vault.transaction(actor) as ctx:
        leaf, time_us = _entry(ctx, fields), microseconds(ctx.now)
    return Release(
        fields=fields,
        asked=fields,
        missing=(),
        leaf_hash=leaf,
        time_us=time_us,
        items=items,
        keyring=vault.keyring,
        on_broken=lambda record_id: note_broken(vault, citizen_id or new_id(), record_id),
    )


def _entry(ctx: Context, fields: frozenset[str]) -> bytes:
    happening = Happening(event=Event.CITIZEN_LOOKED_UP, facts={"compared": sorted(fields)})
    keys = keys_for(ctx, citizen_id=None)
    return queue(ctx.session, ctx.vault, now=ctx.now, actor=ctx.actor, keys=keys, happening=happening, pairs=[])


def _all_agree(given: Mapping[str, str], held: list[Mapping[str, Any]]) -> bool:
    """Whether each given value is held by some item; all are compared, whatever the first one said."""
    agree = [[_same(name, value, fields.get(name)) for fields in held] for name, value in given.items()]
    return all([any(answers) for answers in agree])  # noqa: C419 -- a list, so that no answer comes sooner


def _same(name: str, given: str, held: object) -> bool:
    values = held if isinstance(held, list) else [held]
    spell = _SPELLINGS[name]
    wanted = spell(given).encode()
    same = [hmac.compare_digest(wanted, spell(value).encode()) for value in values if isinstance(value, str)]
    return any(same)


def _name(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text.strip()).isoformat()
    except ValueError:
        return text.strip()


_SPELLINGS: Final[Mapping[str, Callable[[str], str]]] = {
    "identity.name": _name,
    "identity.date_of_birth": _day,
    "identity.nhs_number": normalise_nhs_number,
    "identity.council_reference": normalise_reference,
}
"""How each identifier is written the same way."""
