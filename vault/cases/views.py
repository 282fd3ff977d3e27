"""Cases as each side sees them: the citizen with all words, the service's list without a single one."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from policies.model import CaseFacts
from vault.cases import steps
from vault.confidential import close_for_citizen, open_for_citizen
from vault.context import Context
from vault.errors import NotFoundError
from vault.kinds import CaseKind, CaseState, StepKind
from vault.models import Case
from vault.views import ServiceView, service_view


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseLine:
    """A case without its words: what a work list shows."""

    case_id: UUID
    citizen_id: UUID
    kind: CaseKind
    opened_at: datetime
    due_at: datetime
    state: CaseState
    acknowledged_at: datetime | None
    extended_at: datetime | None
    answered_at: datetime | None
    grant_id: UUID | None
    record_id: UUID | None
    leaf_hash: bytes | None
    is_late: bool
    """Whether it waits for an answer that is due already."""
    pauses: bool
    """Whether it holds the grant it is about still until it is answered."""

    @property
    def is_open(self) -> bool:
        """Whether it waits for an answer."""
        return self.state is CaseState.OPEN


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseView(CaseLine):
    """A case with all that was said, for the citizen and for whoever answers it."""

    service: ServiceView
    statement: str = field(repr=False)
    answer: str | None = field(repr=False)
    extension: str = field(repr=False)
    """Why the answer needs longer; empty where it does not."""


def facts_of(row: Case) -> CaseFacts:
    """A case as the rules know it."""
    return CaseFacts(owner=str(row.citizen_id), service=str(row.service_id), kind=str(row.kind), state=str(row.state))


def logged(row: Case) -> dict[str, object]:
    """What an entry says of a case: ids and kind, never its words."""
    return {
        "case": str(row.case_id),
        "kind": str(row.kind),
        "service": str(row.service_id),
        "grant": str(row.grant_id) if row.grant_id else None,
        "record": str(row.record_id) if row.record_id else None,
    }


def close(ctx: Context, citizen_id: UUID, case_id: UUID, what: str, words: str) -> bytes:
    """Seal the *words* of one side under the citizen's key."""
    return close_for_citizen(ctx, citizen_id=citizen_id, what=what, row_id=case_id, words={"words": words.strip()})


def _open(ctx: Context, row: Case, what: str, sealed: bytes | None) -> str | None:
    if sealed is None:
        return None
    return str(open_for_citizen(ctx, citizen_id=row.citizen_id, what=what, row_id=row.case_id, sealed=sealed)["words"])


def line_of(ctx: Context, row: Case) -> CaseLine:
    """A case without its words."""
    taken = steps.kinds_of(ctx, row)
    return CaseLine(
        case_id=row.case_id,
        citizen_id=row.citizen_id,
        kind=row.kind,
        opened_at=row.opened_at,
        due_at=row.due_at,
        state=row.state,
        acknowledged_at=taken.get(StepKind.ACKNOWLEDGED),
        extended_at=taken.get(StepKind.EXTENDED),
        answered_at=row.answered_at,
        grant_id=row.grant_id,
        record_id=row.record_id,
        leaf_hash=row.leaf_hash,
        is_late=row.state is CaseState.OPEN and row.due_at < ctx.now,
        pauses=row.state is CaseState.OPEN and StepKind.PAUSED in taken,
    )


def view_of(ctx: Context, row: Case) -> CaseView:
    """A case with its words."""
    line = line_of(ctx, row)
    extended = steps.of_case(ctx, row).get(StepKind.EXTENDED)
    return CaseView(
        **{name: getattr(line, name) for name in CaseLine.__dataclass_fields__},
        service=service_view(ctx, row.service_id),
        statement=_open(ctx, row, "statement", row.sealed_statement) or "",
        answer=_open(ctx, row, "answer", row.sealed_answer),
        extension=extended.words if extended else "",
    )


def of_citizen(ctx: Context, *, citizen_id: UUID) -> list[CaseView]:
    """A citizen's cases, newest first."""
    query = select(Case).where(Case.citizen_id == citizen_id).order_by(Case.opened_at.desc())
    return [view_of(ctx, row) for row in ctx.session.scalars(query)]


def open_by_grant(ctx: Context, *, citizen_id: UUID) -> dict[UUID, CaseLine]:
    """
    What a citizen said against a use of their data and waits for an answer, by grant, without a word of it.

    Where there are several about one grant, the one that pauses it stands first, else the oldest.
    """
    query = select(Case).where(
        Case.citizen_id == citizen_id,
        Case.state == CaseState.OPEN,
        Case.kind.in_({CaseKind.OBJECTION, CaseKind.CHALLENGE}),
        Case.grant_id.is_not(None),
    )
    found = [line_of(ctx, row) for row in ctx.session.scalars(query.order_by(Case.opened_at, Case.case_id))]
    held: dict[UUID, CaseLine] = {}
    for line in sorted(found, key=lambda each: not each.pauses):
        if line.grant_id is not None:
            held.setdefault(line.grant_id, line)
    return held


def one_of_citizen(ctx: Context, *, citizen_id: UUID, case_id: UUID) -> CaseView:
    """
    One case of a citizen's.

    Raises:
        NotFoundError: The citizen has no such case.
    """
    return view_of(ctx, own_row(ctx, citizen_id, case_id))


def own_row(ctx: Context, citizen_id: UUID, case_id: UUID) -> Case:
    """
    One case of a citizen's, held until the transaction ends.

    Raises:
        NotFoundError: The citizen has no such case.
    """
    row = ctx.session.get(Case, (citizen_id, case_id), with_for_update="on_end" in ctx.session.info)
    if row is None:
        raise NotFoundError(f"case `{case_id}` is not known")
    return row


def of_service(ctx: Context, *, service_id: UUID) -> list[CaseLine]:
    """What a service has to answer, what is due soonest first; then what is closed, newest first."""
    rows = ctx.session.scalars(select(Case).where(Case.service_id == service_id))
    found = [line_of(ctx, row) for row in rows]
    waiting = sorted((each for each in found if each.is_open), key=lambda each: each.due_at)
    closed = sorted((each for each in found if not each.is_open), key=lambda each: each.opened_at, reverse=True)
    return [*waiting, *closed]


def line_of_service(ctx: Context, *, service_id: UUID, case_id: UUID) -> CaseLine:
    """
    One case of a service's, without its words.

    Raises:
        NotFoundError: There is none, or it is with another service; both look the same.
    """
    query = select(Case).where(Case.case_id == case_id, Case.service_id == service_id)
    row = ctx.session.scalars(query).one_or_none()
    if row is None:
        raise NotFoundError(f"case `{case_id}` is not known")
    return line_of(ctx, row)
