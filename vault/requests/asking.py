"""A service asks; nobody learns from the answer whether a stranger is known."""

from datetime import timedelta
from uuid import UUID

from audit.events import Event
from policies.model import Action
from vault import grants
from vault.authentic import values_of
from vault.context import Context
from vault.errors import InvalidInputError, NotFoundError
from vault.grants import NewGrant
from vault.ids import handle_hash, new_handle
from vault.journal import note
from vault.judging import demand
from vault.kinds import Channel, Decider, NoticeKind, RequestState
from vault.models import AccessRequest
from vault.notices import tell
from vault.requests.drafting import (
    Ask,
    Asked,
    Within,
    answer_of,
    by_whom,
    demand_ask,
    judged,
    one_at_a_time,
    pending,
    row_of,
)
from vault.requests.expiry import expire
from vault.requests.people import addressee, keys_of
from vault.requests.views import logged
from vault.requests.waiting import check_not_too_soon


def ask(ctx: Context, *, asked: Ask) -> Asked:
    """
    Put a request before a citizen; a repeat of one that waits joins it. A statutory purpose makes its grant at once.

    Raises:
        NotFoundError: The purpose is not registered, or a statutory request names a reference the organisation has not
        verified.
        NotAllowedError: The service is suspended or not registered for the purpose.
        BeyondPurposeError: It asks for more than the purpose may have.
        InvalidInputError: A text is too long or not plain, or a statutory request lacks a verified reference or a case.
        AskedTooSoonError: The answer was no, and the service has to wait still (`vault.requests.waiting`).
    """
    within = judged(ctx, asked)
    citizen_id, known = addressee(
        ctx,
        hint=asked.hint,
        service_id=asked.service_id,
        organisation_id=within.organisation_id,
        confirmed=asked.confirmed,
    )
    if not within.purpose.citizen_decides:
        return _by_statute(ctx, asked, within, citizen_id if known else None)
    demand_ask(ctx, asked, within, citizen_id=citizen_id)
    return _wait(ctx, asked, within, citizen_id)


def _by_statute(ctx: Context, asked: Ask, within: Within, known: UUID | None) -> Asked:
    if asked.hint.kind != "ref" or not asked.case_reference:
        raise InvalidInputError(
            "a statutory request names a reference that your organisation has verified, and a case reference"
        )
    if known is None:
        raise NotFoundError("this reference is not one that your organisation has verified")
    row, handle = row_of(ctx, asked, within, citizen_id=known)
    purpose = within.purpose
    demand(
        ctx,
        action=Action.IMPOSE,
        citizen_id=known,
        fields=within.fields,
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
            fields=within.fields,
            not_after=ctx.now + timedelta(days=within.days),
            max_uses=within.uses,
            decided_by=Decider.STATUTORY,
            channel=Channel.RULE,
            request_id=row.request_id,
            case_reference=asked.case_reference,
        ),
    )
    row.state, row.decided_at, row.grant_id = RequestState.APPROVED, ctx.now, grant.grant_id
    ctx.session.add(row)
    note(ctx, Event.REQUEST_MADE, citizen_id=known, purpose=purpose.slug, facts=logged(row))
    return answer_of(ctx, row, handle)


def _wait(ctx: Context, asked: Ask, within: Within, citizen_id: UUID) -> Asked:
    keys = keys_of(ctx, citizen_id)
    one_at_a_time(ctx, asked)
    waiting = pending(ctx, asked)
    if waiting is not None and waiting.expires_at <= ctx.now:
        expire(ctx, waiting)
        waiting = None
    if waiting is None:
        check_not_too_soon(ctx, asked)
        row, handle = row_of(ctx, asked, within, citizen_id=citizen_id)
        ctx.session.add(row)
        tell(ctx, citizen_id=citizen_id, kind=NoticeKind.REQUEST_WAITS, about=row.request_id)
        note(ctx, Event.REQUEST_MADE, keys=keys, purpose=asked.purpose, facts={**logged(row), **by_whom(ctx)})
        return answer_of(ctx, row, handle)
    row, handle = _addressed(ctx, waiting, citizen_id), new_handle()
    row.handle_hash = handle_hash(handle)
    row.version += 1
    note(
        ctx,
        Event.REQUEST_MADE,
        keys=keys,
        purpose=asked.purpose,
        facts={**logged(row), **by_whom(ctx), "joined": True},
    )
    return answer_of(ctx, row, handle)


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
