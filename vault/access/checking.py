"""The vault's own looks: something is opened to settle one question, logged first, and only the answer goes on.

Which question, and what of the opened values leaves, is for `contacting`, `growing`, `tying` and `addressing`.
"""

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from audit.events import Event
from policies.model import Action, Decision, Request
from vault import facts as reading
from vault.access.refusing import note_broken
from vault.acting import acting_person
from vault.catalogue import CATALOGUE
from vault.clock import microseconds
from vault.context import SYSTEM, Actor, Context, Vault
from vault.errors import NotAllowedError, NotFoundError
from vault.facts import Item
from vault.journal import note
from vault.judged import told
from vault.judging import principal_of
from vault.kinds import RecordStatus
from vault.models import Citizen
from vault.release import RecordView, Release


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One question that the vault itself may ask of a record."""

    action: Action
    """What the rules are asked for."""
    event: Event
    """What the log calls it when it is allowed; a no is ``record:refused``."""
    fields: frozenset[str]
    reveal: bool = False
    """Whether values that are shown one at a time are opened for it."""


CONTACT: Final = Check(
    action=Action.CHECK_CONTACT,
    event=Event.CONTACT_CHECKED,
    fields=frozenset({"contact.not_safe"}),
    reveal=True,
)
"""Is a way of contact safe?"""
AGE: Final = Check(action=Action.CHECK_AGE, event=Event.AGE_CHECKED, fields=frozenset({"identity.date_of_birth"}))
"""Where does a young citizen stand in life?"""
TIES: Final = Check(
    action=Action.CHECK_TIES, event=Event.TIES_CHECKED, fields=frozenset({"identity.name", "contact.address"})
)
"""Whose neighbour or namesake among staff might somebody be?"""
EMAIL: Final = Check(action=Action.NOTIFY, event=Event.CONTACT_USED, fields=frozenset({"contact.email"}))
POSTAL: Final = Check(
    action=Action.NOTIFY, event=Event.CONTACT_USED, fields=frozenset({"identity.name", "contact.address"})
)
"""Where to write to a person."""


def open_for(vault: Vault, check: Check, *, citizen_id: UUID, reader: Actor = SYSTEM) -> tuple[RecordView, ...]:
    """
    Open what *check* names of a citizen's current items; logged before anything is opened.

    Args:
        vault: The running vault, not within a transaction of the caller's.
        check: What it is for.
        citizen_id: Whom it is about.
        reader: Who gets to see something of it, as the log tells; the rules always judge the vault itself.

    Raises:
        NotFoundError: No such citizen.
        NotAllowedError: The rules do not allow it; that is logged.
        SealBrokenError: An item does not open; that is logged.
        KeyDestroyedError: The citizen's keys were destroyed.
    """
    with vault.reading(SYSTEM) as ctx:
        found, decision = _found(ctx, check, citizen_id), _judged(ctx, check, citizen_id)
    with vault.transaction(reader) as ctx:
        leaf_hash, now = _log(ctx, check, citizen_id, decision), ctx.now
    if not decision.allowed:
        raise NotAllowedError(f"the rules do not allow `{check.action}` for this person")
    release = Release(
        fields=check.fields,
        asked=check.fields,
        missing=(),
        leaf_hash=leaf_hash,
        time_us=microseconds(now),
        items=found,
        keyring=vault.keyring,
        reveal=check.reveal,
        on_broken=lambda broken: note_broken(vault, citizen_id, broken),
    )
    return release.unseal().records


def _found(ctx: Context, check: Check, citizen_id: UUID) -> tuple[Item, ...]:
    categories = frozenset(CATALOGUE.field(name).category for name in check.fields)
    every = reading.items(ctx.vault.db, citizen_id=citizen_id, categories=categories)
    return tuple(item for item in every if item.record["status"] is RecordStatus.CURRENT)


def _judged(ctx: Context, check: Check, citizen_id: UUID) -> Decision:
    citizen = ctx.session.get(Citizen, citizen_id)
    if citizen is None:
        raise NotFoundError(f"citizen `{citizen_id}` is not known")
    request = Request(
        action=check.action,
        principal=principal_of(ctx.actor, now=ctx.now),
        now=microseconds(ctx.now),
        owner=str(citizen_id),
        owner_status=str(citizen.status),
        fields=check.fields,
    )
    return ctx.vault.engine.decide(request)


def _log(ctx: Context, check: Check, citizen_id: UUID, decision: Decision) -> bytes:
    """The same entry whatever is found: it names the fields for everybody alike, so it hints at nothing."""
    event = check.event if decision.allowed else Event.RECORD_REFUSED
    facts: dict[str, Any] = {"fields": sorted(check.fields), **told(decision)}
    if person := acting_person(ctx):
        facts["acting"] = person
    return note(ctx, event, citizen_id=citizen_id, policy_set=decision.policy_set, facts=facts)
