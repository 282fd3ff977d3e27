"""A small vault behind a real server on this machine, and services that speak to it with a client written by others."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch
from uuid import UUID

from flask import Flask
from jwskate import Jwk
from requests import Session
from requests_oauth2client import OAuth2Client, PrivateKeyJwt
from werkzeug.serving import BaseWSGIServer, make_server

from audit.events import Event
from vault import citizens, purposes, records, requests, services
from vault.catalogue import CATALOGUE
from vault.context import OPERATOR, Actor, Vault
from vault.grants import GrantView
from vault.journal import note
from vault.kinds import CitizenStatus
from vault.purposes import Choice, Definition
from vault.records import NewItem, Source
from vault.runtime import create_vault
from vault.services import Addresses
from web.app import create_app
from web.config import Config

SYSTEM: Final = "care-system"
REFERENCE: Final = "HC-2041"
PERSON: Final = f"ref:{SYSTEM}:{REFERENCE}"
STRANGER: Final = f"ref:{SYSTEM}:HC-9999"
ACTOR: Final = {"Vault-Actor": 'reference="hc-0417", role="care-worker", team="north"'}
SEVEN: Final = {
    "identity": ["name", "known_as", "date_of_birth"],
    "medication": ["name", "dose"],
    "allergy": ["to_what"],
    "gp": ["practice"],
}
VALUES: Final[Mapping[str, Mapping[str, str]]] = {
    "identity": {
        "identity.name": "Doris Pritchard",
        "identity.known_as": "Dot",
        "identity.date_of_birth": "1944-03-02",
    },
    "medication": {"medication.name": "Apixaban", "medication.dose": "5 mg twice a day"},
    "allergy": {"allergy.to_what": "Penicillin"},
    "gp": {"gp.practice": "Harbour Surgery"},
}


def names(short: Mapping[str, list[str]]) -> frozenset[str]:
    """Full field names of categories and their short names."""
    return frozenset(f"{category}.{name}" for category, found in short.items() for name in found)


def _definition(
    slug: str,
    choice: Choice,
    *,
    batch: bool = False,
    writes: frozenset[str] = frozenset(),
    more: frozenset[str] = frozenset(),
    receives: bool = False,
) -> Definition:
    return Definition(
        slug=slug,
        name="Support at home",
        why="So that your carers can help you.",
        without="They ask you each time.",
        basis="6(1)(e)",
        condition="9(2)(h)",
        schedule_1="2",
        choice=choice,
        controllers=("Example Council",),
        agreement="DSA-1",
        dpia="DPIA-1",
        receiver_keeps="8 years",
        review_on=date(2030, 1, 1),
        most=names(SEVEN) | more,
        max_days=90,
        max_uses=1000,
        max_sensitivity=2,
        batch=batch,
        writes=writes,
        receives=receives,
    )


WRITES: Final = frozenset(
    field.name for field in CATALOGUE.fields if field.category not in {"other", "contact"} and not field.needs_reveal
)
"""All that a service may write at all, but for how to reach somebody."""
VISITS: Final = "care-visits"
PAPERS: Final = "care-papers"
RECEIVE: Final = "receive-discharge"
PAPER: Final = frozenset({"document.file"})
HOME_CARE: Final = "home-care-support"
PURPOSES: Final = (
    _definition(HOME_CARE, Choice.DECIDE),
    _definition("care-reminders", Choice.DECIDE, batch=True),
    _definition("care-review", Choice.MAY_OBJECT),
    _definition(VISITS, Choice.DECIDE, writes=WRITES),
    _definition(RECEIVE, Choice.TOLD_AFTERWARDS, receives=True),
    _definition(PAPERS, Choice.DECIDE, writes=PAPER, more=PAPER),
)


@dataclass(frozen=True, slots=True)
class Service:
    """A registered service with its private key."""

    slug: str
    service_id: UUID
    key: Jwk = field(repr=False)


def client_of(issuer: str, slug: str, key: Jwk, **changed: Any) -> OAuth2Client:
    """requests-oauth2client, unmodified, as the service *slug* of the vault at *issuer*."""
    settings: dict[str, Any] = {
        "token_endpoint": f"{issuer}/oauth/token",
        "backchannel_authentication_endpoint": f"{issuer}/oauth/bc-authorize",
        "introspection_endpoint": f"{issuer}/oauth/introspect",
        "revocation_endpoint": f"{issuer}/oauth/revoke",
        "pushed_authorization_request_endpoint": f"{issuer}/oauth/par",
        "authorization_endpoint": f"{issuer}/oauth/authorize",
        "jwks_uri": f"{issuer}/jwks",
        "issuer": issuer,
        "dpop_bound_access_tokens": True,
        "testing": True,  # lets it speak http to this machine
        "auth": PrivateKeyJwt(slug, key, aud=issuer),
    }
    return OAuth2Client(**{**settings, **changed})


@dataclass(frozen=True, slots=True)
class World:
    """The running vault, its address, one citizen and two services; the second may only ask for reviews."""

    vault: Vault
    issuer: str
    citizen_id: UUID
    home_care: Service
    council_tax: Service
    session: Session
    app: Flask
    keys: Path
    """The key store's folder."""

    @property
    def home_care_organisation(self) -> UUID:
        """The organisation of the first service."""
        with self.vault.reading(OPERATOR) as ctx:
            return services.by_id(ctx, service_id=self.home_care.service_id).organisation_id

    def client(self, service: Service | None = None, **changed: Any) -> OAuth2Client:
        """requests-oauth2client, unmodified, as *service*."""
        known = service or self.home_care
        return client_of(self.issuer, known.slug, known.key, **{"session": self.session, **changed})

    @property
    def citizen(self) -> Actor:
        """The citizen, signed in."""
        with self.vault.reading(OPERATOR) as ctx:
            return Actor(kind="citizen", citizen_id=self.citizen_id, proven_at=ctx.now)

    def decide(self, allowed: frozenset[str]) -> GrantView | None:
        """Decide the one request that waits, as the citizen."""
        with self.vault.transaction(self.citizen) as ctx:
            (waiting,) = requests.waiting(ctx, citizen_id=self.citizen_id)
            return requests.decide(ctx, citizen_id=self.citizen_id, request_id=waiting.request_id, allowed=allowed)

    def waiting(self) -> int:
        """How many requests wait for the citizen."""
        with self.vault.reading(OPERATOR) as ctx:
            return len(requests.waiting(ctx, citizen_id=self.citizen_id))


def details(purpose: str = HOME_CARE, **changed: Any) -> list[dict[str, object]]:
    """A rich authorization request for the seven fields."""
    asked = {
        "type": "vault_access",
        "actions": ["read"],
        "datatypes": sorted(SEVEN),
        "fields": SEVEN,
        "purpose": purpose,
    }
    return [{**asked, **changed}]


BACK: Final = "https://home-care.example/back"
"""Where the first service lets people go back to; the same with a query of its own is registered too."""


def _register(vault: Vault, slug: str, organisation_id: UUID, purposes_of: list[str]) -> Service:
    key = Jwk.generate(alg="ES256").with_kid_thumbprint()
    with vault.transaction(OPERATOR) as ctx:
        made = services.make_service(
            ctx,
            organisation_id=organisation_id,
            slug=slug,
            name=slug.title(),
            jwks={"keys": [key.public_jwk().to_dict()]},
            purposes=purposes_of,
            batch=["care-reminders"] if "care-reminders" in purposes_of else [],
        )
        if slug == "home-care":
            services.set_addresses(ctx, slug=slug, given=Addresses((BACK, f"{BACK}?from=vault")))
        return Service(slug, made.service_id, key)


def _citizen(vault: Vault, organisation_id: UUID) -> UUID:
    with vault.transaction(OPERATOR) as ctx:
        citizen_id = citizens.make(ctx, status=CitizenStatus.ACTIVE)
        citizens.add_reference(
            ctx,
            citizen_id=citizen_id,
            organisation_id=organisation_id,
            system=SYSTEM,
            value=REFERENCE,
            verified_how="letter",
        )
        for category, values in VALUES.items():
            source = Source(organisation_id=organisation_id, system=SYSTEM, type=category, id="1")
            item = NewItem(category=category, fields=values, source=source, purpose=HOME_CARE, sensitivity=0)
            records.keep(ctx, citizen_id=citizen_id, item=item)
        note(ctx, Event.RECORD_WRITTEN, citizen_id=citizen_id, facts={"items": len(VALUES)})
    return citizen_id


@contextmanager
def _served(server: BaseWSGIServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def _waits_after_a_no(waits: bool) -> Iterator[None]:  # noqa: FBT001 -- the one question
    if waits:
        yield
        return
    with patch("vault.requests.waiting.WAITS", (timedelta(),)):
        yield


@contextmanager
def world(folder: Path, database_url: str, *, waits: bool = False, **settings: Any) -> Iterator[World]:
    """
    A world on *database_url*, its key store in *folder*, with *settings* besides; gone at the end.

    Its one citizen is asked again and again, so a no is waited out only where the test is about that: *waits*.
    """
    root_key = f"file:{folder / 'keys'}"
    vault = create_vault(database_url=database_url, root_key=root_key, tenant="test", origin="vault.test/log")
    server = make_server("127.0.0.1", 0, Flask("starting"), threaded=True)
    issuer = f"http://127.0.0.1:{server.server_port}"
    given: dict[str, Any] = {"home": folder, "database_url": database_url, "root_key": root_key, "issuer": issuer}
    config = Config(**given, origin=vault.origin, **settings)
    server.app = app = create_app(config, vault)
    with vault.transaction(OPERATOR) as ctx:
        council = services.make_organisation(
            ctx, slug="example-council", name="Example Council", kind="council"
        ).organisation_id
        for definition in PURPOSES:
            purposes.register(ctx, definition=definition, first=None, second=None)
    home_care = _register(vault, "home-care", council, [definition.slug for definition in PURPOSES])
    council_tax = _register(vault, "council-tax", council, ["care-review"])
    with _waits_after_a_no(waits), _served(server), Session() as session:
        yield World(vault, issuer, _citizen(vault, council), home_care, council_tax, session, app, folder / "keys")
    vault.db.dispose()
