"""A service asks how its request stands, and spends its handle once."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal
from uuid import UUID

from sqlalchemy import select, update

from audit.events import Event
from vault import grants
from vault.context import Context
from vault.errors import WrongStateError
from vault.grants import GrantView
from vault.ids import handle_hash
from vault.journal import note
from vault.kinds import RequestState
from vault.models import AccessRequest
from vault.requests.views import logged

POLL_SECONDS: Final = 5

Progress = Literal["pending", "slow-down", "approved", "denied", "expired", "redeemed", "unknown"]


@dataclass(frozen=True, slots=True)
class Polled:
    """How a request stands for the service that polls."""

    state: Progress
    grant: GrantView | None = None


def poll(ctx: Context, *, service_id: UUID, handle: str) -> Polled:
    """How the request behind *handle* stands; polling sooner than every five seconds is told to slow down."""
    row = _by_handle(ctx, service_id, handle)
    if row is None:
        return Polled("unknown")
    early = row.polled_at is not None and ctx.now < row.polled_at + timedelta(seconds=POLL_SECONDS)
    ctx.session.execute(
        update(AccessRequest)
        .where(AccessRequest.citizen_id == row.citizen_id, AccessRequest.request_id == row.request_id)
        .values(polled_at=ctx.now)
        .execution_options(synchronize_session=False)
    )
    if row.state is RequestState.PENDING:
        if row.expires_at <= ctx.now:
            return Polled("expired")
        return Polled("slow-down" if early else "pending")
    if row.redeemed_at is not None:
        return Polled("redeemed")
    if row.grant_id is None:
        return Polled("expired" if row.state is RequestState.EXPIRED else "denied")
    return Polled("approved", grants.view(ctx, citizen_id=row.citizen_id, grant_id=row.grant_id))


def mark_redeemed(ctx: Context, *, service_id: UUID, handle: str) -> None:
    """
    Spend the handle: one request gives one first token.

    Raises:
        WrongStateError: It was spent before, or there is nothing to redeem.
    """
    row = _by_handle(ctx, service_id, handle)
    if row is None or row.redeemed_at is not None or row.grant_id is None:
        raise WrongStateError("this request was redeemed already or was not allowed")
    row.redeemed_at = ctx.now
    row.version += 1
    note(
        ctx,
        Event.TOKEN_ISSUED,
        citizen_id=row.citizen_id,
        purpose=row.purpose,
        facts={**logged(row), "grant": str(row.grant_id)},
    )


def _by_handle(ctx: Context, service_id: UUID, handle: str) -> AccessRequest | None:
    """The request behind *handle*, held until this transaction ends, so that two polls at once give one token."""
    return ctx.session.scalars(
        select(AccessRequest)
        .where(AccessRequest.handle_hash == handle_hash(handle), AccessRequest.service_id == service_id)
        .with_for_update()
    ).one_or_none()
