"""Purposes.

The registered reasons for which data may be asked, with their basis, and apart from it the citizen's choice.

A purpose decides; a request may repeat or narrow it, never widen it.
"""

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import select

from audit.events import Event
from vault.context import Context
from vault.errors import BeyondPurposeError, InvalidInputError, NotFoundError, SecondPersonNeededError
from vault.journal import note
from vault.models import Purpose, PurposeVersion, ServicePurpose
from vault.purpose_definitions import LONGEST_DAYS, Choice, Definition, stored

__all__ = [
    "LONGEST_DAYS",
    "NOT_KNOWN_WHEN",
    "Choice",
    "Definition",
    "find",
    "may_ask",
    "narrowest",
    "of_service",
    "register",
    "registered",
    "stored",
    "version_of",
]

NOT_KNOWN_WHEN = datetime(1970, 1, 1, tzinfo=UTC)
"""When a version was made that was registered before versions were kept."""


def register(ctx: Context, *, definition: Definition, first: UUID | None, second: UUID | None) -> None:
    """
    Put *definition* in the registry, or a new version of it, approved by two different people.

    The command line on the server (an operator with the key store in hand) may register without accounts.

    Raises:
        SecondPersonNeededError: One account was given for both.
    """
    if (first or second) and (first is None or second is None or first == second):
        message = "a purpose needs the approval of two different people"
        raise SecondPersonNeededError(message)
    held = ctx.session.get(Purpose, definition.slug)
    if held is None:
        held = Purpose(
            slug=definition.slug, definition=definition.as_json(), approved_first=first, approved_second=second
        )
        ctx.session.add(held)
    elif held.definition != definition.as_json():
        _keep_present(ctx, held)
        held.definition, held.approved_first, held.approved_second = definition.as_json(), first, second
        held.version += 1
    else:
        return
    ctx.session.add(_version_of(held, made_at=ctx.now))
    facts = {"what": "purpose", "slug": definition.slug, "version": held.version}
    note(ctx, Event.REGISTRY_CHANGED, purpose=definition.slug, facts=facts)


def _version_of(held: Purpose, *, made_at: datetime) -> PurposeVersion:
    return PurposeVersion(
        slug=held.slug,
        version=held.version,
        definition=held.definition,
        made_at=made_at,
        approved_first=held.approved_first,
        approved_second=held.approved_second,
    )


def _keep_present(ctx: Context, held: Purpose) -> None:
    """Keep the present version too, where it was registered before versions were kept."""
    if ctx.session.get(PurposeVersion, (held.slug, held.version)) is None:
        ctx.session.add(_version_of(held, made_at=NOT_KNOWN_WHEN))


def version_of(ctx: Context, *, slug: str) -> int:
    """
    The number of the present version of purpose *slug*.

    Raises:
        NotFoundError: No such purpose is registered.
    """
    held = ctx.session.get(Purpose, slug)
    if held is None:
        raise NotFoundError(f"purpose `{slug}` is not registered")
    return held.version


def find(ctx: Context, *, slug: str) -> Definition:
    """
    The definition of purpose *slug*.

    Raises:
        NotFoundError: No such purpose is registered.
    """
    held = ctx.session.get(Purpose, slug)
    if held is None:
        message = f"purpose `{slug}` is not registered"
        raise NotFoundError(message)
    return stored(held.definition)


def registered(ctx: Context) -> list[Definition]:
    """Every registered purpose, by slug."""
    return [stored(held.definition) for held in ctx.session.scalars(select(Purpose).order_by(Purpose.slug))]


def of_service(ctx: Context, *, service_id: UUID) -> list[Definition]:
    """The purposes for which a service may ask."""
    names = ctx.session.scalars(
        select(ServicePurpose).where(ServicePurpose.service_id == service_id).order_by(ServicePurpose.purpose)
    )
    return [find(ctx, slug=row.purpose) for row in names]


def may_ask(ctx: Context, *, service_id: UUID, slug: str) -> bool:
    """Whether a service is registered for purpose *slug*."""
    return ctx.session.get(ServicePurpose, (service_id, slug)) is not None


def narrowest(
    definition: Definition, *, fields: frozenset[str], days: int | None, uses: int | None
) -> tuple[frozenset[str], int, int]:
    """
    What a request may have at most: *fields*, days and uses, cut by nothing and widened by nothing.

    Raises:
        BeyondPurposeError: Something asked for is more than the purpose may have.
        InvalidInputError: No field was asked for.
    """
    if not fields:
        message = "name at least one field"
        raise InvalidInputError(message)
    beyond = sorted(fields - definition.most)
    if beyond:
        message = f"purpose `{definition.slug}` may not ask for {', '.join(beyond)}"
        raise BeyondPurposeError(message)
    if (days or 0) > definition.max_days or (uses or 0) > definition.max_uses:
        message = (
            f"purpose `{definition.slug}` allows at most {definition.max_days} days and {definition.max_uses} uses"
        )
        raise BeyondPurposeError(message)
    return fields, days or definition.max_days, uses or definition.max_uses
