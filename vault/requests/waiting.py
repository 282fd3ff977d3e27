"""After a no a service waits before it asks again, longer with each further no: nobody is asked until they give in.

It goes by the name that the service asked by, so known and unknown people get the same answer. What the law lets a
service have without asking, and emergencies, are not held.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select

from vault.context import Context
from vault.errors import AskedTooSoonError
from vault.kinds import RequestState
from vault.models import AccessRequest
from vault.requests.drafting import Ask
from vault.requests.hints import Hint
from vault.requests.people import index_of

WAITS: Final = (timedelta(days=7), timedelta(days=30), timedelta(days=90))
"""After the first no, the second in a row, and every further one."""
REMEMBERED: Final = timedelta(days=365)
"""A no that is older counts no more."""
_DECIDED: Final = (RequestState.DENIED, RequestState.APPROVED, RequestState.PARTLY_APPROVED)


def check_not_too_soon(ctx: Context, asked: Ask) -> None:
    """
    Refuse to ask again so soon after a no.

    Raises:
        AskedTooSoonError: The service, asking for this purpose by this name, has to wait still; it says until when.
    """
    again = _again(ctx, asked.service_id, asked.purpose, index_of(ctx, asked.service_id, asked.hint))
    if again is not None and ctx.now < again:
        raise AskedTooSoonError("the answer was no; wait before asking again", until=again)


def asks_again_from(ctx: Context, *, citizen_id: UUID, request_id: UUID) -> datetime | None:
    """
    From when the service may put a request again before its citizen, who said no; nothing where it need not wait.

    Whoever comes from a service by themselves can be asked each time: they are there.
    """
    row = ctx.session.get(AccessRequest, (citizen_id, request_id))
    if row is None or row.state is not RequestState.DENIED or row.hint_index is None:
        return None
    if row.hint_index == index_of(ctx, row.service_id, Hint.present(citizen_id)):
        return None
    again = _again(ctx, row.service_id, row.purpose, row.hint_index)
    return again if again is not None and ctx.now < again else None


def _again(ctx: Context, service_id: UUID, purpose: str, name: bytes) -> datetime | None:
    """When the wait after the newest no ends; nothing where the newest decision is a yes, or there is none."""
    query = (
        select(AccessRequest.state, AccessRequest.decided_at)
        .where(
            AccessRequest.hint_index == name,
            AccessRequest.service_id == service_id,
            AccessRequest.purpose == purpose,
            AccessRequest.state.in_(_DECIDED),
            AccessRequest.decided_at > ctx.now - REMEMBERED,
        )
        .order_by(AccessRequest.decided_at.desc())
        .limit(len(WAITS))
    )
    refused: list[datetime] = []
    for state, decided_at in ctx.session.execute(query):
        if state is not RequestState.DENIED or decided_at is None:
            break
        refused.append(decided_at)
    return refused[0] + WAITS[len(refused) - 1] if refused else None
