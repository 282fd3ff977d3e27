"""One-time links: they let a person add a passkey, or, in the demo only, sign in. Known by their SHA-256 alone.

Where two administrators agree to a link, neither holds all of it: who approved is shown the link, and who proposed was
shown a code (`new_code`) that must be typed with it.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete

from audit.events import Event
from vault import accounts, codes
from vault.accounts import AccountView
from vault.context import Context
from vault.errors import InvalidInputError, LinkUsedError, SecondPersonNeededError
from vault.ids import handle_hash, new_handle
from vault.journal import note
from vault.kinds import AccountStatus, LinkKind
from vault.models import Link

ENROLLING_LIFE = timedelta(minutes=10)
_INDEX = "link-code"


@dataclass(frozen=True, slots=True)
class LinkView:
    """A one-time link that still works."""

    kind: LinkKind
    account: AccountView
    expires_at: datetime
    agreed: tuple[UUID, ...] = ()
    """The two people who agreed to it, where it took two."""
    needs_code: bool = False
    """Whether a code must be typed with it, which the other of the two holds."""


def new_code(ctx: Context) -> tuple[str, bytes]:
    """A code for one half of a link: as it is shown once, and the blind index (32 bytes) by which it is known."""
    code = codes.new(codes.RECOVERY_GROUPS)
    return codes.shown(code), ctx.keyring.blind_index(_INDEX, code)


def make(
    ctx: Context,
    *,
    account_id: UUID,
    kind: LinkKind,
    hours: int = 24,
    first: UUID | None = None,
    second: UUID | None = None,
    code_index: bytes | None = None,
) -> str:
    """
    Make a one-time link; return its handle, shown once. Outside the demo an enrolment link takes two people.

    With *code_index* it opens only together with the code that has this index.

    Raises:
        SecondPersonNeededError: Two different accounts are needed and were not given.
        NotFoundError: No such account.
        NotAllowedError: Its citizen may have no account any more.
    """
    if kind is LinkKind.ENROL and ctx.actor.kind != "operator" and (first is None or second is None or first == second):
        raise SecondPersonNeededError("an enrolment link needs two different people")
    account = accounts.find(ctx, account_id=account_id)
    accounts.check_may_have_account(ctx, citizen_id=account.citizen_id)
    handle = new_handle()
    ctx.session.add(
        Link(
            link_hash=handle_hash(handle),
            account_id=account_id,
            kind=kind,
            made_at=ctx.now,
            expires_at=ctx.now + timedelta(hours=hours),
            made_first=first,
            made_second=second,
            code_index=code_index,
        )
    )
    facts = {"account": str(account_id), "kind": str(kind), "first": str(first or ""), "second": str(second or "")}
    note(ctx, Event.LINK_MADE, citizen_id=account.citizen_id, facts=facts)
    return handle


def peek(ctx: Context, *, handle: str) -> LinkView | None:
    """The link behind *handle* if it still works; looking does not use it."""
    row = ctx.session.get(Link, handle_hash(handle))
    if row is None or row.expires_at <= ctx.now:
        return None
    agreed = tuple(person for person in (row.made_first, row.made_second) if person is not None)
    return LinkView(
        row.kind, accounts.find(ctx, account_id=row.account_id), row.expires_at, agreed, row.code_index is not None
    )


def use(ctx: Context, *, handle: str, code: str = "") -> LinkView:
    """
    Use a link, once, with the *code* that goes with it where it needs one.

    Raises:
        LinkUsedError: It was used, has ended, or never was.
        InvalidInputError: The code is missing, mistyped or another one; the link stays good.
    """
    found = peek(ctx, handle=handle)
    _check_code(ctx, handle, code)
    if found is None or found.account.status is not AccountStatus.ACTIVE:
        raise LinkUsedError("this link was used already or has ended")
    gone = delete(Link).where(Link.link_hash == handle_hash(handle)).returning(Link.link_hash)
    if ctx.session.execute(gone).first() is None:  # somebody else used it in this very moment
        raise LinkUsedError("this link was used already or has ended")
    facts = {"account": str(found.account.account_id), "kind": str(found.kind)}
    note(ctx, Event.LINK_USED, citizen_id=found.account.citizen_id, facts=facts)
    return found


def _check_code(ctx: Context, handle: str, typed: str) -> None:
    row = ctx.session.get(Link, handle_hash(handle))
    if row is None or row.code_index is None:
        return
    index = ctx.keyring.blind_index(_INDEX, codes.read(typed, groups=codes.RECOVERY_GROUPS))
    if not hmac.compare_digest(index, row.code_index):
        raise InvalidInputError("this code does not belong to this link")


def begin_enrolling(ctx: Context, *, account_id: UUID, agreed: tuple[UUID, ...] = ()) -> str:
    """
    Give leave to add one way in within ten minutes; return its handle. `use` takes it when that is done.

    *agreed* are the people who agreed to the link that it comes from.
    """
    first, second = (*agreed, None, None)[:2]
    handle = new_handle()
    ctx.session.add(
        Link(
            link_hash=handle_hash(handle),
            account_id=account_id,
            kind=LinkKind.ENROLLING,
            made_at=ctx.now,
            expires_at=ctx.now + ENROLLING_LIFE,
            made_first=first,
            made_second=second,
        )
    )
    return handle
