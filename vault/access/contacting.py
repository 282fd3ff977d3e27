"""Is this way of contact safe? Asked before every letter and e-mail; only yes or no leaves the door.

What a person wrote about how not to contact them may be the most dangerous line of their record. The log says of
everybody alike that the vault checked, and never what it found.
"""

from typing import Any, Final, Literal
from uuid import UUID

from audit.events import Event
from policies.model import Action, Decision, Request
from vault import facts as reading
from vault.access.refusing import note_broken
from vault.clock import microseconds
from vault.context import SYSTEM, Context, Vault
from vault.errors import NotAllowedError, NotFoundError
from vault.facts import Item
from vault.journal import note
from vault.judged import told
from vault.judging import principal_of
from vault.kinds import RecordStatus
from vault.models import Citizen
from vault.release import Release

ContactBy = Literal["email", "letter", "phone", "text"]
NOT_SAFE: Final = "contact.not_safe"
_ASKED: Final = frozenset({NOT_SAFE})


def contact_is_safe(vault: Vault, *, citizen_id: UUID, channel: ContactBy) -> bool:
    """
    Whether the citizen may be contacted by *channel*; the check is logged before anything is opened.

    A note in the person's own words closes every channel; one that lists ``channels`` closes those. No note: safe.

    Args:
        vault: The running vault, not within a transaction of the caller's.
        citizen_id: Whom it is about.
        channel: How they would be contacted.

    Raises:
        NotFoundError: No such citizen.
        NotAllowedError: The rules do not allow the check; then do not make contact.
        SealBrokenError: What they wrote does not open; then do not make contact.
        KeyDestroyedError: The citizen's keys were destroyed; then do not make contact.
    """
    with vault.reading(SYSTEM) as ctx:
        found, decision = _found(ctx, citizen_id), _judged(ctx, citizen_id)
    with vault.transaction(SYSTEM) as ctx:
        leaf_hash = _log(ctx, citizen_id, decision)
        time_us = microseconds(ctx.now)
    if not decision.allowed:
        raise NotAllowedError("the rules do not allow this check, so make no contact")
    release = Release(
        fields=_ASKED,
        asked=_ASKED,
        missing=(),
        leaf_hash=leaf_hash,
        time_us=time_us,
        items=found,
        keyring=vault.keyring,
        reveal=True,
        on_broken=lambda broken: note_broken(vault, citizen_id, broken),
    )
    return not any(_closes(record.fields[NOT_SAFE], channel) for record in release.unseal().records)


def _found(ctx: Context, citizen_id: UUID) -> tuple[Item, ...]:
    every = reading.items(ctx.vault.db, citizen_id=citizen_id, categories=frozenset({"contact"}))
    return tuple(item for item in every if item.record["status"] is RecordStatus.CURRENT)


def _judged(ctx: Context, citizen_id: UUID) -> Decision:
    citizen = ctx.session.get(Citizen, citizen_id)
    if citizen is None:
        raise NotFoundError(f"citizen `{citizen_id}` is not known")
    request = Request(
        action=Action.CHECK_CONTACT,
        principal=principal_of(ctx.actor, now=ctx.now),
        now=microseconds(ctx.now),
        owner=str(citizen_id),
        owner_status=str(citizen.status),
        fields=_ASKED,
    )
    return ctx.vault.engine.decide(request)


def _log(ctx: Context, citizen_id: UUID, decision: Decision) -> bytes:
    """The same entry whatever is found: it names the field for everybody alike, so it hints at nothing."""
    event = Event.CONTACT_CHECKED if decision.allowed else Event.RECORD_REFUSED
    facts = {"fields": sorted(_ASKED), **told(decision)}
    return note(ctx, event, citizen_id=citizen_id, policy_set=decision.policy_set, facts=facts)


def _closes(held: Any, channel: ContactBy) -> bool:  # noqa: ANN401 -- any JSON value
    if isinstance(held, dict) and isinstance(held.get("channels"), list):
        return channel in held["channels"]
    return held not in (None, "", [], {})
