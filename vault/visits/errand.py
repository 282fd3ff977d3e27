"""What a service sends a citizen for: its request, where they go back to, and what the code will be bound to."""

from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from vault.confidential import close_for_house, open_for_house
from vault.context import Context
from vault.errors import NotFoundError
from vault.ids import handle_hash
from vault.models import Visit

_WHAT = "visit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """The parameters of a pushed request (RFC 9126, section 2.1) that count later."""

    redirect_uri: str
    state: str | None
    nonce: str | None
    code_challenge: str
    """SHA-256 of the verifier, base64url, 43 characters (RFC 7636, section 4.2)."""
    bound_to: str
    """The thumbprint of the key that the code, and the tokens, are bound to (RFC 9449, section 10)."""
    purpose: str
    fields: tuple[str, ...]
    days: int | None
    uses: int | None
    reason: str
    binding_message: str
    max_age: int | None = None
    """How many seconds ago the citizen may have proved who they are (RFC 9470)."""
    acr_values: tuple[str, ...] = ()
    """How they are to prove it, the first that can be had."""


def close_errand(ctx: Context, errand: Errand, *, visit_id: UUID) -> bytes:
    """Seal *errand* for the house."""
    return close_for_house(ctx, what=_WHAT, row_id=visit_id, words=asdict(errand))


def errand_of(ctx: Context, row: Visit) -> Errand:
    """What *row* was sent for."""
    held: dict[str, Any] = open_for_house(ctx, what=_WHAT, row_id=row.visit_id, sealed=row.sealed_words)
    return Errand(**{**held, "fields": tuple(held["fields"]), "acr_values": tuple(held["acr_values"])})


def row_of(ctx: Context, handle: str) -> Visit:
    """
    The visit behind *handle* that has not ended, held until this transaction ends.

    Raises:
        NotFoundError: There is none, or it has ended; both look the same.
    """
    row = ctx.session.scalars(
        select(Visit).where(Visit.handle_hash == handle_hash(handle)).with_for_update()
    ).one_or_none()
    if row is None or row.expires_at <= ctx.now:
        raise NotFoundError("this visit is not known, or has ended")
    return row
