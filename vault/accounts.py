"""Accounts: who may sign in as what.

Residents' accounts belong to a citizen, officers' to a service, others' to an organisation.
"""

from dataclasses import asdict, dataclass
from uuid import UUID

from sqlalchemy import select

from audit.events import Event
from vault import citizens
from vault.confidential import close_for_house, open_for_house
from vault.context import Actor, Context
from vault.db import is_writing
from vault.errors import InvalidInputError, NotAllowedError, NotFoundError
from vault.ids import new_id
from vault.journal import note
from vault.kinds import AccountStatus, CitizenStatus, Role
from vault.models import Account

MAY_HAVE_ACCOUNT = frozenset(
    {CitizenStatus.PROVISIONAL, CitizenStatus.ACTIVE, CitizenStatus.YOUNG_PERSON, CitizenStatus.MOVED}
)


@dataclass(frozen=True, slots=True)
class StaffLabel:
    """How a member of staff is shown: first name, job and team; never the surname."""

    first_name: str
    job: str
    team: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountView:
    """An account, as those who may see it see it."""

    account_id: UUID
    role: Role
    citizen_id: UUID | None
    organisation_id: UUID | None
    service_id: UUID | None
    label: StaffLabel | None
    status: AccountStatus
    supervises: bool = False
    """Whether an officer looks at what others of their service did in an emergency."""

    def actor(self) -> Actor:
        """Who acts when this account is signed in."""
        return Actor(
            kind=self.role.value,
            account_id=self.account_id,
            citizen_id=self.citizen_id,
            organisation_id=self.organisation_id,
            service_id=self.service_id,
            supervises=self.supervises,
        )


def make(
    ctx: Context,
    *,
    role: Role,
    citizen_id: UUID | None = None,
    organisation_id: UUID | None = None,
    service_id: UUID | None = None,
    label: StaffLabel | None = None,
    account_id: UUID | None = None,
    supervises: bool = False,
) -> AccountView:
    """
    Make an account of one role: for a citizen, or for staff of an organisation (an officer also of one service).

    *account_id* is given where others have spoken of the account before it was made.

    Raises:
        InvalidInputError: The role does not fit what it is for.
        NotAllowedError: The citizen may have no account (under 13, deceased, merged, closed).
        NotFoundError: No such citizen.
    """
    _check_fit(role, citizen_id, organisation_id, service_id)
    check_may_have_account(ctx, citizen_id=citizen_id)
    account_id = account_id or new_id()
    row = Account(
        account_id=account_id,
        role=role,
        created_at=ctx.now,
        citizen_id=citizen_id,
        organisation_id=organisation_id,
        service_id=service_id,
        sealed_label=_sealed(ctx, account_id, label),
        supervises=_supervising(role, supervises=supervises),
    )
    ctx.session.add(row)
    note(ctx, Event.ACCOUNT_MADE, citizen_id=citizen_id, facts={"account": str(account_id), "role": str(role)})
    return _view(ctx, row)


def _supervising(role: Role, *, supervises: bool) -> bool | None:
    """
    What the row holds: true, or nothing.

    Raises:
        InvalidInputError: Only an officer supervises the officers of a service.
    """
    if supervises and role is not Role.OFFICER:
        raise InvalidInputError("supervises: only an officer supervises the officers of a service")
    return True if supervises else None


def _sealed(ctx: Context, account_id: UUID, label: StaffLabel | None) -> bytes | None:
    return close_for_house(ctx, what="label", row_id=account_id, words=asdict(label)) if label else None


def change(
    ctx: Context,
    *,
    account_id: UUID,
    role: Role,
    organisation_id: UUID,
    service_id: UUID | None,
    label: StaffLabel | None,
    supervises: bool = False,
) -> int:
    """
    Give a member of staff another role, service or label; return the account's version then.

    Raises:
        NotFoundError: There is no such account.
        InvalidInputError: The role does not fit what it is for.
    """
    _check_fit(role, None, organisation_id, service_id)
    row = _row(ctx, account_id)
    row.role, row.organisation_id, row.service_id = role, organisation_id, service_id
    row.sealed_label = _sealed(ctx, account_id, label)
    row.supervises = _supervising(role, supervises=supervises)
    row.version += 1
    note(ctx, Event.ACCOUNT_CHANGED, facts={"account": str(account_id), "role": str(role)})
    return row.version


def version_of(ctx: Context, *, account_id: UUID) -> int:
    """The version of an account, 0 where there is none; its row is locked where the session can write."""
    row = ctx.session.get(Account, account_id, with_for_update=True if is_writing(ctx.session) else None)
    return row.version if row else 0


def _row(ctx: Context, account_id: UUID) -> Account:
    row = ctx.session.get(Account, account_id)
    if row is None:
        raise NotFoundError(f"account `{account_id}` is not known")
    return row


def check_may_have_account(ctx: Context, *, citizen_id: UUID | None) -> None:
    """
    Refuse an account for a citizen who may have none; staff (*citizen_id* None) may.

    Raises:
        NotAllowedError: The citizen is under 13, deceased, merged or closed.
        NotFoundError: No such citizen.
    """
    if citizen_id is not None and citizens.find(ctx, citizen_id=citizen_id).status not in MAY_HAVE_ACCOUNT:
        raise NotAllowedError(f"citizen `{citizen_id}` may have no account of their own")


def _check_fit(role: Role, citizen_id: UUID | None, organisation_id: UUID | None, service_id: UUID | None) -> None:
    fits = {
        Role.CITIZEN: citizen_id is not None and organisation_id is None and service_id is None,
        Role.OFFICER: citizen_id is None and organisation_id is not None and service_id is not None,
        Role.AUDITOR: citizen_id is None and organisation_id is not None and service_id is None,
        Role.ADMINISTRATOR: citizen_id is None and organisation_id is not None and service_id is None,
        Role.DELEGATE: citizen_id is None and organisation_id is None and service_id is None,
    }
    if not fits[role]:
        raise InvalidInputError(f"an account of role `{role}` needs what belongs to that role, and nothing else")


def find(ctx: Context, *, account_id: UUID) -> AccountView:
    """
    One account.

    Raises:
        NotFoundError: There is none.
    """
    row = ctx.session.get(Account, account_id)
    if row is None:
        raise NotFoundError(f"account `{account_id}` is not known")
    return _view(ctx, row)


def by_role(ctx: Context, *, role: Role) -> list[AccountView]:
    """Every account of a role, oldest first."""
    return [
        _view(ctx, row)
        for row in ctx.session.scalars(select(Account).where(Account.role == role).order_by(Account.created_at))
    ]


def of_citizen(ctx: Context, *, citizen_id: UUID) -> list[AccountView]:
    """A citizen's own accounts."""
    return [_view(ctx, row) for row in ctx.session.scalars(select(Account).where(Account.citizen_id == citizen_id))]


def set_status(ctx: Context, *, account_id: UUID, status: AccountStatus) -> None:
    """
    Suspend, close or reopen an account; its sign-ins stop at once.

    Raises:
        NotFoundError: There is none.
    """
    row = ctx.session.get(Account, account_id)
    if row is None:
        raise NotFoundError(f"account `{account_id}` is not known")
    if row.status is not status:
        row.status = status
        row.version += 1
        note(
            ctx,
            Event.ACCOUNT_CLOSED,
            citizen_id=row.citizen_id,
            facts={"account": str(account_id), "status": str(status)},
        )


def _view(ctx: Context, row: Account) -> AccountView:
    label = None
    if row.sealed_label is not None:
        label = StaffLabel(**open_for_house(ctx, what="label", row_id=row.account_id, sealed=row.sealed_label))
    return AccountView(
        account_id=row.account_id,
        role=row.role,
        citizen_id=row.citizen_id,
        organisation_id=row.organisation_id,
        service_id=row.service_id,
        label=label,
        status=row.status,
        supervises=bool(row.supervises),
    )
