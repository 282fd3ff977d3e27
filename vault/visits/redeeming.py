"""The code becomes tokens, once: for the service it was made for, its key, its address and its verifier."""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from sqlalchemy import delete, select

from vault import grants, requests, tokens
from vault.context import Context
from vault.grants import GrantView
from vault.ids import handle_hash
from vault.kinds import GrantState
from vault.models import Visit
from vault.visits.errand import Errand, errand_of

CODE: Final = timedelta(seconds=60)
"""How long a code is good (RFC 6749, section 4.1.2; FAPI 2.0 Security Profile, section 5.3.2.1)."""

Refused = Literal[
    "code-unknown",
    "code-of-another-service",
    "code-replayed",
    "code-ended",
    "code-of-another-key",
    "code-of-another-address",
    "verifier-wrong",
    "grant-not-active",
]


@dataclass(frozen=True, slots=True)
class Redeemed:
    """What a code was good for."""

    grant: GrantView
    nonce: str | None
    proven_at: datetime | None
    """When the citizen had proved who they are, as they came."""
    proven_by: str


def redeem(
    ctx: Context, *, service_id: UUID, code: str, redirect_uri: str, verifier: str, thumbprint: str
) -> Redeemed | Refused:
    """
    Spend a code. A refusal is returned, not raised: that it was spent must be kept.

    The service's own first try spends it, whatever is wrong with it, so nobody can guess a verifier. A code that comes
    again ends every token that came of it (RFC 6749, section 4.1.2).
    """
    row = ctx.session.scalars(select(Visit).where(Visit.code_hash == handle_hash(code)).with_for_update()).one_or_none()
    if row is None or row.citizen_id is None or row.request_id is None:
        return "code-unknown"
    if row.redeemed_at is not None:
        if row.grant_id is not None:
            tokens.revoke_all(ctx, citizen_id=row.citizen_id, service_id=row.service_id, grant_id=row.grant_id)
        return "code-replayed"
    if row.service_id != service_id:
        return "code-of-another-service"
    row.redeemed_at = ctx.now
    errand = errand_of(ctx, row)
    fault = _fault(ctx, row, errand, redirect_uri=redirect_uri, verifier=verifier, thumbprint=thumbprint)
    grant = _grant(ctx, row) if fault is None else None
    if fault is not None or grant is None:
        return fault or "grant-not-active"
    row.grant_id = grant.grant_id
    return Redeemed(grant, errand.nonce, row.proven_at, row.proven_by or "")


def _fault(
    ctx: Context, row: Visit, errand: Errand, *, redirect_uri: str, verifier: str, thumbprint: str
) -> Refused | None:
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    if row.code_expires_at is None or row.code_expires_at <= ctx.now:
        return "code-ended"
    if thumbprint != errand.bound_to:
        return "code-of-another-key"
    if redirect_uri != errand.redirect_uri:
        return "code-of-another-address"
    return None if hmac.compare_digest(challenge, errand.code_challenge) else "verifier-wrong"


def _grant(ctx: Context, row: Visit) -> GrantView | None:
    if row.citizen_id is None or row.request_id is None:
        return None
    asked = requests.view(ctx, citizen_id=row.citizen_id, request_id=row.request_id)
    if asked.grant_id is None:
        return None
    grant = grants.view(ctx, citizen_id=row.citizen_id, grant_id=asked.grant_id)
    return grant if grant.state is GrantState.ACTIVE else None


def sweep(ctx: Context) -> None:
    """Forget visits that have ended; one whose code was used is known for a day more, so that a replay is noticed."""
    ctx.session.execute(delete(Visit).where(Visit.expires_at < ctx.now - timedelta(days=1)))
    unused = (Visit.redeemed_at.is_(None), Visit.expires_at < ctx.now)
    ctx.session.execute(delete(Visit).where(*unused))
