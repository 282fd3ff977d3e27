"""Whom a hint finds, and who stands in for somebody unknown, so that nothing tells the two apart."""

import hashlib
import hmac
from datetime import date
from uuid import UUID

from vault import citizens
from vault.clock import month_of
from vault.context import Context
from vault.journal import Keys, keys_for
from vault.keychain import month_key
from vault.kinds import CitizenStatus
from vault.models import Citizen
from vault.requests.hints import Hint


def resolve(ctx: Context, hint: Hint, organisation_id: UUID) -> UUID | None:
    """The citizen whom *hint* finds for this organisation and who may still be asked, or none."""
    if hint.kind == "ref":
        found = citizens.by_reference(ctx, organisation_id=organisation_id, system=hint.system, value=hint.value)
    else:
        found = citizens.by_identity(ctx, nhs_number=hint.system, birth_date=date.fromisoformat(hint.value))
    if found is None:
        return None
    citizen = ctx.session.get(Citizen, found)
    gone = citizen is None or citizen.status in {CitizenStatus.DECEASED, CitizenStatus.MERGED, CitizenStatus.CLOSED}
    return None if gone else found


def stranger(ctx: Context, service_id: UUID, hint: Hint) -> UUID:
    """The citizen id that stands for someone unknown: the same for the same hint, so that a repeat joins here too."""
    text = f"{service_id}|{hint.kind}|{hint.normalised}"
    made = hmac.new(ctx.keyring.derived("stranger"), text.encode(), hashlib.sha256).digest()
    return UUID(bytes=made[:16], version=4)


def stranger_keys(ctx: Context, citizen_id: UUID) -> Keys:
    """The keys that close log entries about somebody unknown, in the shape of a citizen's own."""
    subject = hmac.new(ctx.keyring.derived("stranger-audit"), citizen_id.bytes, hashlib.sha256).digest()
    return Keys(subject=subject, month=month_key(ctx), pseudonym=ctx.keyring.pseudonym(subject, month_of(ctx.now)))


def keys_of(ctx: Context, citizen_id: UUID) -> Keys:
    """The keys of entries about *citizen_id*, whoever that stands for."""
    if ctx.session.get(Citizen, citizen_id) is None:
        return stranger_keys(ctx, citizen_id)
    return keys_for(ctx, citizen_id=citizen_id)
