"""What a citizen said of a share that runs, written down by an officer of its service: stop, less, or for longer.

Each needs what shows that it was them, which is sealed for the citizen together with how the share was before. Stopping
and taking away give nobody anything, so how the citizen stands is not asked. Going on for longer is a decision: the
rules are asked as for a spoken yes. The citizen is told of each, and can undo it (`vault.grants.unsaid`).
"""

import enum
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from audit.events import Event
from policies.model import Action
from vault.confidential import close_for_citizen, open_for_citizen
from vault.context import Context
from vault.errors import InvalidInputError, NotFoundError
from vault.grants.changing import change, live
from vault.grants.making import keep_proof
from vault.grants.renewing import prolonged
from vault.grants.views import GrantView, view_of
from vault.judging import demand
from vault.kinds import Channel, CitizenStatus, Decider, GrantState, NoticeKind
from vault.models import Grant
from vault.notices import tell
from vault.purposes import find as find_purpose

EVIDENCE_MOST: Final = 2000  # characters
EVIDENCE: Final = "evidence"


class Act(enum.StrEnum):
    """What the citizen said. Kept sealed: never renamed."""

    STOP = "stop"
    LESS = "less"
    LONGER = "longer"


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
    _keep(ctx, row, said, Act.STOP)
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
    _keep(ctx, row, said, Act.LESS)
    row.fields = sorted(keep)
    change(ctx, row, state=row.state, event=Event.GRANT_NARROWED)
    return view_of(ctx, row)


def renew_as_said(ctx: Context, *, grant_id: UUID, until: date | None, said: Spoken) -> GrantView:
    """
    Let a share go on because the citizen said so, as `renew` does; raises like both.

    The citizen sees who wrote it down, and can undo it.
    """
    row = _row(ctx, grant_id, said)
    purpose = find_purpose(ctx, slug=row.purpose)
    ends, uses = prolonged(ctx, row, purpose, until)
    _demand(ctx, row, shares=True)
    _keep(ctx, row, said, Act.LONGER)
    row.not_after, row.max_uses = ends, uses
    row.decided_by, row.channel = Decider.SPOKEN, said.channel
    row.decider_account_id = ctx.actor.account_id
    keep_proof(ctx, row, purpose)
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


def _keep(ctx: Context, row: Grant, said: Spoken, act: Act) -> None:
    """Seal the evidence and how the share was before, after what was sealed earlier; tell the citizen."""
    earlier = opened_evidence(ctx, row)
    words = {
        "evidence": said.evidence.strip(),
        "channel": str(said.channel),
        "at": ctx.now.isoformat(),
        "act": str(act),
        "before": {
            "fields": row.fields,
            "state": str(row.state),
            "not_after": row.not_after.isoformat(),
            "max_uses": row.max_uses,
            "decided_by": str(row.decided_by),
            "channel": str(row.channel),
            "decider": str(row.decider_account_id) if row.decider_account_id else None,
        },
        **({"earlier": earlier} if earlier else {}),
    }
    row.sealed_evidence = close_for_citizen(
        ctx, citizen_id=row.citizen_id, what=EVIDENCE, row_id=row.grant_id, words=words
    )
    row.said_version = row.version + 1
    tell(ctx, citizen_id=row.citizen_id, kind=NoticeKind.WRITTEN_DOWN, about=row.grant_id, occasion=row.said_version)


def opened_evidence(ctx: Context, row: Grant) -> dict[str, Any]:
    """What is sealed with a grant about who said what; empty where it rests on nobody's spoken word."""
    if row.sealed_evidence is None:
        return {}
    return open_for_citizen(
        ctx, citizen_id=row.citizen_id, what=EVIDENCE, row_id=row.grant_id, sealed=row.sealed_evidence
    )
