"""One-time links: they let a person add a passkey, or, in the demo only, sign in. Known by their SHA-256 alone."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete

from audit.events import Event
from vault import accounts
from vault.accounts import AccountView
from vault.context import Context
from vault.errors import LinkUsedError, SecondPersonNeededError
from vault.ids import handle_hash, new_handle
from vault.journal import note
from vault.kinds import AccountStatus, LinkKind
from vault.models import Link

ENROLLING_LIFE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class LinkView:
    """A one-time link that still works."""

    kind: LinkKind
    account: AccountView
    expires_at: datetime
    agreed: tuple[UUID, ...] = ()
    """The two people who agreed to it, where it took two."""


def make(
    ctx: Context,
    *,
    account_id: UUID,
    kind: LinkKind,
    hours: int = 24,
    first: UUID | None = None,
    second: UUID | None = None,
) -> str:
    """
    Make a one-time link; return its handle, shown once. Outside the demo an enrolment link takes two people.

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
    return LinkView(row.kind, accounts.find(ctx, account_id=row.account_id), row.expires_at, agreed)


def use(ctx: Context, *, handle: str) -> LinkView:
    """
    Use a link, once.

    Raises:
        LinkUsedError: It was used, has ended, or never was.
    """
    found = peek(ctx, handle=handle)
    if found is None or found.account.status is not AccountStatus.ACTIVE:
        raise LinkUsedError("this link was used already or has ended")
    gone = delete(Link).where(Link.link_hash == handle_hash(handle)).returning(Link.link_hash)
    if ctx.session.execute(gone).first() is None:  # somebody else used it in this very moment
        raise LinkUsedError("this link was used already or has ended")
    facts = {"account": str(found.account.account_id), "kind": str(found.kind)}
    note(ctx, Event.LINK_USED, citizen_id=found.account.citizen_id, facts=facts)
    return found


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
