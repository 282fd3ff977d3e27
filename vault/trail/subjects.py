"""The person a search is about: found by what an organisation or the NHS knows of them, and named by a sealed handle.

The handle stands in an address in place of a number or an id. It is good for the auditor who made it, for a day.
"""

import base64
import binascii
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from audit.events import Event
from vault import citizens
from vault.clock import microseconds
from vault.confidential import close_for_house, open_for_house
from vault.context import Context
from vault.errors import NotFoundError, SealBrokenError
from vault.trail.scope import demand_review, note_review, scope_of

LIFE: Final = timedelta(hours=12)
_WHAT: Final = "searched-person"


def find_person(
    ctx: Context,
    *,
    organisation_id: UUID | None = None,
    system: str = "",
    reference: str = "",
    nhs_number: str = "",
    birth_date: date | None = None,
) -> str:
    """
    Look for one person, by a reference of *organisation_id*'s *system* or by NHS number and birth date; log that.

    Returns:
        A handle for `Filters.person`.

    Raises:
        NotFoundError: Nobody is known by that, or not to this auditor's organisation.
        NotAllowedError: The rules do not let this actor review the log.
    """
    scope = scope_of(ctx)
    demand_review(ctx, scope)
    own = scope.organisation_id
    if nhs_number and birth_date:
        by, found = "nhs-number", citizens.by_identity(ctx, nhs_number=nhs_number, birth_date=birth_date)
    elif organisation_id is not None and own in {None, organisation_id}:
        by = "reference"
        found = citizens.by_reference(ctx, organisation_id=organisation_id, system=system, value=reference)
    else:
        by, found = "reference", None
    note_review(ctx, Event.AUDIT_SEARCHED, {"person_by": by, "found": found is not None}, citizen_id=found)
    if found is None:
        raise NotFoundError("nobody is known by that")
    return _handle(ctx, found)


def _handle(ctx: Context, citizen_id: UUID) -> str:
    words = {"citizen": str(citizen_id), "until": microseconds(ctx.now + LIFE)}
    sealed = close_for_house(ctx, what=_WHAT, row_id=_auditor(ctx), words=words)
    return base64.urlsafe_b64encode(sealed).decode()


def person_behind(ctx: Context, handle: str) -> UUID:
    """
    The citizen that a handle of this auditor names.

    Raises:
        NotFoundError: It is no handle, is another auditor's, or is of an earlier day.
    """
    try:
        sealed = base64.b64decode(handle.encode("ascii", "replace"), altchars=b"-_", validate=True)
        words = open_for_house(ctx, what=_WHAT, row_id=_auditor(ctx), sealed=sealed)
    except (binascii.Error, SealBrokenError, ValueError, IndexError) as error:
        raise NotFoundError("this search has ended; look for the person again") from error
    if int(words["until"]) < microseconds(ctx.now):
        raise NotFoundError("this search has ended; look for the person again")
    return UUID(str(words["citizen"]))


def _auditor(ctx: Context) -> UUID:
    return ctx.actor.account_id or UUID(int=0)
