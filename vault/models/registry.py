"""Tables of the registry: organisations, their services, and the purposes for which data may be asked."""

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from vault.kinds import ServiceStatus
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


class VaultFact(Authenticated, Base):
    """What this database must agree on with its key store: the tenant and the store's fingerprint."""

    __tablename__ = "vault_facts"

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]
