"""Looking for somebody else: a delegate under an authority, and the citizen's own preview of exactly that.

Danger, what is held back, what is about other people, what was entered in error and what is marked as more private than
its kind never reach a delegate; how to get in never does. Every look is in the citizen's log, with the name they know
the person by.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from audit.events import Event
from policies.model import Action, AuthorityFacts, Decision, Request
from vault import facts as reading
from vault.access.refusing import note_broken, refusal_of
from vault.authorities import AuthorityView, facts_of, view
from vault.catalogue import CATALOGUE, Sensitivity
from vault.clock import microseconds
from vault.context import Actor, Context, Vault
from vault.errors import NotAllowedError, NotFoundError
from vault.facts import Item
from vault.journal import note
from vault.judged import told
from vault.judging import principal_of
from vault.kinds import RecordStatus
from vault.models import Authority, Citizen
from vault.release import Refusal, Release


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """One look with all that decides about it, as read at one moment."""

    actor: Actor
    held: AuthorityView
    citizen_version: int
    decision: Decision
    items: tuple[Item, ...]


def read_as_delegate(vault: Vault, *, actor: Actor, authority_id: UUID) -> Release | Refusal:
    """
    Open what an authority covers for the delegate who holds it; each look is logged before anything is opened.

    Raises:
        NotFoundError: The actor holds no such authority.
        NotAllowedError: Something changed at this very moment.
    """
    with vault.reading(actor) as ctx:
        row = ctx.session.scalars(
            select(Authority).where(
                Authority.holder_account_id == actor.account_id, Authority.authority_id == authority_id
            )
        ).one_or_none()
        if actor.kind != "delegate" or row is None:
            raise NotFoundError(f"authority `{authority_id}` is not known")
        look = _judged(ctx, row, authority=facts_of(row, ctx.now))
    return _release(vault, look, Event.RECORD_OPENED)


def preview_for_delegate(vault: Vault, *, actor: Actor, citizen_id: UUID, authority_id: UUID) -> Release | Refusal:
    """
    Show a citizen what somebody they let in sees: the same items and fields, as a look of the citizen's own.

    Raises:
        NotFoundError: The citizen has no such authority.
        NotAllowedError: Something changed at this very moment.
    """
    with vault.reading(actor) as ctx:
        row = ctx.session.get(Authority, (citizen_id, authority_id))
        if row is None:
            raise NotFoundError(f"authority `{authority_id}` is not known")
        look = _judged(ctx, row, authority=None)
    return _release(vault, look, Event.RECORD_VIEWED)


def _judged(ctx: Context, row: Authority, *, authority: AuthorityFacts | None) -> _Look:
    citizen = ctx.session.get(Citizen, row.citizen_id)
    if citizen is None:
        raise NotFoundError(f"citizen `{row.citizen_id}` is not known")
    fields = frozenset(row.fields)
    found = _reachable(ctx, row.citizen_id, fields)
    request = Request(
        action=Action.READ,
        principal=principal_of(ctx.actor, now=ctx.now),
        now=microseconds(ctx.now),
        owner=str(row.citizen_id),
        owner_status=str(citizen.status),
        fields=fields,
        authority=authority,
        without_others=True,
        sensitivity=max((int(item.record["sensitivity"]) for item in found), default=0),
        held_back=any(item.held_until is not None and item.held_until > ctx.now for item in found),
    )
    return _Look(
        actor=ctx.actor,
        held=view(ctx, row),
        citizen_version=citizen.version,
        decision=ctx.vault.engine.decide(request),
        items=found,
    )


def _reachable(ctx: Context, citizen_id: UUID, fields: frozenset[str]) -> tuple[Item, ...]:
    categories = frozenset(CATALOGUE.field(name).category for name in fields)
    return tuple(
        item
        for item in reading.items(ctx.vault.db, citizen_id=citizen_id, categories=categories)
        if item.record["status"] is RecordStatus.CURRENT
        and not _is_private(item)
        and (item.held_until is None or item.held_until <= ctx.now)
    )


def _is_private(item: Item) -> bool:
    """Whether an item is a danger, whatever its category, or more sensitive than its category begins with."""
    usual = CATALOGUE.category(item.record["category"]).sensitivity
    return bool(item.record["sensitivity"] >= Sensitivity.DANGER or item.record["sensitivity"] > usual)


def _release(vault: Vault, look: _Look, event: Event) -> Release | Refusal:
    held, decision = look.held, look.decision
    facts: dict[str, Any] = {"authority": str(held.authority_id), **told(decision)}
    names = {"fields": sorted(held.fields)} if decision.allowed else {"fields": [], "refused": sorted(held.fields)}
    with vault.transaction(look.actor) as ctx:
        row = ctx.session.get(Authority, (held.citizen_id, held.authority_id))
        citizen = ctx.session.get(Citizen, held.citizen_id)
        if row is None or citizen is None or (row.version, citizen.version) != (held.version, look.citizen_version):
            raise NotAllowedError("something changed at this moment; try again")
        leaf_hash = note(
            ctx,
            event if decision.allowed else Event.RECORD_REFUSED,
            citizen_id=held.citizen_id,
            policy_set=decision.policy_set,
            facts={**facts, **names},
            personal={"delegate": held.name, "relationship": held.relationship},
        )
        time_us = microseconds(ctx.now)
    if not decision.allowed:
        return refusal_of(vault, decision, (), leaf_hash)
    return Release(
        fields=held.fields,
        asked=held.fields,
        missing=(),
        leaf_hash=leaf_hash,
        time_us=time_us,
        items=look.items,
        keyring=vault.keyring,
        partial=True,
        without_others=True,
        on_broken=lambda broken: note_broken(vault, held.citizen_id, broken),
    )
