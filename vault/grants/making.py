"""Making a grant: what was allowed becomes a row that the door can judge."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from audit.events import Event
from vault.confidential import close_for_citizen
from vault.context import Context
from vault.errors import InvalidInputError, ProofNeededError, SignInAskedError
from vault.grants.views import GrantView, logged, view_of
from vault.ids import new_id
from vault.journal import note
from vault.kinds import Channel, Decider
from vault.models import Grant
from vault.purposes import Definition
from vault.sign_ins import UNPROVEN
from vault.webhooks import HookEvent, tell


@dataclass(frozen=True, slots=True, kw_only=True)
class NewGrant:
    """What is about to be allowed."""

    citizen_id: UUID
    service_id: UUID
    purpose: Definition
    fields: frozenset[str]
    not_after: datetime
    max_uses: int
    decided_by: Decider
    channel: Channel
    request_id: UUID | None = None
    case_reference: str | None = None
    evidence: str | None = None


def make(ctx: Context, *, new: NewGrant) -> GrantView:
    """
    Make a grant. The rules that allow it were asked by the caller.

    Raises:
        InvalidInputError: It allows nothing, or ends before it begins.
    """
    if not new.fields or not new.fields <= new.purpose.most:
        raise InvalidInputError("a grant allows at least one field and none beyond its purpose")
    if not ctx.now < new.not_after <= ctx.now + new.purpose.longest:
        raise InvalidInputError(f"the period must end after today and within {new.purpose.max_days} days")
    grant_id = new_id()
    row = Grant(
        citizen_id=new.citizen_id,
        grant_id=grant_id,
        service_id=new.service_id,
        purpose=new.purpose.slug,
        fields=sorted(new.fields),
        max_sensitivity=new.purpose.max_sensitivity,
        not_before=ctx.now,
        not_after=new.not_after,
        max_uses=new.max_uses,
        decided_by=new.decided_by,
        channel=new.channel,
        made_at=ctx.now,
        changed_at=ctx.now,
        history=new.purpose.history,
        request_id=new.request_id,
        decider_account_id=ctx.actor.account_id,
        sealed_evidence=_evidence(ctx, new, grant_id),
        case_reference=new.case_reference,
    )
    keep_proof(ctx, row, new.purpose)
    ctx.session.add(row)
    tell(ctx, service_id=row.service_id, event=HookEvent.GRANT_MADE, grant_id=grant_id)
    note(
        ctx,
        Event.GRANT_MADE,
        citizen_id=new.citizen_id,
        purpose=new.purpose.slug,
        facts={
            **logged(row),
            "decided_by": str(new.decided_by),
            "channel": str(new.channel),
            "case": new.case_reference,
        },
    )
    return view_of(ctx, row)


def keep_proof(ctx: Context, row: Grant, purpose: Definition) -> None:
    """
    Keep when and how the citizen had proved who they are, where it is they who decided, signed in.

    Raises:
        ProofNeededError: The purpose asks for a fresher or a stronger proof than the citizen gave.
        SignInAskedError: It asks for a proof, and somebody else decided: nobody gives it for the citizen.
    """
    actor = ctx.actor
    signed_in = row.decided_by is Decider.CITIZEN and actor.kind == "citizen" and actor.proven_at != UNPROVEN
    row.proven_at, row.proven_by = (actor.proven_at, actor.proven_by) if signed_in else (None, None)
    if not purpose.is_proven(at=row.proven_at, by=row.proven_by, now=ctx.now):
        if row.decided_by is Decider.CITIZEN and actor.kind == "citizen":
            raise ProofNeededError("this purpose asks for a fresher or a stronger proof that it is you")
        raise SignInAskedError(f"purpose `{purpose.slug}` is allowed by the citizen alone, signed in")


def _evidence(ctx: Context, new: NewGrant, grant_id: UUID) -> bytes | None:
    if not new.evidence:
        return None
    return close_for_citizen(
        ctx, citizen_id=new.citizen_id, what="evidence", row_id=grant_id, words={"evidence": new.evidence}
    )
