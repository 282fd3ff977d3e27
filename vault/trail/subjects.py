"""The person a search is about: found by what an organisation or the NHS knows of them, and named by a sealed handle.

The handle stands in an address in place of a number or an id. It is good for the auditor who made it, for a day.
"""

import base64
import binascii
from datetime import timedelta
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


def find_person(ctx: Context, *, organisation_id: UUID, system: str, reference: str) -> str:
    """
    Look for one person by a reference that an organisation's *system* has verified, and log that.

    Returns:
        A handle for `Filters.person`.

    Raises:
        NotFoundError: Nobody is known by that, or not to this auditor's organisation.
        NotAllowedError: The rules do not let this actor review the log.
    """
    may_search(ctx)
    found = None
    if scope_of(ctx).organisation_id in {None, organisation_id}:
        found = citizens.by_reference(ctx, organisation_id=organisation_id, system=system, value=reference)
    return person_found(ctx, citizen_id=found, by="reference")


def may_search(ctx: Context) -> None:
    """
    Ask the rules before anybody is looked for.

    Raises:
        NotAllowedError: The rules do not let this actor review the log.
    """
    demand_review(ctx, scope_of(ctx))


def person_found(ctx: Context, *, citizen_id: UUID | None, by: str) -> str:
    """
    Log that a person was looked for, and return the handle of who was found.

    Args:
        ctx: The auditor's.
        citizen_id: Who was found, if anybody was.
        by: By what, such as ``nhs-number``; never the number.

    Raises:
        NotFoundError: Nobody was, or nobody whom the auditor's organisation knows by a reference that it has verified.
    """
    own = scope_of(ctx).organisation_id
    if own and citizen_id and not citizens.is_known_to(ctx, citizen_id=citizen_id, organisation_id=own):
        citizen_id = None
    facts = {"person_by": by, "found": citizen_id is not None}
    note_review(ctx, Event.AUDIT_SEARCHED, facts, citizen_id=citizen_id)
    if citizen_id is None:
        raise NotFoundError("nobody is known by that")
    return _handle(ctx, citizen_id)


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
