"""Passkeys: the keys that a person's devices hold, bound to their account by rows that a planted one cannot imitate."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update

from audit.events import Event
from vault import accounts
from vault.context import Context
from vault.errors import NotFoundError
from vault.ids import new_id
from vault.journal import note
from vault.kinds import NoticeKind
from vault.models import Passkey
from vault.notices import tell


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


def add(ctx: Context, *, account_id: UUID, credential_id: bytes, public_key: bytes, sign_count: int) -> PasskeyView:
    """Bind a passkey to an account."""
    account = accounts.find(ctx, account_id=account_id)
    row = Passkey(
        account_id=account_id,
        passkey_id=new_id(),
        credential_id=credential_id,
        public_key=public_key,
        created_at=ctx.now,
        sign_count=sign_count,
    )
    ctx.session.add(row)
    if account.citizen_id is not None:
        tell(ctx, citizen_id=account.citizen_id, kind=NoticeKind.NEW_PASSKEY, about=row.passkey_id)
    facts = {"account": str(account_id), "passkey": str(row.passkey_id)}
    note(ctx, Event.PASSKEY_ADDED, citizen_id=account.citizen_id, facts=facts)
    return _passkey(row)


def of_account(ctx: Context, *, account_id: UUID) -> list[PasskeyView]:
    """The passkeys of an account, oldest first."""
    return [
        _passkey(row)
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
    return _passkey(row)


def used(ctx: Context, *, passkey: PasskeyView, sign_count: int) -> None:
    """Stamp a passkey's use; its counter helps to notice a copy (Web Authentication Level 3, section 6.1.1)."""
    ctx.session.execute(
        update(Passkey)
        .where(Passkey.account_id == passkey.account_id, Passkey.passkey_id == passkey.passkey_id)
        .values(sign_count=sign_count, last_used_at=ctx.now)
        .execution_options(synchronize_session=False)
    )


def _passkey(row: Passkey) -> PasskeyView:
    return PasskeyView(
        passkey_id=row.passkey_id,
        account_id=row.account_id,
        credential_id=row.credential_id,
        public_key=row.public_key,
        sign_count=row.sign_count,
        created_at=row.created_at,
        last_used_at=row.last_used_at,
    )
