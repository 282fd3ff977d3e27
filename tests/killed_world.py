"""A vault whose server is killed: one citizen, one service that gets tokens and reads over HTTP, as fast as it can."""

import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Final
from uuid import UUID

import requests as http
from jwskate import Jwk
from requests_oauth2client import DPoPToken, OAuth2Client

from audit.events import Event
from audit.receipts import verify_receipt
from tests.import_world import Home
from tests.service_world import ACTOR, client_of
from tests.vault.house import CARE, definition
from vault import citizens, purposes, records, requests, services
from vault.context import OPERATOR, Actor, Vault
from vault.journal import note
from vault.kinds import CitizenStatus
from vault.records import NewItem, Source

FIELDS: Final = frozenset({"identity.name", "medication.name"})
HINT: Final = "ref:pas:E-1"
PATIENCE: Final = 60  # seconds until a server on a busy machine answers
READERS: Final = 3  # connections that ask at once
READS: Final = 5  # answers for which one token is used


def furnish(home: Home) -> tuple[UUID, Jwk]:
    """Make *home* a vault with one citizen and one service that may read as often as it likes; the service's key."""
    home.run("init")
    key = Jwk.generate(alg="ES256").with_kid_thumbprint()
    with home.open() as vault:
        return _people(vault, key), key


def _people(vault: Vault, key: Jwk) -> UUID:
    with vault.transaction(OPERATOR) as ctx:
        council = services.make_organisation(ctx, slug="council", name="Example Council", kind="council")
        purposes.register(ctx, definition=definition(CARE, max_uses=1_000_000), first=None, second=None)
        place = council.organisation_id
        jwks = {"keys": [key.public_jwk().to_dict()]}
        services.make_service(
            ctx, organisation_id=place, slug="home-care", name="Home care", jwks=jwks, purposes=[CARE]
        )
        citizen_id = citizens.make(ctx, status=CitizenStatus.ACTIVE)
        citizens.add_reference(
            ctx, citizen_id=citizen_id, organisation_id=place, system="pas", value="E-1", verified_how="letter"
        )
        for name, value in (("identity.name", "Edith Marlow"), ("medication.name", "Apixaban")):
            category = name.partition(".")[0]
            source = Source(organisation_id=place, system="pas", type=category, id="1")
            item = NewItem(category=category, fields={name: value}, source=source, purpose=CARE, sensitivity=0)
            records.keep(ctx, citizen_id=citizen_id, item=item)
        note(ctx, Event.RECORD_WRITTEN, citizen_id=citizen_id, facts={})
    return citizen_id


@dataclass
class Client:
    """A service that gets tokens and reads over HTTP on some connections, and remembers what was answered."""

    home: Home
    citizen_id: UUID
    key: Jwk
    receipt_key: bytes
    first: threading.Event = field(default_factory=threading.Event)
    """Set at the first answer of a server's life."""
    promised: list[bytes] = field(default_factory=list)
    """The log entry that each answer named."""
    tokens: int = 0
    """How many tokens were received."""
    refused: list[int] = field(default_factory=list)
    _held: DPoPToken | None = None

    def begin(self, address: str) -> list[threading.Thread]:
        """Ask at *address* until it answers no more."""
        self.first.clear()
        with http.Session() as session:
            client = self._client(address, session)
            if self._held is None:
                self._held = self._allowed(client)
            self._read(session, address, self._fresh(client))  # learns the nonces that threads share
        threads = [threading.Thread(target=self._go_on, args=(address,), daemon=True) for _ in range(READERS)]
        for thread in threads:
            thread.start()
        return threads

    def _client(self, address: str, session: http.Session) -> OAuth2Client:
        return client_of(address, "home-care", self.key, session=session)

    def _allowed(self, client: OAuth2Client) -> DPoPToken:
        """Ask as services do, let the citizen allow it, and take the first token."""
        details = {
            "type": "vault_access",
            "actions": ["read"],
            "datatypes": ["identity", "medication"],
            "fields": {"identity": ["name"], "medication": ["name"]},
            "purpose": CARE,
        }
        asked = client.backchannel_authentication_request(login_hint=HINT, authorization_details=json.dumps([details]))
        citizen = Actor(kind="citizen", citizen_id=self.citizen_id)
        with self.home.open() as vault, vault.transaction(citizen) as ctx:
            (waiting,) = requests.waiting(ctx, citizen_id=self.citizen_id)
            requests.decide(ctx, citizen_id=self.citizen_id, request_id=waiting.request_id, allowed=FIELDS)
        token = client.ciba(asked)
        assert isinstance(token, DPoPToken)
        self.tokens += 1
        return token

    def _fresh(self, client: OAuth2Client) -> DPoPToken:
        token = client.refresh_token(self._held or "")
        assert isinstance(token, DPoPToken)
        self.tokens += 1
        return token

    def _go_on(self, address: str) -> None:
        with http.Session() as session:
            try:
                while True:
                    token = self._fresh(self._client(address, session))
                    for _ in range(READS):
                        self._read(session, address, token)
            except http.RequestException:  # the server is gone
                return

    def _read(self, session: http.Session, address: str, token: DPoPToken) -> None:
        answer = session.get(f"{address}/api/v1/records", auth=token, headers=ACTOR, timeout=20)
        if answer.status_code == HTTPStatus.OK and len(answer.json()["records"]) == len(FIELDS):
            receipt = verify_receipt(answer.headers["Vault-Log-Receipt"], self.receipt_key)
            self.promised.append(receipt.leaf_hash)
            self.first.set()
        else:
            self.refused.append(answer.status_code)


def family(process: int) -> list[int]:
    """The ids of *process* and of all that it started, itself first."""
    parents = dict(_parents())
    found = [process]
    for each in found:
        found += [child for child, parent in parents.items() if parent == each]
    return found


def _parents() -> Iterator[tuple[int, int]]:
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = path.read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:  # it ended meanwhile
            continue
        yield int(path.parent.name), int(words[1])


def kill_family(process: int) -> None:
    """Kill *process* and all that it started, at once and without a word."""
    for each in family(process):
        with suppress(ProcessLookupError):
            os.kill(each, signal.SIGKILL)


def wait_for(address: str, server: BaseProcess) -> None:
    """Wait until *server* answers at *address*."""
    last = time.monotonic() + PATIENCE
    while time.monotonic() < last and server.is_alive():
        try:
            http.get(f"{address}/healthz", timeout=5)
        except http.RequestException:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError(f"no server answers at {address}")
