"""A vault to measure: one council, one service that may read, its clients; and the requests that service sends.

Reads go round among `RESIDENTS` people, each under a grant and a token of their own: what the server remembers of one
person helps no other.
"""

import os
import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

import orjson
from joserfc import jwt
from joserfc.jwk import ECKey
from sqlalchemy import text

from audit.events import Event
from tests import service_world
from tests.benchmarks import bare
from tests.benchmarks.load import Connection
from vault import citizens, purposes, records, requests, services, tokens
from vault.context import OPERATOR, Actor, Vault
from vault.ids import new_id
from vault.journal import note
from vault.kinds import CitizenStatus
from vault.records import NewItem, Source
from web.api.jose import sha256_base64url
from web.config import Config

RESIDENTS: Final = 60
FIELDS: Final = frozenset(bare.FIELDS)
PATH: Final = "/api/v1/records"
ACTOR: Final = service_world.ACTOR["Vault-Actor"]


@dataclass(frozen=True, slots=True)
class World:
    """What is measured: a vault, who asks whom, and the same rows in the clear."""

    vault: Vault
    service: Actor
    citizens: tuple[Actor, ...]
    bare_ids: tuple[UUID, ...]
    key: ECKey

    def token(self, number: int) -> str:
        """A token of a new grant of one resident, so that neither runs out in a round."""
        hint = requests.Hint.parse(f"{service_world.PERSON}-{number}")
        citizen = self.citizens[number]
        assert self.service.service_id and citizen.citizen_id  # noqa: PT018 -- made below
        asked = requests.Ask(
            service_id=self.service.service_id, hint=hint, purpose=service_world.HOME_CARE, fields=FIELDS
        )
        with self.vault.transaction(self.service) as ctx:
            request_id = requests.ask(ctx, asked=asked).request_id
        with self.vault.transaction(citizen) as ctx:
            made = requests.decide(ctx, citizen_id=citizen.citizen_id, request_id=request_id, allowed=FIELDS)
        assert made is not None
        with self.vault.transaction(self.service) as ctx:
            return tokens.issue(ctx, grant_id=made.grant_id, thumbprint=self.key.thumbprint()).handle

    def governed(self, port: int, count: int) -> list[bytes]:
        """*count* governed reads, each with a proof of its own, made beforehand."""
        tokens = [self.token(number) for number in range(min(count, RESIDENTS))]
        nonce = nonce_at(port, self.request(port, tokens[0], nonce=None))
        return [self.request(port, tokens[number % len(tokens)], nonce=nonce) for number in range(count)]

    def request(self, port: int, token: str, *, nonce: str | None) -> bytes:
        """One governed read, with a proof for the server that knows itself by *port*."""
        claims = {
            "jti": secrets.token_urlsafe(16),
            "htm": "GET",
            "htu": f"http://127.0.0.1:{port}{PATH}",
            "iat": int(time.time()),
            "ath": sha256_base64url(token),
        }
        head = {"typ": "dpop+jwt", "alg": "ES256", "jwk": self.key.as_dict(private=False)}
        proof = jwt.encode(head, claims | ({"nonce": nonce} if nonce else {}), self.key)
        return _get(port, PATH, Authorization=f"DPoP {token}", DPoP=proof, **{"Vault-Actor": ACTOR})

    def bare(self, port: int, count: int) -> list[bytes]:
        """*count* bare reads of the same rows, in the same order."""
        asked = [_get(port, f"/bare/{bare_id}") for bare_id in self.bare_ids]
        return [asked[number % len(asked)] for number in range(count)]


def _get(port: int, path: str, **headers: str) -> bytes:
    lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", *(f"{name}: {said}" for name, said in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def nonce_at(port: int, request: bytes) -> str:
    """The nonce that the server at *port* answers *request* with."""
    connection = Connection(port)
    _, head, _ = connection.ask(request)
    connection.close()
    for line in head.decode().split("\r\n"):
        name, _, said = line.partition(":")
        if name.lower() == "dpop-nonce":
            return said.strip()
    raise RuntimeError("the server gave no nonce")


def environment(folder: Path, database_url: str, port: int) -> dict[str, str]:
    """The settings under which the servers of this world run."""
    said = {
        "HOME": str(folder),
        "DATABASE_URL": database_url,
        "ROOT_KEY": f"file:{folder / 'keys'}",
        "ISSUER": f"http://127.0.0.1:{port}",
        "ORIGIN": "vault.test/log",
        "SERVICE_CALLS": "9999999",
        "CITIZEN_CALLS": "9999999",
    }
    return {**os.environ, **{f"CITIZEN_VAULT_{name}": value for name, value in said.items()}}


def build(vault: Vault) -> World:
    """Put into a new *vault* what is measured, and the same row in the clear beside it."""
    with vault.transaction(OPERATOR) as ctx:
        council = services.make_organisation(ctx, slug="council", name="Example Council", kind="council")
        purposes.register(ctx, definition=service_world.PURPOSES[0], first=None, second=None)
    service = service_world._register(vault, "home-care", council.organisation_id, [service_world.HOME_CARE])
    people = [_resident(vault, council.organisation_id, number) for number in range(RESIDENTS)]
    bare_ids = tuple(new_id() for _ in people)
    with vault.db.write.begin() as connection:
        connection.execute(text(bare.MAKE))
        body = bare_body()
        rows = [{"id": str(bare_id), "body": body} for bare_id in bare_ids]
        connection.execute(text(f"INSERT INTO {bare.TABLE} VALUES (:id, :body)"), rows)
    return World(
        vault=vault,
        service=Actor(kind="service", service_id=service.service_id, organisation_id=council.organisation_id),
        citizens=tuple(Actor(kind="citizen", citizen_id=citizen_id) for citizen_id in people),
        bare_ids=bare_ids,
        key=ECKey.generate_key("P-256"),
    )


def _resident(vault: Vault, council_id: UUID, number: int) -> UUID:
    """One resident with an identity record, known to the service by a reference of their own."""
    with vault.transaction(OPERATOR) as ctx:
        citizen_id = citizens.make(ctx, status=CitizenStatus.ACTIVE)
        citizens.add_reference(
            ctx,
            citizen_id=citizen_id,
            organisation_id=council_id,
            system=service_world.SYSTEM,
            value=f"{service_world.REFERENCE}-{number}",
            verified_how="letter",
        )
        source = Source(organisation_id=council_id, system=service_world.SYSTEM, type="identity", id=str(number))
        item = NewItem(
            category="identity",
            fields=service_world.VALUES["identity"],
            source=source,
            purpose=service_world.HOME_CARE,
            sensitivity=0,
        )
        records.keep(ctx, citizen_id=citizen_id, item=item)
        note(ctx, Event.RECORD_WRITTEN, citizen_id=citizen_id, facts={"items": 1})
    return citizen_id


def bare_body() -> str:
    """The citizen's identity record as the vault seals it, in the clear."""
    return orjson.dumps(dict(service_world.VALUES["identity"])).decode()


def config(folder: Path, database_url: str, port: int) -> Config:
    """The same settings, read."""
    return Config.from_environment(environment(folder, database_url, port))
