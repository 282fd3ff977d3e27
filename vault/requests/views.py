"""Requests as citizens and services meet them; nothing here changes one."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from vault.confidential import open_for_house
from vault.context import Context
from vault.errors import NotFoundError
from vault.kinds import RequestState
from vault.models import AccessRequest
from vault.purposes import Definition
from vault.purposes import find as find_purpose
from vault.views import ServiceView, service_view


@dataclass(frozen=True, slots=True)
class Asker:
    """The officer who asked: the citizen is shown role and team, the log holds the account."""

    reference: str
    role: str
    team: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestView:
    """A request as the citizen meets it."""

    request_id: UUID
    citizen_id: UUID
    service: ServiceView
    purpose: Definition
    fields: frozenset[str]
    asked_at: datetime
    expires_at: datetime
    state: RequestState
    binding_message: str
    reason: str
    days: int
    max_uses: int
    grant_id: UUID | None
    decided_at: datetime | None
    asker: Asker | None = None
    """Who asked, where an officer did so in the portal; empty where the service's own system asked."""


def waiting(ctx: Context, *, citizen_id: UUID) -> list[RequestView]:
    """The requests that wait for a citizen, oldest first."""
    return [view for view in of_citizen(ctx, citizen_id=citizen_id) if view.state is RequestState.PENDING]


def of_citizen(ctx: Context, *, citizen_id: UUID) -> list[RequestView]:
    """Every request about a citizen, oldest first; what one service asked under several names meanwhile is one."""
    rows = ctx.session.scalars(
        select(AccessRequest)
        .where(AccessRequest.citizen_id == citizen_id)
        .order_by(AccessRequest.asked_at, AccessRequest.request_id)
    )
    once: dict[tuple[object, ...], RequestView] = {}
    for row in rows:
        view = view_of(ctx, row)
        once.setdefault(_moment(view), view)
    return list(once.values())


def _moment(view: RequestView) -> tuple[object, ...]:
    """What requests have in common that wait, or were decided, as one."""
    if view.state is RequestState.EXPIRED:
        return (view.request_id,)
    return (view.service.service_id, view.purpose.slug, view.decided_at)


def of_service(ctx: Context, *, service_id: UUID) -> list[RequestView]:
    """Every request a service made, oldest first; those about strangers too, for nobody may tell them apart."""
    rows = ctx.session.scalars(
        select(AccessRequest).where(AccessRequest.service_id == service_id).order_by(AccessRequest.asked_at)
    )
    return [view_of(ctx, row) for row in rows]


def view(ctx: Context, *, citizen_id: UUID, request_id: UUID) -> RequestView:
    """
    One request of a citizen.

    Raises:
        NotFoundError: The citizen has no such request.
    """
    row = ctx.session.get(AccessRequest, (citizen_id, request_id))
    if row is None:
        raise NotFoundError(f"request `{request_id}` is not known")
    return view_of(ctx, row)


def view_of(ctx: Context, row: AccessRequest) -> RequestView:
    """*row* as it stands now."""
    words = open_for_house(ctx, what="request", row_id=row.request_id, sealed=row.sealed_words)
    expired = row.state is RequestState.PENDING and row.expires_at <= ctx.now
    return RequestView(
        request_id=row.request_id,
        citizen_id=row.citizen_id,
        service=service_view(ctx, row.service_id),
        purpose=find_purpose(ctx, slug=row.purpose),
        fields=frozenset(row.fields),
        asked_at=row.asked_at,
        expires_at=row.expires_at,
        state=RequestState.EXPIRED if expired else row.state,
        binding_message=str(words["message"]),
        reason=str(words["reason"]),
        days=row.period_seconds // 86_400,
        max_uses=row.max_uses,
        grant_id=row.grant_id,
        decided_at=row.decided_at,
        asker=Asker(**words["asker"]) if words.get("asker") else None,
    )


def logged(row: AccessRequest) -> dict[str, object]:
    """What the log says of a request whenever something happens to it."""
    return {"request": str(row.request_id), "service": str(row.service_id), "fields": row.fields}
