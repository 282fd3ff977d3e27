"""What comes to the door: who asks, with which proof, for what."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from vault.context import Actor


@dataclass(frozen=True, slots=True)
class Proof:
    """A DPoP proof that was checked.

    The key's thumbprint, its single-use id, and until when that must be remembered.
    """

    thumbprint: str
    jti: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class ActingPerson:
    """Who looks on behalf of a service; the service vouches for it.

    The citizen sees role and team, the auditor the reference.
    """

    reference: str
    role: str
    team: str = ""


@dataclass(frozen=True, slots=True)
class Officer:
    """The account of the officer who looks, as it was read: which version, and whether it may be used."""

    account_id: UUID
    version: int
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One question under a grant."""

    actor: Actor
    fields: frozenset[str] | None
    """What is asked for; None means whatever the grant holds."""
    history: bool
    acting: ActingPerson | None
    proof: Proof | None
    """Empty for an officer, whose sign-in was checked."""
    proof_is_spent: bool = False
    """Whether this very look has spent it already, in an attempt that found something changed."""
    categories: frozenset[str] | None = None
    """Where *fields* is empty: of which categories whatever the grant holds is asked for; None means of all."""
    is_meant: Callable[[UUID, UUID], bool] | None = None
    """Where one item alone is asked for: whether it is this one, by the ids of the service and of the item."""
    officer: Officer | None = None
    """Empty for a service, which shows a token."""
