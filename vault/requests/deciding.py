"""The citizen decides: some, all or none of what was asked, until a day; or an officer writes down what they said."""

from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from audit.events import Event
from policies.model import Action
from vault import citizens, grants
from vault.context import Context
from vault.errors import InvalidInputError, NotFoundError, WrongStateError
from vault.grants import GrantView, NewGrant
from vault.journal import note
from vault.judging import demand
from vault.kinds import Channel, CitizenStatus, Decider, NoticeKind, RequestState
from vault.models import AccessRequest, Citizen
from vault.notices import tell
from vault.purposes import Definition
from vault.purposes import find as find_purpose
from vault.requests.people import keys_of
from vault.requests.receipts import Notice, Receipt, close_receipt, notice_of
from vault.requests.views import logged, view_of
from vault.services import by_id as service_by_id


def decide(
    ctx: Context,
    *,
    citizen_id: UUID,
    request_id: UUID,
    allowed: frozenset[str],
    until: date | None = None,
    decided_by: Decider = Decider.CITIZEN,
    channel: Channel = Channel.PORTAL,
    evidence: str | None = None,
) -> GrantView | None:
    """
    Decide a request: allow some or all of the fields, until the end of a day, or none at all (an empty *allowed*).

    Args:
        ctx: Who decides is its actor: the citizen, a delegate, or an officer who writes down what the citizen said.
        citizen_id: Whose data.
        request_id: Which request.
        allowed: Fields among those asked for.
        until: The last day; the purpose's longest period where empty.
        decided_by: On whose word.
        channel: How the word came.
        evidence: What shows it, for a decision that was spoken; sealed.

    Raises:
        NotFoundError: The citizen has no such request.
        WrongStateError: It was decided, or has expired.
        InvalidInputError: *allowed* holds what was not asked for; the day is out of bounds; a spoken decision lacks
        evidence.
        NotAllowedError: The rules do not let this actor decide.
        NotKnownHereError: A spoken yes, and the service's organisation knows nobody by this name; nobody is told apart.
    """
    row = _waiting(ctx, citizen_id, request_id, allowed)
    spoken = decided_by is Decider.SPOKEN
    known = ctx.session.get(Citizen, citizen_id) is not None
    if not known and not spoken:
        raise WrongStateError(f"request `{request_id}` does not wait for a decision any more")
    if spoken and not (evidence or "").strip():
        raise InvalidInputError("a spoken decision needs a note of who said what, when and how you knew it was them")
    purpose = find_purpose(ctx, slug=row.purpose)
    if spoken:
        _demand_spoken(ctx, row, purpose, shares=bool(allowed))
    else:
        demand(
            ctx,
            action=Action.DECIDE,
            citizen_id=citizen_id,
            fields=allowed,
            purpose=purpose,
            service_id=row.service_id,
            reason=bool(evidence),
        )
    grant = _allow(ctx, row, purpose, allowed, until, decided_by, channel, evidence) if allowed else None
    told = view_of(ctx, row)
    # A spoken no answers one name: an officer must not see that two names are one person's.
    beside = _close(row, allowed, grant, [] if spoken and not allowed else _beside(ctx, row), ctx.now)
    made = _receipt(ctx, row, notice_of(told), allowed, grant, decided_by, channel)
    if known:
        row.sealed_receipt = close_receipt(ctx, made, citizen_id=citizen_id)
    _note(ctx, row, made, beside)
    if spoken:  # known or not, the same rows
        tell(ctx, citizen_id=citizen_id, kind=NoticeKind.WRITTEN_DOWN, about=row.grant_id or row.request_id)
    return grant


def _waiting(ctx: Context, citizen_id: UUID, request_id: UUID, allowed: frozenset[str]) -> AccessRequest:
    """The request, if it waits for a decision that gives *allowed*; it is held until the transaction ends."""
    row = ctx.session.get(AccessRequest, (citizen_id, request_id), with_for_update=True)
    if row is None:
        raise NotFoundError(f"request `{request_id}` is not known")
    if row.state is not RequestState.PENDING or row.expires_at <= ctx.now:
        raise WrongStateError(f"request `{request_id}` does not wait for a decision any more")
    if not allowed <= set(row.fields):
        raise InvalidInputError("only fields that were asked for can be allowed")
    return row


def _demand_spoken(ctx: Context, row: AccessRequest, purpose: Definition, *, shares: bool) -> None:
    """
    Ask the rules about a decision that an officer writes down, so that the answer tells nobody who is known.

    A yes is for an organisation that knows the person: of anybody else it is refused, known or not. A no gives nobody
    anything, so how the person stands is not asked. Both ask the database the same questions.
    """
    organisation_id = service_by_id(ctx, service_id=row.service_id).organisation_id
    known_here = citizens.is_known_to(ctx, citizen_id=row.citizen_id, organisation_id=organisation_id)
    demand(
        ctx,
        action=Action.ASSIST,
        citizen_id=row.citizen_id,
        fields=frozenset(row.fields),
        purpose=purpose,
        service_id=row.service_id,
        owner_status=None if shares and known_here else CitizenStatus.ACTIVE,
        keys=keys_of(ctx, row.citizen_id),
        reason=True,
        shares=shares,
        known_here=known_here,
    )


def _receipt(
    ctx: Context,
    row: AccessRequest,
    notice: Notice,
    allowed: frozenset[str],
    grant: GrantView | None,
    decided_by: Decider,
    channel: Channel,
) -> Receipt:
    return Receipt(
        request_id=row.request_id,
        grant_id=row.grant_id,
        notice=notice,
        allowed=allowed,
        refused=frozenset(row.fields) - allowed,
        until=grant.not_after if grant else None,
        max_uses=row.max_uses,
        decided_at=ctx.now,
        decided_by=decided_by,
        channel=channel,
    )


def _allow(
    ctx: Context,
    row: AccessRequest,
    purpose: Definition,
    allowed: frozenset[str],
    until: date | None,
    decided_by: Decider,
    channel: Channel,
    evidence: str | None,
) -> GrantView:
    longest = ctx.now + timedelta(seconds=row.period_seconds)
    return grants.make(
        ctx,
        new=NewGrant(
            citizen_id=row.citizen_id,
            service_id=row.service_id,
            purpose=purpose,
            fields=allowed,
            not_after=grants.end_of(until, longest=longest),
            max_uses=row.max_uses,
            decided_by=decided_by,
            channel=channel,
            request_id=row.request_id,
            evidence=evidence,
        ),
    )


def _beside(ctx: Context, row: AccessRequest) -> list[AccessRequest]:
    """The same request under other names: it waits once for the citizen, and one decision answers all."""
    return list(
        ctx.session.scalars(
            select(AccessRequest)
            .where(
                AccessRequest.citizen_id == row.citizen_id,
                AccessRequest.service_id == row.service_id,
                AccessRequest.purpose == row.purpose,
                AccessRequest.state == RequestState.PENDING,
                AccessRequest.request_id != row.request_id,
                AccessRequest.expires_at > ctx.now,
            )
            .with_for_update()
        )
    )


def _close(
    row: AccessRequest, allowed: frozenset[str], grant: GrantView | None, beside: list[AccessRequest], now: datetime
) -> list[AccessRequest]:
    """Write the decision down, under every name; return the requests that were answered beside this one."""
    whole = allowed == set(row.fields)
    state = RequestState.DENIED if grant is None else RequestState.APPROVED if whole else RequestState.PARTLY_APPROVED
    for one in (row, *beside):
        one.state, one.decided_at, one.grant_id = state, now, grant.grant_id if grant else None
        one.version += 1
    return beside


def _note(ctx: Context, row: AccessRequest, made: Receipt, beside: list[AccessRequest]) -> None:
    facts = {
        **logged(row),
        "state": str(row.state),
        "allowed": sorted(made.allowed),
        "refused": sorted(made.refused),
        "notice": made.notice.digest,
        **({"joined": sorted(str(one.request_id) for one in beside)} if beside else {}),
    }
    keys = keys_of(ctx, row.citizen_id)
    note(ctx, Event.REQUEST_DECIDED, citizen_id=row.citizen_id, keys=keys, purpose=row.purpose, facts=facts)
