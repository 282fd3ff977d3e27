"""Whose item is this? Only a sure answer counts; a name and a birth date propose nothing here.

Sure are: an NHS number with a good check digit together with the birth date, or a reference that the same organisation
has verified. A person the
vault has not met is taken in when the file says enough to know them again; everyone else's items go to the unmatched
tray.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from vault import citizens, turns
from vault.context import Context
from vault.importing.items import Claim, Subject
from vault.kinds import CitizenStatus


class How(StrEnum):
    """How a person was settled."""

    NUMBER = "nhs-number-and-birth-date"
    REFERENCE = "verified-reference"
    NEW = "new"
    CONFLICT = "conflict"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Match:
    """A person settled on, or why not."""

    how: How
    citizen_id: UUID | None


@dataclass(frozen=True, slots=True)
class Sender:
    """Whose file it is."""

    organisation_id: UUID
    system: str


def match(ctx: Context, *, subject: Subject, sender: Sender) -> Match:
    """
    Settle who *subject* is; take them in if they are new and the file says enough.

    What this adds to a known person is noted by the caller.
    A number that belongs to someone with another birth date is a conflict: nobody is matched and nobody is made.
    """
    claim = subject.claim
    found = {each for each in (_by_number(ctx, claim), _by_reference(ctx, claim, sender)) if each is not None}
    if len(found) > 1:
        return Match(How.CONFLICT, None)
    if found:
        citizen_id = found.pop()
        _learn(ctx, citizen_id, claim, sender)
        return Match(How.NUMBER if _by_number(ctx, claim) else How.REFERENCE, citizen_id)
    if claim.nhs_number_valid and claim.nhs_number and citizens.number_is_taken(ctx, nhs_number=claim.nhs_number):
        return Match(How.CONFLICT, None)
    if not _enough(claim, sender):
        return Match(How.UNKNOWN, None)
    status = citizens.status_at(claim.birth_date, deceased=subject.deceased, today=ctx.now.date())
    if not claim.nhs_number_valid and status is CitizenStatus.ACTIVE and not claim.references:
        status = CitizenStatus.PROVISIONAL
    citizen_id = citizens.make(ctx, status=status)
    _learn(ctx, citizen_id, claim, sender)
    return Match(How.NEW, citizen_id)


def _by_number(ctx: Context, claim: Claim) -> UUID | None:
    if not (claim.nhs_number_valid and claim.nhs_number and claim.birth_date):
        return None
    return citizens.by_identity(ctx, nhs_number=claim.nhs_number, birth_date=claim.birth_date)


def _references(claim: Claim, sender: Sender) -> Iterator[tuple[str, str]]:
    yield from claim.references
    if claim.source_id:
        yield sender.system, claim.source_id


def _by_reference(ctx: Context, claim: Claim, sender: Sender) -> UUID | None:
    for system, value in _references(claim, sender):
        found = citizens.by_reference(ctx, organisation_id=sender.organisation_id, system=system, value=value)
        if found is not None:
            return found
    return None


def _enough(claim: Claim, sender: Sender) -> bool:
    """A new person needs a birth date, a name, and something by which this organisation knows them again."""
    known_again = claim.nhs_number_valid or any(_references(claim, sender))
    return bool(claim.birth_date and claim.name and known_again)


def _learn(ctx: Context, citizen_id: UUID, claim: Claim, sender: Sender) -> None:
    if claim.nhs_number_valid and claim.nhs_number and claim.birth_date:
        citizens.add_identity(ctx, citizen_id=citizen_id, nhs_number=claim.nhs_number, birth_date=claim.birth_date)
    if claim.birth_date:
        turns.expect(ctx, citizen_id=citizen_id, turns=turns.turns_after(claim.birth_date, ctx.now.date()))
    for system, value in _references(claim, sender):
        citizens.add_reference(
            ctx,
            citizen_id=citizen_id,
            organisation_id=sender.organisation_id,
            system=system,
            value=value,
            verified_how="the organisation's own register",
        )
