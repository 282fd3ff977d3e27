"""Recovery codes: a set of ten that a person keeps on paper for the day their passkeys are gone.

Each works once, and only for making a new passkey. A new set takes the place of the old one.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select

from audit.events import Event
from vault import accounts, codes, links
from vault.accounts import AccountView
from vault.context import Context
from vault.errors import LinkUsedError
from vault.ids import new_id
from vault.journal import note
from vault.judging import check_proven
from vault.kinds import AccountStatus, NoticeKind
from vault.models import RecoveryCode
from vault.notices import tell

HOW_MANY: Final = 10
_INDEX: Final = "recovery-code"


@dataclass(frozen=True, slots=True)
class Left:
    """What is left of a set: how many codes, and since when it stands."""

    count: int
    made_at: datetime | None


def make(ctx: Context, *, account_id: UUID) -> list[str]:
    """
    Make a new set in the place of the old one; return the ten codes, in groups, to be shown once.

    Raises:
        ProofNeededError: The person could prove again who they are, and did not just now.
    """
    check_proven(ctx)
    account = accounts.find(ctx, account_id=account_id)
    for row in _rows(ctx, account_id):
        ctx.session.delete(row)
    made = [codes.new(codes.RECOVERY_GROUPS) for _ in range(HOW_MANY)]
    for code in made:
        index = ctx.keyring.blind_index(_INDEX, code)
        ctx.session.add(RecoveryCode(account_id=account_id, code_index=index, made_at=ctx.now))
    facts = {"account": str(account_id), "kind": "codes", "count": len(made)}
    note(ctx, Event.RECOVERY_MADE, citizen_id=account.citizen_id, facts=facts)
    return [codes.shown(code) for code in made]


def left(ctx: Context, *, account_id: UUID) -> Left:
    """What is left of an account's set."""
    rows = _rows(ctx, account_id)
    return Left(len(rows), rows[0].made_at if rows else None)


def use(ctx: Context, *, typed: str) -> tuple[AccountView, str]:
    """
    Use a code, once; return whose it is and leave to make one passkey within ten minutes. It signs nobody in.

    Raises:
        InvalidInputError: It is not typed as it was given.
        LinkUsedError: It was used, was replaced, or never was; or the account is closed.
    """
    index = ctx.keyring.blind_index(_INDEX, codes.read(typed, groups=codes.RECOVERY_GROUPS))
    row = ctx.session.scalars(
        select(RecoveryCode).where(RecoveryCode.code_index == index).with_for_update()
    ).one_or_none()
    account = accounts.find(ctx, account_id=row.account_id) if row else None
    if row is None or account is None or account.status is not AccountStatus.ACTIVE:
        raise LinkUsedError("this code was used already, was replaced, or never was")
    ctx.session.delete(row)
    ctx.session.flush()
    if account.citizen_id is not None:
        tell(ctx, citizen_id=account.citizen_id, kind=NoticeKind.RECOVERY, about=new_id())
    facts = {"account": str(row.account_id), "kind": "code", "left": left(ctx, account_id=row.account_id).count}
    note(ctx, Event.RECOVERY_USED, citizen_id=account.citizen_id, facts=facts)
    return account, links.begin_enrolling(ctx, account_id=row.account_id)


def _rows(ctx: Context, account_id: UUID) -> list[RecoveryCode]:
    return list(ctx.session.scalars(select(RecoveryCode).where(RecoveryCode.account_id == account_id)))
