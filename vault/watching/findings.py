"""Findings as auditors see them, and what they do about one: take it or give it on, explain, close. Nobody deletes one.

An auditor of the council sees every finding, one of another organisation those about its own staff. Whom a finding
suspects never sees it: for them it looks as if it were not there, whatever their role.
"""

from typing import Final
from uuid import UUID

from sqlalchemy import select

from audit.events import Event
from vault.confidential import close_for_house
from vault.context import Context
from vault.errors import InvalidInputError, NotFoundError, WrongStateError
from vault.ids import new_id
from vault.journal import note
from vault.kinds import AccountStatus, FindingState, FindingStep, Role
from vault.models import Account, Finding, FindingNote
from vault.trail.scope import Scope, demand_review, note_review, scope_of
from vault.watching.keeping import CLOSED, logged
from vault.watching.views import (
    NOTE,
    FindingLine,
    FindingView,
    Names,
    Wanted,
    evidence_of,
    line_of_finding,
    note_view,
    notes_of,
    words_of,
)

MOST_CHARACTERS: Final = 4000


def of_scope(ctx: Context, *, wanted: Wanted | None = None) -> list[FindingLine]:
    """
    What this auditor may see: what waits first, grave before others, newest first.

    Raises:
        NotAllowedError: The rules do not let this actor review the log.
    """
    wanted, scope = wanted or Wanted(), scope_of(ctx)
    demand_review(ctx, scope)
    query = select(Finding).order_by(Finding.found_at.desc(), Finding.finding_id)
    if scope.organisation_id is not None:
        query = query.where(Finding.organisation_id == scope.organisation_id)
    if wanted.rule:
        query = query.where(Finding.rule == wanted.rule)
    if wanted.state == "mine":
        query = query.where(Finding.assigned_to == ctx.actor.account_id, Finding.state.not_in(CLOSED))
    elif wanted.state:
        query = query.where(Finding.state.in_(CLOSED) if wanted.state == "closed" else Finding.state.not_in(CLOSED))
    names = Names(ctx)
    found = [line_of_finding(ctx, row, names) for row in ctx.session.scalars(query)]
    seen = [line for line in found if not _is_about(ctx, line.who)]
    return sorted(seen, key=lambda line: (line.is_closed, not line.grave))


def mine_and_open(ctx: Context) -> tuple[int, int]:
    """How many findings wait for this auditor, and how many for anybody."""
    waiting = of_scope(ctx)
    return sum(line.assigned_to == ctx.actor.account_id for line in waiting), len(waiting)


def read(ctx: Context, *, finding_id: UUID) -> FindingView:
    """
    One finding with its evidence; that it was read is logged first.

    Raises:
        NotFoundError: There is none for this auditor; one about themselves looks the same.
        NotAllowedError: The rules do not let this actor review the log.
    """
    row, _scope = _row(ctx, finding_id)
    note_review(ctx, Event.FINDING_READ, logged(row))
    names = Names(ctx)
    lines, lost = evidence_of(ctx, row.evidence)
    line = line_of_finding(ctx, row, names)
    return FindingView(
        **{name: getattr(line, name) for name in FindingLine.__dataclass_fields__},
        figures=words_of(ctx, row)["figures"],
        lines=lines,
        lost=lost,
        notes=tuple(note_view(ctx, each, names) for each in notes_of(ctx, finding_id)),
    )


def assignable(ctx: Context, *, finding_id: UUID) -> list[tuple[UUID, str]]:
    """
    Who may work on a finding: every auditor who may see it and sign in, by account and name.

    Raises:
        NotFoundError, NotAllowedError: As `read`.
    """
    row, scope = _row(ctx, finding_id)
    about = words_of(ctx, row)["who"]["account"]
    names = Names(ctx)
    own = select(Account).where(Account.role == Role.AUDITOR, Account.status == AccountStatus.ACTIVE)
    if scope.log_of is not None:
        own = own.where(Account.organisation_id == scope.log_of)
    found = [each.account_id for each in ctx.session.scalars(own) if str(each.account_id) != about]
    return sorted(((each, names.of(each)) for each in found), key=lambda pair: pair[1].casefold())


def assign(ctx: Context, *, finding_id: UUID, to: UUID) -> None:
    """
    Give a finding to somebody to work on, oneself or another auditor.

    Raises:
        NotFoundError: There is none for this auditor, or nobody such may work on it.
        WrongStateError: It is closed.
    """
    row = _open_row(ctx, finding_id)
    if to not in {account for account, _name in assignable(ctx, finding_id=finding_id)}:
        raise NotFoundError("nobody such works on findings")
    row.state, row.assigned_to = FindingState.ASSIGNED, to
    _step(ctx, row, FindingStep.ASSIGNED, Event.FINDING_ASSIGNED, to=to)


def explain(ctx: Context, *, finding_id: UUID, words: str) -> None:
    """
    Write down what was learned about a finding. The words are sealed; the log does not hold them.

    Raises:
        NotFoundError: There is none for this auditor.
        WrongStateError: It is closed.
        InvalidInputError: The words are empty or too long.
    """
    _check(words)
    row = _open_row(ctx, finding_id)
    _step(ctx, row, FindingStep.EXPLAINED, Event.FINDING_EXPLAINED, words=words)


def close(ctx: Context, *, finding_id: UUID, outcome: FindingState, words: str) -> None:
    """
    Say what a finding was, and why: right, wrong, or passed on to others. That is the end of it.

    Raises:
        NotFoundError: There is none for this auditor; one about themselves looks the same.
        WrongStateError: It is closed already.
        InvalidInputError: The outcome is none, or the words are empty or too long.
    """
    _check(words)
    if outcome not in CLOSED:
        raise InvalidInputError("a finding is closed as right, wrong or passed on")
    row = _open_row(ctx, finding_id)
    row.state, row.closed_by, row.closed_at = outcome, ctx.actor.account_id, ctx.now
    _step(ctx, row, FindingStep.CLOSED, Event.FINDING_CLOSED, words=words, outcome=str(outcome))


def _check(words: str) -> None:
    if not words.strip() or len(words) > MOST_CHARACTERS:
        raise InvalidInputError(f"say why, in at most {MOST_CHARACTERS} characters")


def _row(ctx: Context, finding_id: UUID, *, held: bool = False) -> tuple[Finding, Scope]:
    scope = scope_of(ctx)
    demand_review(ctx, scope)
    row = ctx.session.get(Finding, finding_id, with_for_update=held or None)
    foreign = row is not None and scope.organisation_id not in {None, row.organisation_id}
    if row is None or foreign or _is_about(ctx, words_of(ctx, row)["who"]):
        raise NotFoundError(f"finding `{finding_id}` is not known")
    return row, scope


def _open_row(ctx: Context, finding_id: UUID) -> Finding:
    row, _scope = _row(ctx, finding_id, held=True)
    if row.state in CLOSED:
        raise WrongStateError(f"finding `{finding_id}` is closed already")
    return row


def _is_about(ctx: Context, who: dict[str, str]) -> bool:
    return ctx.actor.account_id is not None and who["account"] == str(ctx.actor.account_id)


def _step(
    ctx: Context, row: Finding, step: FindingStep, event: Event, *, words: str = "", to: UUID | None = None, **more: str
) -> None:
    note_id = new_id()
    sealed = close_for_house(ctx, what=NOTE, row_id=note_id, words={"words": words.strip()}) if words else None
    ctx.session.add(
        FindingNote(
            note_id=note_id,
            finding_id=row.finding_id,
            number=row.version + 1,
            step=step,
            at=ctx.now,
            by=ctx.actor.account_id,
            to=to,
            sealed_words=sealed,
        )
    )
    row.version += 1
    note(ctx, event, facts={**logged(row), **more})
