"""Sign-ins: the signed-in browsers of an account, each a marked row that ends by itself and can be ended."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import or_, select, update

from audit.events import Event
from vault import accounts, citizens
from vault.accounts import AccountView
from vault.context import Actor, Context
from vault.errors import SignInEndedError
from vault.ids import handle_hash, new_handle
from vault.journal import note
from vault.kinds import AccountStatus
from vault.models import Identity, Passkey, SignIn
from vault.refusals import log_refusal

IDLE = timedelta(minutes=30)
LIMIT = timedelta(hours=8)
STAMP_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A sign-in that is good now."""

    account: AccountView
    actor: Actor
    method: str
    started_at: datetime
    proven_at: datetime
    ends_at: datetime


def begin(ctx: Context, *, account_id: UUID, method: str) -> str:
    """
    Sign an account in; return the cookie's handle, of which only the SHA-256 is kept.

    Raises:
        SignInEndedError: The account is suspended or closed, or its citizen may have none any more.
    """
    account = accounts.find(ctx, account_id=account_id)
    try:
        _check_may_sign_in(ctx, account)
    except SignInEndedError:
        facts = {"account": str(account_id), "method": method, "reason": "account-closed"}
        log_refusal(ctx, Event.SIGN_IN_REFUSED, citizen_id=account.citizen_id, facts=facts)
        raise
    handle = new_handle()
    ctx.session.add(
        SignIn(
            sign_in_hash=handle_hash(handle),
            account_id=account_id,
            method=method,
            started_at=ctx.now,
            ends_at=ctx.now + LIMIT,
            proven_at=ctx.now,
            last_seen_at=ctx.now,
        )
    )
    note(ctx, Event.SIGN_IN_MADE, citizen_id=account.citizen_id, facts={"account": str(account_id), "method": method})
    return handle


def _check_may_sign_in(ctx: Context, account: AccountView) -> None:
    if account.status is not AccountStatus.ACTIVE:
        raise SignInEndedError("this account is closed or suspended")
    if account.citizen_id is not None:
        status = citizens.find(ctx, citizen_id=account.citizen_id).status
        if status not in accounts.MAY_HAVE_ACCOUNT:
            raise SignInEndedError("this account is closed")


def current(ctx: Context, *, cookie: str) -> SignedIn:
    """
    The sign-in behind a cookie, if it is good now.

    Raises:
        SignInEndedError: It is unknown, idle for too long, over its limit, or the account was closed.
    """
    row = ctx.session.get(SignIn, handle_hash(cookie))
    if row is None or row.ends_at <= ctx.now or row.last_seen_at + IDLE <= ctx.now:
        raise SignInEndedError("you have been signed out")
    account = accounts.find(ctx, account_id=row.account_id)
    _check_may_sign_in(ctx, account)
    actor = replace(account.actor(), proven_at=row.proven_at, can_prove=can_prove(ctx, account_id=row.account_id))
    return SignedIn(account, actor, row.method, row.started_at, row.proven_at, row.ends_at)


def can_prove(ctx: Context, *, account_id: UUID) -> bool:
    """Whether an account's owner could be asked to prove again who they are: by a passkey or an identity provider."""
    means = (select(model.account_id).where(model.account_id == account_id).exists() for model in (Passkey, Identity))
    return bool(ctx.session.scalar(select(or_(*means))))


def prove(ctx: Context, *, cookie: str, method: str) -> None:
    """
    Note that the person behind a sign-in has just proved again who they are, by *method*.

    Raises:
        SignInEndedError: It is not good any more.
    """
    found = current(ctx, cookie=cookie)
    row = ctx.session.get_one(SignIn, handle_hash(cookie))
    row.proven_at = ctx.now
    row.version += 1
    facts = {"account": str(row.account_id), "method": method}
    note(ctx, Event.SIGN_IN_PROVEN, citizen_id=found.account.citizen_id, facts=facts)


def seen(ctx: Context, *, cookie: str) -> None:
    """Note that a signed-in browser was seen, at most once a minute."""
    ctx.session.execute(
        update(SignIn)
        .where(SignIn.sign_in_hash == handle_hash(cookie), SignIn.last_seen_at < ctx.now - STAMP_EVERY)
        .values(last_seen_at=ctx.now)
        .execution_options(synchronize_session=False)
    )


def end(ctx: Context, *, cookie: str) -> None:
    """Sign out."""
    row = ctx.session.get(SignIn, handle_hash(cookie))
    if row is not None:
        account = accounts.find(ctx, account_id=row.account_id)
        ctx.session.delete(row)
        note(ctx, Event.SIGN_IN_ENDED, citizen_id=account.citizen_id, facts={"account": str(row.account_id)})


def end_all(ctx: Context, *, account_id: UUID) -> int:
    """Sign an account out everywhere; return how many sign-ins ended."""
    rows = ctx.session.scalars(select(SignIn).where(SignIn.account_id == account_id)).all()
    for row in rows:
        ctx.session.delete(row)
    if rows:
        account = accounts.find(ctx, account_id=account_id)
        facts = {"account": str(account_id), "count": len(rows)}
        note(ctx, Event.SIGN_IN_ENDED, citizen_id=account.citizen_id, facts=facts)
    return len(rows)
