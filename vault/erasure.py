"""Destroying a citizen's keys: what they sealed can never be read again, here or from a restored back-up.

First the record's keys. The log keeps its own key, so that its citizen can still be shown who looked, until its own
time is over; then it is destroyed too: the pseudonyms of every month and every value that names the citizen mean
nothing any more, and what staff did stays readable to auditors as long as its month's key is (`vault.accountability`).
"""

from uuid import UUID

from sqlalchemy import select

from audit.events import Event
from vault.context import OPERATOR, Context, Vault
from vault.errors import NotFoundError, WrongStateError
from vault.journal import note
from vault.keychain import AUDIT, RECORD
from vault.kinds import CitizenStatus, KeyState
from vault.models import Citizen, CitizenKey
from vault.webhooks import about_erasure

ENDED = frozenset({CitizenStatus.CLOSED, CitizenStatus.DECEASED, CitizenStatus.MERGED})
"""Only a record that nobody signs in to any more loses its keys."""


def destroy_keys(vault: Vault, *, citizen_id: UUID, kind: str = RECORD) -> int:
    """
    Destroy a citizen's keys of one kind for good; return how many. A run that was killed is run again to finish it.

    The log says it first, then the key store buries each key: a tombstone outlives every back-up of the database.

    Raises:
        NotFoundError: There is no such citizen.
        WrongStateError: The citizen is not closed, deceased or merged, or the record's keys are not destroyed yet.
    """
    with vault.transaction(OPERATOR) as ctx:
        rows = _rows(ctx, citizen_id, kind)
        generations = [row.generation for row in rows]
        fresh = [row for row in rows if row.state is KeyState.ACTIVE]
        for row in fresh:
            row.state = KeyState.DESTROYED
        if fresh and kind == RECORD and not _lives_on(ctx, citizen_id):
            about_erasure(ctx, citizen_id=citizen_id)
        if fresh:
            facts = {"kind": kind, "generations": [row.generation for row in fresh]}
            # The end of the key to somebody's lines is no line of theirs: nobody could open it.
            note(ctx, Event.KEY_DESTROYED, citizen_id=citizen_id if kind == RECORD else None, facts=facts)
    for generation in generations:
        vault.keyring.destroy_citizen_key(citizen_id, kind, generation)
    return len(generations)


def _lives_on(ctx: Context, citizen_id: UUID) -> bool:
    """Whether what was held is another citizen's now: then nothing of it is to be erased elsewhere."""
    citizen = ctx.session.get(Citizen, citizen_id)
    return citizen is not None and citizen.status is CitizenStatus.MERGED


def _rows(ctx: Context, citizen_id: UUID, kind: str) -> list[CitizenKey]:
    citizen = ctx.session.get(Citizen, citizen_id, with_for_update=True)
    if citizen is None:
        raise NotFoundError(f"citizen `{citizen_id}` is not known")
    if citizen.status not in ENDED:
        message = f"citizen `{citizen_id}` is {citizen.status}: close the record first (`citizen-vault citizen status`)"
        raise WrongStateError(message)
    rows = ctx.session.scalars(select(CitizenKey).where(CitizenKey.citizen_id == citizen_id)).all()
    if kind == AUDIT and any(row.kind == RECORD and row.state is KeyState.ACTIVE for row in rows):
        raise WrongStateError(f"the record keys of citizen `{citizen_id}` come first (`citizen-vault keys destroy`)")
    return [row for row in rows if row.kind == kind]
