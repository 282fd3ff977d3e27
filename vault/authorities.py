"""Authorities: who may look for a citizen, on what ground, for what and until when; frozen or ended at once.

A *named person* is somebody the citizen invites. The law names others: attorneys, deputies, appointees, and those with
parental responsibility, whose evidence staff have seen (`vault.legal_authorities`). Reading is the door's alone
(`vault.access.read_as_delegate`); the rules judge every look.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from audit.events import Event
from policies.model import AuthorityFacts
from vault.catalogue import CATALOGUE, WITHHELD_CATEGORY, Flag, Sensitivity
from vault.clock import microseconds
from vault.confidential import close_for_citizen, open_for_citizen
from vault.context import Context
from vault.errors import NotFoundError, WrongStateError
from vault.journal import note
from vault.judging import check_proven
from vault.kinds import AuthorityKind, AuthorityState
from vault.models import Authority

SAFE: Final = {
    "care_visit": frozenset({"care_visit.planned", "care_visit.actual", "care_visit.carer"}),
    "care_plan": frozenset({"care_plan.goals", "care_plan.what_we_do", "care_plan.dates"}),
}
"""What a citizen may let a named person see, by category: the visits and the plan, and nothing else."""

LONGEST: Final = timedelta(days=365)
"""How long a named person may be let in before the citizen decides again."""
FOREVER: Final = timedelta(days=36_500)
"""Stands in for an authority that the law gives no end; rules and status end it all the same."""

_WORDS: Final = "family"
_NEVER: Final = frozenset({Flag.REVEAL, Flag.THIRD_PARTY, Flag.HELD_BACK, Flag.ALWAYS_SENSITIVE})

LEGAL: Final = frozenset(
    each.name
    for each in CATALOGUE.fields
    if not each.flags & _NEVER
    and each.category != WITHHELD_CATEGORY
    and CATALOGUE.category(each.category).sensitivity < Sensitivity.DANGER
)
"""What somebody with legal authority may see: all but what is about others, a danger, or may be held back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorityView:
    """One authority, as both sides see it."""

    authority_id: UUID
    citizen_id: UUID
    kind: AuthorityKind
    name: str = field(repr=False)
    """What the citizen, or the evidence, calls the person who may look."""
    relationship: str = field(repr=False)
    citizen_name: str = field(repr=False)
    """What the citizen is called, for the person who looks."""
    fields: frozenset[str]
    valid_from: datetime
    valid_to: datetime
    state: AuthorityState
    holder_account_id: UUID | None
    seen_by: tuple[UUID, ...]
    """The staff who saw the evidence; empty for a named person."""
    reviewed: bool
    version: int

    @property
    def is_legal(self) -> bool:
        """Whether the law gives it, and not the citizen."""
        return self.kind is not AuthorityKind.NAMED_PERSON

    @property
    def is_live(self) -> bool:
        """Whether it lets somebody look now, or may again."""
        return self.state in {AuthorityState.INVITED, AuthorityState.ACTIVE, AuthorityState.FROZEN}


def view(ctx: Context, row: Authority) -> AuthorityView:
    """The view of one row."""
    words: dict[str, Any] = open_for_citizen(
        ctx, citizen_id=row.citizen_id, what=_WORDS, row_id=row.authority_id, sealed=row.sealed_words
    )
    return AuthorityView(
        authority_id=row.authority_id,
        citizen_id=row.citizen_id,
        kind=AuthorityKind(row.kind),
        name=str(words["name"]),
        relationship=str(words["relationship"]),
        citizen_name=str(words["citizen_name"]),
        fields=frozenset(row.fields),
        valid_from=row.valid_from,
        valid_to=end_of(row),
        state=state_of(row, ctx.now),
        holder_account_id=row.holder_account_id,
        seen_by=tuple(each for each in (row.seen_by, row.seen_second) if each),
        reviewed=row.reviewed,
        version=row.version,
    )


def close_words(ctx: Context, row_id: UUID, citizen_id: UUID, words: dict[str, str]) -> bytes:
    """Seal the names of an authority under a key of the citizen's."""
    return close_for_citizen(ctx, citizen_id=citizen_id, what=_WORDS, row_id=row_id, words=words)


def end_of(row: Authority) -> datetime:
    """When an authority ends by itself."""
    return row.valid_to or row.valid_from + FOREVER


def state_of(row: Authority, now: datetime) -> AuthorityState:
    """Where an authority stands at *now*."""
    if row.ended_at is not None:
        return AuthorityState.ENDED
    if end_of(row) <= now:
        return AuthorityState.RAN_OUT
    if row.frozen_at is not None:
        return AuthorityState.FROZEN
    if row.holder_account_id is not None:
        return AuthorityState.ACTIVE
    invited = row.invite_expires_at is not None and row.invite_expires_at > now
    return AuthorityState.INVITED if invited else AuthorityState.RAN_OUT


def facts_of(row: Authority, now: datetime) -> AuthorityFacts:
    """An authority as the rules know it; one that is frozen or ended is out of its period."""
    stops = [moment for moment in (row.ended_at, row.frozen_at) if moment]
    return AuthorityFacts(
        owner=str(row.citizen_id),
        kind=row.kind,
        powers=frozenset(row.powers),
        fields=frozenset(row.fields),
        valid_from=microseconds(row.valid_from),
        valid_to=microseconds(min([end_of(row), *(min(each, now) for each in stops)])),
        reviewed=row.reviewed,
    )


def of_citizen(ctx: Context, *, citizen_id: UUID) -> list[AuthorityView]:
    """Everyone who may look for a citizen, or could, the newest first."""
    rows = ctx.session.scalars(
        select(Authority).where(Authority.citizen_id == citizen_id).order_by(Authority.valid_from.desc())
    )
    return [view(ctx, row) for row in rows]


def of_holder(ctx: Context, *, account_id: UUID) -> Sequence[AuthorityView]:
    """Everyone for whom an account may look, or could, the newest first."""
    rows = ctx.session.scalars(
        select(Authority).where(Authority.holder_account_id == account_id).order_by(Authority.valid_from.desc())
    )
    return [view(ctx, row) for row in rows]


def find(ctx: Context, *, citizen_id: UUID, authority_id: UUID) -> AuthorityView:
    """
    One authority over a citizen.

    Raises:
        NotFoundError: It is not theirs, or there is none.
    """
    return view(ctx, row_of(ctx, citizen_id, authority_id))


def row_of(ctx: Context, citizen_id: UUID, authority_id: UUID) -> Authority:
    """
    The row of one authority.

    Raises:
        NotFoundError: The citizen has no such authority.
    """
    row = ctx.session.get(Authority, (citizen_id, authority_id))
    if row is None:
        raise NotFoundError(f"authority `{authority_id}` is not known")
    return row


def freeze(ctx: Context, *, citizen_id: UUID, authority_id: UUID) -> None:
    """
    Stop a named person's looks from this moment; it can be undone.

    Raises:
        NotFoundError: The citizen has no such authority.
        WrongStateError: It is not the citizen's to stop, or has ended.
    """
    row = _own(ctx, citizen_id, authority_id)
    if row.frozen_at is None:
        row.frozen_at = ctx.now
        _changed(ctx, row, Event.DELEGATE_FROZEN)


def unfreeze(ctx: Context, *, citizen_id: UUID, authority_id: UUID) -> None:
    """
    Let a named person look again.

    Raises:
        NotFoundError: The citizen has no such authority.
        WrongStateError: It is not the citizen's to change, or has ended.
        ProofNeededError: The citizen must first prove again that it is them.
    """
    check_proven(ctx)
    row = _own(ctx, citizen_id, authority_id)
    if row.frozen_at is not None:
        row.frozen_at = None
        _changed(ctx, row, Event.DELEGATE_UNFROZEN)


def remove(ctx: Context, *, citizen_id: UUID, authority_id: UUID) -> None:
    """
    End a named person's authority for good; an invitation that waits ends with it.

    Raises:
        NotFoundError: The citizen has no such authority.
        WrongStateError: It is not the citizen's to end.
    """
    row = _own(ctx, citizen_id, authority_id)
    row.ended_at, row.invite_hash = ctx.now, None
    _changed(ctx, row, Event.DELEGATE_ENDED)


def _own(ctx: Context, citizen_id: UUID, authority_id: UUID) -> Authority:
    row = row_of(ctx, citizen_id, authority_id)
    if row.kind != AuthorityKind.NAMED_PERSON or row.ended_at is not None:
        raise WrongStateError("this authority is not one that you can change, or it has ended")
    return row


def _changed(ctx: Context, row: Authority, event: Event) -> None:
    row.version += 1
    note(ctx, event, citizen_id=row.citizen_id, facts={"authority": str(row.authority_id), "kind": row.kind})
