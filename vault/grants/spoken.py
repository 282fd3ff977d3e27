"""What a citizen said of a share that runs, written down by an officer of its service: stop, less, or for longer.

Each needs what shows that it was them, which is sealed for the citizen. Stopping and taking away give nobody anything,
so how the citizen stands is not asked. Going on for longer is a decision: the rules are asked as for a spoken yes, and
the citizen can undo it.
"""

from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from sqlalchemy import select

from audit.events import Event
from policies.model import Action
from vault.confidential import close_for_citizen
from vault.context import Context
from vault.errors import InvalidInputError, NotFoundError
from vault.grants.changing import change, live
from vault.grants.renewing import prolonged
from vault.grants.views import GrantView, view_of
from vault.judging import demand
from vault.kinds import Channel, CitizenStatus, Decider, GrantState
from vault.models import Grant
from vault.purposes import find as find_purpose

EVIDENCE_MOST = 2000  # characters


@dataclass(frozen=True, slots=True)
class Spoken:
    """How a citizen's word came, and what shows that it was theirs."""

    channel: Channel
    evidence: str = field(repr=False)


def stop_as_said(ctx: Context, *, grant_id: UUID, said: Spoken) -> GrantView:
    """
    Stop a share because the citizen said so.

    Raises:
        NotFoundError: There is no such share with the officer's own service; both look the same.
        WrongStateError: It has ended already.
        NotAllowedError: The law leaves this no choice to the citizen, or the rules say no for another reason.
        InvalidInputError: The evidence is empty or too long.
    """
    row = _row(ctx, grant_id, said)
    _demand(ctx, row, shares=False)
    _keep(ctx, row, said)
    change(ctx, row, state=GrantState.WITHDRAWN, event=Event.GRANT_WITHDRAWN)
    return view_of(ctx, row)


def narrow_as_said(ctx: Context, *, grant_id: UUID, keep: frozenset[str], said: Spoken) -> GrantView:
    """
    Leave only *keep* in a share because the citizen said so; raises like `stop_as_said`.

    Raises:
        InvalidInputError: *keep* is empty, whole, or holds a field that is not shared.
    """
    row = _row(ctx, grant_id, said)
    if not keep or not keep < set(row.fields):
        raise InvalidInputError("keep at least one of the fields that are shared now, fewer than all, and none beside")
    _demand(ctx, row, shares=False)
    row.fields = sorted(keep)
    _keep(ctx, row, said)
    change(ctx, row, state=row.state, event=Event.GRANT_NARROWED)
    return view_of(ctx, row)


def renew_as_said(ctx: Context, *, grant_id: UUID, until: date | None, said: Spoken) -> GrantView:
    """
    Let a share go on because the citizen said so, as `renew` does; raises like both.

    The citizen sees who wrote it down, and can undo it.
    """
    row = _row(ctx, grant_id, said)
    row.not_after, row.max_uses = prolonged(ctx, row, find_purpose(ctx, slug=row.purpose), until)
    _demand(ctx, row, shares=True)
    _keep(ctx, row, said)
    row.decided_by, row.channel = Decider.SPOKEN, said.channel
    row.decider_account_id = ctx.actor.account_id
    change(ctx, row, state=row.state, event=Event.GRANT_RENEWED)
    return view_of(ctx, row)


def _row(ctx: Context, grant_id: UUID, said: Spoken) -> Grant:
    if not said.evidence.strip() or len(said.evidence) > EVIDENCE_MOST:
        raise InvalidInputError("a spoken decision needs a note of who said what, when and how you knew it was them")
    # DANGER: the row itself is read only as it is locked; one that was read before stays as it was then.
    query = select(Grant.citizen_id, Grant.service_id).where(Grant.grant_id == grant_id)
    found = ctx.session.execute(query).one_or_none()
    if found is None or ctx.actor.kind != "officer" or found.service_id != ctx.actor.service_id:
        raise NotFoundError(f"grant `{grant_id}` is not known")
    row = live(ctx, found.citizen_id, grant_id)
    if row.service_id != ctx.actor.service_id:
        raise NotFoundError(f"grant `{grant_id}` is not known")
    return row


def _demand(ctx: Context, row: Grant, *, shares: bool) -> None:
    """Ask the rules; who has a share with a service is known to it, so its organisation knows the citizen."""
    purpose = find_purpose(ctx, slug=row.purpose)
    demand(
        ctx,
        action=Action.ASSIST,
        citizen_id=row.citizen_id,
        fields=frozenset(row.fields) & purpose.most,
        purpose=purpose,
        owner_status=None if shares else CitizenStatus.ACTIVE,
        reason=True,
        shares=shares,
        known_here=True,
    )


def _keep(ctx: Context, row: Grant, said: Spoken) -> None:
    words = {"evidence": said.evidence.strip(), "channel": str(said.channel), "at": ctx.now.isoformat()}
    row.sealed_evidence = close_for_citizen(
        ctx, citizen_id=row.citizen_id, what="evidence", row_id=row.grant_id, words=words
    )
