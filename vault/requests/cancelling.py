"""An officer takes a request of their service back before it is decided, whether or not it found anybody."""

from uuid import UUID

from sqlalchemy import select

from audit.events import Event
from policies.model import Action
from vault.acting import acting_person
from vault.context import Context
from vault.errors import NotAllowedError, NotFoundError, WrongStateError
from vault.journal import note
from vault.judging import demand
from vault.kinds import RequestState
from vault.models import AccessRequest
from vault.requests.people import keys_of
from vault.requests.views import RequestView, logged, view_of


def cancel(ctx: Context, *, request_id: UUID) -> RequestView:
    """
    Take a request back that still waits.

    Raises:
        NotFoundError: There is no such request, or it is another service's; both look the same.
        WrongStateError: It was decided, has expired, or was taken back already.
    """
    query = select(AccessRequest).where(AccessRequest.request_id == request_id).with_for_update()
    row = ctx.session.scalars(query).one_or_none()
    if row is None:
        raise NotFoundError(f"request `{request_id}` is not known")
    try:
        demand(ctx, action=Action.CANCEL, citizen_id=row.citizen_id, asker=row.service_id)
    except NotAllowedError as error:
        raise NotFoundError(f"request `{request_id}` is not known") from error
    if row.state is not RequestState.PENDING or row.expires_at <= ctx.now:
        raise WrongStateError(f"request `{request_id}` does not wait any more")
    row.state, row.decided_at = RequestState.CANCELLED, ctx.now
    row.version += 1
    facts = {**logged(row), "acting": acting_person(ctx)}
    note(ctx, Event.REQUEST_CANCELLED, keys=keys_of(ctx, row.citizen_id), purpose=row.purpose, facts=facts)
    return view_of(ctx, row)
