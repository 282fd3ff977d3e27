"""Proposing, approving and rejecting changes of the registry, and stopping a service or an account at once.

Every step asks the rules (`policies/rules/safeguards.cedar`) and is in the log. What is proposed is judged against how
the thing stands now: a change whose thing has changed since is not applied.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final
from uuid import UUID

from audit.events import Event
from policies.model import Step
from vault import links
from vault.accounts import StaffLabel
from vault.confidential import close_for_house
from vault.context import Context
from vault.errors import InvalidInputError, NotAllowedError, NotFoundError, WrongStateError
from vault.ids import new_id
from vault.journal import note
from vault.kinds import ChangeKind, ChangeState, LinkKind
from vault.models import RegistryChange
from vault.registry import staff as staff_changes
from vault.registry.handling import Content, Handling, Order, Standing
from vault.registry.judging import HANDLINGS, demand_step
from vault.registry.views import ANSWER, WORDS, ChangeView, view_of

REASON_MOST: Final = 1000
LABEL_MOST: Final = 60
STOPS: Final = frozenset({ChangeKind.SERVICE_SUSPENDED, ChangeKind.ACCOUNT_SUSPENDED})
_WITH_LINK: Final = frozenset({ChangeKind.ACCOUNT, ChangeKind.ACCOUNT_LINK})
_WITH_LABEL: Final = frozenset({ChangeKind.ACCOUNT, ChangeKind.ACCOUNT_CHANGED})


@dataclass(frozen=True, slots=True)
class Approved:
    """A change that was applied, and the one-time link that came of it, to be shown once."""

    change: ChangeView
    link: str | None


def propose(
    ctx: Context,
    *,
    kind: ChangeKind,
    subject: str,
    content: Mapping[str, Any],
    why: str = "",
    label: StaffLabel | None = None,
) -> ChangeView:
    """
    Propose a change for a second person to approve; the operator at the server applies it alone, and the log says so.

    Where a sign-in link will come of it, the view that is returned holds the code that goes with the link, to be shown
    once: who proposed gives the person the code, who approves gives them the link, and neither can use it alone.

    An account that is proposed to be closed is suspended at once: who leaves loses access before anyone has approved.

    Args:
        ctx: A transaction of an administrator, or of the operator.
        kind: What it is about.
        subject: The slug of the thing, or the id of the account; for a new account it is made here.
        content: What it is to become, whole.
        why: For the second person, at most `REASON_MOST` characters; sealed.
        label: How a member of staff is shown; sealed.

    Raises:
        InvalidInputError: The content is not whole, or would change nothing.
        NotFoundError: There is no such thing.
        NotAllowedError: The rules do not let this actor change it.
        WrongStateError: The thing is not in a state for it.
    """
    if kind is ChangeKind.ACCOUNT:
        subject = str(new_id())
    handling = HANDLINGS[kind]
    made = handling.checked(ctx, subject, content)
    _check_words(kind, why, label)
    standing = handling.standing(ctx, subject, made)
    alone = ctx.actor.kind == "operator"
    demand_step(ctx, Step.PROPOSE, handling, standing)
    if standing.version and standing.content == made and kind not in _WITH_LINK and label in {None, standing.label}:
        raise InvalidInputError("this would change nothing")
    if kind is ChangeKind.ACCOUNT_CLOSED and not alone and staff_changes.is_active(ctx, subject):
        stop(ctx, kind=ChangeKind.ACCOUNT_SUSPENDED, subject=subject, why=why)
        standing = handling.standing(ctx, subject, made)
    row = _row(ctx, kind, subject, made, standing, _words(why, label, standing))
    if alone:
        return _apply(ctx, row, handling, label, what="changed alone by the operator")
    code = None
    if kind in _WITH_LINK:
        code, row.code_index = links.new_code(ctx)
    row.proposed_leaf = _note(ctx, row, "proposed")
    return replace(view_of(ctx, row), code=code)


def stop(ctx: Context, *, kind: ChangeKind, subject: str, why: str = "") -> ChangeView:
    """
    Suspend a service or an account at once; one person is enough, and no fresh sign-in is needed.

    Raises:
        InvalidInputError: The kind is none that stops something.
        NotFoundError: There is no such thing.
        NotAllowedError: The rules do not let this actor stop it.
        WrongStateError: It is suspended already.
    """
    if kind not in STOPS:
        raise InvalidInputError("only suspending is done at once")
    handling = HANDLINGS[kind]
    made = handling.checked(ctx, subject, {})
    _check_words(kind, why, None)
    standing = handling.standing(ctx, subject, made)
    demand_step(ctx, Step.STOP, handling, standing)
    if standing.content == made:
        raise WrongStateError("it is suspended already")
    row = _row(ctx, kind, subject, made, standing, _words(why, None, standing))
    return _apply(ctx, row, handling, None, what="stopped at once")


def approve(ctx: Context, *, change_id: UUID) -> Approved:
    """
    Apply a change that someone else proposed.

    Raises:
        NotFoundError: There is no such change.
        WrongStateError: It does not wait any more.
        NotAllowedError: The rules do not let this actor approve it: own, about themselves, out of date, of someone who
            may no longer propose, or of another organisation.
        RowForgedError: The change was planted or altered behind the vault's back.
    """
    row = _waiting_row(ctx, change_id)
    handling = HANDLINGS[row.kind]
    standing = handling.standing(ctx, row.subject, row.content)
    demand_step(ctx, Step.APPROVE, handling, standing, row)
    handling.checked(ctx, row.subject, row.content)
    view = _apply(ctx, row, handling, view_of(ctx, row).label, what="approved")
    if row.kind not in _WITH_LINK:
        return Approved(view, None)
    if row.code_index is None:
        raise WrongStateError("no code was made for this link: let it be proposed again")
    account_id = UUID(row.subject)
    second = ctx.actor.account_id
    handle = links.make(
        ctx,
        account_id=account_id,
        kind=LinkKind.ENROL,
        first=row.proposed_by,
        second=second,
        code_index=row.code_index,
    )
    return Approved(view, handle)


def reject(ctx: Context, *, change_id: UUID, reason: str) -> ChangeView:
    """
    Turn a change down, with a reason of at most `REASON_MOST` characters for the one who proposed it.

    Raises:
        NotFoundError: There is no such change.
        WrongStateError: It does not wait any more.
        InvalidInputError: The reason is missing or too long.
        NotAllowedError: The rules do not let this actor decide about it.
    """
    if not reason.strip() or len(reason) > REASON_MOST:
        raise InvalidInputError(f"reason: write 1 to {REASON_MOST} characters")
    row = _waiting_row(ctx, change_id)
    handling = HANDLINGS[row.kind]
    demand_step(ctx, Step.REJECT, handling, Standing(version=0, content={}, organisation_id=row.organisation_id), row)
    row.sealed_answer = close_for_house(ctx, what=ANSWER, row_id=change_id, words={"reason": reason.strip()})
    return _close(ctx, row, ChangeState.REJECTED, "rejected")


def take_back(ctx: Context, *, change_id: UUID) -> ChangeView:
    """
    Take a change back that one has proposed oneself.

    Raises:
        NotFoundError: There is no such change.
        WrongStateError: It does not wait any more.
        NotAllowedError: Someone else proposed it.
    """
    row = _waiting_row(ctx, change_id)
    if ctx.actor.account_id is None or row.proposed_by != ctx.actor.account_id:
        raise NotAllowedError("only who proposed a change takes it back")
    return _close(ctx, row, ChangeState.TAKEN_BACK, "taken back")


def _check_words(kind: ChangeKind, why: str, label: StaffLabel | None) -> None:
    if len(why) > REASON_MOST:
        raise InvalidInputError(f"why: at most {REASON_MOST} characters")
    if (label is not None) != (kind in _WITH_LABEL):
        raise InvalidInputError("label: a first name, job and team, for a member of staff and for nothing else")
    if label and not all(0 < len(part.strip()) <= len(part) <= LABEL_MOST for part in asdict(label).values()):
        raise InvalidInputError(f"label: first name, job and team have 1 to {LABEL_MOST} characters each")


def _words(why: str, label: StaffLabel | None, standing: Standing) -> dict[str, Any]:
    return {
        "why": why.strip(),
        "label": asdict(label) if label else None,
        "replaced_label": asdict(standing.label) if label and standing.label else None,
    }


def _row(
    ctx: Context, kind: ChangeKind, subject: str, content: Content, standing: Standing, words: Mapping[str, Any]
) -> RegistryChange:
    change_id = new_id()
    row = RegistryChange(
        change_id=change_id,
        kind=kind,
        subject=subject,
        organisation_id=standing.organisation_id,
        content=dict(content),
        replaced=dict(standing.content),
        base_version=standing.version,
        proposed_at=ctx.now,
        proposed_by=ctx.actor.account_id,
        sealed_words=close_for_house(ctx, what=WORDS, row_id=change_id, words=words),
    )
    ctx.session.add(row)
    return row


def _waiting_row(ctx: Context, change_id: UUID) -> RegistryChange:
    row = ctx.session.get(RegistryChange, change_id, with_for_update=True)
    if row is None:
        raise NotFoundError(f"change `{change_id}` is not known")
    if row.state is not ChangeState.WAITING:
        raise WrongStateError(f"change `{change_id}` does not wait any more")
    return row


def _apply(ctx: Context, row: RegistryChange, handling: Handling, label: StaffLabel | None, *, what: str) -> ChangeView:
    second = ctx.actor.account_id if row.proposed_by != ctx.actor.account_id else None
    order = Order(
        subject=row.subject, content=row.content, label=label, first=row.proposed_by if second else None, second=second
    )
    row.applied_version = handling.apply(ctx, order)
    return _close(ctx, row, ChangeState.APPLIED, what)


def _close(ctx: Context, row: RegistryChange, state: ChangeState, what: str) -> ChangeView:
    row.state, row.decided_at, row.decided_by = state, ctx.now, ctx.actor.account_id
    row.version += 1
    row.decided_leaf = _note(ctx, row, what)
    return view_of(ctx, row)


def _note(ctx: Context, row: RegistryChange, what: str) -> bytes:
    facts = {
        "what": what,
        "change": str(row.change_id),
        "kind": str(row.kind),
        "subject": row.subject,
        "version": row.applied_version,
    }
    return note(ctx, Event.REGISTRY_CHANGED, facts=facts)
