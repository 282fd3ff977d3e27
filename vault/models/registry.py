"""Tables of the registry: organisations, their services, and the purposes for which data may be asked."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from vault.kinds import ChangeKind, ChangeState, ServiceStatus
from vault.models.base import Authenticated, Base, Covered


class Organisation(Authenticated, Covered, Base):
    """A council department, NHS trust or care provider."""

    __tablename__ = "organisations"

    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    kind: Mapped[str]
    version: Mapped[int] = mapped_column(default=1)


class Service(Authenticated, Covered, Base):
    """One registered OAuth client of an organisation; ``slug`` is its client id, ``jwks`` its public keys."""

    __tablename__ = "services"

    service_id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID]
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    jwks: Mapped[dict[str, Any]]
    batch_purposes: Mapped[list[str]]
    status: Mapped[ServiceStatus] = mapped_column(default=ServiceStatus.ACTIVE)
    version: Mapped[int] = mapped_column(default=1)


class Purpose(Authenticated, Covered, Base):
    """A registered reason; ``definition`` holds words, basis, choice, the most it may ask for (`vault.purposes`).

    Approved by two people.
    """

    __tablename__ = "purposes"

    slug: Mapped[str] = mapped_column(primary_key=True)
    definition: Mapped[dict[str, Any]]
    approved_first: Mapped[UUID | None] = mapped_column(default=None)
    approved_second: Mapped[UUID | None] = mapped_column(default=None)
    version: Mapped[int] = mapped_column(default=1)


class ServicePurpose(Authenticated, Covered, Base):
    """That a service may ask for a purpose."""

    __tablename__ = "service_purposes"

    service_id: Mapped[UUID] = mapped_column(primary_key=True)
    purpose: Mapped[str] = mapped_column(primary_key=True)


class ServiceDetail(Authenticated, Covered, Base):
    """What a service is for, in plain words, and the council service it stands for (LGSL code), if any."""

    __tablename__ = "service_details"

    service_id: Mapped[UUID] = mapped_column(primary_key=True)
    what_for: Mapped[str] = mapped_column(Text)
    lgsl: Mapped[int | None] = mapped_column(default=None)
    version: Mapped[int] = mapped_column(default=1)


class ListedService(Authenticated, Covered, Base):
    """A service that a directory outside lists (Open Referral UK): public words about it, and where they came from."""

    __tablename__ = "listed_services"
    __table_args__ = (UniqueConstraint("source", "external_id", name="uq_listed_services_source_external_id"),)

    listed_id: Mapped[UUID] = mapped_column(primary_key=True)
    source: Mapped[str]
    """The directory, as the operator named it."""
    external_id: Mapped[str]
    """The service's id there."""
    name: Mapped[str] = mapped_column(Text)
    what_for: Mapped[str] = mapped_column(Text)
    organisation: Mapped[str] = mapped_column(Text)
    url: Mapped[str] = mapped_column(Text)
    is_listed: Mapped[bool]
    """Whether the directory listed it, as active, when it was read last."""
    read_at: Mapped[datetime]
    """When these words were read first."""
    version: Mapped[int] = mapped_column(default=1)


class ServiceAddresses(Authenticated, Covered, Base):
    """Where a service is met: where people are sent back to, where its keys are fetched, where it is told of news."""

    __tablename__ = "service_addresses"
    LATER: ClassVar[frozenset[str]] = frozenset({"webhook_uri"})

    service_id: Mapped[UUID] = mapped_column(primary_key=True)
    redirect_uris: Mapped[list[str]]
    """Compared character by character (RFC 9700, section 2.1)."""
    jwks_uri: Mapped[str | None] = mapped_column(Text, default=None)
    """Where its public keys are fetched; empty where those in ``services.jwks`` count."""
    notification_endpoint: Mapped[str | None] = mapped_column(Text, default=None)
    """Where it is told that a request was decided (CIBA Core 1.0, section 4); empty where it polls alone."""
    webhook_uri: Mapped[str | None] = mapped_column(Text, default=None)
    """Where it is told of what becomes of its grants (`vault.webhooks`); empty where it is not told."""
    version: Mapped[int] = mapped_column(default=1)


class PurposeVersion(Authenticated, Covered, Base):
    """One version of a purpose as it was registered, never changed: what a grant was made under stays known."""

    __tablename__ = "purpose_versions"

    slug: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    definition: Mapped[dict[str, Any]]
    made_at: Mapped[datetime]
    approved_first: Mapped[UUID | None] = mapped_column(default=None)
    approved_second: Mapped[UUID | None] = mapped_column(default=None)


class RegistryChange(Authenticated, Covered, Base):
    """One change of the registry: what was proposed by whom, and who approved or rejected it.

    ``proposed_leaf`` and ``decided_leaf`` say where the log tells of it; the entry itself says whether that is true.
    """

    __tablename__ = "registry_changes"
    __table_args__ = (Index(None, "state"), Index(None, "subject"))
    UNMARKED: ClassVar[frozenset[str]] = frozenset({"proposed_leaf", "decided_leaf"})
    LATER: ClassVar[frozenset[str]] = frozenset({"code_index"})

    change_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[ChangeKind]
    subject: Mapped[str]
    """The slug of the organisation, service or purpose, or the account's id."""
    organisation_id: Mapped[UUID | None]
    """Whose thing it is; empty for what all share."""
    content: Mapped[dict[str, Any]]
    """What it is to become. Names of people are in `sealed_words` alone."""
    replaced: Mapped[dict[str, Any]]
    """What it was when this was proposed; empty for something new."""
    base_version: Mapped[int]
    """The version of the thing when this was proposed; 0 for something new."""
    proposed_at: Mapped[datetime]
    proposed_by: Mapped[UUID | None]
    """The account; empty where the operator at the server acted alone."""
    sealed_words: Mapped[bytes]
    """Why, and how a member of staff is shown now and then, sealed under the house key."""
    state: Mapped[ChangeState] = mapped_column(default=ChangeState.WAITING)
    decided_at: Mapped[datetime | None] = mapped_column(default=None)
    decided_by: Mapped[UUID | None] = mapped_column(default=None)
    sealed_answer: Mapped[bytes | None] = mapped_column(default=None)
    """Why it was rejected, sealed under the house key."""
    applied_version: Mapped[int | None] = mapped_column(default=None)
    proposed_leaf: Mapped[bytes | None] = mapped_column(default=None)
    decided_leaf: Mapped[bytes | None] = mapped_column(default=None)
    code_index: Mapped[bytes | None] = mapped_column(default=None)
    """Blind index (32 bytes) of the code that who proposed it holds, where a sign-in link comes of it."""
    version: Mapped[int] = mapped_column(default=1)


class IssuerKey(Authenticated, Covered, Base):
    """A key that signs what this server says as an issuer, after the first one; its row is never changed."""

    __tablename__ = "issuer_keys"

    name: Mapped[str] = mapped_column(primary_key=True)
    """In the key store: ``issuer-2`` and so on."""
    signs_from: Mapped[datetime]
    alone: Mapped[bool]
    """Whether what came before is worthless from then on: it may be in others' hands."""


class VaultFact(Authenticated, Base):
    """What this database must agree on with its key store: the tenant and the store's fingerprint."""

    __tablename__ = "vault_facts"

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]
