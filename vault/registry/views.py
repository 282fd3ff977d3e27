"""Changes of the registry as administrators see them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from vault import accounts
from vault.accounts import StaffLabel
from vault.confidential import open_for_house
from vault.context import Context
from vault.errors import NotFoundError
from vault.kinds import ChangeKind, ChangeState
from vault.models import RegistryChange, Service

WORDS: Final = "registry-change"
"""What the sealed words of a change are called at their place."""
ANSWER: Final = "registry-answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeView:
    """One change of the registry."""

    change_id: UUID
    kind: ChangeKind
    subject: str
    name: str
    """What the thing is called: a service's or purpose's name, or a member of staff by first name and job."""
    organisation_id: UUID | None
    content: Mapping[str, Any]
    replaced: Mapping[str, Any]
    label: StaffLabel | None = field(repr=False)
    replaced_label: StaffLabel | None = field(repr=False)
    why: str = field(repr=False)
    proposed_at: datetime
    proposed_by: UUID | None
    proposer: StaffLabel | None = field(repr=False)
    state: ChangeState
    decided_at: datetime | None
    decided_by: UUID | None
    decider: StaffLabel | None = field(repr=False)
    answer: str = field(repr=False)
    base_version: int
    applied_version: int | None
    leaves: tuple[bytes, ...]
    """Where the log tells of it: the leaf hashes of its entries, oldest first."""
    code: str | None = field(default=None, repr=False)
    """What goes with the sign-in link that will come of it; there in the moment of proposing alone."""

    @property
    def is_waiting(self) -> bool:
        """Whether it waits for a second person."""
        return self.state is ChangeState.WAITING

    @property
    def alone(self) -> bool:
        """Whether one person did it: a stop, or the operator at the server."""
        return self.state is ChangeState.APPLIED and self.proposed_by == self.decided_by


def find(ctx: Context, *, change_id: UUID) -> ChangeView:
    """
    One change.

    Raises:
        NotFoundError: There is none.
        RowForgedError: It was planted or altered behind the vault's back.
    """
    row = ctx.session.get(RegistryChange, change_id)
    if row is None:
        raise NotFoundError(f"change `{change_id}` is not known")
    return view_of(ctx, row)


def waiting(ctx: Context) -> list[ChangeView]:
    """Every change that waits for a second person, oldest first."""
    rows = ctx.session.scalars(
        select(RegistryChange)
        .where(RegistryChange.state == ChangeState.WAITING)
        .order_by(RegistryChange.proposed_at, RegistryChange.change_id)
    )
    return [view_of(ctx, row) for row in rows]


def everything(ctx: Context, *, limit: int) -> list[ChangeView]:
    """The newest *limit* changes, newest first, whatever became of them."""
    rows = ctx.session.scalars(
        select(RegistryChange).order_by(RegistryChange.proposed_at.desc(), RegistryChange.change_id).limit(limit)
    )
    return [view_of(ctx, row) for row in rows]


def of_subject(ctx: Context, *, subject: str, kinds: frozenset[ChangeKind]) -> list[ChangeView]:
    """Every change of one thing of the registry, newest first."""
    rows = ctx.session.scalars(
        select(RegistryChange)
        .where(RegistryChange.subject == subject, RegistryChange.kind.in_(kinds))
        .order_by(RegistryChange.proposed_at.desc(), RegistryChange.change_id)
    )
    return [view_of(ctx, row) for row in rows]


def view_of(ctx: Context, row: RegistryChange) -> ChangeView:
    """*row* as administrators see it."""
    words = open_for_house(ctx, what=WORDS, row_id=row.change_id, sealed=row.sealed_words)
    label = StaffLabel(**words["label"]) if words["label"] else None
    return ChangeView(
        change_id=row.change_id,
        kind=row.kind,
        subject=row.subject,
        name=_name(ctx, row, label),
        organisation_id=row.organisation_id,
        content=row.content,
        replaced=row.replaced,
        label=label,
        replaced_label=StaffLabel(**words["replaced_label"]) if words["replaced_label"] else None,
        why=words["why"],
        proposed_at=row.proposed_at,
        proposed_by=row.proposed_by,
        proposer=_label(ctx, row.proposed_by),
        state=row.state,
        decided_at=row.decided_at,
        decided_by=row.decided_by,
        decider=_label(ctx, row.decided_by),
        answer=_answer(ctx, row),
        base_version=row.base_version,
        applied_version=row.applied_version,
        leaves=tuple(dict.fromkeys(leaf for leaf in (row.proposed_leaf, row.decided_leaf) if leaf)),
    )


def _answer(ctx: Context, row: RegistryChange) -> str:
    if row.sealed_answer is None:
        return ""
    return str(open_for_house(ctx, what=ANSWER, row_id=row.change_id, sealed=row.sealed_answer)["reason"])


def _label(ctx: Context, account_id: UUID | None) -> StaffLabel | None:
    if account_id is None:
        return None
    try:
        return accounts.find(ctx, account_id=account_id).label
    except NotFoundError:
        return None


def _name(ctx: Context, row: RegistryChange, label: StaffLabel | None) -> str:
    if "name" in row.content:
        return str(row.content["name"])
    if row.kind.startswith("account"):
        shown = label or _label(ctx, UUID(row.subject))
        return f"{shown.first_name}, {shown.job}" if shown else row.subject
    held = ctx.session.scalars(select(Service).where(Service.slug == row.subject)).one_or_none()
    return held.name if held else row.subject
