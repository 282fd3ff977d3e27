"""Cases: an objection, a challenge, a correction, with the month in which it must be answered."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, select

from audit.events import Event
from policies.model import Action
from vault import grants
from vault.confidential import close_for_citizen, open_for_citizen
from vault.context import Context
from vault.errors import InvalidInputError, NotFoundError, WrongStateError
from vault.grants import GrantView
from vault.ids import new_id
from vault.journal import note
from vault.judging import demand
from vault.kinds import CaseKind, CaseState
from vault.models import Case
from vault.views import ServiceView, service_view

ANSWER_DAYS = 30  # UK GDPR Art. 12(3): without undue delay, within one month
MOST_CHARACTERS = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseView:
    """A case as both sides see it."""

    case_id: UUID
    citizen_id: UUID
    kind: CaseKind
    service: ServiceView
    statement: str
    opened_at: datetime
    due_at: datetime
    grant_id: UUID | None
    record_id: UUID | None
    leaf_hash: bytes | None
    state: CaseState
    answer: str | None
    answered_at: datetime | None


def open_case(
    ctx: Context,
    *,
    citizen_id: UUID,
    kind: CaseKind,
    service_id: UUID,
    statement: str,
    grant_id: UUID | None = None,
    record_id: UUID | None = None,
    leaf_hash: bytes | None = None,
) -> CaseView:
    """
    Open a case; where the purpose says so, the grant pauses until it is answered.

    Raises:
        InvalidInputError: The statement is empty or too long.
        NotFoundError: The citizen has no such grant.
        NotAllowedError: The rules do not let this actor open it.
    """
    if not statement.strip() or len(statement) > MOST_CHARACTERS:
        raise InvalidInputError(f"say what is wrong, in at most {MOST_CHARACTERS} characters")
    grant = grants.view(ctx, citizen_id=citizen_id, grant_id=grant_id) if grant_id else None
    _demand(ctx, citizen_id, kind, grant)
    case_id = new_id()
    row = Case(
        citizen_id=citizen_id,
        case_id=case_id,
        kind=kind,
        service_id=service_id,
        sealed_statement=_close(ctx, citizen_id, case_id, "statement", statement),
        opened_at=ctx.now,
        due_at=ctx.now + timedelta(days=ANSWER_DAYS),
        grant_id=grant_id,
        record_id=record_id,
        leaf_hash=leaf_hash,
    )
    ctx.session.add(row)
    facts = {
        "case": str(case_id),
        "kind": str(kind),
        "service": str(service_id),
        "grant": str(grant_id) if grant_id else None,
    }
    note(ctx, Event.CASE_OPENED, citizen_id=citizen_id, purpose=grant.purpose.slug if grant else None, facts=facts)
    if grant is not None and kind is CaseKind.OBJECTION and grant.purpose.pauses_on_objection:
        grants.pause(ctx, citizen_id=citizen_id, grant_id=grant.grant_id)
    return _view(ctx, row)


def _demand(ctx: Context, citizen_id: UUID, kind: CaseKind, grant: GrantView | None) -> None:
    demand(
        ctx,
        action=Action.OBJECT if kind is CaseKind.OBJECTION else Action.CHALLENGE,
        citizen_id=citizen_id,
        purpose=grant.purpose if grant else None,
        service_id=grant.service.service_id if grant else None,
        grant=grants.facts_of(ctx, citizen_id=citizen_id, grant_id=grant.grant_id) if grant else None,
    )


def _close(ctx: Context, citizen_id: UUID, case_id: UUID, what: str, words: str) -> bytes:
    return close_for_citizen(ctx, citizen_id=citizen_id, what=what, row_id=case_id, words={"words": words})


def answer(ctx: Context, *, citizen_id: UUID, case_id: UUID, upheld: bool, words: str) -> CaseView:
    """
    Answer a case: upheld (an objected grant ends) or not (it works again).

    Raises:
        NotFoundError: There is no such case.
        WrongStateError: It was answered already.
        InvalidInputError: The answer is empty or too long.
    """
    row = ctx.session.get(Case, (citizen_id, case_id), with_for_update=True)
    if row is None:
        raise NotFoundError(f"case `{case_id}` is not known")
    if row.state is not CaseState.OPEN:
        raise WrongStateError(f"case `{case_id}` was answered already")
    if not words.strip() or len(words) > MOST_CHARACTERS:
        raise InvalidInputError(f"give the reasons, in at most {MOST_CHARACTERS} characters")
    row.state = CaseState.UPHELD if upheld else CaseState.NOT_UPHELD
    row.sealed_answer, row.answered_at = _close(ctx, citizen_id, case_id, "answer", words), ctx.now
    row.version += 1
    note(ctx, Event.CASE_ANSWERED, citizen_id=citizen_id, facts={"case": str(case_id), "upheld": upheld})
    _follow(ctx, row, upheld=upheld)
    return _view(ctx, row)


def _follow(ctx: Context, row: Case, *, upheld: bool) -> None:
    if row.kind is not CaseKind.OBJECTION or row.grant_id is None:
        return
    if not grants.view(ctx, citizen_id=row.citizen_id, grant_id=row.grant_id).is_live:
        return
    if upheld:
        grants.end(ctx, citizen_id=row.citizen_id, grant_id=row.grant_id)
    elif not _others_open(ctx, row):
        grants.resume(ctx, citizen_id=row.citizen_id, grant_id=row.grant_id)


def _others_open(ctx: Context, row: Case) -> bool:
    """Whether another objection to the same grant still waits for its answer."""
    query = select(Case).where(
        Case.citizen_id == row.citizen_id,
        Case.grant_id == row.grant_id,
        Case.kind == CaseKind.OBJECTION,
        Case.state == CaseState.OPEN,
        Case.case_id != row.case_id,
    )
    return ctx.session.scalars(query).first() is not None


def of_citizen(ctx: Context, *, citizen_id: UUID) -> list[CaseView]:
    """A citizen's cases, newest first."""
    return _views(ctx, select(Case).where(Case.citizen_id == citizen_id))


def of_service(ctx: Context, *, service_id: UUID) -> list[CaseView]:
    """The cases that a service has to answer or has answered, newest first."""
    return _views(ctx, select(Case).where(Case.service_id == service_id))


def _views(ctx: Context, query: Select[Case]) -> list[CaseView]:
    return [_view(ctx, row) for row in ctx.session.scalars(query.order_by(Case.opened_at.desc()))]


def _open(ctx: Context, row: Case, what: str, sealed: bytes | None) -> str | None:
    if sealed is None:
        return None
    return str(open_for_citizen(ctx, citizen_id=row.citizen_id, what=what, row_id=row.case_id, sealed=sealed)["words"])


def _view(ctx: Context, row: Case) -> CaseView:
    return CaseView(
        case_id=row.case_id,
        citizen_id=row.citizen_id,
        kind=row.kind,
        service=service_view(ctx, row.service_id),
        statement=_open(ctx, row, "statement", row.sealed_statement) or "",
        opened_at=row.opened_at,
        due_at=row.due_at,
        grant_id=row.grant_id,
        record_id=row.record_id,
        leaf_hash=row.leaf_hash,
        state=row.state,
        answer=_open(ctx, row, "answer", row.sealed_answer),
        answered_at=row.answered_at,
    )
