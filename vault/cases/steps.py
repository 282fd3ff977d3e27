"""What happened to a case between its opening and its end, one row a step, with words that only both sides read."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select

from vault.confidential import close_for_citizen, open_for_citizen
from vault.context import Context
from vault.ids import new_id
from vault.kinds import StepKind
from vault.models import Case, CaseStep

_WHAT = "case-step"


class Step(NamedTuple):
    """One step: when, and in which words (empty where there are none)."""

    at: datetime
    words: str


def add(ctx: Context, row: Case, kind: StepKind, *, words: str = "") -> None:
    """Put a step down beside a case. The caller notes it."""
    step_id = new_id()
    sealed = None
    if words:
        sealed = close_for_citizen(
            ctx, citizen_id=row.citizen_id, what=_WHAT, row_id=step_id, words={"words": words.strip()}
        )
    ctx.session.add(
        CaseStep(
            citizen_id=row.citizen_id,
            step_id=step_id,
            case_id=row.case_id,
            kind=kind,
            at=ctx.now,
            account_id=ctx.actor.account_id,
            sealed_words=sealed,
        )
    )


def of_case(ctx: Context, row: Case) -> Mapping[StepKind, Step]:
    """The steps of a case by kind; the last one where there are several."""
    query = select(CaseStep).where(CaseStep.citizen_id == row.citizen_id, CaseStep.case_id == row.case_id)
    return {each.kind: Step(each.at, _words(ctx, each)) for each in ctx.session.scalars(query.order_by(CaseStep.at))}


def kinds_of(ctx: Context, row: Case) -> Mapping[StepKind, datetime]:
    """When each kind of step was taken; no words are opened for this."""
    query = select(CaseStep).where(CaseStep.citizen_id == row.citizen_id, CaseStep.case_id == row.case_id)
    return {each.kind: each.at for each in ctx.session.scalars(query.order_by(CaseStep.at))}


def _words(ctx: Context, step: CaseStep) -> str:
    if step.sealed_words is None:
        return ""
    opened = open_for_citizen(
        ctx, citizen_id=step.citizen_id, what=_WHAT, row_id=step.step_id, sealed=step.sealed_words
    )
    return str(opened["words"])
