"""A service delivers: a hospital's discharge document, taken in at once and put away a moment later.

What it is answered says that it came, and nothing of whom it is about. Matching (`vault.importing`) comes afterwards,
where the sender cannot watch: so known and unknown people look alike in every answer, and in how long it takes.
"""

import hashlib
import hmac
import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete, select

from audit.events import Event
from vault import purposes, services
from vault.access import Proof
from vault.confidential import close_for_house, open_for_house
from vault.context import SYSTEM, Actor, Context, Vault
from vault.errors import NotAllowedError, NotFoundError, TokenInvalidError, WrongStateError
from vault.ids import handle_hash, new_handle, new_id
from vault.importing.delivering import Delivered, put_away
from vault.journal import note
from vault.kinds import ServiceStatus
from vault.models import Delivery, DeliveryToken, ServicePurpose
from vault.tokens import Issued, spend

LIFETIME: Final = timedelta(seconds=300)
REMEMBERED: Final = timedelta(days=30)
"""How long the same bundle counts once; longer, its items are still known by their sources (`vault.records`)."""
FIRST_WAIT: Final = timedelta(seconds=15)
LONGEST_WAIT: Final = timedelta(hours=1)
AT_ONCE: Final = 20
_WHAT: Final = "delivery"


@dataclass(frozen=True, slots=True)
class Sender:
    """A service that showed a good token: what it may deliver under."""

    actor: Actor
    purpose: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """A bundle that was read and found sound."""

    identifier: str = field(repr=False)
    """Its ``Bundle.identifier``, system and value."""
    text: str = field(repr=False)


def issue_token(ctx: Context, *, purpose: str, thumbprint: str) -> Issued:
    """
    A token for the context's service to deliver under *purpose*, bound to the key with RFC 7638 *thumbprint*.

    Raises:
        NotAllowedError: The service is not registered for such a purpose, or it receives nothing.
    """
    service_id = ctx.actor.service_id
    if service_id is None or not _may(ctx, service_id, purpose):
        raise NotAllowedError("this service delivers nothing under this purpose")
    handle = new_handle()
    ctx.session.add(
        DeliveryToken(
            token_hash=handle_hash(handle),
            service_id=service_id,
            purpose=purpose,
            thumbprint=thumbprint,
            issued_at=ctx.now,
            expires_at=ctx.now + LIFETIME,
        )
    )
    note(ctx, Event.TOKEN_ISSUED, purpose=purpose, facts={"service": str(service_id), "kind": "delivery"})
    return Issued(handle, int(LIFETIME.total_seconds()))


def _may(ctx: Context, service_id: UUID, purpose: str) -> bool:
    """Whether a service that is active is registered for a purpose that receives data and needs nobody's yes."""
    try:
        found = purposes.find(ctx, slug=purpose)
    except NotFoundError:
        return False
    active = services.by_id(ctx, service_id=service_id).status is ServiceStatus.ACTIVE
    registered = ctx.session.get(ServicePurpose, (service_id, purpose)) is not None
    return active and registered and found.receives and found.choice is not purposes.Choice.DECIDE


def sender_of(vault: Vault, *, handle: str, proof: Proof) -> Sender:
    """
    Who delivers, by their token and the proof that came with this call.

    Raises:
        TokenInvalidError: The token is unknown, ended or bound to another key, or the service may deliver no longer.
        ReplayedError: The proof was shown before.
    """
    with vault.transaction(SYSTEM) as ctx:
        row = ctx.session.get(DeliveryToken, handle_hash(handle))
        good = row is not None and row.expires_at > ctx.now and row.thumbprint == proof.thumbprint
        if row is not None and good and _may(ctx, row.service_id, row.purpose):
            # After the token is known: whoever has none writes nothing here.
            spend(ctx, owner=proof.thumbprint, jti=proof.jti, expires_at=proof.expires_at)
            service = services.by_id(ctx, service_id=row.service_id)
            actor = Actor(kind="service", service_id=row.service_id, organisation_id=service.organisation_id)
            return Sender(actor, row.purpose)
    raise TokenInvalidError("the token is not known, has ended, or is not yours")


def receive(vault: Vault, *, sender: Sender, parcel: Parcel) -> None:
    """
    Take a parcel in; the same one again changes nothing.

    Raises:
        WrongStateError: Another bundle came under the same identifier before.
    """
    with vault.transaction(sender.actor) as ctx:
        if _is_new(ctx, sender, parcel):
            delivery_id = new_id()
            ctx.session.add(_row(ctx, sender, parcel, delivery_id))
            facts = {"delivery": str(delivery_id), "service": str(sender.actor.service_id), "received": True}
            note(ctx, Event.IMPORT_RUN, purpose=sender.purpose, facts=facts)


def _is_new(ctx: Context, sender: Sender, parcel: Parcel) -> bool:
    before = ctx.session.scalars(
        select(Delivery)
        .where(
            Delivery.service_id == sender.actor.service_id,
            Delivery.identifier_hash == _keyed(ctx, "identifier", parcel.identifier),
        )
        .with_for_update()
    ).one_or_none()
    if before is not None and not hmac.compare_digest(before.content_digest, _keyed(ctx, "bundle", parcel.text)):
        raise WrongStateError("another bundle came under this identifier before")
    return before is None


def _row(ctx: Context, sender: Sender, parcel: Parcel, delivery_id: UUID) -> Delivery:
    assert sender.actor.service_id is not None  # noqa: S101 -- `sender_of` made it
    return Delivery(
        delivery_id=delivery_id,
        service_id=sender.actor.service_id,
        purpose=sender.purpose,
        identifier_hash=_keyed(ctx, "identifier", parcel.identifier),
        content_digest=_keyed(ctx, "bundle", parcel.text),
        sealed=close_for_house(ctx, what=_WHAT, row_id=delivery_id, words={"bundle": parcel.text}),
        received_at=ctx.now,
        due_at=ctx.now,
    )


def _keyed(ctx: Context, what: str, text: str) -> bytes:
    return hmac.new(ctx.keyring.derived(f"delivery/{what}"), text.encode(), hashlib.sha256).digest()


def take_due(vault: Vault) -> int:
    """
    Put away what came in, each delivery in one transaction; return how many were.

    What goes wrong is said in the server's log, and tried again for as long as it takes: its sender was told that it
    came, and will not send it again.
    """
    with vault.reading(SYSTEM) as ctx:
        query = select(Delivery.delivery_id).where(Delivery.due_at <= ctx.now).order_by(Delivery.due_at)
        waiting = list(ctx.session.scalars(query.limit(AT_ONCE)))
    return sum(_take(vault, delivery_id) for delivery_id in waiting)


def _take(vault: Vault, delivery_id: UUID) -> bool:
    try:
        return _put_away(vault, delivery_id)
    except Exception:  # a bundle that cannot be put away must not stop the others
        logging.getLogger("citizen-vault").exception("a delivery could not be put away; it is tried again")
        _try_later(vault, delivery_id)
        return False


def _put_away(vault: Vault, delivery_id: UUID) -> bool:
    with vault.reading(SYSTEM) as ctx:
        found = ctx.session.get(Delivery, delivery_id)
        service = services.by_id(ctx, service_id=found.service_id) if found else None
    if service is None:
        return False
    actor = Actor(kind="service", service_id=service.service_id, organisation_id=service.organisation_id)
    with vault.transaction(actor) as ctx:
        row = ctx.session.scalars(
            select(Delivery).where(Delivery.delivery_id == delivery_id).with_for_update()
        ).one_or_none()
        if row is None or row.sealed is None or row.due_at is None or row.due_at > ctx.now:
            return False  # another process was first
        text = open_for_house(ctx, what=_WHAT, row_id=delivery_id, sealed=row.sealed)["bundle"]
        put_away(ctx, delivered=Delivered(run_id=delivery_id, purpose=row.purpose, system=service.slug, text=text))
        row.sealed, row.due_at = None, None
        return True


def _try_later(vault: Vault, delivery_id: UUID) -> None:
    with vault.transaction(SYSTEM) as ctx:
        row = ctx.session.get(Delivery, delivery_id, with_for_update=True)
        if row is not None and row.sealed is not None:
            row.tries += 1
            row.due_at = _next(ctx.now, row.tries)


def _next(now: datetime, tries: int) -> datetime:
    """Waits double from `FIRST_WAIT` to `LONGEST_WAIT`."""
    wait: timedelta = min(FIRST_WAIT * 2 ** min(tries - 1, 20), LONGEST_WAIT)
    return now + wait


def sweep(ctx: Context) -> None:
    """Forget tokens that have ended, and that a delivery came, a month after it was put away."""
    ctx.session.execute(delete(DeliveryToken).where(DeliveryToken.expires_at < ctx.now))
    old = Delivery.sealed.is_(None), Delivery.received_at < ctx.now - REMEMBERED
    ctx.session.execute(delete(Delivery).where(*old))
