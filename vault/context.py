"""What every vault function is handed: the running vault, one session, the moment, and who acts.

Made once at the edge.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Literal
from uuid import UUID

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from audit.log import Writers
    from policies.engine import Engine
    from vault.clock import Clock
    from vault.db import Database
    from vault.keyring import Keyring
    from vault.sums import Refused, Sums

ActorKind = Literal["citizen", "delegate", "officer", "service", "auditor", "administrator", "operator", "system"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acts: a signed-in account, a service with its token, or the council's own process."""

    kind: ActorKind
    account_id: UUID | None = None
    citizen_id: UUID | None = None
    service_id: UUID | None = None
    organisation_id: UUID | None = None
    proven_at: datetime | None = None
    """When the person last proved who they are; empty for services and processes."""
    proven_by: str | None = None
    """How, where it was more than the usual way: ``phr``, something that cannot be phished (a passkey)."""
    sign_in: bytes | None = None
    """The sign-in they act in, by the SHA-256 of its handle (32 bytes); empty for services and processes."""
    can_prove: bool = False
    """Whether they could be asked to prove it again: they hold a passkey, or come through an identity provider."""
    by_letter: bool = False
    """Whether a code from a letter is all they came by, and all they have: no grave act is theirs meanwhile."""
    recovering: bool = False
    """Whether two officers' recovery of this account waits: nothing is approved, downloaded or delegated on line."""
    supervises: bool = False
    """Whether an officer looks at what others of their service did in an emergency."""

    @property
    def asked_to_prove(self) -> bool:
        """Whether a grave act is asked to be proved: always, save where this sign-in is the best that there is."""
        return self.can_prove or self.by_letter

    @property
    def principal(self) -> str:
        """The id the rules and the log know this actor by."""
        known = {"citizen": self.citizen_id, "service": self.service_id}.get(self.kind, self.account_id)
        return str(known) if known else self.kind


SYSTEM = Actor(kind="system")
"""The vault's own housekeeping: imports, expiry, key rotation."""

OPERATOR = Actor(kind="operator")
"""A person at the command line of the server."""


@dataclass(frozen=True, slots=True)
class Vault:
    """One running vault: its database, keys, rules and log writers."""

    db: "Database"
    keyring: "Keyring"
    engine: "Engine"
    writers: "Writers"
    clock: "Clock"
    sums: "Sums"
    """Strangers who were refused, counted until the log is told."""
    origin: str = field(default="citizen-vault")
    """The name of the log (C2SP tlog-checkpoint)."""

    @contextmanager
    def transaction(self, actor: Actor) -> Iterator["Context"]:
        """One unit of work for *actor*: committed on the way out, rolled back on any error."""
        with self.db.transaction() as session:
            yield Context(session=session, vault=self, now=self.clock(), actor=actor)

    def count_refused(self, kind: "Refused") -> None:
        """Count a stranger who was refused; the log is told the sum of each minute."""
        self.sums.count(kind, now=self.clock())

    @contextmanager
    def reading(self, actor: Actor) -> Iterator["Context"]:
        """A view of what is committed, for *actor*; nothing can be written through it."""
        with self.db.reading() as session:
            yield Context(session=session, vault=self, now=self.clock(), actor=actor)

    @contextmanager
    def snapshot(self, actor: Actor, *, of: str | None = None) -> Iterator["Context"]:
        """A view of one moment for *actor*, for reading long and comparing; *of* is as `Database.snapshot` has it."""
        with self.db.snapshot(of) as session:
            yield Context(session=session, vault=self, now=self.clock(), actor=actor)


@dataclass(frozen=True, slots=True)
class Context:
    """What every vault service needs, decided once at the edge."""

    session: "Session"
    vault: Vault
    now: datetime
    actor: Actor

    @property
    def keyring(self) -> "Keyring":
        """The vault's keys."""
        return self.vault.keyring
