"""What the officer's service has asked for: how each request stands, what runs out soonest first; taking one back."""

from typing import Final
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from vault import requests
from vault.errors import NotFoundError, WrongStateError
from vault.kinds import RequestState
from vault.requests import RequestView
from web.auth import me
from web.pages.common import changing, reading
from web.pages.officer import service_id

bp: Final = Blueprint("asked", __name__, url_prefix="/officer/requests")
BLUEPRINTS: Final = (bp,)

_ENDED: Final = frozenset({RequestState.DENIED, RequestState.EXPIRED, RequestState.CANCELLED})
FILTERS: Final = {
    "waiting": frozenset({RequestState.PENDING}),
    "shared": frozenset({RequestState.APPROVED, RequestState.PARTLY_APPROVED}),
    "ended": _ENDED,
}


@bp.get("")
def overview() -> ResponseReturnValue:
    """Every request of the service, or those that stand as ``?show=`` says; ``?mine=1`` leaves one's own."""
    shown, mine = request.args.get("show", ""), request.args.get("mine") == "1"
    with reading() as ctx:
        found = requests.of_service(ctx, service_id=service_id())
    wanted = FILTERS.get(shown, frozenset(RequestState))
    kept = [each for each in found if each.state in wanted and (not mine or is_mine(each))]
    return render_template(
        "asked/overview.html", rows=_in_order(kept), any=bool(found), shown=shown if shown in FILTERS else "", mine=mine
    )


def is_mine(asked: RequestView) -> bool:
    """Whether the officer who is signed in asked this."""
    return asked.asker is not None and asked.asker.reference == str(me().actor.account_id)


def _in_order(found: list[RequestView]) -> list[RequestView]:
    waiting = sorted((each for each in found if each.state is RequestState.PENDING), key=lambda each: each.expires_at)
    others = [each for each in found if each.state is not RequestState.PENDING]
    return [*waiting, *sorted(others, key=lambda each: each.asked_at, reverse=True)]


def asked_by_us(request_id: UUID) -> RequestView:
    """
    A request of the officer's own service.

    Raises:
        NotFoundError: There is none, or it is another service's; both look the same.
    """
    with reading() as ctx:
        found = [each for each in requests.of_service(ctx, service_id=service_id()) if each.request_id == request_id]
    if not found:
        raise NotFoundError(f"request `{request_id}` is not known")
    return found[0]


@bp.get("/<uuid:request_id>")
def show(request_id: UUID) -> ResponseReturnValue:
    """What was asked, and how it stands. Nobody is named."""
    asked = asked_by_us(request_id)
    return render_template("asked/show.html", asked=asked, mine=is_mine(asked))


@bp.get("/<uuid:request_id>/sent")
def sent(request_id: UUID) -> ResponseReturnValue:
    """Confirm that it was asked: in the same words whether or not somebody is known."""
    return render_template("asked/sent.html", asked=asked_by_us(request_id))


@bp.get("/<uuid:request_id>/cancel")
def cancel(request_id: UUID) -> ResponseReturnValue:
    """
    Ask once more before it is taken back.

    Raises:
        WrongStateError: It does not wait any more.
    """
    asked = asked_by_us(request_id)
    if asked.state is not RequestState.PENDING:
        raise WrongStateError(f"request `{request_id}` does not wait any more")
    return render_template("asked/cancel.html", asked=asked)


@bp.post("/<uuid:request_id>/cancel")
def take_back(request_id: UUID) -> ResponseReturnValue:
    """Take it back."""
    with changing() as ctx:
        requests.cancel(ctx, request_id=request_id)
    return redirect(url_for("asked.show", request_id=request_id), 303)
