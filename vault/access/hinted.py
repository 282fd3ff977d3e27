"""Before a service's request: does the person its hint finds hold the identity that it names?"""

from datetime import date
from uuid import UUID

from vault import citizens
from vault.access.identity import confirm_identity
from vault.context import Actor, Context, Vault
from vault.errors import KeyDestroyedError, SealBrokenError
from vault.requests import Hint


def confirm_hint(vault: Vault, *, actor: Actor, hint: Hint) -> UUID | None:
    """
    The citizen whom *hint* finds, if their sealed identity says the same; else nobody.

    A known and an unknown person take the same way: one look-up, one comparison, one entry in the log. An identity that
    does not open counts as one that does not agree. A reference alone is not compared: the organisation that names it
    has verified whose it is. One that an officer types comes with a birth date, which must agree.

    Raises:
        RowForgedError: A row was planted or changed behind the vault's back.
    """
    if hint.kind == "ref" and hint.born is None:
        return None
    with vault.reading(actor) as ctx:
        found = _proposed(ctx, hint)
    given = {"identity.date_of_birth": hint.born.isoformat() if hint.born else hint.value}
    if hint.kind == "nhs":
        given["identity.nhs_number"] = hint.system
    try:
        agrees = confirm_identity(vault, actor=actor, citizen_id=found, given=given)
    except (KeyDestroyedError, SealBrokenError):
        return None
    return found if agrees else None


def _proposed(ctx: Context, hint: Hint) -> UUID | None:
    if hint.kind == "nhs":
        return citizens.by_identity(ctx, nhs_number=hint.system, birth_date=date.fromisoformat(hint.value))
    if ctx.actor.organisation_id is None:
        return None
    return citizens.by_reference(ctx, organisation_id=ctx.actor.organisation_id, system=hint.system, value=hint.value)
