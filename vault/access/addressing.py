"""Where to write to a person when something waits for them: e-mail, or name and address; each look logged first."""

import re
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from audit.events import Event
from policies.model import Action, Request
from vault import facts as reading
from vault.access.refusing import note_broken
from vault.acting import acting_person
from vault.catalogue import CATALOGUE
from vault.clock import microseconds
from vault.context import SYSTEM, Actor, Vault
from vault.errors import NotAllowedError, NotFoundError
from vault.journal import note
from vault.judged import told
from vault.judging import principal_of
from vault.kinds import RecordStatus
from vault.models import Citizen
from vault.release import RecordView, Release

_EMAIL: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
"""An address as people have it (HTML, section 4.10.5.1.5); what is odder gets no mail."""


@dataclass(frozen=True, slots=True)
class Postal:
    """Whom and where to write a letter."""

    name: str = field(repr=False)
    address: str = field(repr=False)


def email_of(vault: Vault, *, citizen_id: UUID) -> str | None:
    """
    The newest e-mail address in the person's own record, or none.

    Raises:
        NotFoundError: No such citizen.
        NotAllowedError: The rules do not allow it; then do not write.
    """
    found = _newest(_opened(vault, citizen_id, frozenset({"contact.email"})), "contact.email")
    matched = _EMAIL.search(found) if found else None
    return matched[0] if matched else None


def postal_of(vault: Vault, *, citizen_id: UUID, reader: Actor = SYSTEM) -> Postal | None:
    """
    The person's name and address, or nothing where there is no address.

    Args:
        vault: The running vault, not within a transaction of the caller's.
        citizen_id: Whom it is about.
        reader: Who gets to see it, as the log tells: the vault's own process, or the officer who prints the letter.

    Raises:
        NotFoundError: No such citizen.
        NotAllowedError: The rules do not allow it; then do not write.
    """
    records = _opened(vault, citizen_id, frozenset({"identity.name", "contact.address"}), reader)
    address = _newest(records, "contact.address")
    return Postal(_newest(records, "identity.name") or "", address) if address else None


def _newest(records: tuple[RecordView, ...], name: str) -> str | None:
    said = [record for record in records if record.fields.get(name)]
    said.sort(key=lambda record: (record.as_of or "", record.received_at))
    return str(said[-1].fields[name]) if said else None


def _opened(vault: Vault, citizen_id: UUID, fields: frozenset[str], reader: Actor = SYSTEM) -> tuple[RecordView, ...]:
    categories = frozenset(CATALOGUE.field(name).category for name in fields)
    with vault.reading(SYSTEM) as ctx:
        citizen = ctx.session.get(Citizen, citizen_id)
        if citizen is None:
            raise NotFoundError(f"citizen `{citizen_id}` is not known")
        items = reading.items(vault.db, citizen_id=citizen_id, categories=categories)
        request = Request(
            action=Action.NOTIFY,
            principal=principal_of(SYSTEM, now=ctx.now),
            now=microseconds(ctx.now),
            owner=str(citizen_id),
            owner_status=str(citizen.status),
            fields=fields,
        )
    decision = vault.engine.decide(request)
    facts: dict[str, Any] = {"fields": sorted(fields), **told(decision)}
    with vault.transaction(reader) as ctx:
        if person := acting_person(ctx):
            facts["acting"] = person
        event = Event.CONTACT_USED if decision.allowed else Event.RECORD_REFUSED
        leaf = note(ctx, event, citizen_id=citizen_id, policy_set=decision.policy_set, facts=facts)
        time_us = microseconds(ctx.now)
    if not decision.allowed:
        raise NotAllowedError("the rules do not allow writing to this person")
    release = Release(
        fields=fields,
        asked=fields,
        missing=(),
        leaf_hash=leaf,
        time_us=time_us,
        items=tuple(item for item in items if item.record["status"] is RecordStatus.CURRENT),
        keyring=vault.keyring,
        on_broken=lambda broken: note_broken(vault, citizen_id, broken),
    )
    return release.unseal().records
