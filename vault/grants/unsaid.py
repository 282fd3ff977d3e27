"""Undoing what an officer wrote down last about a share: it is as it was, as far as its end and the rules let it.

More is shared again after a stop or a smaller share is undone, so that is a decision of the citizen's like a first one,
with the same rules and the same proof. Undoing that a share goes on for longer takes away, and asks for nothing.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from audit.events import Event
from policies.model import Action
from vault.context import Context
from vault.errors import NotFoundError, WrongStateError
from vault.grants.changing import change, demand_withdrawal
from vault.grants.spoken import Act, opened_evidence
from vault.grants.states import ENDED, state_at
from vault.grants.views import GrantView, view_of
from vault.hiding import uses_of
from vault.judging import demand
from vault.kinds import Channel, Decider, GrantState
from vault.models import Grant
from vault.purposes import find as find_purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenDown:
    """What an officer wrote down last about a share, and how it was before."""

    grant: GrantView
    act: Act
    channel: Channel
    at: datetime
    fields_before: frozenset[str]
    ended_before: datetime
    """When it was to end before that."""
    can_undo: bool


def written_down(ctx: Context, *, citizen_id: UUID, grant_id: UUID) -> WrittenDown:
    """
    The last change of a share, where it was made on the citizen's spoken word.

    Raises:
        NotFoundError: The citizen has no such grant, or its last change was not made so.
    """
    row, words = _last(ctx, citizen_id, grant_id, lock=False)
    before = words["before"]
    return WrittenDown(
        grant=view_of(ctx, row),
        act=Act(words["act"]),
        channel=Channel(words["channel"]),
        at=datetime.fromisoformat(words["at"]),
        fields_before=frozenset(before["fields"]),
        ended_before=datetime.fromisoformat(before["not_after"]),
        can_undo=_opens_again(ctx, row, words) if words["act"] == Act.STOP else view_of(ctx, row).is_live,
    )


def _last(ctx: Context, citizen_id: UUID, grant_id: UUID, *, lock: bool) -> tuple[Grant, dict[str, Any]]:
    row = ctx.session.get(Grant, (citizen_id, grant_id), with_for_update=lock)
    if row is None or row.said_version is None or row.said_version != row.version:
        raise NotFoundError(f"grant `{grant_id}` is not known, or nobody wrote down its last change")
    return row, opened_evidence(ctx, row)


def _opens_again(ctx: Context, row: Grant, words: dict[str, Any]) -> bool:
    """Whether a share that was stopped would open anything if that were undone, as far as its citizen knows."""
    before = words["before"]
    known = uses_of(ctx, grant_id=row.grant_id, uses=row.uses, last=row.last_used_at).count
    found = state_at(GrantState(before["state"]), row.not_after, known, row.max_uses, ctx.now)
    return found not in ENDED


def undo(ctx: Context, *, citizen_id: UUID, grant_id: UUID, version: int) -> GrantView:
    """
    Make a share as it was before an officer wrote its last change down.

    Args:
        ctx: Who decides is its actor.
        citizen_id: Whose share.
        grant_id: Which share.
        version: The version whose change they saw: another that was written down meanwhile stays.

    Raises:
        NotFoundError: The citizen has no such grant, or its last change was not written down for them.
        WrongStateError: It was changed or has ended meanwhile, so that there is nothing to go back to.
        NotAllowedError: The rules do not let this actor decide.
        ProofNeededError: More is shared again, and the actor must prove first who they are.
    """
    row, words = _last(ctx, citizen_id, grant_id, lock=True)
    act, before = Act(words["act"]), words["before"]
    if row.version != version:
        raise WrongStateError(f"grant `{grant_id}` was changed meanwhile; look at it again")
    if not (_opens_again(ctx, row, words) if act is Act.STOP else view_of(ctx, row).is_live):
        raise WrongStateError(f"grant `{grant_id}` has ended meanwhile")
    if act is Act.LONGER:
        _end_as_before(ctx, row, before)
        return view_of(ctx, row)
    _demand_sharing(ctx, row, frozenset(before["fields"]))
    state = GrantState(before["state"]) if act is Act.STOP else row.state
    row.fields = before["fields"]
    row.decided_by, row.channel, row.decider_account_id = Decider.CITIZEN, Channel.PORTAL, ctx.actor.account_id
    change(ctx, row, state=state, event=Event.GRANT_RESUMED)
    return view_of(ctx, row)


def _end_as_before(ctx: Context, row: Grant, before: dict[str, Any]) -> None:
    demand_withdrawal(ctx, row)
    row.not_after = datetime.fromisoformat(before["not_after"])
    row.max_uses = max(before["max_uses"], row.uses)
    row.decided_by, row.channel = Decider(before["decided_by"]), Channel(before["channel"])
    row.decider_account_id = UUID(before["decider"]) if before["decider"] else None
    change(ctx, row, state=row.state, event=Event.GRANT_NARROWED)


def _demand_sharing(ctx: Context, row: Grant, fields: frozenset[str]) -> None:
    purpose = find_purpose(ctx, slug=row.purpose)
    demand(
        ctx,
        action=Action.DECIDE,
        citizen_id=row.citizen_id,
        fields=fields & purpose.most,
        purpose=purpose,
        service_id=row.service_id,
    )
