"""What the vault's services hand out: plain frozen values, never rows."""

from dataclasses import dataclass
from uuid import UUID

from vault.context import Context
from vault.models import Service
from vault.services import by_id, organisation_by_id


@dataclass(frozen=True, slots=True)
class ServiceView:
    """A service as a citizen meets it."""

    service_id: UUID
    slug: str
    name: str
    organisation_id: UUID
    organisation_name: str


def service_view(ctx: Context, service: Service | UUID) -> ServiceView:
    """
    The view of one service.

    Raises:
        NotFoundError: No such service.
    """
    row = service if isinstance(service, Service) else by_id(ctx, service_id=service)
    owner = organisation_by_id(ctx, organisation_id=row.organisation_id)
    return ServiceView(row.service_id, row.slug, row.name, owner.organisation_id, owner.name)
