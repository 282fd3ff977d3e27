"""A service asks; nobody learns from the answer whether a stranger is known."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select

from audit.events import Event
from policies.model import Action
from vault import grants
from vault.acting import acting_person
from vault.authentic import values_of
from vault.confidential import close_for_house
from vault.context import Context
from vault.errors import InvalidInputError, NotAllowedError, NotFoundError
from vault.grants import NewGrant
from vault.ids import handle_hash, new_handle, new_id
from vault.journal import note
from vault.judging import demand
from vault.kinds import Channel, Decider, NoticeKind, RequestState, ServiceStatus
from vault.models import AccessRequest, ServicePurpose
from vault.notices import tell
from vault.purposes import Definition, may_ask, narrowest
from vault.purposes import find as find_purpose
from vault.requests.expiry import expire
from vault.requests.hints import Hint
from vault.requests.people import addressee, index_of, keys_of
from vault.requests.polling import POLL_SECONDS
from vault.requests.views import logged
from vault.services import by_id as service_by_id

DEFAULT_WAIT: Final = timedelta(days=14)
LONGEST_WAIT: Final = timedelta(seconds=2_073_600)  # 24 days: a client's timer of 31 bits of ms overflows beyond
MOST_MESSAGE: Final = 20
MOST_REASON: Final = 500
_PLAIN: Final = re.compile(r"[\w .,:/()'-]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Asked:
    """The answer to a request: a handle to poll with, and for how long. The same for known and unknown people."""

    handle: str
    request_id: UUID
    expires_in: int
    interval: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What a service asks for."""

    service_id: UUID
    hint: Hint
    purpose: str
    fields: frozenset[str]
    days: int | None = None
    uses: int | None = None
    binding_message: str = ""
    reason: str = ""
    case_reference: str | None = None
    expires_in: int | None = None
    confirmed: UUID | None = None
    """Whose sealed identity was compared with the hint and agrees (`vault.access.confirm_hint`): an NHS number alone
    reaches nobody."""


def ask(ctx: Context, *, asked: Ask) -> Asked:
    """
    Put a request before a citizen; a repeat of one that waits joins it. A statutory purpose makes its grant at once.

    Raises:
        NotFoundError: The purpose is not registered, or a statutory request names a reference the organisation has not
        verified.
        NotAllowedError: The service is suspended or not registered for the purpose.
        BeyondPurposeError: It asks for more than the purpose may have.
        InvalidInputError: A text is too long or not plain, or a statutory request lacks a verified reference or a case.
    """
    _check_words(asked)
    service = service_by_id(ctx, service_id=asked.service_id)
    if service.status is not ServiceStatus.ACTIVE or not may_ask(ctx, service_id=asked.service_id, slug=asked.purpose):
        raise NotAllowedError(f"service `{service.slug}` may not ask for purpose `{asked.purpose}`")
    purpose = find_purpose(ctx, slug=asked.purpose)
    fields, days, uses = narrowest(purpose, fields=asked.fields, days=asked.days, uses=asked.uses)
    citizen_id, known = addressee(
        ctx,
        hint=asked.hint,
        service_id=asked.service_id,
        organisation_id=service.organisation_id,
        confirmed=asked.confirmed,
    )
    if not purpose.citizen_decides:
        return _by_statute(ctx, asked, purpose, citizen_id if known else None, fields, days, uses)
    demand(
        ctx,
        action=Action.ASK,
        citizen_id=citizen_id,
        fields=fields,
        purpose=purpose,
        service_id=asked.service_id,
        asker=asked.service_id,
    )
    return _wait(ctx, asked, citizen_id, fields, days, uses)


def _check_words(asked: Ask) -> None:
    if len(asked.binding_message) > MOST_MESSAGE or not _PLAIN.fullmatch(asked.binding_message):
        raise InvalidInputError(f"a binding message has at most {MOST_MESSAGE} plain characters")
    if len(asked.reason) > MOST_REASON or not asked.reason.isprintable():
        raise InvalidInputError(f"a reason has at most {MOST_REASON} printable characters")


def _by_statute(
    ctx: Context, asked: Ask, purpose: Definition, known: UUID | None, fields: frozenset[str], days: int, uses: int
) -> Asked:
    if asked.hint.kind != "ref" or not asked.case_reference:
        raise InvalidInputError(
            "a statutory request names a reference that your organisation has verified, and a case reference"
        )
    if known is None:
        raise NotFoundError("this reference is not one that your organisation has verified")
    row, handle = _row(ctx, asked, known, fields, days, uses)
    demand(
        ctx,
        action=Action.IMPOSE,
        citizen_id=known,
        fields=fields,
        purpose=purpose,
        service_id=asked.service_id,
        reason=bool(asked.case_reference),
    )
    grant = grants.make(
        ctx,
        new=NewGrant(
            citizen_id=known,
            service_id=asked.service_id,
            purpose=purpose,
            fields=fields,
            not_after=ctx.now + timedelta(days=days),
            max_uses=uses,
            decided_by=Decider.STATUTORY,
            channel=Channel.RULE,
            request_id=row.request_id,
            case_reference=asked.case_reference,
        ),
    )
    row.state, row.decided_at, row.grant_id = RequestState.APPROVED, ctx.now, grant.grant_id
    ctx.session.add(row)
    note(ctx, Event.REQUEST_MADE, citizen_id=known, purpose=purpose.slug, facts=logged(row))
    return _answer(ctx, row, handle)


def _wait(ctx: Context, asked: Ask, citizen_id: UUID, fields: frozenset[str], days: int, uses: int) -> Asked:
    keys = keys_of(ctx, citizen_id)
    _one_at_a_time(ctx, asked)
    pending = _pending(ctx, asked)
    if pending is not None and pending.expires_at <= ctx.now:
        expire(ctx, pending)
        pending = None
    if pending is None:
        row, handle = _row(ctx, asked, citizen_id, fields, days, uses)
        ctx.session.add(row)
        tell(ctx, citizen_id=citizen_id, kind=NoticeKind.REQUEST_WAITS, about=row.request_id)
        note(ctx, Event.REQUEST_MADE, keys=keys, purpose=asked.purpose, facts={**logged(row), **_by_whom(ctx)})
        return _answer(ctx, row, handle)
    row, handle = _addressed(ctx, pending, citizen_id), new_handle()
    row.handle_hash = handle_hash(handle)
    row.version += 1
    note(
        ctx,
        Event.REQUEST_MADE,
        keys=keys,
        purpose=asked.purpose,
        facts={**logged(row), **_by_whom(ctx), "joined": True},
    )
    return _answer(ctx, row, handle)


def _by_whom(ctx: Context) -> dict[str, object]:
    """Through which channel it was asked, and, in the portal, by whom."""
    person = acting_person(ctx)
    return {"channel": "portal", "acting": person} if person else {"channel": "service"}


def _answer(ctx: Context, row: AccessRequest, handle: str) -> Asked:
    return Asked(handle, row.request_id, int((row.expires_at - ctx.now).total_seconds()), POLL_SECONDS)


def _one_at_a_time(ctx: Context, asked: Ask) -> None:
    """Hold the registration until this transaction ends: of two first askings at once, one must see the other."""
    ctx.session.execute(
        select(ServicePurpose.purpose)
        .where(ServicePurpose.service_id == asked.service_id, ServicePurpose.purpose == asked.purpose)
        .with_for_update()
    )


def _pending(ctx: Context, asked: Ask) -> AccessRequest | None:
    """The request of this service, for this purpose, that waits under the same name, known or not."""
    return ctx.session.scalars(
        select(AccessRequest)
        .where(
            AccessRequest.service_id == asked.service_id,
            AccessRequest.purpose == asked.purpose,
            AccessRequest.hint_index == index_of(ctx, asked.service_id, asked.hint),
            AccessRequest.state == RequestState.PENDING,
        )
        .with_for_update()
    ).one_or_none()


def _addressed(ctx: Context, row: AccessRequest, citizen_id: UUID) -> AccessRequest:
    """*row*, put before whomever its name means by now: somebody who was unknown may have become known since."""
    if row.citizen_id == citizen_id:
        return row
    values = {name: held for name, held in values_of(row).items() if name != "row_mac"}
    ctx.session.delete(row)
    ctx.session.flush()
    moved = AccessRequest(**{**values, "citizen_id": citizen_id})
    ctx.session.add(moved)
    return moved


def _row(
    ctx: Context, asked: Ask, citizen_id: UUID, fields: frozenset[str], days: int, uses: int
) -> tuple[AccessRequest, str]:
    wait = timedelta(seconds=asked.expires_in) if asked.expires_in else DEFAULT_WAIT
    if not timedelta(seconds=1) <= wait <= LONGEST_WAIT:
        raise InvalidInputError(f"a request waits at most {int(LONGEST_WAIT.total_seconds())} seconds")
    request_id, handle = new_id(), new_handle()
    words = {"message": asked.binding_message, "reason": asked.reason, "asker": acting_person(ctx)}
    row = AccessRequest(
        citizen_id=citizen_id,
        request_id=request_id,
        service_id=asked.service_id,
        purpose=asked.purpose,
        handle_hash=handle_hash(handle),
        fields=sorted(fields),
        max_uses=uses,
        period_seconds=days * 86_400,
        sealed_words=close_for_house(ctx, what="request", row_id=request_id, words=words),
        asked_at=ctx.now,
        expires_at=ctx.now + wait,
        hint_index=index_of(ctx, asked.service_id, asked.hint),
    )
    return row, handle
