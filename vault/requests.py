"""Access requests: a service asks, the citizen decides; nobody learns from the answer whether a stranger is known."""

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal, Self
from uuid import UUID

from sqlalchemy import select, update

from audit.events import Event
from policies.model import Action
from vault import citizens, grants
from vault.clock import month_of
from vault.confidential import close_for_house, open_for_house
from vault.context import Context
from vault.errors import InvalidInputError, NotAllowedError, NotFoundError, WrongStateError
from vault.grants import GrantView, NewGrant
from vault.identifiers import normalise_nhs_number, normalise_reference
from vault.ids import handle_hash, new_handle, new_id
from vault.journal import Keys, keys_for, note
from vault.judging import demand
from vault.keychain import month_key
from vault.kinds import Channel, CitizenStatus, Decider, RequestState, ServiceStatus
from vault.models import AccessRequest, Citizen
from vault.purposes import Definition, may_ask, narrowest
from vault.purposes import find as find_purpose
from vault.services import by_id as service_by_id
from vault.views import ServiceView, service_view

POLL_SECONDS = 5
DEFAULT_WAIT = timedelta(days=14)
LONGEST_WAIT = timedelta(seconds=2_073_600)  # 24 days: a client's timer of 31 bits of milliseconds overflows beyond
MOST_MESSAGE = 20
MOST_REASON = 500
_PLAIN = re.compile(r"[\w .,:/()'-]*", re.ASCII)

Progress = Literal["pending", "slow-down", "approved", "denied", "expired", "redeemed", "unknown"]


@dataclass(frozen=True, slots=True)
class Hint:
    """Whom a service means: by its own reference, or by NHS number and birth date."""

    kind: Literal["ref", "nhs"]
    system: str
    value: str

    @property
    def normalised(self) -> str:
        """The same text for every spelling by which the same person would be found."""
        if self.kind == "ref":
            return f"{self.system}|{normalise_reference(self.value)}"
        return f"{normalise_nhs_number(self.system)}|{date.fromisoformat(self.value).isoformat()}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """
        Read ``ref:SYSTEM:VALUE`` or ``nhs:NUMBER:YYYY-MM-DD``.

        Raises:
            InvalidInputError: It has neither form.
        """
        kind, _, rest = text.partition(":")
        first, _, second = rest.partition(":")
        if not first or not second or len(text) > 200:  # noqa: PLR2004 -- far longer than any reference
            raise InvalidInputError("a hint is `ref:SYSTEM:VALUE` or `nhs:NUMBER:YYYY-MM-DD`")
        if kind == "ref":
            return cls("ref", first, second)
        if kind == "nhs" and _is_date(second):
            return cls("nhs", first, second)
        raise InvalidInputError("a hint is `ref:SYSTEM:VALUE` or `nhs:NUMBER:YYYY-MM-DD`")


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Asked:
    """The answer to a request: a handle to poll with, and for how long. The same for known and unknown people."""

    handle: str
    request_id: UUID
    expires_in: int
    interval: int


@dataclass(frozen=True, slots=True)
class Polled:
    """How a request stands for the service that polls."""

    state: Progress
    grant: GrantView | None = None


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
    known = _resolve(ctx, asked.hint, service.organisation_id)
    if not purpose.citizen_decides:
        return _by_statute(ctx, asked, purpose, known, fields, days, uses)
    citizen_id = known or _stranger(ctx, asked)
    demand(ctx, action=Action.ASK, citizen_id=citizen_id, fields=fields, purpose=purpose, service_id=asked.service_id)
    keys = keys_for(ctx, citizen_id=known) if known else _stranger_keys(ctx, citizen_id)
    return _wait(ctx, asked, citizen_id, keys, fields, days, uses)


def _check_words(asked: Ask) -> None:
    if len(asked.binding_message) > MOST_MESSAGE or not _PLAIN.fullmatch(asked.binding_message):
        raise InvalidInputError(f"a binding message has at most {MOST_MESSAGE} plain characters")
    if len(asked.reason) > MOST_REASON or not asked.reason.isprintable():
        raise InvalidInputError(f"a reason has at most {MOST_REASON} printable characters")


def _resolve(ctx: Context, hint: Hint, organisation_id: UUID) -> UUID | None:
    if hint.kind == "ref":
        found = citizens.by_reference(ctx, organisation_id=organisation_id, system=hint.system, value=hint.value)
    else:
        found = citizens.by_identity(ctx, nhs_number=hint.system, birth_date=date.fromisoformat(hint.value))
    if found is None:
        return None
    citizen = ctx.session.get(Citizen, found)
    gone = citizen is None or citizen.status in {CitizenStatus.DECEASED, CitizenStatus.MERGED, CitizenStatus.CLOSED}
    return None if gone else found


def _stranger(ctx: Context, asked: Ask) -> UUID:
    """The citizen id that stands for someone unknown: the same for the same hint, so that a repeat joins here too."""
    text = f"{asked.service_id}|{asked.hint.kind}|{asked.hint.normalised}"
    made = hmac.new(ctx.keyring.derived("stranger"), text.encode(), hashlib.sha256).digest()
    return UUID(bytes=made[:16], version=4)


def _stranger_keys(ctx: Context, citizen_id: UUID) -> Keys:
    subject = hmac.new(ctx.keyring.derived("stranger-audit"), citizen_id.bytes, hashlib.sha256).digest()
    return Keys(subject=subject, month=month_key(ctx), pseudonym=ctx.keyring.pseudonym(subject, month_of(ctx.now)))


def _by_statute(
    ctx: Context, asked: Ask, purpose: Definition, known: UUID | None, fields: frozenset[str], days: int, uses: int
) -> Asked:
    if asked.hint.kind != "ref" or not asked.case_reference:
        raise InvalidInputError(
            "a statutory request names a reference that your organisation has verified, and a case reference"
        )
    if known is None:
        raise NotFoundError("this reference is not one that your organisation has verified")
    made = _row(ctx, asked, known, fields, days, uses)
    row, handle = made
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
    note(ctx, Event.REQUEST_MADE, citizen_id=known, purpose=purpose.slug, facts=_facts(row))
    return Asked(handle, row.request_id, int((row.expires_at - ctx.now).total_seconds()), POLL_SECONDS)


def _wait(
    ctx: Context, asked: Ask, citizen_id: UUID, keys: Keys, fields: frozenset[str], days: int, uses: int
) -> Asked:
    pending = _pending(ctx, citizen_id, asked)
    if pending is not None and pending.expires_at <= ctx.now:
        _expire(ctx, pending, keys)
        pending = None
    if pending is not None:
        handle = new_handle()
        pending.handle_hash = handle_hash(handle)
        pending.version += 1
        note(ctx, Event.REQUEST_MADE, keys=keys, purpose=asked.purpose, facts={**_facts(pending), "joined": True})
        return Asked(handle, pending.request_id, int((pending.expires_at - ctx.now).total_seconds()), POLL_SECONDS)
    row, handle = _row(ctx, asked, citizen_id, fields, days, uses)
    ctx.session.add(row)
    note(ctx, Event.REQUEST_MADE, keys=keys, purpose=asked.purpose, facts=_facts(row))
    return Asked(handle, row.request_id, int((row.expires_at - ctx.now).total_seconds()), POLL_SECONDS)


def _pending(ctx: Context, citizen_id: UUID, asked: Ask) -> AccessRequest | None:
    return ctx.session.scalars(
        select(AccessRequest).where(
            AccessRequest.citizen_id == citizen_id,
            AccessRequest.service_id == asked.service_id,
            AccessRequest.purpose == asked.purpose,
            AccessRequest.state == RequestState.PENDING,
        )
    ).one_or_none()


def _row(
    ctx: Context, asked: Ask, citizen_id: UUID, fields: frozenset[str], days: int, uses: int
) -> tuple[AccessRequest, str]:
    wait = timedelta(seconds=asked.expires_in) if asked.expires_in else DEFAULT_WAIT
    if not timedelta(seconds=1) <= wait <= LONGEST_WAIT:
        raise InvalidInputError(f"a request waits at most {int(LONGEST_WAIT.total_seconds())} seconds")
    request_id, handle = new_id(), new_handle()
    words = {"message": asked.binding_message, "reason": asked.reason}
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
    )
    return row, handle


def _facts(row: AccessRequest) -> dict[str, object]:
    return {"request": str(row.request_id), "service": str(row.service_id), "fields": row.fields}


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
        facts={**_facts(row), "grant": str(row.grant_id)},
    )


def _by_handle(ctx: Context, service_id: UUID, handle: str) -> AccessRequest | None:
    """The request behind *handle*, held until this transaction ends, so that two polls at once give one token."""
    return ctx.session.scalars(
        select(AccessRequest)
        .where(AccessRequest.handle_hash == handle_hash(handle), AccessRequest.service_id == service_id)
        .with_for_update()
    ).one_or_none()


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
    """
    row = ctx.session.get(AccessRequest, (citizen_id, request_id), with_for_update=True)
    if row is None:
        raise NotFoundError(f"request `{request_id}` is not known")
    stranger = ctx.session.get(Citizen, citizen_id) is None
    if stranger or row.state is not RequestState.PENDING or row.expires_at <= ctx.now:
        raise WrongStateError(f"request `{request_id}` does not wait for a decision any more")
    if not allowed <= set(row.fields):
        raise InvalidInputError("only fields that were asked for can be allowed")
    if decided_by is Decider.SPOKEN and not (evidence or "").strip():
        raise InvalidInputError("a spoken decision needs a note of who said what, when and how you knew it was them")
    purpose = find_purpose(ctx, slug=row.purpose)
    demand(
        ctx,
        action=Action.ASSIST if decided_by is Decider.SPOKEN else Action.DECIDE,
        citizen_id=citizen_id,
        fields=frozenset(row.fields),
        purpose=purpose,
        service_id=row.service_id,
        reason=bool(evidence),
    )
    grant = _allow(ctx, row, purpose, allowed, until, decided_by, channel, evidence) if allowed else None
    _close(ctx, row, allowed, grant)
    return grant


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
    ends = datetime(until.year, until.month, until.day, tzinfo=ctx.now.tzinfo) + timedelta(days=1) if until else longest
    return grants.make(
        ctx,
        new=NewGrant(
            citizen_id=row.citizen_id,
            service_id=row.service_id,
            purpose=purpose,
            fields=allowed,
            not_after=min(ends, longest),
            max_uses=row.max_uses,
            decided_by=decided_by,
            channel=channel,
            request_id=row.request_id,
            evidence=evidence,
        ),
    )


def _close(ctx: Context, row: AccessRequest, allowed: frozenset[str], grant: GrantView | None) -> None:
    whole = allowed == set(row.fields)
    row.state = (
        RequestState.DENIED if grant is None else RequestState.APPROVED if whole else RequestState.PARTLY_APPROVED
    )
    row.decided_at, row.grant_id = ctx.now, grant.grant_id if grant else None
    row.version += 1
    refused = sorted(set(row.fields) - allowed)
    facts = {**_facts(row), "state": str(row.state), "allowed": sorted(allowed), "refused": refused}
    note(ctx, Event.REQUEST_DECIDED, citizen_id=row.citizen_id, purpose=row.purpose, facts=facts)


def sweep(ctx: Context) -> int:
    """Write down and log the requests that nobody decided in time, strangers' as well; return how many."""
    rows = ctx.session.scalars(
        select(AccessRequest)
        .where(AccessRequest.state == RequestState.PENDING, AccessRequest.expires_at <= ctx.now)
        .with_for_update()
    ).all()
    for row in rows:
        _expire(ctx, row, _keys_of(ctx, row.citizen_id))
    return len(rows)


def _keys_of(ctx: Context, citizen_id: UUID) -> Keys:
    if ctx.session.get(Citizen, citizen_id) is None:
        return _stranger_keys(ctx, citizen_id)
    return keys_for(ctx, citizen_id=citizen_id)


def _expire(ctx: Context, row: AccessRequest, keys: Keys) -> None:
    row.state = RequestState.EXPIRED
    row.version += 1
    note(ctx, Event.REQUEST_EXPIRED, keys=keys, purpose=row.purpose, facts=_facts(row))


def waiting(ctx: Context, *, citizen_id: UUID) -> list[RequestView]:
    """The requests that wait for a citizen, oldest first."""
    return [view for view in of_citizen(ctx, citizen_id=citizen_id) if view.state is RequestState.PENDING]


def of_citizen(ctx: Context, *, citizen_id: UUID) -> list[RequestView]:
    """Every request about a citizen, oldest first."""
    rows = ctx.session.scalars(
        select(AccessRequest).where(AccessRequest.citizen_id == citizen_id).order_by(AccessRequest.asked_at)
    )
    return [_view(ctx, row) for row in rows]


def of_service(ctx: Context, *, service_id: UUID) -> list[RequestView]:
    """Every request a service made, oldest first; those about strangers too, for nobody may tell them apart."""
    rows = ctx.session.scalars(
        select(AccessRequest).where(AccessRequest.service_id == service_id).order_by(AccessRequest.asked_at)
    )
    return [_view(ctx, row) for row in rows]


def view(ctx: Context, *, citizen_id: UUID, request_id: UUID) -> RequestView:
    """
    One request of a citizen.

    Raises:
        NotFoundError: The citizen has no such request.
    """
    row = ctx.session.get(AccessRequest, (citizen_id, request_id))
    if row is None:
        raise NotFoundError(f"request `{request_id}` is not known")
    return _view(ctx, row)


def _view(ctx: Context, row: AccessRequest) -> RequestView:
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
    )
