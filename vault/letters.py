"""Codes in letters, for residents without a passkey or an identity provider: the code, and a second fact with it.

A wrong try counts against the code that was typed, never against the account, so that nobody can be locked out by
somebody else; who types no real code counts against nothing but their own address.

A letter is for who has no other way in: whoever has one comes back by a recovery in person, with two officers and 72
hours. The resident is told when a letter is made and when it is used.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete

from audit.events import Event
from vault import accounts, codes, passkeys, sign_ins
from vault.at_the_desk import officer_of_the_council
from vault.context import Context
from vault.errors import InvalidInputError, LinkUsedError, WrongStateError
from vault.ids import new_id
from vault.journal import note
from vault.kinds import AccountStatus, NoticeKind
from vault.models import LetterCode
from vault.notices import tell

LIFE: Final = timedelta(days=30)
TRIES: Final = 5
_INDEX: Final = "letter-code"
_UNJUDGED: Final = frozenset({"operator", "system"})


@dataclass(frozen=True, slots=True)
class Letter:
    """What goes into a letter: the code in groups, and until when it works."""

    code: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Tried:
    """A code that is being tried: whose it is, and the code as it was given."""

    account_id: UUID
    citizen_id: UUID
    code: str


def make(ctx: Context, *, account_id: UUID) -> Letter:
    """
    Make the code for a letter to a resident. Older letters to them stop working.

    Raises:
        NotFoundError: No such account.
        InvalidInputError: It is no resident's account.
        NotAllowedError: The actor is no officer of the council, and not the council's own process or operator.
        WrongStateError: The account has another way in.
    """
    if ctx.actor.kind not in _UNJUDGED:
        officer_of_the_council(ctx)
    account = accounts.find(ctx, account_id=account_id)
    if account.citizen_id is None:
        raise InvalidInputError("letters with a code are for residents")
    if has_another_way(ctx, account_id=account_id):
        raise WrongStateError("this account has another way in: use that, or a recovery in person")
    ctx.session.execute(delete(LetterCode).where(LetterCode.account_id == account_id))
    code = codes.new(codes.LETTER_GROUPS)
    row = LetterCode(
        code_index=ctx.keyring.blind_index(_INDEX, code),
        account_id=account_id,
        made_at=ctx.now,
        expires_at=ctx.now + LIFE,
        made_by=ctx.actor.account_id,
    )
    ctx.session.add(row)
    tell(ctx, citizen_id=account.citizen_id, kind=NoticeKind.RECOVERY, about=new_id())
    note(ctx, Event.LINK_MADE, citizen_id=account.citizen_id, facts={"account": str(account_id), "kind": "letter"})
    return Letter(codes.shown(code), row.expires_at)


def has_another_way(ctx: Context, *, account_id: UUID) -> bool:
    """Whether an account has a passkey, an identity or a recovery code, so that no letter is made for it."""
    return sign_ins.can_prove(ctx, account_id=account_id) or passkeys.has_other_way(ctx, account_id=account_id)


def begin_try(ctx: Context, *, typed: str) -> Tried | None:
    """
    Count one try of a code before its second fact is looked at; nothing where there is no such code.

    Commit this before the second fact is compared: five tries end the code, however many run at once.

    Raises:
        InvalidInputError: It is not typed as it was given; this is no try.
    """
    code = codes.read(typed, groups=codes.LETTER_GROUPS)
    row = ctx.session.get(LetterCode, ctx.keyring.blind_index(_INDEX, code), with_for_update=True)
    if row is None or row.expires_at <= ctx.now or row.tries >= TRIES:
        return None
    account = accounts.find(ctx, account_id=row.account_id)
    row.tries += 1
    if account.status is not AccountStatus.ACTIVE or account.citizen_id is None:
        return None
    return Tried(row.account_id, account.citizen_id, code)


def use(ctx: Context, *, tried: Tried) -> None:
    """
    Use up a code whose second fact was right.

    Raises:
        LinkUsedError: Somebody else used it in this very moment.
    """
    index = ctx.keyring.blind_index(_INDEX, tried.code)
    gone = delete(LetterCode).where(LetterCode.code_index == index).returning(LetterCode.code_index)
    if ctx.session.execute(gone).first() is None:
        raise LinkUsedError("this code was used already or has ended")
    facts = {"account": str(tried.account_id), "kind": "letter"}
    tell(ctx, citizen_id=tried.citizen_id, kind=NoticeKind.RECOVERY, about=new_id())
    note(ctx, Event.LINK_USED, citizen_id=tried.citizen_id, facts=facts)
