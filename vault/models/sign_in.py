"""Tables of sign-in.

Accounts, the identities and passkeys bound to them, one-time links, and sign-ins that can be ended.
"""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from vault.kinds import AccountStatus, LinkKind, RecoveryState, Role
from vault.models.base import Authenticated, Base, Covered


class Account(Authenticated, Covered, Base):
    """One way into the portal in one role.

    An officer works for one service, an auditor and an administrator for one organisation.
    """

    __tablename__ = "accounts"
    LATER: ClassVar[frozenset[str]] = frozenset({"supervises"})

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    role: Mapped[Role]
    created_at: Mapped[datetime]
    citizen_id: Mapped[UUID | None] = mapped_column(default=None, index=True)
    organisation_id: Mapped[UUID | None] = mapped_column(default=None)
    service_id: Mapped[UUID | None] = mapped_column(default=None)
    sealed_label: Mapped[bytes | None] = mapped_column(default=None)
    """First name, job and team of staff, sealed under the house key; a citizen's name is in their record."""
    status: Mapped[AccountStatus] = mapped_column(default=AccountStatus.ACTIVE)
    supervises: Mapped[bool | None] = mapped_column(default=None)
    """Whether an officer looks at what others of their service did in an emergency; empty where they do not."""
    version: Mapped[int] = mapped_column(default=1)


class Identity(Authenticated, Covered, Base):
    """A sign-in identity bound to an account.

    Issuer, blind index of the subject, how sure, who bound it, on what evidence.
    """

    __tablename__ = "identities"
    __table_args__ = (Index(None, "issuer", "subject_index", unique=True),)

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    identity_id: Mapped[UUID] = mapped_column(primary_key=True)
    issuer: Mapped[str]
    subject_index: Mapped[bytes]
    assurance: Mapped[str]
    evidence: Mapped[str]
    bound_at: Mapped[datetime]
    bound_by: Mapped[UUID | None] = mapped_column(default=None)


class Passkey(Authenticated, Covered, Base):
    """A WebAuthn credential of an account (Web Authentication Level 3).

    ``public_key`` is the COSE key as the browser gave it.
    """

    __tablename__ = "passkeys"
    UNMARKED: ClassVar[frozenset[str]] = frozenset({"sign_count", "last_used_at"})
    LATER: ClassVar[frozenset[str]] = frozenset({"sealed_name"})

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    passkey_id: Mapped[UUID] = mapped_column(primary_key=True)
    credential_id: Mapped[bytes] = mapped_column(unique=True)
    public_key: Mapped[bytes]
    created_at: Mapped[datetime]
    sign_count: Mapped[int] = mapped_column(default=0)
    last_used_at: Mapped[datetime | None] = mapped_column(default=None)
    sealed_name: Mapped[bytes | None] = mapped_column(default=None)
    """What its owner calls it, sealed under the house key: people name devices after people."""


class Link(Authenticated, Base):
    """A one-time link, known only by its SHA-256; used once, then gone."""

    __tablename__ = "links"
    LATER: ClassVar[frozenset[str]] = frozenset({"code_index"})

    link_hash: Mapped[bytes] = mapped_column(primary_key=True)
    account_id: Mapped[UUID]
    kind: Mapped[LinkKind]
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    made_first: Mapped[UUID | None] = mapped_column(default=None)
    made_second: Mapped[UUID | None] = mapped_column(default=None)
    code_index: Mapped[bytes | None] = mapped_column(default=None)
    """Blind index (32 bytes) of the code that must be typed with it, where two people hold a half each."""


class SignIn(Authenticated, Base):
    """One signed-in browser, known only by the SHA-256 of its cookie; ends when idle, at its limit, or when revoked."""

    __tablename__ = "sign_ins"
    UNMARKED: ClassVar[frozenset[str]] = frozenset({"last_seen_at"})
    LATER: ClassVar[frozenset[str]] = frozenset({"device"})

    sign_in_hash: Mapped[bytes] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(index=True)
    method: Mapped[str]
    started_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    proven_at: Mapped[datetime]
    """When the person last proved who they are; a step-up moves it."""
    last_seen_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)
    device: Mapped[str | None] = mapped_column(default=None)
    """Two words that help its owner to know it again, such as ``Chrome on Windows``; never what the browser sent."""


class NotedLook(Authenticated, Base):
    """That the log holds a look of one sign-in at one category of its own record in one hour."""

    __tablename__ = "noted_looks"

    citizen_id: Mapped[UUID] = mapped_column(primary_key=True)
    sign_in_hash: Mapped[bytes] = mapped_column(primary_key=True)
    category: Mapped[str] = mapped_column(primary_key=True)
    hour: Mapped[datetime] = mapped_column(primary_key=True)
    """When that hour began."""
    leaf_hash: Mapped[bytes]
    """The entry."""
    logged_at: Mapped[datetime] = mapped_column(index=True)


class Challenge(Authenticated, Base):
    """A WebAuthn challenge waiting for its answer (32 random bytes, five minutes, one use)."""

    __tablename__ = "challenges"

    challenge_hash: Mapped[bytes] = mapped_column(primary_key=True)
    purpose: Mapped[str]
    expires_at: Mapped[datetime]
    account_id: Mapped[UUID | None] = mapped_column(default=None)


class RecoveryCode(Authenticated, Covered, Base):
    """One of the codes that a person keeps on paper: known by its blind index alone, used once, then gone."""

    __tablename__ = "recovery_codes"

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    code_index: Mapped[bytes] = mapped_column(primary_key=True)
    made_at: Mapped[datetime]


class LetterCode(Authenticated, Base):
    """A code in a letter, known by its blind index alone: good for thirty days, one use and five wrong tries."""

    __tablename__ = "letter_codes"

    code_index: Mapped[bytes] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(index=True)
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    made_by: Mapped[UUID | None] = mapped_column(default=None)
    tries: Mapped[int] = mapped_column(default=0)


class LetterOrder(Authenticated, Base):
    """A letter that one officer asked for and another one is to print: at most one for an account, for two weeks."""

    __tablename__ = "letter_orders"

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID] = mapped_column(unique=True)
    asked_by: Mapped[UUID]
    asked_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class Binding(Authenticated, Base):
    """Somebody whom an identity provider vouched for and whose account is still being looked for (fifteen minutes)."""

    __tablename__ = "bindings"

    binding_hash: Mapped[bytes] = mapped_column(primary_key=True)
    issuer: Mapped[str]
    subject_index: Mapped[bytes]
    assurance: Mapped[str]
    expires_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)


class Recovery(Authenticated, Covered, Base):
    """A way back in that two officers vouch for; it waits, so that the account's owner can say no."""

    __tablename__ = "recoveries"

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    recovery_id: Mapped[UUID] = mapped_column(primary_key=True)
    state: Mapped[RecoveryState]
    first_by: Mapped[UUID]
    first_at: Mapped[datetime]
    sealed_first: Mapped[bytes]
    """What the first officer saw, sealed under the house key."""
    second_by: Mapped[UUID | None] = mapped_column(default=None)
    second_at: Mapped[datetime | None] = mapped_column(default=None)
    sealed_second: Mapped[bytes | None] = mapped_column(default=None)
    ready_at: Mapped[datetime | None] = mapped_column(default=None)
    version: Mapped[int] = mapped_column(default=1)
