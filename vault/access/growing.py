"""Where does a young citizen stand in life today? Their birth date is opened for this; the date itself stays here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from vault import citizens
from vault.access.checking import AGE, open_for
from vault.context import Vault
from vault.kinds import CitizenStatus
from vault.release import RecordView
from vault.turns import turns_after

BORN: Final = "identity.date_of_birth"


@dataclass(frozen=True, slots=True)
class Stage:
    """Where someone stands, and the days still to come on which that changes."""

    status: CitizenStatus
    turns: tuple[date, ...]


def stage_of_life(vault: Vault, *, citizen_id: UUID) -> Stage | None:
    """
    Where a child or young person stands today; nothing where no birth date is recorded.

    The check is logged before anything is opened.

    Args:
        vault: The running vault, not within a transaction of the caller's.
        citizen_id: Whom it is about.

    Raises:
        NotFoundError: No such citizen.
        NotAllowedError: The rules do not allow the check, as for an adult or somebody who died.
        SealBrokenError: Their identity does not open; that is logged.
    """
    today = vault.clock().date()
    born = _newest(open_for(vault, AGE, citizen_id=citizen_id))
    if born is None:
        return None
    return Stage(citizens.status_at(born, deceased=False, today=today), turns_after(born, today))


def _newest(records: Sequence[RecordView]) -> date | None:
    """The birth date that came in last; what is no whole date says nothing."""
    for record in sorted(records, key=lambda each: each.received_at, reverse=True):
        try:
            return date.fromisoformat(str(record.fields[BORN]))
        except ValueError:
            continue
    return None
