"""One line of the log, opened for its reader: the leaf, what its payload says, and who that is in words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import select

from audit.entry import Leaf
from audit.errors import PayloadBrokenError
from audit.models import PAYLOADS
from audit.payload import ClosedPayload, open_with_month, open_with_subject
from audit.read import EntryRow
from vault.clock import from_microseconds
from vault.context import Context
from vault.errors import VaultError
from vault.hiding import Late
from vault.keychain import kept_month_key
from vault.models import Base, Organisation, Purpose, Service

Row = TypeVar("Row", bound=Base)


@dataclass(frozen=True, slots=True)
class Who:
    """Who did it, as shown: role and team, never a surname; the staff reference is for auditors."""

    kind: str
    service_name: str
    organisation_name: str
    role: str
    team: str
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the log, opened for its reader."""

    leaf_hash: bytes
    position: str | None
    """The place in the log, as in ``0-1234``; empty while the entry waits for its number."""
    at: datetime
    event: str
    actor: str
    who: Who
    purpose: str | None
    purpose_name: str
    purpose_welsh: str
    """The same in Welsh, where the council registered it."""
    emergency: bool
    """Whether the purpose is one for emergencies."""
    policy_set: str | None
    fields: tuple[str, ...]
    refused: tuple[str, ...]
    because: tuple[str, ...]
    """The rules that decided, by id."""
    grant_id: UUID | None
    service_id: UUID | None
    facts: Mapping[str, Any] = field(repr=False)
    opened: bool = True
    """Whether the details could be opened: not once they were changed, or the time for which they are kept is over."""
    late: Late | None = None
    """That its citizen did not see it for a time; known to them alone."""


class Known:
    """The registry and the months' keys as one page needs them: each row is read and checked once, not line by line."""

    def __init__(self, ctx: Context) -> None:
        """Know nothing yet; what is asked for is read through *ctx*."""
        self._ctx = ctx
        self._rows: dict[tuple[type[Base], object], Any] = {}
        self._keys: dict[str, bytes] = {}

    def service(self, service_id: UUID | None) -> Service | None:
        """The service with this id."""
        return self._row(Service, service_id)

    def organisation(self, organisation_id: UUID | None) -> Organisation | None:
        """The organisation with this id."""
        return self._row(Organisation, organisation_id)

    def purpose(self, slug: str | None) -> Purpose | None:
        """The purpose of this name."""
        return self._row(Purpose, slug)

    def month_key(self, month: str) -> bytes:
        """The month's accountability key, 32 bytes; raises as `vault.keychain.kept_month_key`."""
        if month not in self._keys:
            self._keys[month] = kept_month_key(self._ctx, month)
        return self._keys[month]

    def _row(self, model: type[Row], key: object) -> Row | None:
        if key is None:
            return None
        if (model, key) not in self._rows:  # a session lets go of rows that nobody holds
            self._rows[model, key] = self._ctx.session.get(model, key)
        found: Row | None = self._rows[model, key]
        return found


def open_for_subject(payload: ClosedPayload | None, key: bytes) -> Mapping[str, Any] | None:
    """What a payload says to the citizen whose audit key is *key*; nothing where it does not open."""
    if payload is None:
        return {}
    try:
        opened = open_with_subject(payload, key)
    except PayloadBrokenError:
        return None
    return {**opened.facts, **(opened.personal or {})}


def open_for_auditor(known: Known, payload: ClosedPayload | None) -> Mapping[str, Any] | None:
    """What a payload says to an auditor; nothing where it does not open."""
    if payload is None:
        return {}
    try:
        return open_with_month(payload, known.month_key(payload.month))
    except (VaultError, PayloadBrokenError):
        return None


def payloads_of(ctx: Context, leaves: Iterable[Leaf]) -> dict[str, ClosedPayload]:
    """The payloads that are kept of *leaves*, by their commitments."""
    wanted = [bytes.fromhex(leaf.commitment) for leaf in leaves if leaf.commitment]
    rows = ctx.session.execute(select(PAYLOADS).where(PAYLOADS.c.commitment.in_(wanted)))
    return {row.commitment.hex(): ClosedPayload(row.commitment, row.payload, row.month) for row in rows}


def line_of(known: Known, row: EntryRow, opened: Mapping[str, Any] | None) -> Line:
    """*row* with what its payload says."""
    leaf, facts = row.leaf, opened or {}
    service_id = service_in(facts)
    purpose = known.purpose(leaf.purpose)
    definition = purpose.definition if purpose else {}
    return Line(
        leaf_hash=row.leaf_hash,
        position=str(row.position) if row.position else None,
        at=from_microseconds(leaf.time),
        event=str(leaf.event),
        actor=leaf.actor,
        who=_who(known, leaf, facts, service_id),
        purpose=leaf.purpose,
        purpose_name=str(definition.get("name", "")),
        purpose_welsh=str(definition.get("welsh", {}).get("name", "")),
        emergency=bool(definition.get("emergency")),
        policy_set=leaf.policy_set,
        fields=tuple(facts.get("fields", ())),
        refused=tuple(facts.get("refused", ())),
        because=tuple(facts.get("because", ())),
        grant_id=as_id(facts.get("grant")),
        service_id=service_id,
        facts=facts,
        opened=opened is not None,
    )


def as_id(text: object) -> UUID | None:
    """The id that *text* writes, if it is one."""
    return _id(str(text)) if text else None


@lru_cache(maxsize=4096)
def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def by_of(facts: Mapping[str, Any]) -> Mapping[str, Any]:
    """Who acted, by ids, as `vault.journal.by` wrote it."""
    found = facts.get("by", {})
    return found if isinstance(found, Mapping) else {}


def service_in(facts: Mapping[str, Any]) -> UUID | None:
    """The service that an entry is about, or by which it was done."""
    return as_id(facts.get("service") or by_of(facts).get("service"))


def acting_organisation(known: Known, facts: Mapping[str, Any]) -> UUID | None:
    """The organisation whose service or staff acted."""
    by = by_of(facts)
    if by.get("organisation"):
        return as_id(by["organisation"])
    service = known.service(as_id(by.get("service")))
    return service.organisation_id if service else None


def acting_reference(facts: Mapping[str, Any]) -> str:
    """What staff are known by: the reference their service vouches for, or the account they signed in with."""
    acting = facts.get("acting") or {}
    by = by_of(facts)
    staff = by.get("kind") in {"officer", "auditor", "administrator"}
    return str(acting.get("reference") or (by.get("account", "") if staff else ""))


def _who(known: Known, leaf: Leaf, facts: Mapping[str, Any], service_id: UUID | None) -> Who:
    by = by_of(facts)
    service = known.service(service_id)
    organisation_id = service.organisation_id if service else as_id(by.get("organisation"))
    organisation = known.organisation(organisation_id)
    acting = dict(facts.get("acting") or {})
    return Who(
        kind=str(by.get("kind", leaf.actor.partition(":")[0])),
        service_name=service.name if service else "",
        organisation_name=organisation.name if organisation else "",
        role=str(acting.get("role", "")),
        team=str(acting.get("team", "")),
        reference=acting_reference(facts),
    )
