"""A service asks somebody who is here: a citizen who came from it and signed in."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from audit.events import Event
from vault.context import Context
from vault.errors import InvalidInputError
from vault.journal import note
from vault.kinds import RequestState
from vault.models import AccessRequest
from vault.requests.drafting import Ask, demand_ask, judged, one_at_a_time, pending, row_of
from vault.requests.expiry import expire
from vault.requests.people import keys_of
from vault.requests.views import logged

WAIT: Final = timedelta(hours=1)
"""How long somebody may think who is here."""


def ask_present(ctx: Context, *, asked: Ask, citizen_id: UUID) -> UUID:
    """
    Put a request before the citizen who is here; return its id. One that they left undecided on an earlier visit ends.

    Nobody is told by message: they are looking at it.

    Raises:
        NotFoundError: The purpose is not registered.
        NotAllowedError: The service is suspended or not registered for the purpose.
        BeyondPurposeError: It asks for more than the purpose may have.
        InvalidInputError: A text is too long or not plain, or the purpose is not the citizen's to decide.
    """
    within = judged(ctx, asked)
    if not within.purpose.citizen_decides:
        raise InvalidInputError("this purpose is not the citizen's to decide; ask for it by case")
    demand_ask(ctx, asked, within, citizen_id=citizen_id)
    one_at_a_time(ctx, asked)
    earlier = pending(ctx, asked)
    if earlier is not None:
        _end(ctx, earlier)
    row, _ = row_of(ctx, asked, within, citizen_id=citizen_id)
    ctx.session.add(row)
    note(
        ctx,
        Event.REQUEST_MADE,
        citizen_id=citizen_id,
        purpose=asked.purpose,
        facts={**logged(row), "channel": "present"},
    )
    return row.request_id


def _end(ctx: Context, row: AccessRequest) -> None:
    if row.expires_at <= ctx.now:
        expire(ctx, row)
        return
    row.state, row.decided_at = RequestState.CANCELLED, ctx.now
    row.version += 1
    note(ctx, Event.REQUEST_CANCELLED, keys=keys_of(ctx, row.citizen_id), purpose=row.purpose, facts=logged(row))
