"""The same request under the same idempotency key counts once, and is answered alike for a day.

draft-ietf-httpapi-idempotency-key-header-07, sections 2.6 and 2.7. A key is of one service and one citizen; of the
request only a keyed digest is kept.
"""

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete

from vault.clock import microseconds
from vault.context import Context
from vault.errors import KeyReusedError
from vault.facts import Sharing
from vault.models import KeptAnswer

REMEMBERED: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Once:
    """What makes a request count once: its key, and all that it says."""

    key: str
    request: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What was kept, and the entry that says so."""

    record_id: UUID
    version: int
    service_id: UUID
    leaf_hash: bytes
    time_us: int


def before(ctx: Context, sharing: Sharing, once: Once) -> Kept | None:
    """
    What the same key wrote within the last day.

    Raises:
        KeyReusedError: That was another request.
    """
    row = ctx.session.get(KeptAnswer, (*_whose(sharing), _hash(once)))
    if row is None or row.answered_at < ctx.now - REMEMBERED:
        return None
    if not hmac.compare_digest(row.request_digest, _digest(ctx, once)):
        raise KeyReusedError("this idempotency key came with another request before")
    return Kept(
        record_id=row.record_id,
        version=row.version,
        service_id=row.service_id,
        leaf_hash=row.leaf_hash,
        time_us=microseconds(row.answered_at),
    )


def remember(ctx: Context, sharing: Sharing, once: Once, kept: Kept) -> None:
    """Keep the answer with what it is about; a second one at the same moment breaks on the row's primary key."""
    citizen_id, service_id = _whose(sharing)
    # Only what is a day old and not swept yet: a younger one may have been committed since `before` looked.
    its_own = KeptAnswer.citizen_id == citizen_id, KeptAnswer.service_id == service_id
    too_old = KeptAnswer.key_hash == _hash(once), KeptAnswer.answered_at < ctx.now - REMEMBERED
    ctx.session.execute(delete(KeptAnswer).where(*its_own, *too_old))
    ctx.session.add(
        KeptAnswer(
            citizen_id=citizen_id,
            service_id=service_id,
            key_hash=_hash(once),
            request_digest=_digest(ctx, once),
            record_id=kept.record_id,
            version=kept.version,
            leaf_hash=kept.leaf_hash,
            answered_at=ctx.now,
        )
    )
    ctx.session.flush()


def forget_kept_answers(ctx: Context) -> None:
    """Forget answers that are a day old: their keys may be used for something else."""
    ctx.session.execute(delete(KeptAnswer).where(KeptAnswer.answered_at < ctx.now - REMEMBERED))


def _whose(sharing: Sharing) -> tuple[UUID, UUID]:
    return sharing.grant["citizen_id"], sharing.grant["service_id"]


def _hash(once: Once) -> bytes:
    return hashlib.sha256(once.key.encode()).digest()


def _digest(ctx: Context, once: Once) -> bytes:
    return hmac.new(ctx.keyring.derived("idempotency"), once.request, hashlib.sha256).digest()
