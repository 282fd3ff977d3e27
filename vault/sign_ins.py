"""Sign-ins: one-time links, passkeys and the sign-ins they begin.

All of them marked rows that a planted one cannot imitate.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select, update

from audit.events import Event
from vault import accounts, citizens
from vault.accounts import AccountView
from vault.context import Actor, Context
from vault.errors import LinkUsedError, NotFoundError, ReplayedError, SecondPersonNeededError, SignInEndedError
from vault.ids import handle_hash, new_handle, new_id
from vault.journal import note
from vault.kinds import AccountStatus, LinkKind
from vault.models import Challenge, Link, Passkey, SignIn

IDLE = timedelta(minutes=30)
LIMIT = timedelta(hours=8)
CHALLENGE_LIFE = timedelta(minutes=5)
ENROLLING_LIFE = timedelta(minutes=10)
CHALLENGE_BYTES = 32
STAMP_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class LinkView:
    """A one-time link that still works."""

    kind: LinkKind
    account: AccountView
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A sign-in that is good now."""

    account: AccountView
    actor: Actor
    method: str
    started_at: datetime
    proven_at: datetime
    ends_at: datetime


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


def make_link(
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
    """
    if kind is LinkKind.ENROL and ctx.actor.kind != "operator" and (first is None or second is None or first == second):
        raise SecondPersonNeededError("an enrolment link needs two different people")
    account = accounts.find(ctx, account_id=account_id)
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


def peek_link(ctx: Context, *, handle: str) -> LinkView | None:
    """The link behind *handle* if it still works; looking does not use it."""
    row = ctx.session.get(Link, handle_hash(handle))
    if row is None or row.expires_at <= ctx.now:
        return None
    return LinkView(row.kind, accounts.find(ctx, account_id=row.account_id), row.expires_at)


def use_link(ctx: Context, *, handle: str) -> LinkView:
    """
    Use a link, once.

    Raises:
        LinkUsedError: It was used, has ended, or never was.
    """
    found = peek_link(ctx, handle=handle)
    if found is None or found.account.status is not AccountStatus.ACTIVE:
        raise LinkUsedError("this link was used already or has ended")
    gone = delete(Link).where(Link.link_hash == handle_hash(handle)).returning(Link.link_hash)
    if ctx.session.execute(gone).first() is None:  # somebody else used it in this very moment
        raise LinkUsedError("this link was used already or has ended")
    facts = {"account": str(found.account.account_id), "kind": str(found.kind)}
    note(ctx, Event.LINK_USED, citizen_id=found.account.citizen_id, facts=facts)
    return found


def begin_enrolling(ctx: Context, *, account_id: UUID) -> str:
    """Give leave to add one passkey within ten minutes; return its handle. `use_link` takes it when that is done."""
    handle = new_handle()
    ctx.session.add(
        Link(
            link_hash=handle_hash(handle),
            account_id=account_id,
            kind=LinkKind.ENROLLING,
            made_at=ctx.now,
            expires_at=ctx.now + ENROLLING_LIFE,
        )
    )
    return handle


def begin(ctx: Context, *, account_id: UUID, method: str) -> str:
    """
    Sign an account in; return the cookie's handle, of which only the SHA-256 is kept.

    Raises:
        SignInEndedError: The account is suspended or closed, or its citizen may have none any more.
    """
    account = accounts.find(ctx, account_id=account_id)
    _check_may_sign_in(ctx, account)
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
    plain = account.actor()
    actor = Actor(
        **{name: getattr(plain, name) for name in Actor.__slots__ if name != "proven_at"}, proven_at=row.proven_at
    )
    return SignedIn(account, actor, row.method, row.started_at, row.proven_at, row.ends_at)


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


def new_challenge(ctx: Context, *, purpose: str, account_id: UUID | None = None) -> bytes:
    """A fresh WebAuthn challenge, 32 random bytes, good for five minutes and one answer."""
    challenge = secrets.token_bytes(CHALLENGE_BYTES)
    ctx.session.add(
        Challenge(
            challenge_hash=hashlib.sha256(challenge).digest(),
            purpose=purpose,
            expires_at=ctx.now + CHALLENGE_LIFE,
            account_id=account_id,
        )
    )
    return challenge


def take_challenge(ctx: Context, *, challenge: bytes, purpose: str) -> UUID | None:
    """
    Use a challenge, once; return the account it was made for, if any.

    Raises:
        ReplayedError: It was used, has ended, was made for something else, or never was.
    """
    row = ctx.session.get(Challenge, hashlib.sha256(challenge).digest())
    if row is None or row.expires_at <= ctx.now or row.purpose != purpose:
        raise ReplayedError("this challenge was used already or has ended")
    account_id = row.account_id
    gone = delete(Challenge).where(Challenge.challenge_hash == row.challenge_hash).returning(Challenge.challenge_hash)
    ctx.session.expunge(row)
    if ctx.session.execute(gone).first() is None:
        raise ReplayedError("this challenge was used already or has ended")
    return account_id


def add_passkey(
    ctx: Context, *, account_id: UUID, credential_id: bytes, public_key: bytes, sign_count: int
) -> PasskeyView:
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
    facts = {"account": str(account_id), "passkey": str(row.passkey_id)}
    note(ctx, Event.PASSKEY_ADDED, citizen_id=account.citizen_id, facts=facts)
    return _passkey(row)


def passkeys(ctx: Context, *, account_id: UUID) -> list[PasskeyView]:
    """The passkeys of an account, oldest first."""
    return [
        _passkey(row)
        for row in ctx.session.scalars(
            select(Passkey).where(Passkey.account_id == account_id).order_by(Passkey.created_at)
        )
    ]


def passkey_by_credential(ctx: Context, *, credential_id: bytes) -> PasskeyView:
    """
    The passkey with this credential id.

    Raises:
        NotFoundError: There is none.
    """
    row = ctx.session.scalars(select(Passkey).where(Passkey.credential_id == credential_id)).one_or_none()
    if row is None:
        raise NotFoundError("this passkey is not known here")
    return _passkey(row)


def used_passkey(ctx: Context, *, passkey: PasskeyView, sign_count: int) -> None:
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
