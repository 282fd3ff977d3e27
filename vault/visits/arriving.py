"""Coming: the service pushes its request, the browser opens it once, and a citizen who signed in takes it up."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select

from vault import requests, services
from vault.context import Context
from vault.errors import InvalidInputError, NotFoundError, WrongStateError
from vault.ids import handle_hash, new_handle, new_id
from vault.models import Visit
from vault.purposes import Definition
from vault.purposes import find as find_purpose
from vault.requests import Ask, Hint
from vault.views import ServiceView, service_view
from vault.visits.errand import Errand, close_errand, errand_of, row_of

PUSHED: Final = timedelta(seconds=90)
"""How long a pushed request waits for the browser (RFC 9126, section 2.2)."""
STAY: Final = timedelta(hours=1)
"""How long somebody may take to sign in and decide."""
NOBODY: Final = UUID(int=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """A visit under way: who asks, for what, and what was asked of the sign-in."""

    service: ServiceView
    purpose: Definition
    errand: Errand
    opened_at: datetime
    arrived: bool
    """Whether a citizen took it up already."""


def push(ctx: Context, *, service_id: UUID, errand: Errand) -> str:
    """
    Keep what a service sends a citizen for; return the handle of its ``request_uri``.

    Raises:
        NotFoundError: The purpose is not registered.
        NotAllowedError: The service is suspended or not registered for the purpose.
        BeyondPurposeError: It asks for more than the purpose may have.
        InvalidInputError: The address to go back to is not registered, a text is not plain, or the purpose is not the
            citizen's to decide.
    """
    if errand.redirect_uri not in services.addresses(ctx, service_id=service_id).redirect_uris:
        raise InvalidInputError("redirect_uri is not registered for this service")
    within = requests.judged(ctx, _ask(service_id, errand, NOBODY))
    if not within.purpose.citizen_decides:
        raise InvalidInputError("this purpose is not the citizen's to decide; ask for it by case")
    handle, visit_id = new_handle(), new_id()
    ctx.session.add(
        Visit(
            visit_id=visit_id,
            service_id=service_id,
            handle_hash=handle_hash(handle),
            sealed_words=close_errand(ctx, errand, visit_id=visit_id),
            expires_at=ctx.now + PUSHED,
        )
    )
    return handle


def open_pushed(ctx: Context, *, client_id: str, handle: str) -> str:
    """
    Open a pushed request, once; return the handle of the page that it leads to.

    Raises:
        NotFoundError: It is not known, was opened before, has ended, or is another service's.
    """
    row = row_of(ctx, handle)
    if row.opened_at is not None or services.by_slug(ctx, slug=client_id).service_id != row.service_id:
        raise NotFoundError("this visit is not known, or has ended")
    page = new_handle()
    row.handle_hash, row.opened_at, row.expires_at = handle_hash(page), ctx.now, ctx.now + STAY
    return page


def coming(ctx: Context, *, handle: str) -> Visitor:
    """
    The visit behind a page's *handle*.

    Raises:
        NotFoundError: It is not known, was not opened, or has ended.
    """
    row = ctx.session.scalars(select(Visit).where(Visit.handle_hash == handle_hash(handle))).one_or_none()
    if row is None or row.opened_at is None or row.expires_at <= ctx.now:
        raise NotFoundError("this visit is not known, or has ended")
    return _visitor(ctx, row)


def visiting(ctx: Context, *, citizen_id: UUID, request_id: UUID) -> Visitor | None:
    """The visit on which a citizen is asked *request_id*, as long as they can go back from it."""
    row = ctx.session.scalars(
        select(Visit).where(Visit.request_id == request_id, Visit.citizen_id == citizen_id)
    ).one_or_none()
    if row is None or row.expires_at <= ctx.now or row.redeemed_at is not None:
        return None
    return _visitor(ctx, row)


def _visitor(ctx: Context, row: Visit) -> Visitor:
    errand = errand_of(ctx, row)
    assert row.opened_at is not None  # noqa: S101 -- a page's handle is given when it is opened
    return Visitor(
        service=service_view(ctx, row.service_id),
        purpose=find_purpose(ctx, slug=errand.purpose),
        errand=errand,
        opened_at=row.opened_at,
        arrived=row.citizen_id is not None,
    )


def arrive(ctx: Context, *, handle: str, citizen_id: UUID, proven_at: datetime | None, proven_by: str) -> UUID:
    """
    Let the citizen who is signed in take the visit up; return the request that they are asked.

    Whoever took it up once may come again; nobody else may.

    Args:
        ctx: A transaction in which the service is the actor: it is the service that asks.
        handle: The page's.
        citizen_id: Who is signed in.
        proven_at: When they last proved who they are; empty where they never did in this sign-in.
        proven_by: How.

    Raises:
        NotFoundError: The visit is not known, was not opened, or has ended.
        WrongStateError: Somebody else took it up.
        NotAllowedError: The service may not ask any more.
    """
    row = row_of(ctx, handle)
    if row.opened_at is None:
        raise NotFoundError("this visit is not known, or has ended")
    if row.citizen_id not in {None, citizen_id}:
        raise WrongStateError("somebody else came with this visit")
    if row.request_id is None:
        asked = _ask(row.service_id, errand_of(ctx, row), citizen_id)
        row.citizen_id, row.proven_at, row.proven_by = citizen_id, proven_at, proven_by
        row.request_id = requests.ask_present(ctx, asked=asked, citizen_id=citizen_id)
    return row.request_id


def _ask(service_id: UUID, errand: Errand, citizen_id: UUID) -> Ask:
    return Ask(
        service_id=service_id,
        hint=Hint.present(citizen_id),
        purpose=errand.purpose,
        fields=frozenset(errand.fields),
        days=errand.days,
        uses=errand.uses,
        binding_message=errand.binding_message,
        reason=errand.reason,
        expires_in=int(STAY.total_seconds()),
    )
