"""A service as it stands, on one sheet: its words, keys with their days, purposes, use and shares."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select

from vault import purposes, services
from vault.context import Context
from vault.crypto.public_keys import thumbprint
from vault.kinds import ChangeKind, ChangeState, GrantState, ServiceStatus
from vault.models import Grant, Organisation, Service
from vault.purposes import Definition
from vault.registry.views import ChangeView, of_subject
from vault.services import Addresses

KINDS_OF_SERVICE: Final = frozenset(kind for kind in ChangeKind if kind.startswith("service"))


@dataclass(frozen=True, slots=True)
class KeyView:
    """One public key of a service."""

    kid: str
    kind: str
    thumbprint: str
    """RFC 7638, 43 characters."""
    added_at: datetime | None
    """Empty where that was before changes were kept."""
    retired_at: datetime | None
    """Empty for a key that counts now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSheet:
    """All there is to say about one service."""

    service_id: UUID
    slug: str
    name: str
    what_for: str
    lgsl: int | None
    status: ServiceStatus
    organisation: Organisation
    keys: tuple[KeyView, ...]
    retired: tuple[KeyView, ...]
    purposes: tuple[Definition, ...]
    batch: frozenset[str]
    addresses: Addresses
    shares: int
    """How many grants to it run now."""
    last_used_at: datetime | None
    """When it, or an officer of it, last looked."""
    changes: tuple[ChangeView, ...]
    """Newest first."""


def sheet(ctx: Context, *, slug: str) -> ServiceSheet:
    """
    The sheet of one service.

    Raises:
        NotFoundError: No such service.
    """
    held = services.by_slug(ctx, slug=slug)
    detail = services.detail(ctx, service_id=held.service_id)
    changes = of_subject(ctx, subject=slug, kinds=KINDS_OF_SERVICE)
    shares, last = _use(ctx, held)
    now, gone = _keys(held.jwks["keys"], changes)
    return ServiceSheet(
        service_id=held.service_id,
        slug=held.slug,
        name=held.name,
        what_for=detail.what_for,
        lgsl=detail.lgsl,
        status=held.status,
        organisation=services.organisation_by_id(ctx, organisation_id=held.organisation_id),
        keys=now,
        retired=gone,
        purposes=tuple(purposes.of_service(ctx, service_id=held.service_id)),
        batch=frozenset(held.batch_purposes),
        addresses=services.addresses(ctx, service_id=held.service_id),
        shares=shares,
        last_used_at=last,
        changes=tuple(changes),
    )


def _use(ctx: Context, held: Service) -> tuple[int, datetime | None]:
    live = (Grant.state == GrantState.ACTIVE, Grant.not_after > ctx.now)
    mine = Grant.service_id == held.service_id
    shares = ctx.session.scalar(select(func.count()).select_from(Grant).where(mine, *live)) or 0
    return shares, ctx.session.scalar(select(func.max(Grant.last_used_at)).where(mine))


def _keys(
    present: Sequence[Mapping[str, Any]], changes: Sequence[ChangeView]
) -> tuple[tuple[KeyView, ...], tuple[KeyView, ...]]:
    """The keys that count now, and those that did; their days are those of the changes that brought and took them."""
    added: dict[str, datetime | None] = {}
    retired: dict[str, datetime | None] = {}
    known: dict[str, Mapping[str, Any]] = {}
    for change in reversed(changes):
        if change.state is not ChangeState.APPLIED or "jwks" not in change.content:
            continue
        before = {thumbprint(key): key for key in change.replaced.get("jwks", {}).get("keys", ())}
        after = {thumbprint(key): key for key in change.content["jwks"]["keys"]}
        known |= before | after
        added |= dict.fromkeys(after.keys() - before.keys(), change.decided_at)
        retired |= dict.fromkeys(before.keys() - after.keys(), change.decided_at)
    now = {thumbprint(key): key for key in present}
    return (
        tuple(_key(key, name, added.get(name), None) for name, key in now.items()),
        tuple(_key(known[name], name, added.get(name), retired.get(name)) for name in known if name not in now),
    )


def _key(key: Mapping[str, Any], name: str, added_at: datetime | None, retired_at: datetime | None) -> KeyView:
    kind = f"{key['kty']} {key['crv']}" if "crv" in key else str(key["kty"])
    return KeyView(str(key.get("kid", "")), kind, name, added_at, retired_at)
