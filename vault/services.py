"""The registry: organisations, their services, and which purposes each service may ask for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from audit.events import Event
from vault.context import Context
from vault.errors import InvalidInputError, NotFoundError
from vault.ids import new_id
from vault.journal import note
from vault.models import Organisation, Service, ServiceAddresses, ServiceDetail, ServicePurpose, ServiceStatus


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a service is met."""

    redirect_uris: tuple[str, ...] = ()
    jwks_uri: str | None = None
    notification_endpoint: str | None = None
    webhook_uri: str | None = None


@dataclass(frozen=True, slots=True)
class Detail:
    """What a service is for, and the council service it stands for by its LGSL code."""

    what_for: str
    lgsl: int | None


PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})


def make_organisation(ctx: Context, *, slug: str, name: str, kind: str) -> Organisation:
    """Register an organisation, or return the one that has *slug* already."""
    held = ctx.session.scalars(select(Organisation).where(Organisation.slug == slug)).one_or_none()
    if held is not None:
        return held
    made = Organisation(organisation_id=new_id(), slug=slug, name=name, kind=kind)
    ctx.session.add(made)
    note(ctx, Event.REGISTRY_CHANGED, facts={"what": "organisation", "slug": slug})
    return made


def set_organisation(ctx: Context, *, slug: str, name: str, kind: str) -> Organisation:
    """Register an organisation, or give the one that has *slug* another name and kind."""
    held = ctx.session.scalars(select(Organisation).where(Organisation.slug == slug)).one_or_none()
    if held is None:
        return make_organisation(ctx, slug=slug, name=name, kind=kind)
    if (held.name, held.kind) != (name, kind):
        held.name, held.kind = name, kind
        held.version += 1
        note(ctx, Event.REGISTRY_CHANGED, facts={"what": "organisation", "slug": slug})
    return held


def organisation(ctx: Context, *, slug: str) -> Organisation:
    """
    The organisation with *slug*.

    Raises:
        NotFoundError: None is registered.
    """
    held = ctx.session.scalars(select(Organisation).where(Organisation.slug == slug)).one_or_none()
    if held is None:
        message = f"organisation `{slug}` is not registered; `citizen-vault organisation list` shows those that are"
        raise NotFoundError(message)
    return held


def organisation_by_id(ctx: Context, *, organisation_id: UUID) -> Organisation:
    """
    The organisation with this id.

    Raises:
        NotFoundError: None is registered.
    """
    held = ctx.session.get(Organisation, organisation_id)
    if held is None:
        message = f"organisation `{organisation_id}` is not registered"
        raise NotFoundError(message)
    return held


def organisations(ctx: Context) -> list[Organisation]:
    """Every organisation, by slug."""
    return list(ctx.session.scalars(select(Organisation).order_by(Organisation.slug)))


def make_service(
    ctx: Context,
    *,
    organisation_id: UUID,
    slug: str,
    name: str,
    jwks: Mapping[str, Any],
    purposes: Sequence[str],
    batch: Sequence[str] = (),
) -> Service:
    """
    Register a service with its public keys (RFC 7517) and purposes.

    Raises:
        InvalidInputError: The slug is taken, or the key set is empty or holds private keys.
    """
    _check_keys(jwks)
    if ctx.session.scalars(select(Service).where(Service.slug == slug)).one_or_none() is not None:
        message = f"service `{slug}` is registered already"
        raise InvalidInputError(message)
    made = Service(
        service_id=new_id(),
        organisation_id=organisation_id,
        slug=slug,
        name=name,
        jwks=dict(jwks),
        batch_purposes=sorted(batch),
    )
    ctx.session.add(made)
    for purpose in sorted(set(purposes)):
        ctx.session.add(ServicePurpose(service_id=made.service_id, purpose=purpose))
    note(ctx, Event.REGISTRY_CHANGED, facts={"what": "service", "slug": slug, "purposes": sorted(purposes)})
    return made


def _check_keys(jwks: Mapping[str, Any]) -> None:
    keys = jwks.get("keys")
    if not isinstance(keys, list) or not all(isinstance(key, dict) for key in keys):
        message = "a key set is a JSON object with a list `keys` (RFC 7517, section 5)"
        raise InvalidInputError(message)
    if any(PRIVATE_MEMBERS & key.keys() for key in keys):
        message = "the key set holds a private or symmetric key; register public keys only"
        raise InvalidInputError(message)


def change_keys(ctx: Context, *, slug: str, jwks: Mapping[str, Any]) -> None:
    """
    Replace a service's public keys.

    Raises:
        NotFoundError: No such service.
        InvalidInputError: The key set is not one of public keys.
    """
    _check_keys(jwks)
    held = by_slug(ctx, slug=slug)
    held.jwks = dict(jwks)
    held.version += 1
    note(ctx, Event.REGISTRY_CHANGED, facts={"what": "service keys", "slug": slug})


def set_status(ctx: Context, *, slug: str, status: ServiceStatus) -> None:
    """
    Suspend a service at once, or let it work again.

    Raises:
        NotFoundError: No such service.
    """
    held = by_slug(ctx, slug=slug)
    if held.status is not status:
        held.status = status
        held.version += 1
        note(ctx, Event.REGISTRY_CHANGED, facts={"what": f"service {status}", "slug": slug})


def detail(ctx: Context, *, service_id: UUID) -> Detail:
    """What a service is for; empty where nobody said so yet."""
    held = ctx.session.get(ServiceDetail, service_id)
    return Detail(held.what_for, held.lgsl) if held else Detail("", None)


def addresses(ctx: Context, *, service_id: UUID) -> Addresses:
    """Where a service is met; nowhere, where nothing was registered yet."""
    held = ctx.session.get(ServiceAddresses, service_id)
    if held is None:
        return Addresses()
    return Addresses(tuple(held.redirect_uris), held.jwks_uri, held.notification_endpoint, held.webhook_uri)


def set_addresses(ctx: Context, *, slug: str, given: Addresses) -> int:
    """
    Say where a service is met; return the service's version then.

    Raises:
        NotFoundError: No such service.
    """
    held = by_slug(ctx, slug=slug)
    row = ctx.session.get(ServiceAddresses, held.service_id)
    if row is None:
        row = ServiceAddresses(service_id=held.service_id, redirect_uris=[])
        ctx.session.add(row)
    else:
        row.version += 1
    row.redirect_uris = sorted(given.redirect_uris)
    row.jwks_uri, row.notification_endpoint = given.jwks_uri, given.notification_endpoint
    row.webhook_uri = given.webhook_uri
    held.version += 1
    note(ctx, Event.REGISTRY_CHANGED, facts={"what": "service addresses", "slug": slug})
    return held.version


def set_words(ctx: Context, *, slug: str, name: str, what_for: str, lgsl: int | None) -> int:
    """
    Say what a service is called and what it is for; return the service's version then.

    Raises:
        NotFoundError: No such service.
    """
    held = by_slug(ctx, slug=slug)
    said = ctx.session.get(ServiceDetail, held.service_id)
    if said is None:
        ctx.session.add(ServiceDetail(service_id=held.service_id, what_for=what_for, lgsl=lgsl))
    elif (said.what_for, said.lgsl) != (what_for, lgsl):
        said.what_for, said.lgsl = what_for, lgsl
        said.version += 1
    held.name = name
    held.version += 1
    note(ctx, Event.REGISTRY_CHANGED, facts={"what": "service words", "slug": slug})
    return held.version


def set_purposes(ctx: Context, *, slug: str, purposes: Sequence[str], batch: Sequence[str]) -> int:
    """
    Let a service ask for *purposes* and no others; return its version then.

    A running grant for a purpose that is no longer among them opens nothing from the next look on.

    Raises:
        NotFoundError: No such service.
    """
    held = by_slug(ctx, slug=slug)
    rows = ctx.session.scalars(select(ServicePurpose).where(ServicePurpose.service_id == held.service_id)).all()
    for row in rows:
        if row.purpose not in purposes:
            ctx.session.delete(row)
    for purpose in sorted(set(purposes) - {row.purpose for row in rows}):
        ctx.session.add(ServicePurpose(service_id=held.service_id, purpose=purpose))
    held.batch_purposes = sorted(batch)
    held.version += 1
    facts = {"what": "service purposes", "slug": slug, "purposes": sorted(purposes)}
    note(ctx, Event.REGISTRY_CHANGED, facts=facts)
    return held.version


def by_slug(ctx: Context, *, slug: str) -> Service:
    """
    The service whose client id is *slug*.

    Raises:
        NotFoundError: No such service.
    """
    held = ctx.session.scalars(select(Service).where(Service.slug == slug)).one_or_none()
    if held is None:
        message = f"service `{slug}` is not registered"
        raise NotFoundError(message)
    return held


def by_id(ctx: Context, *, service_id: UUID) -> Service:
    """
    The service with this id.

    Raises:
        NotFoundError: No such service.
    """
    held = ctx.session.get(Service, service_id)
    if held is None:
        message = f"service `{service_id}` is not registered"
        raise NotFoundError(message)
    return held


def registered(ctx: Context) -> list[Service]:
    """Every service, by slug."""
    return list(ctx.session.scalars(select(Service).order_by(Service.slug)))
