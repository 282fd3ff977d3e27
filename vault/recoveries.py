"""Recovery in person: two officers vouch, the account's owner has 72 hours to say no, then one new passkey.

While it waits, nothing is approved, downloaded or delegated on line, for it might be the owner's sign-in or somebody
else's that is in use. What an officer writes down at a desk or on the telephone stays possible.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select

from audit.events import Event
from vault import accounts, links
from vault.at_the_desk import officer_of_the_council
from vault.confidential import close_for_house, open_for_house
from vault.context import Context
from vault.errors import InvalidInputError, NotFoundError, SecondPersonNeededError, WrongStateError
from vault.ids import new_id
from vault.journal import note
from vault.kinds import LinkKind, NoticeKind, RecoveryState
from vault.models import Recovery
from vault.notices import tell

WAIT: Final = timedelta(hours=72)
LINK_HOURS: Final = 24
_OPEN: Final = (RecoveryState.ASKED, RecoveryState.WAITING)
_WHAT: Final = "recovery"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryView:
    """A recovery, as its owner and the officers may see it."""

    recovery_id: UUID
    account_id: UUID
    state: RecoveryState
    first_by: UUID
    first_at: datetime
    ready_at: datetime | None


def ask(ctx: Context, *, account_id: UUID, evidence: str) -> RecoveryView:
    """
    Begin a recovery: the first officer says what they saw.

    Raises:
        NotAllowedError: The actor is no officer of the council.
        InvalidInputError: There is no evidence, or it is no resident's account.
        WrongStateError: One is under way already.
    """
    officer = officer_of_the_council(ctx)
    account = accounts.find(ctx, account_id=account_id)
    if account.citizen_id is None:
        raise InvalidInputError("a recovery in person is for residents; staff get a new link from two administrators")
    if open_one(ctx, account_id=account_id) is not None:
        raise WrongStateError("a recovery is under way already")
    recovery_id = new_id()
    row = Recovery(
        account_id=account_id,
        recovery_id=recovery_id,
        state=RecoveryState.ASKED,
        first_by=officer,
        first_at=ctx.now,
        sealed_first=_seal(ctx, recovery_id, evidence),
    )
    ctx.session.add(row)
    _note(ctx, Event.RECOVERY_MADE, row)
    return _view(row)


def agree(ctx: Context, *, account_id: UUID, recovery_id: UUID, evidence: str) -> RecoveryView:
    """
    Vouch as the second officer; from now on the owner has 72 hours to say no.

    Raises:
        NotAllowedError: The actor is no officer of the council.
        SecondPersonNeededError: It is the officer who began it.
        NotFoundError: There is none.
        WrongStateError: It does not wait for a second officer.
    """
    officer, row = officer_of_the_council(ctx), _row(ctx, account_id, recovery_id)
    if row.state is not RecoveryState.ASKED:
        raise WrongStateError("this recovery does not wait for a second officer")
    if row.first_by == officer:
        raise SecondPersonNeededError("another officer must see the evidence too")
    row.sealed_second = _seal(ctx, recovery_id, evidence)
    row.second_by, row.second_at = officer, ctx.now
    row.state, row.ready_at = RecoveryState.WAITING, ctx.now + WAIT
    row.version += 1
    citizen_id = accounts.find(ctx, account_id=account_id).citizen_id
    if citizen_id is not None:
        tell(ctx, citizen_id=citizen_id, kind=NoticeKind.RECOVERY, about=recovery_id)
    _note(ctx, Event.RECOVERY_MADE, row)
    return _view(row)


def cancel(ctx: Context, *, account_id: UUID, recovery_id: UUID) -> None:
    """
    Say no: the owner from a sign-in that is theirs, or an officer who was wrong.

    Raises:
        NotAllowedError: The actor is an officer of another organisation.
        NotFoundError: There is none.
        WrongStateError: It is over.
    """
    if ctx.actor.kind == "officer":
        officer_of_the_council(ctx)
    row = _row(ctx, account_id, recovery_id)
    if row.state not in _OPEN:
        raise WrongStateError("this recovery is over")
    row.state = RecoveryState.CANCELLED
    row.version += 1
    _note(ctx, Event.RECOVERY_CANCELLED, row)


def give_link(ctx: Context, *, account_id: UUID, recovery_id: UUID) -> str:
    """
    After the wait, make the one-time link that lets the owner make a new passkey; return its handle, shown once.

    Raises:
        NotAllowedError: The actor is no officer of the council.
        NotFoundError: There is none.
        WrongStateError: It was cancelled, is over, or the 72 hours are not.
    """
    officer_of_the_council(ctx)
    row = _row(ctx, account_id, recovery_id)
    if row.state is not RecoveryState.WAITING or row.ready_at is None or row.ready_at > ctx.now:
        raise WrongStateError("the 72 hours in which its owner can say no are not over")
    row.state = RecoveryState.DONE
    row.version += 1
    _note(ctx, Event.RECOVERY_USED, row)
    return links.make(
        ctx,
        account_id=account_id,
        kind=LinkKind.ENROL,
        hours=LINK_HOURS,
        first=row.first_by,
        second=row.second_by,
    )


def open_one(ctx: Context, *, account_id: UUID) -> RecoveryView | None:
    """The recovery of an account that is under way, if any."""
    row = ctx.session.scalars(
        select(Recovery).where(Recovery.account_id == account_id, Recovery.state.in_(_OPEN))
    ).first()
    return _view(row) if row else None


def evidence_of(ctx: Context, *, account_id: UUID, recovery_id: UUID) -> str:
    """
    What the first officer wrote, for the second one to judge.

    Raises:
        NotAllowedError: The actor is no officer of the council.
        NotFoundError: There is none.
    """
    officer_of_the_council(ctx)
    row = _row(ctx, account_id, recovery_id)
    return str(open_for_house(ctx, what=_WHAT, row_id=recovery_id, sealed=row.sealed_first)["evidence"])


def _seal(ctx: Context, recovery_id: UUID, evidence: str) -> bytes:
    if not evidence.strip():
        raise InvalidInputError("a recovery needs a note of what was seen")
    return close_for_house(ctx, what=_WHAT, row_id=recovery_id, words={"evidence": evidence.strip()})


def _row(ctx: Context, account_id: UUID, recovery_id: UUID) -> Recovery:
    row = ctx.session.get(Recovery, (account_id, recovery_id), with_for_update=True)
    if row is None:
        raise NotFoundError(f"recovery `{recovery_id}` is not known")
    return row


def _note(ctx: Context, event: Event, row: Recovery) -> None:
    account = accounts.find(ctx, account_id=row.account_id)
    facts = {
        "account": str(row.account_id),
        "recovery": str(row.recovery_id),
        "kind": "in-person",
        "state": str(row.state),
        "first": str(row.first_by),
        "second": str(row.second_by or ""),
    }
    note(ctx, event, citizen_id=account.citizen_id, facts=facts)


def _view(row: Recovery) -> RecoveryView:
    return RecoveryView(
        recovery_id=row.recovery_id,
        account_id=row.account_id,
        state=row.state,
        first_by=row.first_by,
        first_at=row.first_at,
        ready_at=row.ready_at,
    )
