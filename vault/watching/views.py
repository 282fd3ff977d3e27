"""A finding as auditors see it: in a list, and with its evidence and what was done about it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from audit import read as log
from audit.errors import EntryNotFoundError
from vault import accounts
from vault.confidential import open_for_house
from vault.context import Context
from vault.errors import NotFoundError
from vault.kinds import FindingState, FindingStep
from vault.models import Finding, FindingNote
from vault.trail.lines import Known, Line, line_of, open_for_auditor
from vault.watching.keeping import CLOSED, WORDS

NOTE: Final = "finding-note"


@dataclass(frozen=True, slots=True)
class NoteView:
    """One thing that was done about a finding."""

    step: FindingStep
    at: datetime
    by: str
    """First name, job and team of whoever did it; empty where the account is gone."""
    to: str
    words: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingLine:
    """A finding as a list shows it."""

    finding_id: UUID
    rule: str
    grave: bool
    state: FindingState
    evidence: int
    first_at: datetime
    last_at: datetime
    found_at: datetime
    assigned_to: UUID | None
    assignee: str
    who: dict[str, str] = field(repr=False)
    """Whom it suspects: ``kind``, ``account``, ``reference``, ``role``, ``team``, ``service`` (an id)."""

    @property
    def is_closed(self) -> bool:
        """Whether somebody said what it was."""
        return self.state in CLOSED


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingView(FindingLine):
    """A finding with what was compared, its evidence and what was done about it."""

    figures: dict[str, Any] = field(repr=False)
    lines: tuple[Line, ...] = field(repr=False)
    """The entries of the evidence, as far as they open."""
    lost: tuple[str, ...]
    """Leaf hashes of the evidence that the log does not hold any more: `audit verify` says more."""
    notes: tuple[NoteView, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a list is narrowed to; what is empty does not narrow it."""

    state: str = "open"
    """``open`` (also assigned), ``mine``, ``closed`` or empty."""
    rule: str = ""


def words_of(ctx: Context, row: Finding) -> dict[str, Any]:
    """Whom it suspects (``who``) and what was compared (``figures``), as `vault.watching.keeping` sealed them."""
    return open_for_house(ctx, what=WORDS, row_id=row.finding_id, sealed=row.sealed_words)


class Names:
    """First names and jobs of auditors, each read once."""

    def __init__(self, ctx: Context) -> None:
        """Read through *ctx*."""
        self._ctx = ctx
        self._held: dict[UUID, str] = {}

    def of(self, account_id: UUID | None) -> str:
        """What an account's holder is called; empty where there is none."""
        if account_id is None:
            return ""
        if account_id not in self._held:
            self._held[account_id] = self._read(account_id)
        return self._held[account_id]

    def _read(self, account_id: UUID) -> str:
        try:
            label = accounts.find(self._ctx, account_id=account_id).label
        except NotFoundError:
            return ""
        return ", ".join(part for part in (label.first_name, label.job) if part) if label else str(account_id)


def line_of_finding(ctx: Context, row: Finding, names: Names) -> FindingLine:
    """*row* as a list shows it."""
    return FindingLine(
        finding_id=row.finding_id,
        rule=row.rule,
        grave=row.grave,
        state=row.state,
        evidence=len(row.evidence),
        first_at=row.first_at,
        last_at=row.last_at,
        found_at=row.found_at,
        assigned_to=row.assigned_to,
        assignee=names.of(row.assigned_to),
        who=words_of(ctx, row)["who"],
    )


def evidence_of(ctx: Context, named: Collection[str]) -> tuple[tuple[Line, ...], tuple[str, ...]]:
    """The entries of these leaf hashes, and those hashes that the log does not hold any more."""
    known, lines, lost = Known(ctx), [], []
    for leaf_hash in named:
        try:
            row = log.entry(ctx.session, bytes.fromhex(leaf_hash))
        except EntryNotFoundError:
            lost.append(leaf_hash)
            continue
        lines.append(line_of(known, row, open_for_auditor(known, row.payload)))
    return tuple(lines), tuple(lost)


def notes_of(ctx: Context, finding_id: UUID) -> Sequence[FindingNote]:
    """What was done about a finding, oldest first."""
    query = select(FindingNote).where(FindingNote.finding_id == finding_id)
    return ctx.session.scalars(query.order_by(FindingNote.number)).all()


def note_view(ctx: Context, row: FindingNote, names: Names) -> NoteView:
    """*row* with its words."""
    words = ""
    if row.sealed_words is not None:
        words = str(open_for_house(ctx, what=NOTE, row_id=row.note_id, sealed=row.sealed_words)["words"])
    return NoteView(row.step, row.at, names.of(row.by), names.of(row.to), words)
