"""Codes in letters, for residents without a passkey or an identity provider: the code, and a second fact with it.

A wrong try counts against the code that was typed, never against the account, so that nobody can be locked out by
somebody else; who types no real code counts against nothing but their own address.

A letter is for who has no other way in: whoever has one comes back by a recovery in person, with two officers and 72
hours. One officer asks for it, who knows the number and the birth date and never sees the code; another one prints it,
who sees the code and is told neither. The resident is told when a letter is asked for and when it is used.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete, select

from audit.events import Event
from vault import accounts, codes, passkeys, sign_ins
from vault.at_the_desk import officer_of_the_council
from vault.context import Context
from vault.errors import (
    InvalidInputError,
    LinkUsedError,
    NotAllowedError,
    NotFoundError,
    SecondPersonNeededError,
    WrongStateError,
)
from vault.ids import new_id
from vault.journal import note
from vault.kinds import AccountStatus, NoticeKind
from vault.models import LetterCode, LetterOrder
from vault.notices import tell

LIFE: Final = timedelta(days=30)
ORDER_LIFE: Final = timedelta(days=14)
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


@dataclass(frozen=True, slots=True)
class Order:
    """A letter that waits to be printed, without a word about whom it is for."""

    order_id: UUID
    asked_at: datetime
    expires_at: datetime
    is_mine: bool
    """Whether the officer who looks asked for it, and so cannot print it."""


@dataclass(frozen=True, slots=True)
class Printed:
    """A letter that was printed: for which citizen, and what goes into it."""

    citizen_id: UUID
    letter: Letter


def ask(ctx: Context, *, account_id: UUID) -> UUID:
    """
    Ask for a letter to a resident, which another officer prints; return the order's id. It replaces an older order.

    Raises:
        NotFoundError: No such account.
        InvalidInputError: It is no resident's account.
        NotAllowedError: The actor is no officer of the council.
        WrongStateError: The account has another way in.
    """
    officer, citizen_id = officer_of_the_council(ctx), _whom(ctx, account_id)
    ctx.session.execute(delete(LetterOrder).where(LetterOrder.account_id == account_id))
    row = LetterOrder(
        account_id=account_id,
        order_id=new_id(),
        asked_by=officer,
        asked_at=ctx.now,
        expires_at=ctx.now + ORDER_LIFE,
    )
    ctx.session.add(row)
    tell(ctx, citizen_id=citizen_id, kind=NoticeKind.RECOVERY, about=row.order_id)
    note(ctx, Event.LETTER_ASKED, citizen_id=citizen_id, facts={"account": str(account_id)})
    return row.order_id


def _whom(ctx: Context, account_id: UUID) -> UUID:
    """The citizen of an account that may have a letter; raises as `ask` says."""
    account = accounts.find(ctx, account_id=account_id)
    if account.citizen_id is None:
        raise InvalidInputError("letters with a code are for residents")
    if has_another_way(ctx, account_id=account_id):
        raise WrongStateError("this account has another way in: use that, or a recovery in person")
    return account.citizen_id


def orders(ctx: Context) -> list[Order]:
    """
    The letters that wait to be printed, oldest first.

    Raises:
        NotAllowedError: The actor is no officer of the council.
    """
    officer = officer_of_the_council(ctx)
    query = select(LetterOrder).where(LetterOrder.expires_at > ctx.now).order_by(LetterOrder.asked_at)
    return [
        Order(row.order_id, row.asked_at, row.expires_at, row.asked_by == officer) for row in ctx.session.scalars(query)
    ]


def addressee(ctx: Context, *, order_id: UUID) -> UUID:
    """
    The citizen whom the officer who acts may print a letter for.

    Raises:
        NotAllowedError: The actor is no officer of the council.
        NotFoundError: There is no such order, or it has ended.
        SecondPersonNeededError: The officer asked for it themselves.
    """
    return _whom(ctx, _order(ctx, order_id).account_id)


def _order(ctx: Context, order_id: UUID) -> LetterOrder:
    officer = officer_of_the_council(ctx)
    row = ctx.session.scalars(select(LetterOrder).where(LetterOrder.order_id == order_id)).one_or_none()
    if row is None or row.expires_at <= ctx.now:
        raise NotFoundError(f"letter `{order_id}` is not known")
    if row.asked_by == officer:
        raise SecondPersonNeededError("another officer prints a letter than the one who asked for it")
    return row


def print_out(ctx: Context, *, order_id: UUID) -> Printed:
    """
    Make the code of a letter that another officer asked for, once. Raises like `addressee`.

    Raises:
        InvalidInputError: It is no resident's account.
        WrongStateError: The account has another way in by now.
    """
    row = _order(ctx, order_id)
    citizen_id = _whom(ctx, row.account_id)
    gone = delete(LetterOrder).where(LetterOrder.order_id == order_id).returning(LetterOrder.asked_by)
    asked_by = ctx.session.scalars(gone).one_or_none()
    if asked_by is None:
        raise NotFoundError(f"letter `{order_id}` is not known")
    return Printed(citizen_id, _code(ctx, row.account_id, citizen_id, asked_by=str(asked_by)))


def make(ctx: Context, *, account_id: UUID) -> Letter:
    """
    Make the code for a letter to a resident, as the operator at the server or the council's own process.

    Raises:
        NotFoundError: No such account.
        InvalidInputError: It is no resident's account.
        NotAllowedError: The actor is a person in the portal: officers ask for a letter, and others print it.
        WrongStateError: The account has another way in.
    """
    if ctx.actor.kind not in _UNJUDGED:
        raise NotAllowedError("an officer asks for a letter, and another one prints it")
    citizen_id = _whom(ctx, account_id)
    tell(ctx, citizen_id=citizen_id, kind=NoticeKind.RECOVERY, about=new_id())
    return _code(ctx, account_id, citizen_id)


def _code(ctx: Context, account_id: UUID, citizen_id: UUID, **more: str) -> Letter:
    """A fresh code; older letters to the account stop working."""
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
    facts = {"account": str(account_id), "kind": "letter", **more}
    note(ctx, Event.LINK_MADE, citizen_id=citizen_id, facts=facts)
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
