"""The words of a question to the rules, and of its answer.

Plain values only; times are whole seconds since 1970 in UTC.
"""

import enum
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

PolicyId: TypeAlias = str
Kind: TypeAlias = Literal["citizen", "delegate", "officer", "service", "auditor", "administrator", "system"]


class Action(enum.StrEnum):
    """What someone wants to do."""

    READ = "read"
    REVEAL = "reveal"
    ASK = "ask"
    DECIDE = "decide"
    ASSIST = "assist"
    WITHDRAW = "withdraw"
    OBJECT = "object"
    VIEW_LOG = "view-log"
    REVIEW_LOG = "review-log"
    ADMINISTER = "administer"
    WRITE = "write"
    EMERGENCY = "emergency"


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who asks. *service* is the service itself, or the one an officer works for."""

    kind: Kind
    id: str
    service: str | None = None
    suspended: bool = False
    stepped_up: bool = False
    """Whether the person proved who they are again just now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PurposeFacts:
    """The registered purpose, as it stands."""

    name: str
    choice: str
    registered: bool
    """Whether the service may ask for it."""
    most: frozenset[str]
    condition: bool
    """Whether it names an Art. 9 condition."""
    receives: bool = False
    emergency: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantFacts:
    """The one grant that is judged; never a union of several."""

    owner: str
    service: str
    purpose: str
    fields: frozenset[str]
    state: str
    not_before: int
    not_after: int
    uses_left: int
    max_sensitivity: int
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorityFacts:
    """The authority under which a delegate acts."""

    owner: str
    fields: frozenset[str]
    active: bool
    not_before: int
    not_after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenFacts:
    """The token shown: whether its sender proved the key it is bound to, and which version of the grant it is of."""

    bound: bool
    grant_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One question. *owner* is the citizen the data is about; empty for the log and the registry."""

    action: Action
    principal: Principal
    now: int
    owner: str = ""
    owner_status: str = "active"
    fields: frozenset[str] | None = None
    """The whole set of ``category.field`` names asked for; None where the action asks for none."""
    purpose: PurposeFacts | None = None
    grant: GrantFacts | None = None
    authority: AuthorityFacts | None = None
    token: TokenFacts | None = None
    acting_named: bool = False
    batch: bool = False
    sensitivity: int = 0
    """The highest sensitivity among the items to be released, above what their category begins with."""
    entered_in_error: bool = False
    step_up_required: bool = False
    reason_given: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """Allowed or not, because of which policies (empty.

    Nothing permitted it), under which set of rules (64 hex digits).
    """

    allowed: bool
    because: tuple[PolicyId, ...]
    policy_set: str
    missing: tuple[str, ...] = field(default=())
    """What was asked for and the grant does not hold; names of fields."""
