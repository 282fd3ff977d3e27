"""A citizen says that something is wrong, and may take that back until it is answered."""

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from sqlalchemy import select

from audit.events import Event
from policies.model import Action
from vault import grants, items, purposes
from vault.cases import ending, steps
from vault.cases.views import CaseView, close, facts_of, logged, own_row, view_of
from vault.cases.working import MOST_CHARACTERS
from vault.catalogue import CATALOGUE
from vault.clock import months_later
from vault.context import Context
from vault.errors import InvalidInputError
from vault.grants import GrantView
from vault.ids import new_id
from vault.journal import note
from vault.judging import demand
from vault.kinds import CaseKind, CaseState, StepKind
from vault.models import Case, Service
from vault.views import ServiceView, service_view

ANSWER_MONTHS: Final = 1  # UK GDPR Art. 12(3): without undue delay, within one month of receipt


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
        NotFoundError: The citizen has no such grant or item.
        NotAllowedError: The rules do not let this actor open it.
    """
    if not statement.strip() or len(statement) > MOST_CHARACTERS:
        raise InvalidInputError(f"say what is wrong, in at most {MOST_CHARACTERS} characters")
    grant = grants.view(ctx, citizen_id=citizen_id, grant_id=grant_id) if grant_id else None
    if record_id is not None:
        items.brief(ctx, citizen_id=citizen_id, record_id=record_id)
    _demand(ctx, citizen_id, kind, grant)
    case_id = new_id()
    row = Case(
        citizen_id=citizen_id,
        case_id=case_id,
        kind=kind,
        service_id=service_id,
        sealed_statement=close(ctx, citizen_id, case_id, "statement", statement),
        opened_at=ctx.now,
        due_at=months_later(ctx.now, ANSWER_MONTHS),
        grant_id=grant_id,
        record_id=record_id,
        leaf_hash=leaf_hash,
    )
    ctx.session.add(row)
    pauses = grant is not None and grant.is_live and grant.purpose.pauses_on_objection and kind is CaseKind.OBJECTION
    if pauses:
        steps.add(ctx, row, StepKind.PAUSED)
    facts = {**logged(row), "pauses": pauses}
    note(ctx, Event.CASE_OPENED, citizen_id=citizen_id, purpose=grant.purpose.slug if grant else None, facts=facts)
    if pauses and grant_id is not None:
        grants.pause(ctx, citizen_id=citizen_id, grant_id=grant_id)
    return view_of(ctx, row)


def _demand(ctx: Context, citizen_id: UUID, kind: CaseKind, grant: GrantView | None) -> None:
    demand(
        ctx,
        action=Action.OBJECT if kind is CaseKind.OBJECTION else Action.CHALLENGE,
        citizen_id=citizen_id,
        purpose=grant.purpose if grant else None,
        service_id=grant.service.service_id if grant else None,
        grant=grants.facts_of(ctx, citizen_id=citizen_id, grant_id=grant.grant_id) if grant else None,
    )


def withdraw(ctx: Context, *, citizen_id: UUID, case_id: UUID) -> CaseView:
    """
    Take a case back before it is answered; what it paused works again, unless another case holds it.

    Raises:
        NotFoundError: The citizen has no such case.
        NotAllowedError: It was answered or taken back already, or is not the actor's own.
    """
    row = own_row(ctx, citizen_id, case_id)
    demand(ctx, action=Action.WITHDRAW_CASE, citizen_id=citizen_id, case=facts_of(row))
    row.state, row.answered_at = CaseState.WITHDRAWN, ctx.now
    row.version += 1
    note(ctx, Event.CASE_WITHDRAWN, citizen_id=citizen_id, facts=logged(row))
    ending.let_go(ctx, row)
    return view_of(ctx, row)


def where_to_correct(ctx: Context, *, citizen_id: UUID, record_id: UUID) -> ServiceView | None:
    """
    The service that answers for an item; nothing where who wrote it has no service in the registry.

    It is the one that wrote it here, else that of the writing organisation whose purposes have most to do with it.

    Raises:
        NotFoundError: The citizen has no such item.
    """
    item = items.brief(ctx, citizen_id=citizen_id, record_id=record_id)
    if item.service_id is not None:
        return service_view(ctx, item.service_id)
    query = select(Service).where(Service.organisation_id == item.organisation_id).order_by(Service.slug)
    nearest = _nearest(ctx, ctx.session.scalars(query), CATALOGUE.fields_of(item.category))
    return service_view(ctx, nearest) if nearest else None


def _nearest(ctx: Context, services: Iterable[Service], fields: frozenset[str]) -> Service | None:
    def overlap(service: Service) -> int:
        asked = (each.most for each in purposes.of_service(ctx, service_id=service.service_id))
        return len(fields & frozenset[str]().union(*asked))

    return max(services, key=overlap, default=None)
