"""What the log can say. Values are ``subject:action``, part of the signed format: they are added, never renamed."""

import enum


class Event(enum.StrEnum):
    """Everything that matters is one of these."""

    RECORD_WRITTEN = "record:written"
    RECORD_OPENED = "record:opened"
    RECORD_REFUSED = "record:refused"
    RECORD_RESEALED = "record:resealed"
    RECORD_DISPOSED = "record:disposed"
    RECORD_UNSEAL_FAILED = "record:unseal-failed"
    RECORD_VIEWED = "record:viewed"
    RECORD_EXPORTED = "record:exported"
    RECORD_HELD_BACK = "record:held-back"
    RECORD_SHOWN_AGAIN = "record:shown-again"
    REQUEST_MADE = "request:made"
    REQUEST_DECIDED = "request:decided"
    REQUEST_REFUSED = "request:refused"
    REQUEST_CANCELLED = "request:cancelled"
    REQUEST_EXPIRED = "request:expired"
    GRANT_MADE = "grant:made"
    GRANT_NARROWED = "grant:narrowed"
    GRANT_RENEWED = "grant:renewed"
    GRANT_WITHDRAWN = "grant:withdrawn"
    GRANT_EXPIRED = "grant:expired"
    GRANT_USED_UP = "grant:used-up"
    GRANT_PAUSED = "grant:paused"
    GRANT_RESUMED = "grant:resumed"
    TOKEN_ISSUED = "token:issued"  # noqa: S105 -- an event, not a secret
    TOKEN_REFUSED = "token:refused"  # noqa: S105 -- an event, not a secret
    TOKEN_REVOKED = "token:revoked"  # noqa: S105 -- an event, not a secret
    KEY_MADE = "key:made"
    KEY_ROTATED = "key:rotated"
    KEY_DESTROYED = "key:destroyed"
    ACCOUNT_MADE = "account:made"
    ACCOUNT_CHANGED = "account:changed"
    ACCOUNT_CLOSED = "account:closed"
    PASSKEY_ADDED = "passkey:added"
    PASSKEY_REMOVED = "passkey:removed"
    PASSKEY_RENAMED = "passkey:renamed"
    LETTER_ASKED = "letter:asked"
    LINK_MADE = "link:made"
    LINK_USED = "link:used"
    SIGN_IN_MADE = "sign-in:made"
    SIGN_IN_REFUSED = "sign-in:refused"
    PAGE_REFUSED = "page:refused"
    SIGN_IN_ENDED = "sign-in:ended"
    SIGN_IN_PROVEN = "sign-in:proven"
    RECOVERY_MADE = "recovery:made"
    RECOVERY_USED = "recovery:used"
    RECOVERY_CANCELLED = "recovery:cancelled"
    IDENTITY_BOUND = "identity:bound"
    IDENTITY_UNBOUND = "identity:unbound"
    DELEGATE_INVITED = "delegate:invited"
    DELEGATE_FROZEN = "delegate:frozen"
    DELEGATE_UNFROZEN = "delegate:unfrozen"
    DELEGATE_REVIEWED = "delegate:reviewed"
    DELEGATE_MADE = "delegate:made"
    DELEGATE_ENDED = "delegate:ended"
    NOTICE_CHOSEN = "notice:chosen"
    NOTICE_MAILED = "notice:mailed"
    CONTACT_USED = "contact:used"
    CITIZEN_MADE = "citizen:made"
    CITIZEN_CHANGED = "citizen:changed"
    CITIZEN_LOOKED_UP = "citizen:looked-up"
    CITIZEN_LINKED = "citizen:linked"
    CITIZEN_MERGED = "citizen:merged"
    CITIZEN_SPLIT = "citizen:split"
    REGISTRY_CHANGED = "registry:changed"
    POLICY_LOADED = "policy:loaded"
    POLICY_REPLAYED = "policy:replayed"
    CASE_OPENED = "case:opened"
    CASE_READ = "case:read"
    CASE_ACKNOWLEDGED = "case:acknowledged"
    CASE_EXTENDED = "case:extended"
    CASE_ANSWERED = "case:answered"
    CASE_WITHDRAWN = "case:withdrawn"
    CONTACT_CHECKED = "contact:checked"
    AGE_CHECKED = "age:checked"
    DISCLOSURE_REPORTED = "disclosure:reported"
    EMERGENCY_STATED = "emergency:stated"
    EMERGENCY_CLOSED = "emergency:closed"
    EMERGENCY_FOLLOWED_UP = "emergency:followed-up"
    IMPORT_RUN = "import:run"
    ITEM_UNMATCHED = "item:unmatched"
    ITEM_RESOLVED = "item:resolved"
    NOTICE_DUE = "notice:due"
    AUDIT_SEARCHED = "audit:searched"
    AUDIT_OPENED = "audit:opened"
    AUDIT_EXPORTED = "audit:exported"
    AUDIT_SUMS = "audit:sums"
    WATCH_RUN = "watch:run"
    FINDING_MADE = "finding:made"
    FINDING_GROWN = "finding:grown"
    FINDING_READ = "finding:read"
    FINDING_ASSIGNED = "finding:assigned"
    FINDING_EXPLAINED = "finding:explained"
    FINDING_CLOSED = "finding:closed"
    TIES_NOTED = "ties:noted"
    TIES_CHECKED = "ties:checked"
    PERSON_MARKED = "person:marked"
    AUDIT_GAP = "audit:gap"
    AUDIT_BEAT = "audit:beat"
    AUDIT_WRITER_OPENED = "audit:writer-opened"
    AUDIT_CLOSED = "audit:closed"
    AUDIT_ORIGIN_OPENED = "audit:origin-opened"


# What the log says about itself: in clear, without a payload, so that files alone prove it.
ABOUT_THE_LOG = frozenset(
    {
        Event.AUDIT_GAP,
        Event.AUDIT_BEAT,
        Event.AUDIT_WRITER_OPENED,
        Event.AUDIT_CLOSED,
        Event.AUDIT_ORIGIN_OPENED,
    }
)

# A writer announces itself with one of these, under its number 0.
ANNOUNCING = frozenset({Event.AUDIT_WRITER_OPENED, Event.AUDIT_ORIGIN_OPENED})
