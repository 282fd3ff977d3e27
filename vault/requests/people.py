"""Whom a hint finds, and who stands in for somebody unknown, so that nothing tells the two apart."""

import hashlib
import hmac
from datetime import date
from uuid import UUID

from vault import citizens
from vault.clock import month_of
from vault.context import Context
from vault.errors import KeyNotFoundError
from vault.journal import Keys, keys_for
from vault.keychain import month_key
from vault.kinds import CitizenStatus
from vault.models import Citizen
from vault.requests.hints import Hint

_GONE = frozenset({CitizenStatus.DECEASED, CitizenStatus.MERGED, CitizenStatus.CLOSED})


def addressee(
    ctx: Context, *, hint: Hint, service_id: UUID, organisation_id: UUID, confirmed: UUID | None
) -> tuple[UUID, bool]:
    """
    Whom *hint* means for this service: the citizen who may still be asked, or an id that stands for somebody unknown.

    Returns:
        The id, and whether a citizen has it. Both ways ask the database the same questions, so that time tells nothing.
    """
    stand_in = _stand_in(ctx, service_id, hint)
    found = _find(ctx, hint, organisation_id, confirmed) or stand_in
    citizen = ctx.session.get(Citizen, found)
    known = citizen is not None and citizen.status not in _GONE
    return (found if known else stand_in), known


def _find(ctx: Context, hint: Hint, organisation_id: UUID, confirmed: UUID | None) -> UUID | None:
    if hint.kind == "ref":
        named = citizens.by_reference(ctx, organisation_id=organisation_id, system=hint.system, value=hint.value)
        return named if hint.born is None or named == confirmed else None
    found = citizens.by_identity(ctx, nhs_number=hint.system, birth_date=date.fromisoformat(hint.value))
    return found if found == confirmed else None  # a blind index only proposes


def index_of(ctx: Context, service_id: UUID, hint: Hint) -> bytes:
    """By what name *service_id* asks, 32 bytes: the same for every spelling, and whoever it finds or does not find."""
    return _secret(ctx, "hint", _text(service_id, hint))


def _stand_in(ctx: Context, service_id: UUID, hint: Hint) -> UUID:
    return UUID(bytes=_secret(ctx, "stranger", _text(service_id, hint))[:16], version=4)


def _text(service_id: UUID, hint: Hint) -> bytes:
    return f"{service_id}|{hint.kind}|{hint.normalised}".encode()


def _secret(ctx: Context, label: str, text: bytes) -> bytes:
    return hmac.new(ctx.keyring.derived(label), text, hashlib.sha256).digest()


def keys_of(ctx: Context, citizen_id: UUID) -> Keys:
    """The keys that close entries about *citizen_id*; somebody unknown has some in the shape of a citizen's own."""
    try:
        return keys_for(ctx, citizen_id=citizen_id)
    except KeyNotFoundError:
        subject = _secret(ctx, "stranger-audit", citizen_id.bytes)
        return Keys(subject=subject, month=month_key(ctx), pseudonym=ctx.keyring.pseudonym(subject, month_of(ctx.now)))
