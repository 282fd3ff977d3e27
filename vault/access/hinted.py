"""Before a service's request: does the person its hint finds hold the identity that it names?"""

from datetime import date
from uuid import UUID

from vault import citizens
from vault.access.identity import confirm_identity
from vault.context import Actor, Vault
from vault.errors import KeyDestroyedError, SealBrokenError
from vault.requests import Hint


def confirm_hint(vault: Vault, *, actor: Actor, hint: Hint) -> UUID | None:
    """
    The citizen whom *hint* finds by NHS number and birth date, if their sealed identity says the same; else nobody.

    A known and an unknown person take the same way: one look-up, one comparison, one entry in the log. An identity that
    does not open counts as one that does not agree. A reference is not compared: the organisation that names it has
    verified whose it is.

    Raises:
        RowForgedError: A row was planted or changed behind the vault's back.
    """
    if hint.kind != "nhs":
        return None
    with vault.reading(actor) as ctx:
        found = citizens.by_identity(ctx, nhs_number=hint.system, birth_date=date.fromisoformat(hint.value))
    given = {"identity.nhs_number": hint.system, "identity.date_of_birth": hint.value}
    try:
        agrees = confirm_identity(vault, actor=actor, citizen_id=found, given=given)
    except (KeyDestroyedError, SealBrokenError):
        return None
    return found if agrees else None
