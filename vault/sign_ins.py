"""Sign-ins: the signed-in browsers of an account, each a marked row that ends by itself and can be ended."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import or_, select, update

from audit.events import Event
from vault import accounts, citizens
from vault.accounts import AccountView
from vault.context import Actor, Context
from vault.errors import NotFoundError, SignInEndedError
from vault.ids import handle_hash, new_handle
from vault.journal import note
from vault.kinds import AccountStatus, RecoveryState
from vault.models import Identity, Passkey, Recovery, SignIn
from vault.purpose_definitions import PHISHING_RESISTANT
from vault.refusals import log_refusal

IDLE = timedelta(minutes=30)
LIMIT = timedelta(hours=8)
BY_LETTER = "letter"
SHORTER = {BY_LETTER: timedelta(hours=1), "directory": timedelta(hours=1)}
"""Sign-ins that end sooner: by a letter, nothing can be proved again; by the directory, it is asked again."""
PASSKEY = "passkey"
UNPROVEN = datetime(1970, 1, 1, tzinfo=UTC)
"""When somebody proved who they are who did not yet, in this sign-in."""
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


def begin(ctx: Context, *, account_id: UUID, method: str, proven: bool = False, device: str | None = None) -> str:
    """
    Sign an account in; return the cookie's handle, of which only the SHA-256 is kept.

    *method* is how: the word before a colon says for how long (`SHORTER`), the word after it by whom. *device* is a
    hint such as ``Chrome on Windows``. *proven* is whether the person has just shown that it is them, by a passkey
    that verified its user or to a provider that says when: a code or a provider's word alone is no such proof.

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
            ends_at=ctx.now + SHORTER.get(method.partition(":")[0], LIMIT),
            proven_at=ctx.now if proven else UNPROVEN,
            last_seen_at=ctx.now,
            device=device,
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
    provable = can_prove(ctx, account_id=row.account_id)
    actor = replace(
        account.actor(),
        sign_in=row.sign_in_hash,
        proven_at=row.proven_at,
        proven_by=PHISHING_RESISTANT if row.method == PASSKEY else None,
        can_prove=provable,
        by_letter=row.method == BY_LETTER and not provable,
        recovering=_is_recovering(ctx, row.account_id),
    )
    return SignedIn(account, actor, row.method, row.started_at, row.proven_at, row.ends_at)


def can_prove(ctx: Context, *, account_id: UUID) -> bool:
    """Whether an account's owner could be asked to prove again who they are: by a passkey or an identity provider."""
    means = (select(model.account_id).where(model.account_id == account_id).exists() for model in (Passkey, Identity))
    return bool(ctx.session.scalar(select(or_(*means))))


def _is_recovering(ctx: Context, account_id: UUID) -> bool:
    waits = select(Recovery.account_id).where(
        Recovery.account_id == account_id, Recovery.state == RecoveryState.WAITING
    )
    return ctx.session.scalars(waits).first() is not None


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A browser in which an account is signed in."""

    name: str
    """64 hex digits that name the row and open nothing."""
    device: str
    """A hint such as ``Chrome on Windows``; empty where nothing is known."""
    method: str
    started_at: datetime
    last_seen_at: datetime
    is_here: bool


def places(ctx: Context, *, account_id: UUID, cookie: str = "") -> list[Place]:
    """Where an account is signed in now, last seen first; *cookie* says which of these is here."""
    here = handle_hash(cookie)
    rows = ctx.session.scalars(
        select(SignIn).where(
            SignIn.account_id == account_id, SignIn.ends_at > ctx.now, SignIn.last_seen_at > ctx.now - IDLE
        )
    )
    found = [
        Place(
            name=row.sign_in_hash.hex(),
            device=row.device or "",
            method=row.method,
            started_at=row.started_at,
            last_seen_at=row.last_seen_at,
            is_here=row.sign_in_hash == here,
        )
        for row in rows
    ]
    return sorted(found, key=lambda place: (place.is_here, place.last_seen_at), reverse=True)


def end_place(ctx: Context, *, account_id: UUID, name: str) -> None:
    """
    End one sign-in of an account, wherever its browser is.

    Raises:
        NotFoundError: The account has none of that name.
    """
    row = ctx.session.get(SignIn, bytes.fromhex(name))
    if row is None or row.account_id != account_id:
        raise NotFoundError("this sign-in is not known")
    account = accounts.find(ctx, account_id=account_id)
    ctx.session.delete(row)
    note(ctx, Event.SIGN_IN_ENDED, citizen_id=account.citizen_id, facts={"account": str(account_id), "count": 1})


def end_all(ctx: Context, *, account_id: UUID, but: str = "", method: str = "") -> int:
    """Sign an account out everywhere, save in the browser of cookie *but*; return how many sign-ins ended.

    Where *method* is given, only sign-ins that were made by it end.
    """
    rows = [
        row
        for row in ctx.session.scalars(select(SignIn).where(SignIn.account_id == account_id))
        if row.sign_in_hash != handle_hash(but) and row.method.startswith(method)
    ]
    for row in rows:
        ctx.session.delete(row)
    if rows:
        account = accounts.find(ctx, account_id=account_id)
        facts = {"account": str(account_id), "count": len(rows)}
        note(ctx, Event.SIGN_IN_ENDED, citizen_id=account.citizen_id, facts=facts)
    return len(rows)
