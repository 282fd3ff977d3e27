"""The versions of a purpose: what was registered when, so that what a grant was made under stays known."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from vault.context import Context
from vault.models import PurposeVersion
from vault.purposes import NOT_KNOWN_WHEN, Definition, find, stored, version_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of a purpose, as it was registered."""

    number: int
    definition: Definition
    made_at: datetime | None
    """Empty for one that was registered before versions were kept."""


def versions(ctx: Context, *, slug: str) -> list[Version]:
    """
    Every version of purpose *slug* that was kept, newest first.

    Raises:
        NotFoundError: No such purpose is registered.
    """
    rows = ctx.session.scalars(
        select(PurposeVersion).where(PurposeVersion.slug == slug).order_by(PurposeVersion.version.desc())
    )
    found = [
        Version(
            number=row.version,
            definition=stored(row.definition),
            made_at=None if row.made_at == NOT_KNOWN_WHEN else row.made_at,
        )
        for row in rows
    ]
    return found or [Version(number=version_of(ctx, slug=slug), definition=find(ctx, slug=slug), made_at=None)]


def version_at(ctx: Context, *, slug: str, moment: datetime) -> Version:
    """
    The version of purpose *slug* that was in force at *moment*: what a grant made then was made under.

    Raises:
        NotFoundError: No such purpose is registered.
    """
    kept = versions(ctx, slug=slug)
    return next((each for each in kept if each.made_at is None or each.made_at <= moment), kept[-1])
