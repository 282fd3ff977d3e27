"""Putting a question to the rules for acts other than reading, and logging a no even though it is raised.

A refusal raises `NotAllowedError`, which rolls the caller's transaction back; so its log entry is written in a
transaction of its own, right after.
"""

from typing import Literal
from uuid import UUID

from audit.events import Event
from policies.model import Action, Decision, Kind, Principal, PurposeFacts, Request
from vault.context import Actor, Context
from vault.db import Outcome
from vault.errors import NotAllowedError
from vault.journal import note
from vault.kinds import ServiceStatus
from vault.models import Citizen, Service, ServicePurpose
from vault.purposes import Definition

Act = Literal["ask", "decide", "assist", "withdraw", "object", "view-log", "review-log", "administer"]


def purpose_facts(definition: Definition, *, registered: bool) -> PurposeFacts:
    """*definition* as the rules know it."""
    return PurposeFacts(
        name=definition.slug,
        choice=str(definition.choice),
        registered=registered,
        most=definition.most,
        condition=bool(definition.condition),
        receives=definition.receives,
        emergency=definition.emergency,
    )


def principal_of(actor: Actor, *, suspended: bool = False) -> Principal:
    """*actor* as the rules know them. The council's own processes and operators are the system."""
    kind: Kind = "system" if actor.kind == "operator" else actor.kind
    return Principal(
        kind=kind,
        id=actor.principal,
        service=str(actor.service_id) if actor.service_id else None,
        suspended=suspended,
    )


def demand(
    ctx: Context,
    *,
    action: Act,
    citizen_id: UUID | None = None,
    fields: frozenset[str] | None = None,
    purpose: Definition | None = None,
    service_id: UUID | None = None,
) -> Decision:
    """
    Ask the rules whether the context's actor may do this; return the decision when it is yes.

    Raises:
        NotAllowedError: The answer is no; it is logged when the caller's transaction has rolled back.
    """
    decision = ctx.vault.engine.decide(_request(ctx, Action(action), citizen_id, fields, purpose, service_id))
    if decision.allowed:
        return decision
    facts = {"action": action, "fields": sorted(fields or ()), "because": list(decision.because)}

    def log_it(outcome: Outcome) -> None:
        if outcome == "rolled_back":
            with ctx.vault.transaction(ctx.actor) as later:
                known = citizen_id if citizen_id and later.session.get(Citizen, citizen_id) else None
                note(
                    later,
                    Event.RECORD_REFUSED,
                    citizen_id=known,
                    purpose=purpose.slug if purpose else None,
                    policy_set=decision.policy_set,
                    facts=facts,
                )

    ctx.session.info["on_end"].append(log_it)
    raise NotAllowedError(f"the rules do not allow `{action}` here")


def _request(
    ctx: Context,
    action: Action,
    citizen_id: UUID | None,
    fields: frozenset[str] | None,
    purpose: Definition | None,
    service_id: UUID | None,
) -> Request:
    service_id = service_id or ctx.actor.service_id
    citizen = ctx.session.get(Citizen, citizen_id) if citizen_id else None
    actor = (
        ctx.actor
        if ctx.actor.kind not in {"operator", "system"} or action is not Action.ASK
        else _as_service(service_id)
    )
    return Request(
        action=action,
        principal=principal_of(actor, suspended=_suspended(ctx, service_id)),
        now=int(ctx.now.timestamp()),
        owner=str(citizen_id or ""),
        owner_status=str(citizen.status) if citizen else "active",
        fields=fields,
        purpose=purpose_facts(purpose, registered=_registered(ctx, service_id, purpose)) if purpose else None,
    )


def _as_service(service_id: UUID | None) -> Actor:
    return Actor(kind="service", service_id=service_id)


def _suspended(ctx: Context, service_id: UUID | None) -> bool:
    service = ctx.session.get(Service, service_id) if service_id else None
    return service is not None and service.status is not ServiceStatus.ACTIVE


def _registered(ctx: Context, service_id: UUID | None, purpose: Definition) -> bool:
    return service_id is not None and ctx.session.get(ServicePurpose, (service_id, purpose.slug)) is not None
