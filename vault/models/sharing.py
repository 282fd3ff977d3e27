"""Tables of sharing: what was asked, what was allowed, the tokens that carry it, and what citizens brought up."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from vault.kinds import CaseKind, CaseState, Channel, Decider, GrantState, RequestState, StepKind, TokenKind
from vault.models.base import Authenticated, Base, Covered

_PENDING = text("state = 'pending'")


class AccessRequest(Authenticated, Covered, Base):
    """A service asks for named fields of one citizen.

    An unknown person's request names a citizen id that does not exist, and looks the same.
    """

    __tablename__ = "access_requests"
    __table_args__ = (
        Index(None, "hint_index"),
        Index(
            "uq_access_requests_one_pending",
            "service_id",
            "purpose",
            "hint_index",
            unique=True,
            sqlite_where=_PENDING,
            postgresql_where=_PENDING,
        ),
    )
    UNMARKED: ClassVar[frozenset[str]] = frozenset({"polled_at"})
    LATER: ClassVar[frozenset[str]] = frozenset({"hint_index", "sealed_receipt"})

    citizen_id: Mapped[UUID] = mapped_column(primary_key=True)
    request_id: Mapped[UUID] = mapped_column(primary_key=True)
    service_id: Mapped[UUID]
    purpose: Mapped[str]
    handle_hash: Mapped[bytes] = mapped_column(unique=True)
    fields: Mapped[list[str]]
    max_uses: Mapped[int]
    period_seconds: Mapped[int]
    sealed_words: Mapped[bytes]
    """The binding message and the service's own reason, sealed under the house key."""
    asked_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    state: Mapped[RequestState] = mapped_column(default=RequestState.PENDING)
    decided_at: Mapped[datetime | None] = mapped_column(default=None)
    grant_id: Mapped[UUID | None] = mapped_column(default=None)
    redeemed_at: Mapped[datetime | None] = mapped_column(default=None)
    polled_at: Mapped[datetime | None] = mapped_column(default=None)
    hint_index: Mapped[bytes | None] = mapped_column(default=None)
    """By what name this service asked: HMAC-SHA256 (32 bytes) of service and hint, the same for known and unknown."""
    sealed_receipt: Mapped[bytes | None] = mapped_column(default=None)
    """What was decided, on which words, sealed for the citizen."""
    version: Mapped[int] = mapped_column(default=1)


class Grant(Authenticated, Covered, Base):
    """What was allowed, to whom, for what, until when, and who decided that how.

    ``uses`` is counted by the door alone.
    """

    __tablename__ = "grants"
    __table_args__ = (
        CheckConstraint("uses <= max_uses", name="uses_within"),
        Index(None, "grant_id", unique=True),
        Index(None, "service_id"),
    )
    UNMARKED: ClassVar[frozenset[str]] = frozenset({"uses", "last_used_at"})
    LATER: ClassVar[frozenset[str]] = frozenset({"said_version", "proven_at", "proven_by"})

    citizen_id: Mapped[UUID] = mapped_column(primary_key=True)
    grant_id: Mapped[UUID] = mapped_column(primary_key=True)
    service_id: Mapped[UUID]
    purpose: Mapped[str]
    fields: Mapped[list[str]]
    max_sensitivity: Mapped[int]
    not_before: Mapped[datetime]
    not_after: Mapped[datetime]
    max_uses: Mapped[int]
    decided_by: Mapped[Decider]
    channel: Mapped[Channel]
    made_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    since: Mapped[datetime | None] = mapped_column(default=None)
    exceptions: Mapped[list[str]] = mapped_column(default_factory=list)
    history: Mapped[bool] = mapped_column(default=False)
    request_id: Mapped[UUID | None] = mapped_column(default=None)
    decider_account_id: Mapped[UUID | None] = mapped_column(default=None)
    sealed_evidence: Mapped[bytes | None] = mapped_column(default=None)
    case_reference: Mapped[str | None] = mapped_column(default=None)
    proven_at: Mapped[datetime | None] = mapped_column(default=None)
    """When the citizen who decided had proved who they are; empty where it was no citizen who was signed in."""
    proven_by: Mapped[str | None] = mapped_column(String(40), default=None)
    """How: an authentication context class (OpenID Connect Core, section 2); empty for a usual one."""
    state: Mapped[GrantState] = mapped_column(default=GrantState.ACTIVE)
    uses: Mapped[int] = mapped_column(default=0)
    last_used_at: Mapped[datetime | None] = mapped_column(default=None)
    said_version: Mapped[int | None] = mapped_column(default=None)
    """The version that an officer made last on the citizen's spoken word; `sealed_evidence` says what it was before."""
    version: Mapped[int] = mapped_column(default=1)


class Token(Authenticated, Base):
    """An opaque token, known only by its SHA-256, bound to the sender's key and to one version of one grant."""

    __tablename__ = "tokens"

    citizen_id: Mapped[UUID] = mapped_column(primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(primary_key=True, unique=True)
    kind: Mapped[TokenKind]
    service_id: Mapped[UUID]
    grant_id: Mapped[UUID]
    grant_version: Mapped[int]
    thumbprint: Mapped[str]
    """RFC 7638 thumbprint (base64url SHA-256) of the key the sender must prove."""
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class SpentProof(Base):
    """A single-use proof that was shown; the primary key makes a second showing fail."""

    __tablename__ = "spent_proofs"

    owner: Mapped[str] = mapped_column(primary_key=True)
    jti_hash: Mapped[bytes] = mapped_column(primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)


class KeptAnswer(Authenticated, Base):
    """What a service was answered under an idempotency key, so that the same request again gets the same answer."""

    __tablename__ = "kept_answers"

    citizen_id: Mapped[UUID] = mapped_column(primary_key=True)
    service_id: Mapped[UUID] = mapped_column(primary_key=True)
    key_hash: Mapped[bytes] = mapped_column(primary_key=True)
    """SHA-256 of the key (32 bytes)."""
    request_digest: Mapped[bytes]
    """HMAC-SHA256 of the request (32 bytes): equal for the same request, and tells nothing of it."""
    record_id: Mapped[UUID]
    version: Mapped[int]
    leaf_hash: Mapped[bytes]
    """The entry that says what was written."""
    answered_at: Mapped[datetime] = mapped_column(index=True)


class Case(Authenticated, Covered, Base):
    """An objection, challenge or correction, with the month in which it must be answered."""

    __tablename__ = "cases"
    __table_args__ = (Index(None, "case_id", unique=True), Index(None, "service_id"))

    citizen_id: Mapped[UUID] = mapped_column(primary_key=True)
    case_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[CaseKind]
    service_id: Mapped[UUID]
    sealed_statement: Mapped[bytes]
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime]
    grant_id: Mapped[UUID | None] = mapped_column(default=None)
    record_id: Mapped[UUID | None] = mapped_column(default=None)
    leaf_hash: Mapped[bytes | None] = mapped_column(default=None)
    state: Mapped[CaseState] = mapped_column(default=CaseState.OPEN)
    sealed_answer: Mapped[bytes | None] = mapped_column(default=None)
    answered_at: Mapped[datetime | None] = mapped_column(default=None)
    version: Mapped[int] = mapped_column(default=1)


class CaseStep(Authenticated, Covered, Base):
    """One thing that happened to a case: taken up, given longer, or holding a grant still."""

    __tablename__ = "case_steps"
    __table_args__ = (Index(None, "citizen_id", "case_id"),)

    citizen_id: Mapped[UUID] = mapped_column(primary_key=True)
    step_id: Mapped[UUID] = mapped_column(primary_key=True)
    case_id: Mapped[UUID]
    kind: Mapped[StepKind]
    at: Mapped[datetime]
    account_id: Mapped[UUID | None] = mapped_column(default=None)
    sealed_words: Mapped[bytes | None] = mapped_column(default=None)
    version: Mapped[int] = mapped_column(default=1)
