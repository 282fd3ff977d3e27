"""Word to services that asked for it: a request is no longer open, come and get the answer (CIBA Core 1.0, ping mode).

The word says which request and nothing else. It is promised as the service asks, alike for known and unknown people,
and sent when the request was decided, has expired or was taken back. A ping is claimed by moving its due time, so no
two processes send it; when nobody answers it comes due again, later each time. Each service is told by itself, so that
one that is slow holds up no other.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select, update

from vault import services
from vault.confidential import close_for_house, open_for_house
from vault.context import SYSTEM, Context, Vault
from vault.ids import handle_hash, new_id
from vault.kinds import RequestState, ServiceStatus
from vault.models import AccessRequest, Ping

AT_ONCE: Final = 20
FIRST_WAIT: Final = timedelta(seconds=10)
MOST_TRIES: Final = 9  # the waits double from ten seconds: about 85 minutes in all
KEPT_AFTER: Final = timedelta(days=1)
_WHAT: Final = "ping"


@dataclass(frozen=True, slots=True)
class Word:
    """One word on its way."""

    endpoint: str
    handle: str = field(repr=False)
    """The ``auth_req_id``."""
    token: str = field(repr=False)
    """The service's own, by which it knows us."""


class Teller(Protocol):
    """What brings a word to a service."""

    def tell(self, word: Word) -> bool | None:
        """Bring it; return whether it was taken, nothing where it can never be."""


def promise(ctx: Context, *, service_id: UUID, handle: str, token: str, waits: timedelta) -> None:
    """Promise a service word of its request behind *handle*, which is open for *waits* at most."""
    ping_id = new_id()
    ctx.session.add(
        Ping(
            ping_id=ping_id,
            service_id=service_id,
            handle_hash=handle_hash(handle),
            sealed_words=close_for_house(ctx, what=_WHAT, row_id=ping_id, words={"handle": handle, "token": token}),
            expires_at=ctx.now + waits + KEPT_AFTER,
            due_at=ctx.now,
        )
    )


def due(vault: Vault) -> list[UUID]:
    """The services for which word is due, that which waits longest first."""
    with vault.reading(SYSTEM) as ctx:
        query = select(Ping.service_id).where(*_is_due(ctx)).group_by(Ping.service_id)
        return list(ctx.session.scalars(query.order_by(func.min(Ping.due_at))))


def _is_due(ctx: Context) -> tuple[ColumnElement[bool], ...]:
    closed = (AccessRequest.state != RequestState.PENDING) | (AccessRequest.expires_at <= ctx.now)
    return AccessRequest.handle_hash == Ping.handle_hash, Ping.due_at <= ctx.now, closed


def tell(vault: Vault, teller: Teller, *, service_id: UUID) -> int:
    """
    Send one service what is due, each word at most once; return how many were taken.

    What does not answer ends the turn: it is not called again and again for each word that waits.
    """
    with vault.reading(SYSTEM) as ctx:
        query = select(Ping.ping_id, Ping.due_at).where(Ping.service_id == service_id, *_is_due(ctx))
        found = ctx.session.execute(query.order_by(Ping.tries, Ping.due_at).limit(AT_ONCE)).all()
    taken = 0
    for ping_id, due_at in found:
        answer = _one(vault, teller, ping_id, due_at)
        if answer is False:
            break
        taken += bool(answer)
    return taken


def tell_due(vault: Vault, teller: Teller) -> int:
    """Send every service what is due, one after another; return how many words were taken."""
    return sum(tell(vault, teller, service_id=service_id) for service_id in due(vault))


def _one(vault: Vault, teller: Teller, ping_id: UUID, due_at: datetime) -> bool | None:
    with vault.transaction(SYSTEM) as ctx:
        tries = _claim(ctx, ping_id, due_at)
        word = _word(ctx, ping_id) if tries else None
    if not tries:
        return None
    taken = teller.tell(word) if word else None
    if taken is False and tries < MOST_TRIES:
        return False
    with vault.transaction(SYSTEM) as ctx:
        ctx.session.execute(delete(Ping).where(Ping.ping_id == ping_id))
    return taken


def _claim(ctx: Context, ping_id: UUID, due_at: datetime) -> int:
    """Take one ping for this process; the number of this try, or 0 where another process took it."""
    row = ctx.session.get(Ping, ping_id)
    if row is None or row.due_at != due_at:
        return 0
    tries = row.tries + 1
    ctx.session.expunge(row)
    claimed = (
        update(Ping)
        .where(Ping.ping_id == ping_id, Ping.due_at == due_at)
        .values(tries=tries, due_at=ctx.now + FIRST_WAIT * 2 ** (tries - 1))
        .execution_options(synchronize_session=False)
        .returning(Ping.ping_id)
    )
    return tries if ctx.session.execute(claimed).first() is not None else 0


def _word(ctx: Context, ping_id: UUID) -> Word | None:
    """The word, where the service still works and is still told somewhere."""
    row = ctx.session.get(Ping, ping_id)
    if row is None or services.by_id(ctx, service_id=row.service_id).status is not ServiceStatus.ACTIVE:
        return None
    endpoint = services.addresses(ctx, service_id=row.service_id).notification_endpoint
    if endpoint is None:
        return None
    held = open_for_house(ctx, what=_WHAT, row_id=ping_id, sealed=row.sealed_words)
    return Word(endpoint, str(held["handle"]), str(held["token"]))


def sweep(ctx: Context) -> None:
    """Forget what was never due in its time."""
    ctx.session.execute(delete(Ping).where(Ping.expires_at < ctx.now))
