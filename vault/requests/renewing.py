"""Letting a share go on for longer, with a receipt of that decision beside the one of the first."""

from dataclasses import replace
from datetime import date
from uuid import UUID

from vault import grants
from vault.context import Context
from vault.errors import NotFoundError
from vault.grants import GrantView
from vault.models import AccessRequest
from vault.requests.receipts import Renewal, close_receipt, notice_of, receipt
from vault.requests.views import view_of


def renew(ctx: Context, *, citizen_id: UUID, grant_id: UUID, until: date | None = None) -> GrantView:
    """
    Let a grant go on until the end of a day, as `vault.grants.renew`, and keep a receipt of it for the citizen.

    A share that was never asked for by a request with a receipt goes on without one.
    """
    held = grants.view(ctx, citizen_id=citizen_id, grant_id=grant_id)
    if held.request_id is not None:
        _keep(ctx, held, until)
    return grants.renew(ctx, citizen_id=citizen_id, grant_id=grant_id, until=until)


def _keep(ctx: Context, held: GrantView, until: date | None) -> None:
    """Add the renewal to the receipt; done before the grant goes on, so that one entry of the log covers both."""
    assert held.request_id is not None  # noqa: S101 -- as asked by the caller
    row = ctx.session.get(AccessRequest, (held.citizen_id, held.request_id), with_for_update=True)
    try:
        kept = receipt(ctx, citizen_id=held.citizen_id, request_id=held.request_id)
    except NotFoundError:
        return
    assert row is not None  # noqa: S101 -- it has a receipt
    most = grants.renewal(ctx, citizen_id=held.citizen_id, grant_id=held.grant_id)
    told = notice_of(view_of(ctx, row))
    added = Renewal(
        decided_at=ctx.now,
        until=grants.end_of(until, longest=most.until),
        max_uses=held.uses + most.uses,
        fields=held.fields,
        why=told.why,
        digest=told.digest,
    )
    kept = replace(kept, renewals=(*kept.renewals, added))
    row.sealed_receipt = close_receipt(ctx, kept, citizen_id=held.citizen_id)
