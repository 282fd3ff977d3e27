"""What a request asks for, judged against its purpose, and the row that it becomes."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select

from policies.model import Action
from vault.acting import acting_person
from vault.confidential import close_for_house
from vault.context import Context
from vault.errors import InvalidInputError, NotAllowedError
from vault.ids import handle_hash, new_handle, new_id
from vault.judging import demand
from vault.kinds import RequestState, ServiceStatus
from vault.models import AccessRequest, ServicePurpose
from vault.purposes import Definition, may_ask, narrowest
from vault.purposes import find as find_purpose
from vault.requests.hints import Hint
from vault.requests.people import index_of
from vault.requests.polling import POLL_SECONDS
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


@dataclass(frozen=True, slots=True)
class Within:
    """What a request may have, once it is judged against its purpose."""

    purpose: Definition
    organisation_id: UUID
    """Whose service asks."""
    fields: frozenset[str]
    days: int
    uses: int


def judged(ctx: Context, asked: Ask) -> Within:
    """
    What *asked* comes to under its purpose.

    Raises:
        NotFoundError: The purpose is not registered.
        NotAllowedError: The service is suspended or not registered for the purpose.
        BeyondPurposeError: It asks for more than the purpose may have.
        InvalidInputError: A text is too long or not plain.
    """
    _check_words(asked)
    service = service_by_id(ctx, service_id=asked.service_id)
    if service.status is not ServiceStatus.ACTIVE or not may_ask(ctx, service_id=asked.service_id, slug=asked.purpose):
        raise NotAllowedError(f"service `{service.slug}` may not ask for purpose `{asked.purpose}`")
    purpose = find_purpose(ctx, slug=asked.purpose)
    fields, days, uses = narrowest(purpose, fields=asked.fields, days=asked.days, uses=asked.uses)
    return Within(purpose, service.organisation_id, fields, days, uses)


def demand_ask(ctx: Context, asked: Ask, within: Within, *, citizen_id: UUID) -> None:
    """
    Put the asking itself to the rules.

    Raises:
        NotAllowedError: They do not let this service ask.
    """
    demand(
        ctx,
        action=Action.ASK,
        citizen_id=citizen_id,
        fields=within.fields,
        purpose=within.purpose,
        service_id=asked.service_id,
        asker=asked.service_id,
    )


def _check_words(asked: Ask) -> None:
    if len(asked.binding_message) > MOST_MESSAGE or not _PLAIN.fullmatch(asked.binding_message):
        raise InvalidInputError(f"a binding message has at most {MOST_MESSAGE} plain characters")
    if len(asked.reason) > MOST_REASON or not asked.reason.isprintable():
        raise InvalidInputError(f"a reason has at most {MOST_REASON} printable characters")


def one_at_a_time(ctx: Context, asked: Ask) -> None:
    """Hold the registration until this transaction ends: of two first askings at once, one must see the other."""
    ctx.session.execute(
        select(ServicePurpose.purpose)
        .where(ServicePurpose.service_id == asked.service_id, ServicePurpose.purpose == asked.purpose)
        .with_for_update()
    )


def pending(ctx: Context, asked: Ask) -> AccessRequest | None:
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


def by_whom(ctx: Context) -> dict[str, object]:
    """Through which channel it was asked, and, in the portal, by whom."""
    person = acting_person(ctx)
    return {"channel": "portal", "acting": person} if person else {"channel": "service"}


def answer_of(ctx: Context, row: AccessRequest, handle: str) -> Asked:
    """What the service is told of *row*."""
    return Asked(handle, row.request_id, int((row.expires_at - ctx.now).total_seconds()), POLL_SECONDS)


def row_of(ctx: Context, asked: Ask, within: Within, *, citizen_id: UUID) -> tuple[AccessRequest, str]:
    """
    A new row for *asked*, not yet added, and the handle to poll with.

    Raises:
        InvalidInputError: It would wait too long.
    """
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
        fields=sorted(within.fields),
        max_uses=within.uses,
        period_seconds=within.days * 86_400,
        sealed_words=close_for_house(ctx, what="request", row_id=request_id, words=words),
        asked_at=ctx.now,
        expires_at=ctx.now + wait,
        hint_index=index_of(ctx, asked.service_id, asked.hint),
    )
    return row, handle
