"""A council whose staff look, work and are refused at any time one likes: entries as the door writes them, in bulk.

The door itself takes some milliseconds a look and now for its time; months of traffic are written here instead, with
the same facts. That they are the same is tested (`tests/vault/test_watching.py`).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from audit.events import Event
from audit.sequencer import sequence
from audit.signer import Signer
from tests.vault.house import CARE, definition
from vault import accounts, citizens, grants, purposes, records, services
from vault.accounts import StaffLabel
from vault.clock import microseconds, month_of
from vault.context import OPERATOR, SYSTEM, Actor, Context, Vault
from vault.grants import NewGrant
from vault.journal import Keys, keys_for, note
from vault.kinds import Channel, CitizenStatus, Decider, Role
from vault.purposes import Choice
from vault.records import NewItem, Source
from vault.runtime import create_vault, prepare

FIELDS: Final = frozenset({"medication.name", "identity.name"})
URGENT: Final = "urgent-care"
"""A purpose for emergencies."""
SPAN: Final = timedelta(days=400)


@dataclass
class Moment:
    """A clock that stands where it is put."""

    now: datetime

    def __call__(self) -> datetime:
        """Where it stands."""
        return self.now


@dataclass(frozen=True, slots=True)
class Officer:
    """A member of staff as the world knows them."""

    actor: Actor
    label: StaffLabel

    @property
    def account(self) -> UUID:
        """Their account."""
        assert self.actor.account_id
        return self.actor.account_id


@dataclass(frozen=True, slots=True)
class Person:
    """A resident with one share with each of some services."""

    citizen_id: UUID
    shares: dict[UUID, UUID] = field(default_factory=dict)
    """Service → grant."""


@dataclass(frozen=True)
class World:
    """The council; times are given with each act."""

    vault: Vault
    clock: Moment
    signer: Signer
    council_id: UUID
    keys: dict[tuple[UUID | None, str], Keys] = field(default_factory=dict, repr=False)

    def at(self, moment: datetime) -> "World":
        """The same world, where it is *moment* now."""
        self.clock.now = moment
        prepare(self.vault)
        return self

    @contextmanager
    def writing(self, actor: Actor = OPERATOR) -> Iterator[Context]:
        """One unit of work."""
        with self.vault.transaction(actor) as ctx:
            yield ctx

    def service(self, slug: str) -> UUID:
        """A new service that may ask for care at home."""
        with self.writing() as ctx:
            return services.make_service(
                ctx, organisation_id=self.council_id, slug=slug, name=slug.title(), jwks={"keys": []}, purposes=[CARE]
            ).service_id

    def officer(self, service_id: UUID | None, team: str, *, job: str = "care worker") -> Officer:
        """Somebody new; an auditor where there is no service."""
        label = StaffLabel("Sam", job, team)
        role = Role.OFFICER if service_id else Role.AUDITOR
        with self.writing() as ctx:
            made = accounts.make(
                ctx, role=role, organisation_id=self.council_id, service_id=service_id, label=label
            ).actor()
        return Officer(made, label)

    def person(self, ctx: Context, *, name: str = "", address: str = "") -> Person:
        """A new resident, with a record where a name or address is given."""
        citizen_id = citizens.make(ctx, status=CitizenStatus.ACTIVE)
        held = {"identity": {"identity.name": name}, "contact": {"contact.address": address}}
        for category, fields in held.items():
            if any(fields.values()):
                source = Source(organisation_id=self.council_id, system="pas", type=category, id=str(citizen_id))
                item = NewItem(category=category, fields=fields, source=source, purpose=CARE, sensitivity=0)
                records.keep(ctx, citizen_id=citizen_id, item=item)
        note(ctx, Event.RECORD_WRITTEN, citizen_id=citizen_id, facts={"items": len(held)})
        return Person(citizen_id)

    def share(self, ctx: Context, person: Person, service_id: UUID, *, made: datetime) -> None:
        """Let a resident share with a service since *made*."""
        new = NewGrant(
            citizen_id=person.citizen_id,
            service_id=service_id,
            purpose=purposes.find(ctx, slug=CARE),
            fields=FIELDS,
            not_after=made + SPAN,
            max_uses=5000,
            decided_by=Decider.CITIZEN,
            channel=Channel.PORTAL,
        )
        person.shares[service_id] = grants.make(replace(ctx, now=made), new=new).grant_id

    def act(
        self,
        ctx: Context,
        officer: Officer,
        event: Event,
        moment: datetime,
        person: Person | None = None,
        *,
        purpose: str = CARE,
        **more: Any,
    ) -> bytes:
        """One entry by *officer* at *moment*, as the door or a service function writes it; return its leaf hash."""
        service_id = officer.actor.service_id
        acting = {"reference": str(officer.account), "role": officer.label.job, "team": officer.label.team}
        facts: dict[str, Any] = {"service": str(service_id), "acting": acting} if service_id else {}
        if event in {Event.RECORD_OPENED, Event.RECORD_REFUSED} and person and service_id:
            share = {
                "grant": str(person.shares[service_id]),
                "version": 1,
                "because": ["officer-reads-what-was-allowed"],
            }
            facts |= {**share, "fields": sorted(FIELDS)}
        whose = person.citizen_id if person else None
        at = replace(ctx, now=moment, actor=officer.actor)
        return note(
            at,
            event,
            citizen_id=whose,
            keys=self._keys_for(at, whose),
            purpose=purpose if person else None,
            facts={**facts, **more},
        )

    def _keys_for(self, ctx: Context, citizen_id: UUID | None) -> Keys:
        """The keys of an entry, each opened once: months of traffic would open them thousands of times."""
        wanted = (citizen_id, month_of(ctx.now))
        if wanted not in self.keys:
            self.keys[wanted] = keys_for(ctx, citizen_id=citizen_id)
        return self.keys[wanted]

    def place(self) -> None:
        """Give every entry its place in the tree."""
        sequence(
            self.vault.db.write,
            writer_key=self.vault.keyring.writer_key,
            signer=self.signer,
            now_us=microseconds(self.clock()),
            writers=self.vault.writers,
        )


@contextmanager
def world(folder: Path, database_url: str, *, now: datetime = datetime(2026, 3, 2, 9, tzinfo=UTC)) -> Iterator[World]:
    """A council on *database_url*, its key store in *folder*, where it is *now*."""
    clock = Moment(now)
    vault = create_vault(
        database_url=database_url, root_key=f"file:{folder / 'keys'}", tenant="test", origin="test/log", clock=clock
    )
    store = vault.keyring.store
    signer = Signer(partial(store.sign, "log"), store.public_key("log"), vault.origin, folder / "head.json")
    signer.begin()
    with vault.transaction(SYSTEM) as ctx:
        council = services.make_organisation(ctx, slug="council", name="Example Council", kind="council")
        whole = definition(CARE, max_days=SPAN.days, max_uses=5000)
        purposes.register(ctx, definition=whole, first=None, second=None)
        purposes.register(
            ctx, definition=definition(URGENT, emergency=True, choice=Choice.TOLD_AFTERWARDS), first=None, second=None
        )
    try:
        yield World(vault, clock, signer, council.organisation_id)
    finally:
        vault.db.dispose()
