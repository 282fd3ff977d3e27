"""The closed lists that columns draw from. Values are stored and logged: they are never renamed."""

import enum


class CitizenStatus(enum.StrEnum):
    """Where a person stands with the vault."""

    PROVISIONAL = "provisional"
    ACTIVE = "active"
    CHILD = "child"
    """Under 13: no account of their own."""
    YOUNG_PERSON = "young-person"
    """13 to 17: may have an account; parental access is reviewed."""
    DECEASED = "deceased"
    MOVED = "moved"
    MERGED = "merged"
    CLOSED = "closed"


class KeyState(enum.StrEnum):
    """Whether a key still opens anything."""

    ACTIVE = "active"
    DESTROYED = "destroyed"


class RecordStatus(enum.StrEnum):
    """What the source says of an item. Entered-in-error is shown to the citizen struck through and never released."""

    CURRENT = "current"
    HISTORY = "history"
    ENTERED_IN_ERROR = "entered-in-error"


class Role(enum.StrEnum):
    """What an account signs in as."""

    CITIZEN = "citizen"
    OFFICER = "officer"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"
    DELEGATE = "delegate"
    """Looks for somebody else, under an authority."""


class AuthorityKind(enum.StrEnum):
    """On what ground a delegate looks."""

    NAMED_PERSON = "named-person"
    """The citizen let them in."""
    PARENTAL_RESPONSIBILITY = "parental-responsibility"
    ATTORNEY = "attorney"
    DEPUTY = "deputy"
    APPOINTEE = "appointee"


class AuthorityState(enum.StrEnum):
    """Where an authority stands; only an active one opens anything."""

    INVITED = "invited"
    ACTIVE = "active"
    FROZEN = "frozen"
    RAN_OUT = "ran-out"
    ENDED = "ended"


class AccountStatus(enum.StrEnum):
    """Whether an account may sign in."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    CLOSED = "closed"


class ServiceStatus(enum.StrEnum):
    """Whether a service may ask and read."""

    ACTIVE = "active"
    SUSPENDED = "suspended"


class RequestState(enum.StrEnum):
    """Where an access request stands."""

    PENDING = "pending"
    APPROVED = "approved"
    PARTLY_APPROVED = "partly-approved"
    DENIED = "denied"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class GrantState(enum.StrEnum):
    """Where a grant stands; only an active one opens anything."""

    ACTIVE = "active"
    PAUSED = "paused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    EXHAUSTED = "exhausted"


class Decider(enum.StrEnum):
    """Who decided a grant."""

    CITIZEN = "citizen"
    DELEGATE = "delegate"
    SPOKEN = "officer-on-spoken-word"
    STATUTORY = "statutory-rule"


class Channel(enum.StrEnum):
    """How a decision reached the council."""

    PORTAL = "portal"
    PHONE = "phone"
    IN_PERSON = "in-person"
    LETTER = "letter"
    RULE = "rule"


class CaseKind(enum.StrEnum):
    """What a citizen brought up."""

    OBJECTION = "objection"
    CHALLENGE = "challenge"
    CORRECTION = "correction"
    NOT_RECOGNISED = "not-recognised"


class CaseState(enum.StrEnum):
    """Where a case stands."""

    OPEN = "open"
    UPHELD = "upheld"
    NOT_UPHELD = "not-upheld"
    WITHDRAWN = "withdrawn"
    """Taken back by the citizen."""


class StepKind(enum.StrEnum):
    """What happened to a case between its opening and its end."""

    ACKNOWLEDGED = "acknowledged"
    """Somebody who works for the service read it."""
    EXTENDED = "extended"
    """The answer needs longer, for a reason (UK GDPR Art. 12(3))."""
    PAUSED = "paused"
    """It holds the grant it is about still."""


class EmergencyReason(enum.StrEnum):
    """Why a record must be opened at once, without asking."""

    LIFE_AT_RISK = "life-at-risk"
    """Somebody's life or health is in danger now."""
    NO_ANSWER = "no-answer"
    """The person does not answer, and something may have happened to them."""
    CANNOT_SPEAK = "cannot-speak"
    """The person cannot say what they need, and needs help now."""
    HARM = "harm"
    """Somebody may be hurting the person, or is about to."""


class FollowUp(enum.StrEnum):
    """What a supervisor says afterwards of an emergency."""

    RIGHT = "right"
    WRONG = "wrong"


class TokenKind(enum.StrEnum):
    """What a token is for."""

    ACCESS = "access"
    REFRESH = "refresh"


class RecoveryState(enum.StrEnum):
    """Where a recovery in person stands."""

    ASKED = "asked"
    """One officer vouches; a second one is needed."""
    WAITING = "waiting"
    """Two vouch; the time in which the owner can say no is running, or over."""
    CANCELLED = "cancelled"
    DONE = "done"
    """The link to make a new passkey was given out."""


class LinkKind(enum.StrEnum):
    """What a one-time link does: lets a person add a passkey, or, in the demo only, signs them in."""

    ENROL = "enrol"
    ENROLLING = "enrolling"
    """What a used enrolment link leaves for ten minutes: leave to add one passkey. It is no address."""
    DEMO = "demo"


class ChangeKind(enum.StrEnum):
    """What a change of the registry is about."""

    ORGANISATION = "organisation"
    """An organisation, new or by another name."""
    SERVICE = "service"
    """A new service."""
    SERVICE_WORDS = "service-words"
    """A service's name and what it is for."""
    SERVICE_KEYS = "service-keys"
    SERVICE_PURPOSES = "service-purposes"
    SERVICE_ADDRESSES = "service-addresses"
    """Where people are sent back to, where its keys are fetched, where it is told of news."""
    SERVICE_SUSPENDED = "service-suspended"
    SERVICE_RESUMED = "service-resumed"
    PURPOSE = "purpose"
    """A purpose, new or in a new version."""
    ACCOUNT = "account"
    """A new account of a member of staff."""
    ACCOUNT_LINK = "account-link"
    """A fresh enrolment link for an account that is there."""
    ACCOUNT_CHANGED = "account-changed"
    """Another role, service or label."""
    ACCOUNT_SUSPENDED = "account-suspended"
    ACCOUNT_RESUMED = "account-resumed"
    ACCOUNT_CLOSED = "account-closed"


class ChangeState(enum.StrEnum):
    """Where a change of the registry stands."""

    WAITING = "waiting"
    """For a second person."""
    APPLIED = "applied"
    REJECTED = "rejected"
    TAKEN_BACK = "taken-back"


class DelayState(enum.StrEnum):
    """Where it stands that an entry of the log is shown later."""

    WAITING = "waiting"
    """For a second person: the citizen sees the entry meanwhile."""
    RUNNING = "running"
    """Approved: hidden until its day, and not a moment longer."""
    REJECTED = "rejected"
    TAKEN_BACK = "taken-back"
    LIFTED = "lifted"
    OPENED = "opened"
    """Its day has come."""


class NoticeKind(enum.StrEnum):
    """What a citizen is told of."""

    REQUEST_WAITS = "request-waits"
    SHARE_ENDS = "share-ends-soon"
    NEW_PASSKEY = "new-passkey"
    RECOVERY = "recovery"
    WAY_REMOVED = "way-removed"
    """A passkey, or an identity provider, signs in to their account no more."""
    FAMILY = "family"
    """Someone accepted an invitation to look for them, or a legal authority was entered."""
    EMERGENCY = "emergency"
    """Somebody opened their record in an emergency."""
    EMERGENCY_JUDGED = "emergency-judged"
    """A supervisor said whether that was right."""
    WRITTEN_DOWN = "written-down"
    """An officer wrote down what they said about a request or a share."""
    SHOWN_LATE = "shown-late"
    """A line of the log that the law kept from them is shown now."""


class MailChoice(enum.StrEnum):
    """Whether a citizen wants e-mail about what waits. The portal tells them whatever they choose."""

    AT_ONCE = "at-once"
    DAILY = "daily"
    NONE = "none"


class FindingState(enum.StrEnum):
    """Where a finding of the watchers stands; what it turned out to be closes it."""

    OPEN = "open"
    ASSIGNED = "assigned"
    RIGHT = "right"
    """The suspicion was right: nobody should have done that."""
    WRONG = "wrong"
    """There was a good reason."""
    PASSED_ON = "passed-on"
    """Others go on with it: the service, the data protection officer, the police."""


class FindingStep(enum.StrEnum):
    """What somebody did about a finding."""

    ASSIGNED = "assigned"
    EXPLAINED = "explained"
    CLOSED = "closed"
