"""Putting a question to the rules for acts other than reading, and logging a no even though it is raised.

A refusal raises `NotAllowedError`, which rolls the caller's transaction back.
So its log entry is written in a transaction of its own, right after.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, Final, TypedDict, Unpack
from uuid import UUID

from audit.events import Event
from policies.model import (
    Action,
    CaseFacts,
    ChangeFacts,
    Decision,
    DelayFacts,
    EmergencyFacts,
    GrantFacts,
    ItemFacts,
    Kind,
    Principal,
    PurposeFacts,
    Request,
)
from vault.clock import microseconds
from vault.context import Actor, Context
from vault.db import is_writing
from vault.errors import NotAllowedError, NotKnownHereError, ProofNeededError, RecoveryWaitsError
from vault.journal import Keys
from vault.judged import await_entry, told
from vault.kinds import CitizenStatus, Decider, ServiceStatus
from vault.models import Citizen, Service, ServicePurpose
from vault.purposes import Definition
from vault.refusals import log_refusal

FRESH: Final = timedelta(minutes=5)
"""How long a proof of who someone is counts as given moments ago."""

_PROOF_WOULD_DO: Final = frozenset(
    {
        "allowing-special-categories-needs-a-fresh-sign-in",
        "dangerous-fields-need-a-fresh-sign-in",
        "delays-need-a-fresh-sign-in",
        "emergency-needs-a-fresh-sign-in",
        "registry-changes-need-a-fresh-sign-in",
    }
)
"""The rules whose no becomes a yes when the person proves again that it is them."""


_RECOVERY_WAITS: Final = "no-approval-while-a-recovery-waits"
_NOT_KNOWN_HERE: Final = "spoken-yes-needs-an-organisation-that-knows-you"


def proof_would_do(because: Collection[str]) -> bool:
    """Whether a no that rests on these rules becomes a yes when the person proves again that it is them."""
    return bool(because) and _PROOF_WOULD_DO.issuperset(because)


def is_fresh(actor: Actor, *, now: datetime) -> bool:
    """Whether *actor* proved who they are moments ago."""
    return actor.proven_at is not None and now - actor.proven_at < FRESH


def must_prove(actor: Actor, *, now: datetime) -> bool:
    """
    Whether *actor* must prove again who they are before a grave act: they could, and did not do it just now.

    Who came by a letter and has nothing better must too, and cannot: they first add a way by which they can.
    """
    return actor.asked_to_prove and not is_fresh(actor, now=now)


def check_proven(ctx: Context, *, first_way: bool = False) -> None:
    """
    Let the context's actor go on to a grave act that no rule speaks of: download, erasure, delegation, a new passkey.

    Args:
        ctx: Who acts is its actor.
        first_way: Whether the act gives them a way by which they can prove themselves: whoever came by a letter and
            has none may do it.

    Raises:
        ProofNeededError: They could prove again who they are, and did not do it within the last five minutes; or they
            came by a letter and have nothing to prove it with.
        RecoveryWaitsError: A recovery of their account waits.
    """
    if ctx.actor.recovering:
        raise RecoveryWaitsError("a recovery of this account waits")
    if must_prove(ctx.actor, now=ctx.now) and not (first_way and ctx.actor.by_letter):
        raise ProofNeededError("prove again that it is you")


def purpose_facts(
    definition: Definition, *, registered: bool, organisations: frozenset[str] = frozenset()
) -> PurposeFacts:
    """*definition* as the rules know it."""
    return PurposeFacts(
        slug=definition.slug,
        choice=str(definition.choice),
        most=definition.most,
        registered=registered,
        basis=definition.basis,
        condition=bool(definition.condition),
        organisations=organisations,
        receives=definition.receives,
        emergency=definition.emergency,
    )


def principal_of(actor: Actor, *, now: datetime, suspended: bool = False) -> Principal:
    """*actor* as the rules know them. The council's own processes and operators are the system."""
    kind = Kind.SYSTEM if actor.kind == "operator" else Kind(actor.kind)
    return Principal(
        kind=kind,
        id=actor.principal,
        organisation=str(actor.organisation_id) if actor.organisation_id else None,
        service=str(actor.service_id) if actor.service_id else None,
        suspended=suspended,
        step_up=is_fresh(actor, now=now),
        supervises=actor.supervises,
    )


def grant_facts(grant: Any, *, state: str) -> GrantFacts:  # noqa: ANN401 -- a row, or its values by attribute
    """A grant's row as the rules know it; *state* is as it is now."""
    return GrantFacts(**grant_terms(grant), state=state, uses=grant.uses)


def grant_terms(grant: Any) -> dict[str, Any]:  # noqa: ANN401 -- as `grant_facts`
    """What of a grant's facts stays as it is for as long as its version does."""
    return {
        "id": str(grant.grant_id),
        "owner": str(grant.citizen_id),
        "service": str(grant.service_id),
        "purpose": grant.purpose,
        "fields": frozenset(grant.fields),
        "not_before": microseconds(grant.not_before),
        "not_after": microseconds(grant.not_after),
        "max_uses": grant.max_uses,
        "max_sensitivity": grant.max_sensitivity,
        "version": grant.version,
        "by_rule": grant.decided_by is Decider.STATUTORY,
        "history": grant.history,
    }


class Facts(TypedDict, total=False):
    """What a caller of `demand` knows beyond whom and what it is about."""

    grant: GrantFacts | None
    grant_proven: bool
    """Whether the citizen who made the grant had proved who they are as its purpose asks."""
    case: CaseFacts | None
    item: ItemFacts | None
    """The item that is to be put right."""
    change: ChangeFacts | None
    """A change of the registry, and what the actor has to do with it."""
    delay: DelayFacts | None
    """An entry of the log that is to be shown later, and what the actor has to do with it."""
    emergency: EmergencyFacts | None
    """The emergency that is looked on in, or followed up."""
    reason: bool
    """Whether a reason or evidence was given."""
    shares: bool
    """Whether a spoken decision gives somebody something."""
    known_here: bool
    """Whether the actor's organisation knows the citizen."""
    own_words: bool
    """Whether a citizen writes about themselves, in fields that the catalogue lets citizens write."""


def demand(
    ctx: Context,
    *,
    action: Action,
    citizen_id: UUID | None = None,
    fields: frozenset[str] = frozenset(),
    purpose: Definition | None = None,
    service_id: UUID | None = None,
    asker: UUID | None = None,
    log_of: UUID | None = None,
    owner_status: CitizenStatus | None = None,
    keys: Keys | None = None,
    **facts: Unpack[Facts],
) -> Decision:
    """
    Ask the rules whether the context's actor may do this; return the decision when it is yes.

    Args:
        ctx: Who asks is its actor.
        action: What is to be done.
        citizen_id: Whose record it is about, if anyone's.
        fields: Which fields it is about.
        purpose: Under which purpose.
        service_id: By or for which service; the actor's own where empty.
        asker: The service that a request was, or is to be, made by.
        log_of: For a review of the log: the organisation whose part of it is looked at.
        owner_status: Judged instead of how the citizen stands, where the answer must not tell that.
        keys: What closes the entry of a no, where nothing may tell a citizen from somebody unknown.
        facts: What else is known.

    Raises:
        NotAllowedError: The answer is no; it is logged when the caller's transaction has rolled back.
        ProofNeededError: The answer would be yes if the person proved again that it is them; logged likewise.
    """
    citizen = ctx.session.get(Citizen, citizen_id) if citizen_id else None
    status = owner_status or (citizen.status if citizen else CitizenStatus.ACTIVE)
    service = _service(ctx, service_id or ctx.actor.service_id)
    request = Request(
        action=action,
        principal=principal_of(ctx.actor, now=ctx.now, suspended=_suspended(service)),
        now=microseconds(ctx.now),
        owner=str(citizen_id or ""),
        owner_status=str(status),
        fields=fields,
        purpose=_purpose(ctx, service, purpose) if purpose else None,
        asker=str(asker or ""),
        log_of=str(log_of or ""),
        step_up_required=ctx.actor.asked_to_prove,
        recovering=ctx.actor.recovering and action is Action.DECIDE and bool(fields),
        **facts,
    )
    return _answered(ctx, request, citizen_id if citizen or keys else None, keys)


def _answered(ctx: Context, request: Request, citizen_id: UUID | None, keys: Keys | None) -> Decision:
    """Decide; a yes waits for the entry of what it allows, a no is logged by itself and raised."""
    decision = ctx.vault.engine.decide(request)
    if not decision.allowed:
        _log_after(ctx, request, decision, citizen_id, keys)
        raise _refused(request.action, decision)
    if is_writing(ctx.session):
        await_entry(ctx.session, decision)
    return decision


def _refused(action: Action, decision: Decision) -> NotAllowedError:
    """The error for a no: what can be done about it differs."""
    if _RECOVERY_WAITS in decision.because:
        return RecoveryWaitsError("a recovery of this account waits", logged=True)
    if proof_would_do(decision.because):
        return ProofNeededError(f"prove again that it is you before `{action}`", logged=True)
    if _NOT_KNOWN_HERE in decision.because:
        return NotKnownHereError("your organisation does not know this person", logged=True)
    return NotAllowedError(f"the rules do not allow `{action}` here", logged=True)


def _service(ctx: Context, service_id: UUID | None) -> Service | None:
    return ctx.session.get(Service, service_id) if service_id else None


def _suspended(service: Service | None) -> bool:
    return service is not None and service.status is not ServiceStatus.ACTIVE


def _purpose(ctx: Context, service: Service | None, purpose: Definition) -> PurposeFacts:
    if service is None:
        return purpose_facts(purpose, registered=False)
    registered = ctx.session.get(ServicePurpose, (service.service_id, purpose.slug)) is not None
    behind = frozenset({str(service.organisation_id)}) if registered else frozenset[str]()
    return purpose_facts(purpose, registered=registered, organisations=behind)


def _log_after(ctx: Context, request: Request, decision: Decision, citizen_id: UUID | None, keys: Keys | None) -> None:
    asking = request.action in {Action.ASK, Action.IMPOSE}
    log_refusal(
        ctx,
        Event.REQUEST_REFUSED if asking else Event.RECORD_REFUSED,
        citizen_id=citizen_id,
        purpose=request.purpose.slug if request.purpose else None,
        policy_set=decision.policy_set,
        keys=keys,
        facts={"action": str(request.action), "refused": sorted(request.fields), **told(decision)},
    )
