"""Going back to the service: with a code, once the citizen has allowed something, else with a no."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import select

from vault import requests
from vault.context import Context
from vault.errors import NotFoundError, WrongStateError
from vault.ids import handle_hash, new_handle
from vault.kinds import RequestState
from vault.models import Visit
from vault.visits.errand import errand_of, row_of
from vault.visits.redeeming import CODE

_ALLOWED: Final = frozenset({RequestState.APPROVED, RequestState.PARTLY_APPROVED})


@dataclass(frozen=True, slots=True)
class Back:
    """Where the browser goes, and with what."""

    redirect_uri: str
    state: str | None
    code: str | None
    """Empty where nothing was allowed."""


def go_back(ctx: Context, *, citizen_id: UUID, request_id: UUID) -> Back:
    """
    Lead a citizen who has decided back to the service. Going again replaces the code, as long as none was used.

    Raises:
        NotFoundError: The request is not one that this citizen was asked on a visit, or the visit has ended.
        WrongStateError: They have not decided yet.
    """
    row = ctx.session.scalars(
        select(Visit).where(Visit.request_id == request_id, Visit.citizen_id == citizen_id).with_for_update()
    ).one_or_none()
    if row is None or row.expires_at <= ctx.now or row.redeemed_at is not None:
        raise NotFoundError("there is no visit to go back from")
    asked = requests.view(ctx, citizen_id=citizen_id, request_id=request_id)
    if asked.state is RequestState.PENDING:
        raise WrongStateError("this request was not decided yet")
    errand = errand_of(ctx, row)
    if asked.state not in _ALLOWED:
        row.expires_at = ctx.now
        return Back(errand.redirect_uri, errand.state, None)
    code = new_handle()
    row.code_hash, row.code_expires_at = handle_hash(code), ctx.now + CODE
    return Back(errand.redirect_uri, errand.state, code)


def leave(ctx: Context, *, handle: str) -> Back:
    """
    End a visit that nobody took up: whoever came does not want to sign in.

    Raises:
        NotFoundError: It is not known or has ended.
        WrongStateError: A citizen took it up; they decide in the request itself.
    """
    row = row_of(ctx, handle)
    if row.opened_at is None:
        raise NotFoundError("this visit is not known, or has ended")
    if row.citizen_id is not None:
        raise WrongStateError("a citizen took this visit up")
    row.expires_at = ctx.now
    errand = errand_of(ctx, row)
    return Back(errand.redirect_uri, errand.state, None)
