"""Officers take cases up: reading one is an entry in the log, and so is every answer; their words are in neither."""

from typing import Final
from uuid import UUID

from sqlalchemy import select

from audit.events import Event
from policies.model import Action
from vault.acting import acting_person
from vault.cases import ending, steps
from vault.cases.views import CaseView, close, facts_of, logged, view_of
from vault.clock import months_later
from vault.context import Context
from vault.errors import InvalidInputError, NotAllowedError, NotFoundError, WrongStateError
from vault.journal import note
from vault.judging import demand
from vault.kinds import CaseState, StepKind
from vault.models import Case

MOST_CHARACTERS: Final = 4000
LONGEST_EXTENSION: Final = 2  # months, UK GDPR Art. 12(3)


def read(ctx: Context, *, case_id: UUID) -> CaseView:
    """
    Read what a citizen brought up. The first reading takes an open case up, and the citizen sees that.

    Raises:
        NotFoundError: There is no such case, or it is with another service; both look the same.
    """
    row = _row(ctx, case_id, Action.READ_CASE)
    first = row.state is CaseState.OPEN and StepKind.ACKNOWLEDGED not in steps.kinds_of(ctx, row)
    _note(ctx, row, Event.CASE_READ)
    if first:
        steps.add(ctx, row, StepKind.ACKNOWLEDGED)
        _note(ctx, row, Event.CASE_ACKNOWLEDGED)
    return view_of(ctx, row)


def _row(ctx: Context, case_id: UUID, action: Action, *, reason: bool = False) -> Case:
    """A case that the rules let this officer act on; a no is logged and looks like there being no such case."""
    row = ctx.session.scalars(select(Case).where(Case.case_id == case_id).with_for_update()).one_or_none()
    if row is None:
        raise NotFoundError(f"case `{case_id}` is not known")
    try:
        demand(ctx, action=action, citizen_id=row.citizen_id, case=facts_of(row), reason=reason)
    except NotAllowedError as error:
        if ctx.actor.service_id == row.service_id:
            raise WrongStateError(f"case `{case_id}` is closed already") from error
        raise NotFoundError(f"case `{case_id}` is not known") from error
    return row


def _note(ctx: Context, row: Case, event: Event, **more: object) -> None:
    facts = {**logged(row), **more, "acting": acting_person(ctx)}
    note(ctx, event, citizen_id=row.citizen_id, facts=facts)


def answer(ctx: Context, *, case_id: UUID, upheld: bool, words: str, mistake: bool = False) -> CaseView:
    """
    Answer a case, with reasons. Agreeing ends the use objected to, or puts right the item that was wrong.

    Args:
        ctx: A transaction of an officer of the service that the case is with.
        case_id: Which case.
        upheld: Whether the service agrees.
        words: Why, and what happens next: 1 to `MOST_CHARACTERS` characters. Sealed; the log does not hold them.
        mistake: For a correction that is agreed: whether to mark the item as entered in error. Else a newer version
            of the item must have come in since the case was opened.

    Raises:
        NotFoundError: There is no such case, or it is with another service; both look the same.
        WrongStateError: It was answered or taken back already, or the item is not put right yet.
        InvalidInputError: The words are empty or too long.
    """
    _check_words(words)
    row = _row(ctx, case_id, Action.ANSWER_CASE, reason=True)
    if upheld:
        ending.agree(ctx, row, mistake=mistake)
    row.state = CaseState.UPHELD if upheld else CaseState.NOT_UPHELD
    row.sealed_answer = close(ctx, row.citizen_id, case_id, "answer", words)
    row.answered_at = ctx.now
    row.version += 1
    _note(ctx, row, Event.CASE_ANSWERED, upheld=upheld)
    if not upheld:
        ending.let_go(ctx, row)
    return view_of(ctx, row)


def _check_words(words: str) -> None:
    if not words.strip() or len(words) > MOST_CHARACTERS:
        raise InvalidInputError(f"give the reasons, in at most {MOST_CHARACTERS} characters")


def extend(ctx: Context, *, case_id: UUID, months: int, words: str) -> CaseView:
    """
    Say, within the first month and once, that the answer needs up to two months longer, and why (UK GDPR Art. 12(3)).

    Raises:
        NotFoundError: There is no such case, or it is with another service; both look the same.
        WrongStateError: It is closed, late already, or was given longer before.
        InvalidInputError: The months or the words are out of bounds.
    """
    _check_words(words)
    if not 1 <= months <= LONGEST_EXTENSION:
        raise InvalidInputError(f"an answer may take at most {LONGEST_EXTENSION} months longer")
    row = _row(ctx, case_id, Action.ANSWER_CASE, reason=True)
    if StepKind.EXTENDED in steps.kinds_of(ctx, row) or row.due_at < ctx.now:
        raise WrongStateError("an answer is given longer once, and before it is due")
    row.due_at = months_later(row.opened_at, 1 + months)
    row.version += 1
    steps.add(ctx, row, StepKind.EXTENDED, words=words)
    _note(ctx, row, Event.CASE_EXTENDED, until=row.due_at.isoformat())
    return view_of(ctx, row)
