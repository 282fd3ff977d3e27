"""A vault whose processes are killed: one citizen, one service that reads with its token, and processes that read."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import timedelta
from http import HTTPStatus
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

import requests as http
from requests_oauth2client import DPoPKey, DPoPToken

from audit.events import Event
from audit.receipts import verify_receipt
from audit.sequencer import run
from tests.import_world import Home
from tests.vault.house import CARE, CARER, definition
from vault import citizens, purposes, records, requests, services, tokens
from vault.access import Proof, read_with_token
from vault.clock import microseconds, utc_now
from vault.context import OPERATOR, Actor, Vault
from vault.journal import note
from vault.kinds import CitizenStatus
from vault.records import NewItem, Source
from vault.release import Release
from web.config import Config
from web.opening import open_for, signer_of

FIELDS: Final = frozenset({"identity.name", "medication.name"})
HOLDER: Final = "a-key-of-the-service"
PATIENCE: Final = 60  # seconds until a server on a busy machine answers
READERS: Final = 2  # threads of one process that read at once
ACTOR: Final = {"Vault-Actor": 'reference="hc-0417", role="care-worker", team="north"'}


def furnish(home: Home) -> UUID:
    """Make *home* a vault in which a service may read two fields of one citizen as often as it likes; the grant."""
    home.run("init")
    with home.open() as vault:
        service, citizen_id = _people(vault)
        hint = requests.Hint.parse("ref:pas:E-1")
        with vault.transaction(service) as ctx:
            assert service.service_id is not None
            ask = requests.Ask(service_id=service.service_id, hint=hint, purpose=CARE, fields=FIELDS)
            asked = requests.ask(ctx, asked=ask)
        with vault.transaction(Actor(kind="citizen", citizen_id=citizen_id)) as ctx:
            made = requests.decide(ctx, citizen_id=citizen_id, request_id=asked.request_id, allowed=FIELDS)
    assert made is not None
    return made.grant_id


def _people(vault: Vault) -> tuple[Actor, UUID]:
    with vault.transaction(OPERATOR) as ctx:
        council = services.make_organisation(ctx, slug="council", name="Example Council", kind="council")
        purposes.register(ctx, definition=definition(CARE, max_uses=1_000_000), first=None, second=None)
        place = council.organisation_id
        service = services.make_service(
            ctx, organisation_id=place, slug="home-care", name="Home care", jwks={"keys": []}, purposes=[CARE]
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
    return Actor(kind="service", service_id=service.service_id, organisation_id=place), citizen_id


def token(home: Home, grant_id: UUID, thumbprint: str) -> str:
    """An access token for the grant, bound to the key with *thumbprint*, good for ten minutes."""
    with home.open() as vault, vault.transaction(OPERATOR) as ctx:
        return tokens.issue(ctx, grant_id=grant_id, thumbprint=thumbprint, seconds=600).handle


def read_until_killed(environment: Mapping[str, str], handle: str, line: Connection) -> None:
    """In a process of its own: read in some threads, sequence beside them, tell *line* the log entry of each answer."""
    config = Config.from_environment(environment)
    vault = open_for(config)
    turn = threading.Lock()

    def read() -> None:
        while True:
            proof = Proof(HOLDER, uuid4().hex, utc_now() + timedelta(minutes=2))
            answer = read_with_token(vault, handle=handle, proof=proof, acting=CARER, fields=None)
            assert isinstance(answer, Release)
            assert len(answer.unseal().records) == len(FIELDS)
            with turn:
                line.send_bytes(answer.leaf_hash)

    threads = [threading.Thread(target=read, daemon=True) for _ in range(READERS)]
    for thread in threads:
        thread.start()
    _sequence(vault, config)


def _sequence(vault: Vault, config: Config) -> None:
    run(
        vault.db.write,
        writer_key=vault.keyring.writer_key,
        signer=signer_of(vault, config),
        clock=lambda: microseconds(vault.clock()),
        writers=vault.writers,
        stop=threading.Event(),
        on_failure=_fail,
        interval_seconds=0.02,
    )


def _fail(failure: Exception) -> None:
    raise failure


class Client:
    """A service that reads over HTTP in some threads, and remembers the log entries that its answers promised."""

    def __init__(self, home: Home, grant_id: UUID) -> None:
        """Get a token for the grant."""
        self._key = DPoPKey.generate()
        self._token = DPoPToken(token(home, grant_id, str(self._key.dpop_jkt)), _dpop_key=self._key)
        with home.open() as vault:
            self._receipt_key = vault.keyring.store.public_key("receipt")
        self.promised: list[bytes] = []
        self.refused: list[int] = []
        self.first = threading.Event()

    def begin(self, address: str) -> list[threading.Thread]:
        """Read at *address* until it answers no more."""
        self.first.clear()
        with http.Session() as session:
            self._read(session, address)  # learns the server's nonce, which the threads then share
        threads = [threading.Thread(target=self._go_on, args=(address,), daemon=True) for _ in range(READERS)]
        for thread in threads:
            thread.start()
        return threads

    def _go_on(self, address: str) -> None:
        with http.Session() as session:
            while True:
                try:
                    self._read(session, address)
                except http.RequestException:  # the server is gone
                    return

    def _read(self, session: http.Session, address: str) -> None:
        answer = session.get(f"{address}/api/v1/records", auth=self._token, headers=ACTOR, timeout=20)
        if answer.status_code == HTTPStatus.OK and len(answer.json()["records"]) == len(FIELDS):
            receipt = verify_receipt(answer.headers["Vault-Log-Receipt"], self._receipt_key)
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


def wait_for(address: str, server: "subprocess.Popen[bytes]") -> None:
    """Wait until *server* answers at *address*."""
    last = time.monotonic() + PATIENCE
    while time.monotonic() < last and server.poll() is None:
        try:
            http.get(f"{address}/healthz", timeout=5)
        except http.RequestException:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError(f"no server answers at {address}")
