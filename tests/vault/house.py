"""A small vault without a web: one council, one resident with records, one home-care service that may ask."""

import itertools
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from audit.events import Event
from vault import accounts, citizens, grants, purposes, records, requests, services, tokens
from vault.access import ActingPerson, Proof, read_with_token
from vault.accounts import StaffLabel
from vault.clock import utc_now
from vault.context import OPERATOR, SYSTEM, Actor, Vault
from vault.grants import GrantView
from vault.journal import note
from vault.kinds import CitizenStatus, RecordStatus, Role
from vault.purposes import Choice, Definition
from vault.records import NewItem, Source
from vault.release import Refusal, Release
from vault.runtime import create_vault

CARE: Final = "home-care-support"
TAX: Final = "council-tax"
ALLOWED: Final = frozenset({"medication.name", "identity.name", "allergy.to_what"})
CARER: Final = ActingPerson(reference="hc-0417", role="care worker", team="north")
THUMBPRINT: Final = "thumbprint-of-the-service's-key"
BEGUN: Final = datetime.fromisoformat(os.environ.get("CITIZEN_VAULT_TEST_BEGUN", "2026-11-24T12:20:30+00:00"))
"""When a `Ticking` clock begins; another day may be tried by the environment."""
_numbers = itertools.count()


class Clock:
    """Real time, moved on by hand."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        """What the clock itself says."""
        return utc_now()

    def __call__(self) -> datetime:
        """Now, and a little later."""
        return self.now() + self.ahead


class Ticking(Clock):
    """
    A clock that begins at the same moment in every test and goes on by a microsecond at each look, and by hand.

    So nothing hangs on the day, on how busy the machine is, or on a minute that ends between two acts.
    """

    def __init__(self, looks: int = 0) -> None:
        super().__init__()
        self._looks = itertools.count(looks)

    def now(self) -> datetime:
        """`BEGUN`, and a microsecond for each look before."""
        return BEGUN + timedelta(microseconds=next(self._looks))

    def again(self) -> "Ticking":
        """Another clock, which goes on from where this one is."""
        return Ticking(next(self._looks))


def definition(slug: str, **changed: Any) -> Definition:
    """A purpose that is whole."""
    given: dict[str, Any] = {
        "slug": slug,
        "name": "Care at home",
        "why": "So that carers can help you at home.",
        "without": "They will ask you each time.",
        "basis": "6(1)(e)",
        "condition": "9(2)(h)",
        "schedule_1": "2",
        "choice": Choice.DECIDE,
        "controllers": ["council"],
        "agreement": "DSA-1",
        "dpia": "DPIA-1",
        "receiver_keeps": "8 years",
        "review_on": date(2030, 1, 1),
        "most": ["medication.*", "allergy.*", "condition.*", "identity.*", "home_access.entry", "home_access.hazards"],
        "max_days": 90,
        "max_uses": 500,
        "receives": True,
    }
    return Definition.parse({**given, **changed})


@dataclass(frozen=True, slots=True)
class House:
    """The small vault and what is in it."""

    vault: Vault
    clock: Clock
    council_id: UUID
    service_id: UUID
    citizen_id: UUID
    record_ids: Mapping[str, UUID]

    @property
    def citizen(self) -> Actor:
        """The resident, signed in."""
        return Actor(kind="citizen", citizen_id=self.citizen_id)

    @property
    def service(self) -> Actor:
        """The home-care service."""
        return Actor(kind="service", service_id=self.service_id, organisation_id=self.council_id)

    def officer(self) -> Actor:
        """Somebody new who works for the home-care service."""
        with self.vault.transaction(OPERATOR) as ctx:
            label = StaffLabel("Aisha", "senior carer", "north")
            return accounts.make(
                ctx, role=Role.OFFICER, organisation_id=self.council_id, service_id=self.service_id, label=label
            ).actor()

    def ask(self, fields: frozenset[str] = ALLOWED, purpose: str = CARE, **more: Any) -> requests.Asked:
        """Ask the resident for *fields*."""
        hint = requests.Hint.parse("ref:pas:E-1")
        with self.vault.transaction(self.service) as ctx:
            asked = requests.Ask(service_id=self.service_id, hint=hint, purpose=purpose, fields=fields, **more)
            return requests.ask(ctx, asked=asked)

    def grant(self, fields: frozenset[str] = ALLOWED, **more: Any) -> GrantView:
        """Ask, and let the resident allow all of it."""
        asked = self.ask(fields, **more)
        with self.vault.transaction(self.citizen) as ctx:
            made = requests.decide(ctx, citizen_id=self.citizen_id, request_id=asked.request_id, allowed=fields)
        assert made is not None
        return made

    def token(self, grant: GrantView) -> str:
        """A token for *grant*."""
        with self.vault.transaction(self.service) as ctx:
            return tokens.issue(ctx, grant_id=grant.grant_id, thumbprint=THUMBPRINT).handle

    def proof(self, jti: str | None = None) -> Proof:
        """A fresh proof of the service's key."""
        return Proof(THUMBPRINT, jti or f"jti-{next(_numbers)}", self.clock() + timedelta(minutes=2))

    def read(self, token: str, fields: frozenset[str] | None = None, **more: Any) -> Release | Refusal:
        """Read as the service would."""
        settings: dict[str, Any] = {"proof": self.proof(), "acting": CARER, **more}
        return read_with_token(self.vault, handle=token, fields=fields, **settings)

    def withdraw(self, grant: GrantView) -> None:
        """Let the resident stop sharing."""
        with self.vault.transaction(self.citizen) as ctx:
            grants.withdraw(ctx, citizen_id=self.citizen_id, grant_id=grant.grant_id)

    def keep(self, category: str, source_id: str, fields: Mapping[str, str], **more: Any) -> UUID:
        """Keep one item of the resident's."""
        source = Source(organisation_id=self.council_id, system="pas", type="note", id=source_id)
        given: dict[str, Any] = {"purpose": CARE, "sensitivity": 0, **more}
        with self.vault.transaction(SYSTEM) as ctx:
            item = NewItem(category=category, fields=fields, source=source, **given)
            _, record_id = records.keep(ctx, citizen_id=self.citizen_id, item=item)
            note(ctx, Event.RECORD_WRITTEN, citizen_id=self.citizen_id, facts={})
        return record_id


def build(folder: Path, database_url: str) -> House:
    """A small vault on *database_url*, its key store in *folder*."""
    clock = Ticking()
    return furnish(create_vault(**settings(folder, database_url), clock=clock), clock)


def settings(folder: Path, database_url: str) -> dict[str, str]:
    """How the small vault is made and opened, but for its clock."""
    key = f"file:{folder / 'keys'}"
    return {"database_url": database_url, "root_key": key, "tenant": "test", "origin": "vault.test/log"}


def furnish(vault: Vault, clock: Clock) -> House:
    """The council, its services and its resident in an empty vault."""
    with vault.transaction(OPERATOR) as ctx:
        council = services.make_organisation(
            ctx, slug="council", name="Example Council", kind="council"
        ).organisation_id
        for made in (definition(CARE), definition(TAX, choice=Choice.MAY_OBJECT, pauses_on_objection=True)):
            purposes.register(ctx, definition=made, first=None, second=None)
        service = services.make_service(
            ctx, organisation_id=council, slug="home-care", name="Home care", jwks={"keys": []}, purposes=[CARE, TAX]
        )
        citizen_id = citizens.make(ctx, status=CitizenStatus.ACTIVE)
        citizens.add_reference(
            ctx, citizen_id=citizen_id, organisation_id=council, system="pas", value="E-1", verified_how="letter"
        )
        note(ctx, Event.CITIZEN_LINKED, citizen_id=citizen_id, facts={})
    house = House(vault, clock, council, service.service_id, citizen_id, {})
    kept = {
        "medication": house.keep(
            "medication", "m1", {"medication.name": "Apixaban", "medication.dose": "5 mg twice a day"}
        ),
        "stopped": house.keep("medication", "m2", {"medication.name": "Warfarin"}, status=RecordStatus.HISTORY),
        "mistake": house.keep("medication", "m3", {"medication.name": "Insulin"}, status=RecordStatus.ENTERED_IN_ERROR),
        "identity": house.keep("identity", "i1", {"identity.name": "Edith Marlow"}),
        "allergy": house.keep("allergy", "a1", {"allergy.to_what": "Penicillin"}),
        "condition": house.keep("condition", "c1", {"condition.name": "Hypertension"}),
        "sensitive": house.keep("condition", "c2", {"condition.name": "Miscarriage"}, sensitivity=2),
        "home": house.keep(
            "home_access",
            "h1",
            {"home_access.entry": "Side gate", "home_access.key_safe_code": "turn to 4471"},
            sensitivity=2,
        ),
    }
    return House(vault, clock, council, service.service_id, citizen_id, kept)
