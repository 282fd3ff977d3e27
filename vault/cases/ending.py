"""What the end of a case does to what it is about: a grant ends or works again, an item is marked as mistaken."""

from sqlalchemy import select

from vault import grants, records
from vault.cases import steps
from vault.context import Context
from vault.errors import WrongStateError
from vault.kinds import CaseKind, CaseState, RecordStatus, StepKind
from vault.models import Case, CaseStep, Record

_ABOUT_A_USE = frozenset({CaseKind.OBJECTION, CaseKind.CHALLENGE})


def let_go(ctx: Context, row: Case) -> None:
    """Let the grant work again, if this case paused it and no other one holds it still."""
    if row.grant_id is None or StepKind.PAUSED not in steps.kinds_of(ctx, row) or _held_by_another(ctx, row):
        return
    if grants.view(ctx, citizen_id=row.citizen_id, grant_id=row.grant_id).is_live:
        grants.resume(ctx, citizen_id=row.citizen_id, grant_id=row.grant_id)


def _held_by_another(ctx: Context, row: Case) -> bool:
    query = (
        select(CaseStep)
        .join(Case, (Case.citizen_id == CaseStep.citizen_id) & (Case.case_id == CaseStep.case_id))
        .where(
            Case.citizen_id == row.citizen_id,
            Case.grant_id == row.grant_id,
            Case.case_id != row.case_id,
            Case.state == CaseState.OPEN,
            CaseStep.kind == StepKind.PAUSED,
        )
    )
    return ctx.session.scalars(query).first() is not None


def agree(ctx: Context, row: Case, *, mistake: bool) -> None:
    """Do what agreeing means: the use ends, or the item is right again or marked as mistaken."""
    if row.kind in _ABOUT_A_USE and row.grant_id is not None:
        if grants.view(ctx, citizen_id=row.citizen_id, grant_id=row.grant_id).is_live:
            grants.end(ctx, citizen_id=row.citizen_id, grant_id=row.grant_id)
    elif row.kind is CaseKind.CORRECTION and row.record_id is not None:
        if mistake:
            records.mark_mistaken(ctx, citizen_id=row.citizen_id, record_id=row.record_id)
        elif not is_put_right(ctx, row):
            raise WrongStateError("write the right version first, or mark the item as written by mistake")


def is_put_right(ctx: Context, row: Case) -> bool:
    """Whether a newer version of the item came in since the case was opened, or it was marked as mistaken."""
    record = ctx.session.get(Record, (row.citizen_id, row.record_id))
    newer = record is not None and record.version > 1 and record.received_at > row.opened_at
    return newer or (record is not None and record.status is RecordStatus.ENTERED_IN_ERROR)
