"""Finding a resident by what they know themselves: a number and a birth date, never a name.

What is found is a proposal of blind indexes; `vault.access.confirm_identity` says whether the sealed record agrees.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import select

from vault import citizens
from vault.context import Context
from vault.identifiers import nhs_number_is_valid, normalise_nhs_number
from vault.models import Reference

NUMBER_MOST: Final = 60  # characters


@dataclass(frozen=True, slots=True)
class Proposal:
    """Whom a number and a birth date propose, if anyone, and what the door must find in their record."""

    citizen_id: UUID | None
    given: Mapping[str, str] = field(repr=False)


def by_number(ctx: Context, *, number: str, birth_date: date, organisation_id: UUID | None = None) -> Proposal:
    """
    Whom *number* proposes: an NHS number with a good check digit, else a reference that its organisation verified.

    Both kinds ask the same questions of whoever is found or not found. Where *organisation_id* is given, only that
    organisation's own references count.
    """
    born = {"identity.date_of_birth": birth_date.isoformat()}
    if nhs_number_is_valid(number):
        found = citizens.by_identity(ctx, nhs_number=number, birth_date=birth_date)
        return Proposal(found, {**born, "identity.nhs_number": normalise_nhs_number(number)})
    return Proposal(_by_reference(ctx, number[:NUMBER_MOST], organisation_id), born)


def _by_reference(ctx: Context, value: str, only_of: UUID | None) -> UUID | None:
    """The one citizen whom exactly one organisation's system knows by *value*; a number of two people is nobody's."""
    systems = ctx.session.execute(select(Reference.organisation_id, Reference.system).distinct()).all()
    found = {
        citizens.by_reference(ctx, organisation_id=organisation_id, system=system, value=value)
        for organisation_id, system in systems
        if only_of in {None, organisation_id}
    } - {None}
    return found.pop() if len(found) == 1 else None
