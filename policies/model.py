"""The question and the answer: a `Request` of plain facts, and a `Decision` that names the rules it rests on.

All moments in one request are integers of one unit counted from 1970-01-01 UTC (microseconds, as the log has them).
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NewType

PolicyId = NewType("PolicyId", str)
"""A rule's ``@id``; stored in the log, never renamed."""


class Action(enum.StrEnum):
    """What is asked to be done. Values are stored in the log and named by the schema."""

    READ = "read"
    """Open fields of a record."""
    WRITE = "write"
    """Add to a record."""
    ASK = "ask"
    """A service asks a citizen to share."""
    IMPOSE = "impose"
    """A service under a statutory purpose is given its grant at once."""
    DECIDE = "decide"
    """Allow, narrow or deny a request."""
    ASSIST = "assist"
    """An officer records what a citizen decided by word of mouth or letter."""
    WITHDRAW = "withdraw"
    """Stop sharing."""
    OBJECT = "object"
    """Object to a use that the law allows without asking (UK GDPR Art. 21)."""
    CHALLENGE = "challenge"
    """Ask for a use, or an item, to be looked at again."""
    EMERGENCY = "emergency"
    """Open fields at once to prevent harm, with a stated reason."""
    FOLLOW_UP = "follow-up"
    """Look at an emergency afterwards: was it right to open the record?"""
    CANCEL = "cancel"
    """Take a request back before it is decided."""
    READ_CASE = "read-case"
    """Read what a citizen brought up."""
    ANSWER_CASE = "answer-case"
    """Answer a case, or say why the answer needs longer."""
    WITHDRAW_CASE = "withdraw-case"
    """Take back what one brought up."""
    CORRECT = "correct"
    """Open one item to put it right, and write it anew (UK GDPR Art. 16)."""
    CHECK_CONTACT = "check-contact"
    """Ask whether a way of contact is safe, before it is used."""
    CHECK_AGE = "check-age"
    """Open a young person's birth date, to see whether they have come of an age."""
    CHECK_TIES = "check-ties"
    """Open a name and an address, to see whose neighbour or namesake among staff somebody is."""
    NOTIFY = "notify"
    """Read where to write to a person, to tell them that something waits."""
    VIEW_LOG = "view-log"
    """See who looked at one's own record."""
    REVIEW_LOG = "review-log"
    """Search an organisation's part of the log."""
    DELAY = "delay"
    """Have an entry of the log shown to its citizen later, or decide about that."""
    ADMINISTER = "administer"
    """Change the registry of organisations, services and purposes."""


class Kind(enum.StrEnum):
    """What someone acts as."""

    CITIZEN = "citizen"
    DELEGATE = "delegate"
    OFFICER = "officer"
    SERVICE = "service"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who asks."""

    kind: Kind
    id: str
    """The citizen's, account's or service's id; for a citizen the same as `Request.owner` of their own record."""
    organisation: str | None = None
    service: str | None = None
    """For an officer the service worked for. A service is known by its own id."""
    suspended: bool = False
    """Whether the account, or the service itself or the one worked for, is suspended."""
    step_up: bool = False
    """Whether the person has proved again, moments ago, who they are."""
    supervises: bool = False
    """Whether an officer answers for what the others of their service do in an emergency."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PurposeFacts:
    """What the registry says of the purpose, and whether the asking service may use it."""

    slug: str
    choice: str
    """``decide``, ``may-object``, ``may-challenge`` or ``told-afterwards``."""
    most: frozenset[str]
    """The most fields that may ever be asked for under it."""
    registered: bool
    """Whether the service that asks is registered for it."""
    basis: str = ""
    """UK GDPR Art. 6 basis, such as ``6(1)(e)``: an answer's context, judged by no rule."""
    condition: bool = False
    """Whether an Art. 9 condition is registered."""
    organisations: frozenset[str] = frozenset()
    """The organisations whose officers may record a spoken decision under it."""
    receives: bool = False
    """Whether data may be brought into the vault under it."""
    emergency: bool = False
    """Whether it may be used without asking first, to prevent harm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantFacts:
    """The one grant this decision judges: never a union of several."""

    id: str
    owner: str
    service: str
    purpose: str
    fields: frozenset[str]
    state: str
    """``active`` counts; every other word is a no."""
    not_before: int
    not_after: int
    uses: int
    max_uses: int
    max_sensitivity: int
    version: int
    by_rule: bool = False
    """Whether a statutory rule made it, and not the citizen's decision."""
    history: bool = False
    """Whether it covers what has ended, such as stopped medicines."""
    write: bool = False
    """Whether it allows writing back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorityFacts:
    """The ground on which a delegate acts: whose, of what kind, for what, from when to when."""

    owner: str
    kind: str
    """``attorney``, ``deputy``, ``appointee``, ``parental-responsibility`` or ``named-person``."""
    powers: frozenset[str]
    """Of ``see``, ``decide``, ``withdraw``, ``object``, ``view-log``."""
    fields: frozenset[str]
    """What may be seen or decided about."""
    valid_from: int
    valid_to: int
    reviewed: bool = False
    """Whether parental access to a young person (13 to 17) was looked at and kept."""


class Step(enum.StrEnum):
    """What is done with a change of the registry. Values are named by the rules."""

    PROPOSE = "propose"
    APPROVE = "approve"
    REJECT = "reject"
    STOP = "stop"
    """Suspend a service or an account at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeFacts:
    """A change of the registry, and what the one who acts has to do with it."""

    step: Step
    organisation: str
    """Whose service or people it changes; empty for what all share."""
    shared: bool
    """Whether it changes what all share: organisations, purposes, and what a service may ask for."""
    keeper: bool
    """Whether the one who acts belongs to an organisation that keeps the whole registry."""
    own: bool = False
    """Whether the one who acts proposed it."""
    about_self: bool = False
    """Whether it is about the account of the one who acts."""
    proposer_stands: bool = True
    """Whether who proposed it is still an administrator who may sign in."""
    current: bool = True
    """Whether what it changes is still as it was when it was proposed."""


class DelayStep(enum.StrEnum):
    """What is done with a delay. Values are named by the rules."""

    PROPOSE = "propose"
    APPROVE = "approve"
    REJECT = "reject"
    LIFT = "lift"
    READ = "read"
    """See what is asked for and decided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DelayFacts:
    """An entry of the log that is to be shown to its citizen later, and what the one who acts has to do with it."""

    step: DelayStep
    keeper: bool
    """Whether the one who acts belongs to the council."""
    own: bool
    """Whether the one who acts asked for it."""
    about_self: bool
    """Whether the entry is about what the one who acts did."""
    proposer_stands: bool
    """Whether who asked for it is still one who may."""
    days: int
    """How many days lie between what the entry says and the day on which it opens; a day that has begun counts."""
    until: int
    """From when the citizen is to see it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenFacts:
    """The token that carried the call."""

    bound: bool
    """Whether the sender proved the key the token is bound to (RFC 9449)."""
    grant_version: int
    not_after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFacts:
    """What a citizen brought up, and with whom it is."""

    owner: str
    service: str
    """The service that answers it."""
    kind: str
    """``objection``, ``challenge``, ``correction`` or ``not-recognised``."""
    state: str
    """``open`` counts; every other word is a no."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemFacts:
    """Who wrote the one item that is to be put right."""

    organisation: str
    service: str = ""
    """The service that wrote it here; empty for what came from elsewhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyFacts:
    """An emergency that was stated, and what the one who acts has to do with it."""

    owner: str
    service: str
    """The service whose officer stated it."""
    own: bool
    """Whether the one who acts stated it."""
    state: str
    """``open`` while the record may be looked at, ``over`` from its end on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One question to the rules, complete in itself, so that it can be stored and asked again years later."""

    action: Action
    principal: Principal
    now: int
    owner: str = ""
    """The citizen whose record it is about; empty for the log and the registry."""
    owner_status: str = ""
    """``active``, ``child``, ``young-person``, ``provisional``, ``moved``, ``deceased``, ``merged`` or ``closed``."""
    fields: frozenset[str] = frozenset()
    """The ``category.field`` names asked for: all or none of them is allowed."""
    purpose: PurposeFacts | None = None
    grant: GrantFacts | None = None
    authority: AuthorityFacts | None = None
    token: TokenFacts | None = None
    case: CaseFacts | None = None
    item: ItemFacts | None = None
    asker: str = ""
    """The service that a request was, or is to be, made by."""
    change: ChangeFacts | None = None
    delay: DelayFacts | None = None
    emergency: EmergencyFacts | None = None
    """The emergency that is looked at, or looked on in; empty where one is stated now."""
    acting_person: bool = False
    """Whether the person behind a service's call is named."""
    batch: bool = False
    """Whether the call is a run that the purpose is registered to make without a person."""
    sensitivity: int = 0
    """The highest sensitivity among the items asked for: 0 normal, 1 sensitive, 2 danger."""
    held_back: bool = False
    """Whether one of the items is lawfully held back from the citizen."""
    entered_in_error: bool = False
    history: bool = False
    """Whether what has ended is asked for too."""
    grant_proven: bool = False
    """Whether the citizen who decided had proved who they are as the purpose asks, freshly enough for now."""
    step_up_required: bool = False
    """Whether this sign-in could be asked to prove itself again before a grave act."""
    recovering: bool = False
    """Whether something would be approved on line while somebody's recovery of this very account waits."""
    reason: bool = False
    """Whether a reason, evidence or case reference was given and will be logged."""
    agreement: bool = False
    """Whether an import run names its agreement."""
    without_others: bool = False
    """Whether what is about other people is cut out before anything is shown."""
    own_words: bool = False
    """Whether every field is one that citizens write themselves."""
    shares: bool = False
    """Whether a spoken decision that is written down gives anybody anything."""
    known_here: bool = False
    """Whether the organisation of who writes it down knows the citizen by a reference that it verified."""
    log_of: str = ""
    """The organisation whose part of the log is to be reviewed."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Allowed or not, because of which rules, under which set of rules."""

    allowed: bool
    because: tuple[PolicyId, ...]
    """The determining rules in alphabetical order; a word of `policies.explain.WITHOUT_RULE` where none decided."""
    policy_set: str
    """SHA-256 (64 hex digits) over rules, schema, catalogue and engine version."""
    missing: tuple[str, ...] = field(default=())
    """What was asked for beyond the grant, in alphabetical order; a service may be told."""
    facts: Mapping[str, Any] | None = field(default=None, repr=False, compare=False)
    """What was judged, as `policies.engine.Engine.facts` writes it; None where no rule was asked."""
    owner: str = field(default="", repr=False, compare=False)
    """The citizen whom *facts* name, to be left out where they are kept."""
