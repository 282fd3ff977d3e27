"""A look in an emergency that an officer stated: within its time, at what its purpose may have, logged first."""

from uuid import UUID

from audit.events import Event
from policies.model import Action, Decision
from vault import emergencies
from vault import facts as reading
from vault.access.question import reaches
from vault.access.refusing import note_broken
from vault.acting import acting_person
from vault.catalogue import CATALOGUE
from vault.clock import microseconds
from vault.context import Actor, Context, Vault
from vault.errors import NotFoundError
from vault.facts import Item
from vault.journal import note
from vault.judging import demand
from vault.models import Emergency
from vault.purposes import Definition
from vault.purposes import find as find_purpose
from vault.release import Release


def read_in_emergency(vault: Vault, *, actor: Actor, emergency_id: UUID, field: str | None = None) -> Release:
    """
    Open what the emergency's purpose may have; or, by name, one *field* that opens only alone.

    Raises:
        NotFoundError: This officer stated no such emergency, or its purpose may not have *field*.
        NotAllowedError: Its time is over, or the rules say no; that is logged.
        ProofNeededError: *field* needs a fresh proof of who the officer is.
    """
    with vault.transaction(actor) as ctx:
        row = emergencies.own_row(ctx, emergency_id=emergency_id, lock=True)
        definition = find_purpose(ctx, slug=row.purpose)
        fields = _wanted(definition, field)
        decision = demand(
            ctx,
            action=Action.EMERGENCY,
            citizen_id=row.citizen_id,
            fields=fields,
            purpose=definition,
            reason=True,
            emergency=emergencies.facts_of(ctx, row),
        )
        citizen_id, time_us = row.citizen_id, microseconds(ctx.now)
        leaf_hash = _log(ctx, row, fields, decision)
    return Release(
        fields=fields,
        asked=fields,
        missing=(),
        leaf_hash=leaf_hash,
        time_us=time_us,
        items=_items(vault, citizen_id, fields, definition),
        keyring=vault.keyring,
        partial=definition.max_sensitivity < 2,  # noqa: PLR2004 -- danger
        reveal=field is not None,
        service_id=actor.service_id,
        on_broken=lambda broken: note_broken(vault, citizen_id, broken),
    )


def _wanted(definition: Definition, field: str | None) -> frozenset[str]:
    alone = frozenset(name for name in definition.most if CATALOGUE.field(name).needs_reveal)
    if field is None:
        return definition.most - alone
    if field not in alone:
        raise NotFoundError("there is no such field")
    return frozenset({field})


def _items(vault: Vault, citizen_id: UUID, fields: frozenset[str], definition: Definition) -> tuple[Item, ...]:
    categories = frozenset(CATALOGUE.field(name).category for name in fields)
    every = reading.items(vault.db, citizen_id=citizen_id, categories=categories)
    return tuple(item for item in every if reaches(item, max_sensitivity=definition.max_sensitivity))


def _log(ctx: Context, row: Emergency, fields: frozenset[str], decision: Decision) -> bytes:
    facts = {
        **emergencies.logged(row),
        "fields": sorted(fields),
        "because": list(decision.because),
        "acting": acting_person(ctx),
    }
    return note(
        ctx,
        Event.RECORD_OPENED,
        citizen_id=row.citizen_id,
        purpose=row.purpose,
        policy_set=decision.policy_set,
        facts=facts,
    )
