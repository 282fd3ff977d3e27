"""One look in a real vault, and somebody with the whole database who would hide it; the keys are out of their reach."""

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, create_engine, text

from audit import read
from audit.cosignature import Cosigner
from audit.errors import AuditError, HeadUnprovenError, SizeConflictError
from audit.receipts import sign_receipt
from audit.tree import Frontier
from audit.witness import Witness, open_memory
from audit.witnessing import Conflict, Cosigned, Link, NotCosigned, gather
from tests.demo_world import settings
from tests.vault.house import Clock, House, furnish
from vault import trail
from vault.clock import microseconds
from vault.context import Vault
from vault.release import Release
from web.cli.root import root
from web.cli.sequencing import place_waiting
from web.config import Config
from web.opening import close, created, open_for

SECONDS: Final = 1_800_000_000


@dataclass(frozen=True, slots=True)
class Look:
    """What is to be hidden, as everybody who holds the database can tell, and what stands outside it."""

    leaf_hash: str
    index: int
    subject: str
    """The pseudonym, 32 hex digits."""
    commitment: str
    grant: str
    before: int
    """How many entries there were the day before."""
    size: int
    receipt: str
    """What the service got with its answer."""


@dataclass(frozen=True, slots=True)
class Place:
    """One vault in a folder of its own, with that look in it."""

    folder: Path
    look: Look
    database_url: str | None = None

    @property
    def home(self) -> Path:
        """The vault's own folder: database and keys."""
        return self.folder / "home"

    @property
    def config(self) -> Config:
        """Its settings."""
        return Config.from_environment(settings(self.home, self.database_url))

    @contextmanager
    def opened(self) -> Iterator[Vault]:
        """The vault, as a process of the council runs it."""
        vault = open_for(self.config)
        try:
            yield vault
        finally:
            close(vault)

    @contextmanager
    def administrator(self) -> Iterator[Connection]:
        """The database alone, to be written to at will."""
        engine = create_engine(self.config.database_url)
        with engine.begin() as connection:
            yield connection
        engine.dispose()

    def run(self, *words: str, given: str = "") -> Result:
        """``citizen-vault`` *words*."""
        return CliRunner().invoke(root, list(words), env=settings(self.home, self.database_url), input=given)

    def verified(self) -> str:
        """What ``audit verify`` says, ending with its exit status."""
        answer = self.run("audit", "verify", "--json")
        return f"{answer.output} {answer.exception!r} exit {answer.exit_code}"

    def asked(self) -> list[str]:
        """What goes wrong when the witness is asked to vouch for the head."""
        with self.opened() as vault, witness_of(self.folder, vault) as link:
            found = gather(vault.db.read, vault.db.write, [link], now_us=microseconds(vault.clock()))
        return [f"{each.trouble}: {each.words}" for each in found]

    def receipt_checked(self, receipt: str = "") -> str:
        """What becomes of a receipt of the service's, by default that of the look."""
        answer = self.run("audit", "check-receipt", "-", given=receipt or self.look.receipt)
        return f"{answer.output} exit {answer.exit_code}"


@contextmanager
def witness_of(folder: Path, vault: Vault) -> Iterator[Link]:
    """The witness of another council: its own key and memory, where the administrator cannot reach."""
    seed = folder / "witness.key"
    if not seed.exists():
        seed.write_bytes(Ed25519PrivateKey.generate().private_bytes_raw())
    key = Ed25519PrivateKey.from_private_bytes(seed.read_bytes())
    cosigner = Cosigner("witness.test/w1", key.public_key().public_bytes_raw())
    memory = open_memory(folder / "witness.db")
    held = Witness(cosigner, key.sign, {vault.origin: (vault.keyring.store.public_key("log"),)}, memory)

    def ask(body: bytes) -> Cosigned | Conflict | NotCosigned:
        try:
            return Cosigned(held.add_checkpoint(body, now=SECONDS))
        except SizeConflictError as conflict:
            return Conflict(conflict.size)
        except AuditError as refusal:
            return NotCosigned(str(refusal), final=isinstance(refusal, HeadUnprovenError))

    try:
        yield Link(cosigner, ask)
    finally:
        memory.dispose()


def lay(folder: Path, database_url: str | None = None) -> Place:
    """A vault with a day before, the look, and what came after; a copy of each day's state beside it."""
    config = Config.from_environment(settings(folder / "home", database_url))
    with created(config) as vault:
        house = furnish(vault, Clock())
        grant = house.grant()
        house.read(house.token(grant))
        _publish(folder, vault, config)
        before = _count(vault)
    if database_url is None:
        shutil.copytree(folder / "home", folder / "yesterday")
    vault = open_for(config)
    try:
        house = House(vault, Clock(), house.council_id, house.service_id, house.citizen_id, house.record_ids)
        answer = house.read(house.token(grant))
        assert isinstance(answer, Release)
        receipt = receipt_of(vault, answer)
        _publish(folder, vault, config)
        house.withdraw(house.grant())
        _publish(folder, vault, config)
        look = _look(vault, answer.leaf_hash, str(grant.grant_id), before, receipt)
    finally:
        close(vault)
    place = Place(folder, look, database_url)
    place.run("audit", "sequence")
    place.asked()
    (folder / "look.json").write_text(json.dumps({name: getattr(look, name) for name in Look.__slots__}))
    return place


def receipt_of(vault: Vault, answer: Release) -> str:
    """What goes with *answer*, as the API makes it."""
    sign = partial(vault.keyring.store.sign, "receipt")
    return sign_receipt(sign, vault.origin, answer.leaf_hash, answer.time_us)


def _publish(folder: Path, vault: Vault, config: Config) -> None:
    place_waiting(vault, config)
    trail.catch_up(vault)
    with witness_of(folder, vault) as link:
        gather(vault.db.read, vault.db.write, [link], now_us=microseconds(vault.clock()))


def _count(vault: Vault) -> int:
    with vault.db.read.connect() as connection:
        return int(connection.execute(text("SELECT count(*) FROM audit_entries")).scalar_one())


def _look(vault: Vault, leaf_hash: bytes, grant: str, before: int, receipt: str) -> Look:
    with vault.db.read.connect() as connection:
        row = read.entry(connection, leaf_hash)
    assert row.index is not None
    assert row.leaf.subject is not None
    assert row.leaf.commitment is not None
    size = _count(vault)
    return Look(leaf_hash.hex(), row.index, row.leaf.subject, row.leaf.commitment, grant, before, size, receipt)


def copied(template: Path, folder: Path, database_url: str | None = None) -> Place:
    """A place of one's own, as `lay` left it in *template*; on PostgreSQL with a copy of its database."""
    shutil.copytree(template, folder)
    held: Mapping[str, Any] = json.loads((folder / "look.json").read_text())
    return Place(folder, Look(**held), database_url)


def regrow(connection: Connection) -> tuple[int, bytes]:
    """Make all nodes anew from the stored leaf hashes, as a careful forger does; size and root of that tree."""
    frontier = Frontier()
    connection.execute(text("DELETE FROM audit_nodes"))
    rows = connection.execute(text('SELECT leaf_hash FROM audit_entries ORDER BY log, "index"')).scalars().all()
    for hashed in rows:
        for (level, index), node in frontier.append(hashed):
            if level:
                connection.execute(
                    text('INSERT INTO audit_nodes (log, level, "index", hash) VALUES (0, :level, :at, :node)'),
                    {"level": level, "at": index, "node": node},
                )
    return frontier.size, frontier.root
