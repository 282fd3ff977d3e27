"""Destroying a citizen's record keys: their record can never be read again, here or from a restored back-up.

The log keeps its own key: who looked, and that the keys were destroyed, stays provable until its own time is over.
"""

from uuid import UUID

from sqlalchemy import select

from audit.events import Event
from vault.context import OPERATOR, Context, Vault
from vault.errors import NotFoundError, WrongStateError
from vault.journal import note
from vault.keychain import RECORD
from vault.kinds import CitizenStatus, KeyState
from vault.models import Citizen, CitizenKey

ENDED = frozenset({CitizenStatus.CLOSED, CitizenStatus.DECEASED, CitizenStatus.MERGED})
"""Only a record that nobody signs in to any more loses its keys."""


def destroy_keys(vault: Vault, *, citizen_id: UUID) -> int:
    """
    Destroy a citizen's record keys for good; return how many. A run that was killed is finished by running it again.

    The log says it first, then the key store buries each key: a tombstone outlives every back-up of the database.

    Raises:
        NotFoundError: There is no such citizen.
        WrongStateError: The citizen is not closed, deceased or merged.
    """
    with vault.transaction(OPERATOR) as ctx:
        rows = _rows(ctx, citizen_id)
        generations = [row.generation for row in rows]
        fresh = [row for row in rows if row.state is KeyState.ACTIVE]
        for row in fresh:
            row.state = KeyState.DESTROYED
        if fresh:
            facts = {"kind": RECORD, "generations": [row.generation for row in fresh]}
            note(ctx, Event.KEY_DESTROYED, citizen_id=citizen_id, facts=facts)
    for generation in generations:
        vault.keyring.destroy_citizen_key(citizen_id, RECORD, generation)
    return len(generations)


def _rows(ctx: Context, citizen_id: UUID) -> list[CitizenKey]:
    citizen = ctx.session.get(Citizen, citizen_id, with_for_update=True)
    if citizen is None:
        raise NotFoundError(f"citizen `{citizen_id}` is not known")
    if citizen.status not in ENDED:
        message = f"citizen `{citizen_id}` is {citizen.status}: close the record first (`citizen-vault citizen status`)"
        raise WrongStateError(message)
    return list(
        ctx.session.scalars(select(CitizenKey).where(CitizenKey.citizen_id == citizen_id, CitizenKey.kind == RECORD))
    )
