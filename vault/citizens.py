"""Citizens: who there is, finding one by what an organisation knows of them, and what their status means."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from audit.events import Event
from vault.context import Context
from vault.errors import NotFoundError
from vault.identifiers import nhs_number_is_valid, normalise_nhs_number, normalise_reference
from vault.ids import new_id
from vault.journal import note
from vault.keychain import make_citizen_keys
from vault.kinds import CitizenStatus
from vault.models import BlindIndex, Citizen, Reference

NOTICE_DAYS = 30  # UK GDPR Art. 14(3)(a): within one month of obtaining the data
OWN_ACCOUNT_AGE = 13  # DPA 2018, section 9
ADULT_AGE = 18

IDENTITY = "nhs_number+birth_date"
NUMBER = "nhs_number"


@dataclass(frozen=True, slots=True)
class CitizenView:
    """What the registry holds of a citizen: no name, no number."""

    citizen_id: UUID
    status: CitizenStatus
    created_at: datetime
    notice_due_at: datetime | None


def make(ctx: Context, *, status: CitizenStatus) -> UUID:
    """Take in a new citizen with keys of their own; return the id. The notice of Art. 14 is due in a month."""
    citizen_id = new_id()
    ctx.session.add(
        Citizen(
            citizen_id=citizen_id,
            status=status,
            created_at=ctx.now,
            notice_due_at=ctx.now + timedelta(days=NOTICE_DAYS),
        )
    )
    ctx.session.flush()
    make_citizen_keys(ctx, citizen_id=citizen_id)
    note(ctx, Event.CITIZEN_MADE, citizen_id=citizen_id, facts={"status": str(status)})
    return citizen_id


def status_at(birth_date: date | None, *, deceased: bool, today: date) -> CitizenStatus:
    """The status at a birth date (provisional where it is not known), and of who has died."""
    if deceased:
        return CitizenStatus.DECEASED
    if birth_date is None:
        return CitizenStatus.PROVISIONAL
    age = today.year - birth_date.year - ((today.month, today.day) < (birth_date.month, birth_date.day))
    if age < OWN_ACCOUNT_AGE:
        return CitizenStatus.CHILD
    return CitizenStatus.YOUNG_PERSON if age < ADULT_AGE else CitizenStatus.ACTIVE


def find(ctx: Context, *, citizen_id: UUID) -> CitizenView:
    """
    One citizen by id.

    Raises:
        NotFoundError: There is none.
    """
    row = _row(ctx, citizen_id)
    return CitizenView(row.citizen_id, row.status, row.created_at, row.notice_due_at)


def _row(ctx: Context, citizen_id: UUID) -> Citizen:
    row = ctx.session.get(Citizen, citizen_id)
    if row is None:
        raise NotFoundError(f"citizen `{citizen_id}` is not known")
    return row


def everyone(ctx: Context) -> list[CitizenView]:
    """Every citizen, oldest entry first; for the command line of the server."""
    rows = ctx.session.scalars(select(Citizen).order_by(Citizen.created_at, Citizen.citizen_id))
    return [CitizenView(row.citizen_id, row.status, row.created_at, row.notice_due_at) for row in rows]


def set_status(ctx: Context, *, citizen_id: UUID, status: CitizenStatus) -> bool:
    """
    Change a citizen's status; return whether it changed. Nothing is deleted, whatever the status.

    Raises:
        NotFoundError: There is none.
    """
    row = _row(ctx, citizen_id)
    if row.status is status:
        return False
    before, row.status = row.status, status
    row.version += 1
    note(ctx, Event.CITIZEN_CHANGED, citizen_id=citizen_id, facts={"from": str(before), "to": str(status)})
    return True


def add_identity(ctx: Context, *, citizen_id: UUID, nhs_number: str, birth_date: date) -> None:
    """Let a citizen be found by NHS number and birth date together. The caller notes it."""
    number = normalise_nhs_number(nhs_number)
    for column, value in ((NUMBER, number), (IDENTITY, f"{number}|{birth_date.isoformat()}")):
        index = ctx.keyring.blind_index(column, value)
        if ctx.session.get(BlindIndex, (citizen_id, column, index)) is None:
            ctx.session.add(BlindIndex(citizen_id=citizen_id, column=column, index=index))


def by_identity(ctx: Context, *, nhs_number: str, birth_date: date) -> UUID | None:
    """The citizen with this NHS number (its check digit must be good) and this birth date, or none."""
    if not nhs_number_is_valid(nhs_number):
        return None
    return _by_index(ctx, IDENTITY, f"{normalise_nhs_number(nhs_number)}|{birth_date.isoformat()}")


def number_is_taken(ctx: Context, *, nhs_number: str) -> bool:
    """Whether some citizen has this NHS number already, with whatever birth date."""
    return nhs_number_is_valid(nhs_number) and _by_index(ctx, NUMBER, normalise_nhs_number(nhs_number)) is not None


def _by_index(ctx: Context, column: str, value: str) -> UUID | None:
    index = ctx.keyring.blind_index(column, value)
    rows = ctx.session.scalars(select(BlindIndex).where(BlindIndex.column == column, BlindIndex.index == index)).all()
    return rows[0].citizen_id if len(rows) == 1 else None


def add_reference(
    ctx: Context, *, citizen_id: UUID, organisation_id: UUID, system: str, value: str, verified_how: str | None = None
) -> bool:
    """Note that an organisation's system knows a citizen by *value*; return whether that was new.

    The caller notes it.
    """
    index = _reference_index(ctx, system, value)
    held = ctx.session.scalars(
        select(Reference).where(
            Reference.citizen_id == citizen_id, Reference.organisation_id == organisation_id, Reference.index == index
        )
    ).one_or_none()
    if held is not None:
        return False
    ctx.session.add(
        Reference(
            citizen_id=citizen_id,
            reference_id=new_id(),
            organisation_id=organisation_id,
            system=system,
            index=index,
            verified_how=verified_how,
            verified_by=ctx.actor.account_id if verified_how else None,
            verified_at=ctx.now if verified_how else None,
        )
    )
    return True


def by_reference(ctx: Context, *, organisation_id: UUID, system: str, value: str, verified: bool = True) -> UUID | None:
    """The citizen whom this organisation's *system* knows by *value* (and, unless told otherwise, has verified).

    Or none.
    """
    query = select(Reference).where(
        Reference.organisation_id == organisation_id, Reference.index == _reference_index(ctx, system, value)
    )
    found = {row.citizen_id for row in ctx.session.scalars(query) if row.verified_how or not verified}
    return found.pop() if len(found) == 1 else None


def is_known_to(ctx: Context, *, citizen_id: UUID, organisation_id: UUID) -> bool:
    """Whether an organisation knows a citizen by a reference that it has verified."""
    query = select(Reference.reference_id).where(
        Reference.citizen_id == citizen_id,
        Reference.organisation_id == organisation_id,
        Reference.verified_how.is_not(None),
    )
    return ctx.session.scalars(query.limit(1)).first() is not None


def _reference_index(ctx: Context, system: str, value: str) -> bytes:
    return ctx.keyring.blind_index("reference", f"{system}|{normalise_reference(value)}")


def systems_of(ctx: Context, *, organisation_id: UUID) -> list[str]:
    """The systems of an organisation that know citizens by a reference, by name."""
    query = select(Reference.system).where(Reference.organisation_id == organisation_id).distinct()
    return sorted(ctx.session.scalars(query))
