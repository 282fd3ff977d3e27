"""Tokens: opaque, short-lived, bound to the sender's key and to one version of one grant.

Only their SHA-256 is kept.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite

from audit.events import Event
from vault import grants
from vault.context import Context
from vault.errors import ReplayedError, TokenInvalidError, WrongStateError
from vault.grants import GrantView
from vault.ids import handle_hash, new_handle
from vault.journal import note
from vault.kinds import GrantState, TokenKind
from vault.models import SpentProof, Token

LIFETIME_SECONDS = 300

_SPEND: Final = {
    is_sqlite: dialect.insert(SpentProof).on_conflict_do_nothing().returning(SpentProof.owner)
    for is_sqlite, dialect in ((True, sqlite), (False, postgresql))
}


@dataclass(frozen=True, slots=True)
class Issued:
    """A new token: shown once, to the service alone."""

    handle: str
    expires_in: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenView:
    """A token that is good now, with its grant as it is now."""

    kind: TokenKind
    service_id: UUID
    thumbprint: str
    issued_at: datetime
    expires_at: datetime
    grant: GrantView


def issue(
    ctx: Context,
    *,
    grant_id: UUID,
    thumbprint: str,
    kind: TokenKind = TokenKind.ACCESS,
    seconds: int = LIFETIME_SECONDS,
) -> Issued:
    """
    Issue a token for a grant that is active, bound to the key with RFC 7638 *thumbprint*.

    Raises:
        NotFoundError: There is no such grant.
        WrongStateError: The grant is not active.
    """
    grant = grants.by_id(ctx, grant_id=grant_id)
    if grant.state is not GrantState.ACTIVE:
        raise WrongStateError(f"grant `{grant_id}` is {grant.state}")
    handle = new_handle()
    ctx.session.add(
        Token(
            citizen_id=grant.citizen_id,
            token_hash=handle_hash(handle),
            kind=kind,
            service_id=grant.service.service_id,
            grant_id=grant_id,
            grant_version=grant.version,
            thumbprint=thumbprint,
            issued_at=ctx.now,
            expires_at=min(ctx.now + timedelta(seconds=seconds), grant.not_after),
        )
    )
    note(
        ctx,
        Event.TOKEN_ISSUED,
        citizen_id=grant.citizen_id,
        purpose=grant.purpose.slug,
        facts={"grant": str(grant_id), "service": str(grant.service.service_id), "kind": str(kind)},
    )
    return Issued(handle, int((min(ctx.now + timedelta(seconds=seconds), grant.not_after) - ctx.now).total_seconds()))


def find(ctx: Context, *, handle: str) -> TokenView:
    """
    The token behind *handle*, if it is good now.

    An access token is of one version of its grant. A refresh token outlives changes of it: what it gives is cut to the
    grant as it is then.

    Raises:
        TokenInvalidError: It is unknown, ended, or of an older version of its grant, or the grant is not active.
    """
    row = ctx.session.scalars(select(Token).where(Token.token_hash == handle_hash(handle))).one_or_none()
    if row is None or row.expires_at <= ctx.now:
        raise TokenInvalidError("the token is not known or has ended")
    grant = grants.view(ctx, citizen_id=row.citizen_id, grant_id=row.grant_id)
    older = row.kind is TokenKind.ACCESS and grant.version != row.grant_version
    if grant.state is not GrantState.ACTIVE or older:
        raise TokenInvalidError("the grant behind the token has changed or ended")
    return TokenView(
        kind=row.kind,
        service_id=row.service_id,
        thumbprint=row.thumbprint,
        issued_at=row.issued_at,
        expires_at=row.expires_at,
        grant=grant,
    )


def revoke(ctx: Context, *, service_id: UUID, handle: str) -> bool:
    """Give a token back (RFC 7009); return whether this service had it.

    Someone else's or an unknown one is left alone.
    """
    row = ctx.session.scalars(
        select(Token).where(Token.token_hash == handle_hash(handle), Token.service_id == service_id)
    ).one_or_none()
    if row is None:
        return False
    ctx.session.delete(row)
    note(
        ctx,
        Event.TOKEN_REVOKED,
        citizen_id=row.citizen_id,
        facts={"grant": str(row.grant_id), "service": str(service_id)},
    )
    return True


def revoke_all(ctx: Context, *, citizen_id: UUID, service_id: UUID, grant_id: UUID) -> int:
    """End every token of a grant, refresh tokens too; return how many there were. The grant itself stays."""
    rows = ctx.session.scalars(
        select(Token).where(Token.citizen_id == citizen_id, Token.service_id == service_id, Token.grant_id == grant_id)
    ).all()
    for row in rows:
        ctx.session.delete(row)
    if rows:
        facts = {"grant": str(grant_id), "service": str(service_id), "tokens": len(rows)}
        note(ctx, Event.TOKEN_REVOKED, citizen_id=citizen_id, facts=facts)
    return len(rows)


def spend(ctx: Context, *, owner: str, jti: str, expires_at: datetime) -> None:
    """
    Take a single-use proof: a client's assertion (RFC 7523) or a DPoP proof (RFC 9449, section 11.1).

    Args:
        ctx: A transaction.
        owner: Whose proof it is: the client id, or the key's thumbprint.
        jti: The proof's id; its SHA-256 is kept.
        expires_at: Until when it must be remembered.

    Raises:
        ReplayedError: It was shown before.
    """
    values = {"owner": owner, "jti_hash": hashlib.sha256(jti.encode()).digest(), "expires_at": expires_at}
    if ctx.session.connection().execute(_SPEND[ctx.vault.db.is_sqlite], values).first() is None:
        raise ReplayedError("this proof was shown before")


def sweep(ctx: Context) -> None:
    """Forget tokens and proofs that have ended: nothing can be done with them any more."""
    ctx.session.execute(delete(Token).where(Token.expires_at < ctx.now))
    ctx.session.execute(delete(SpentProof).where(SpentProof.expires_at < ctx.now))
