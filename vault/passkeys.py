"""Passkeys: the keys that a person's devices hold, bound to their account by rows that a planted one cannot imitate."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select, update

from audit.events import Event
from vault import accounts
from vault.confidential import close_for_house, open_for_house
from vault.context import Context
from vault.errors import InvalidInputError, NotFoundError, WrongStateError
from vault.ids import new_id
from vault.journal import note
from vault.judging import check_proven
from vault.kinds import NoticeKind
from vault.models import Identity, Passkey, RecoveryCode
from vault.notices import tell

NAME_MOST = 60  # characters
_WHAT = "passkey-name"


@dataclass(frozen=True, slots=True, kw_only=True)
class PasskeyView:
    """A passkey of an account."""

    passkey_id: UUID
    account_id: UUID
    credential_id: bytes
    public_key: bytes
    sign_count: int
    created_at: datetime
    last_used_at: datetime | None
    name: str
    """What its owner calls it; empty where they never said."""


def add(
    ctx: Context, *, account_id: UUID, credential_id: bytes, public_key: bytes, sign_count: int, name: str = ""
) -> PasskeyView:
    """
    Bind a passkey to an account.

    Raises:
        ProofNeededError: The actor could prove again who they are, and did not just now.
    """
    check_proven(ctx, first_way=True)
    account = accounts.find(ctx, account_id=account_id)
    row = Passkey(
        account_id=account_id,
        passkey_id=new_id(),
        credential_id=credential_id,
        public_key=public_key,
        created_at=ctx.now,
        sign_count=sign_count,
    )
    if name:
        row.sealed_name = close_for_house(ctx, what=_WHAT, row_id=row.passkey_id, words={"name": name})
    ctx.session.add(row)
    if account.citizen_id is not None:
        tell(ctx, citizen_id=account.citizen_id, kind=NoticeKind.NEW_PASSKEY, about=row.passkey_id)
    facts = {"account": str(account_id), "passkey": str(row.passkey_id)}
    note(ctx, Event.PASSKEY_ADDED, citizen_id=account.citizen_id, facts=facts)
    return _passkey(ctx, row)


def of_account(ctx: Context, *, account_id: UUID) -> list[PasskeyView]:
    """The passkeys of an account, oldest first."""
    return [
        _passkey(ctx, row)
        for row in ctx.session.scalars(
            select(Passkey).where(Passkey.account_id == account_id).order_by(Passkey.created_at)
        )
    ]


def by_credential(ctx: Context, *, credential_id: bytes) -> PasskeyView:
    """
    The passkey with this credential id.

    Raises:
        NotFoundError: There is none.
    """
    row = ctx.session.scalars(select(Passkey).where(Passkey.credential_id == credential_id)).one_or_none()
    if row is None:
        raise NotFoundError("this passkey is not known here")
    return _passkey(ctx, row)


def rename(ctx: Context, *, account_id: UUID, passkey_id: UUID, name: str) -> None:
    """
    Call a passkey by another name; it is sealed, for people name devices after people.

    Raises:
        NotFoundError: The account has no such passkey.
        InvalidInputError: The name is empty or longer than 60 characters.
    """
    row = _row(ctx, account_id, passkey_id)
    name = " ".join(name.split())
    if not 0 < len(name) <= NAME_MOST:
        raise InvalidInputError(f"the name of a passkey has 1 to {NAME_MOST} characters")
    row.sealed_name = close_for_house(ctx, what=_WHAT, row_id=passkey_id, words={"name": name})
    _note(ctx, Event.PASSKEY_RENAMED, row)


def remove(ctx: Context, *, account_id: UUID, passkey_id: UUID) -> None:
    """
    Let a passkey sign in no more.

    Raises:
        NotFoundError: The account has no such passkey.
        WrongStateError: It is the last way in on this account.
        ProofNeededError: The person could prove again who they are, and did not just now.
    """
    check_proven(ctx)
    row = _row(ctx, account_id, passkey_id)
    others = [each for each in of_account(ctx, account_id=account_id) if each.passkey_id != passkey_id]
    if not others and not has_other_way(ctx, account_id=account_id):
        raise WrongStateError("this is the last way in: add another one first")
    ctx.session.delete(row)
    _note(ctx, Event.PASSKEY_REMOVED, row)


def has_other_way(ctx: Context, *, account_id: UUID) -> bool:
    """Whether an account has a way in besides passkeys: an identity provider, or a recovery code."""
    means = (select(each.account_id).where(each.account_id == account_id).exists() for each in (Identity, RecoveryCode))
    return bool(ctx.session.scalar(select(or_(*means))))


def _row(ctx: Context, account_id: UUID, passkey_id: UUID) -> Passkey:
    row = ctx.session.get(Passkey, (account_id, passkey_id), with_for_update=True)
    if row is None:
        raise NotFoundError(f"passkey `{passkey_id}` is not known")
    return row


def _note(ctx: Context, event: Event, row: Passkey) -> None:
    account = accounts.find(ctx, account_id=row.account_id)
    if event is Event.PASSKEY_REMOVED and account.citizen_id is not None:
        tell(ctx, citizen_id=account.citizen_id, kind=NoticeKind.WAY_REMOVED, about=row.passkey_id)
    facts = {"account": str(row.account_id), "passkey": str(row.passkey_id)}
    note(ctx, event, citizen_id=account.citizen_id, facts=facts)


def used(ctx: Context, *, passkey: PasskeyView, sign_count: int) -> None:
    """Stamp a passkey's use; its counter helps to notice a copy (Web Authentication Level 3, section 6.1.1)."""
    ctx.session.execute(
        update(Passkey)
        .where(Passkey.account_id == passkey.account_id, Passkey.passkey_id == passkey.passkey_id)
        .values(sign_count=sign_count, last_used_at=ctx.now)
        .execution_options(synchronize_session=False)
    )


def _passkey(ctx: Context, row: Passkey) -> PasskeyView:
    return PasskeyView(
        passkey_id=row.passkey_id,
        account_id=row.account_id,
        credential_id=row.credential_id,
        public_key=row.public_key,
        sign_count=row.sign_count,
        created_at=row.created_at,
        last_used_at=row.last_used_at,
        name=_name(ctx, row),
    )


def _name(ctx: Context, row: Passkey) -> str:
    if row.sealed_name is None:
        return ""
    return str(open_for_house(ctx, what=_WHAT, row_id=row.passkey_id, sealed=row.sealed_name)["name"])
