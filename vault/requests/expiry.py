"""Requests that nobody decided in time."""

from sqlalchemy import select

from audit.events import Event
from vault.context import Context
from vault.journal import note
from vault.kinds import RequestState
from vault.models import AccessRequest
from vault.requests.people import keys_of
from vault.requests.views import logged


def sweep(ctx: Context) -> int:
    """Write down and log the requests that nobody decided in time, strangers' as well; return how many."""
    rows = ctx.session.scalars(
        select(AccessRequest)
        .where(AccessRequest.state == RequestState.PENDING, AccessRequest.expires_at <= ctx.now)
        .with_for_update()
    ).all()
    for row in rows:
        expire(ctx, row)
    return len(rows)


def expire(ctx: Context, row: AccessRequest) -> None:
    """Write down and log that *row* ran out."""
    row.state = RequestState.EXPIRED
    row.version += 1
    note(ctx, Event.REQUEST_EXPIRED, keys=keys_of(ctx, row.citizen_id), purpose=row.purpose, facts=logged(row))
