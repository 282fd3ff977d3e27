"""Challenges of Web Authentication and states of OpenID Connect: random, for one answer, known by their SHA-256."""

import hashlib
import secrets
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete

from vault.context import Context
from vault.errors import ReplayedError
from vault.models import Challenge

CHALLENGE_LIFE = timedelta(minutes=5)
CHALLENGE_BYTES = 32


def new(ctx: Context, *, purpose: str, account_id: UUID | None = None, life: timedelta = CHALLENGE_LIFE) -> bytes:
    """A fresh challenge, 32 random bytes, good for one answer within *life*."""
    challenge = secrets.token_bytes(CHALLENGE_BYTES)
    ctx.session.add(
        Challenge(
            challenge_hash=hashlib.sha256(challenge).digest(),
            purpose=purpose,
            expires_at=ctx.now + life,
            account_id=account_id,
        )
    )
    return challenge


def take(ctx: Context, *, challenge: bytes, purpose: str) -> UUID | None:
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
