"""An officer's first page: what residents share with their service. Nobody is named before a look is recorded."""

from typing import Final
from uuid import UUID

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from vault import cases, emergencies, grants, requests
from vault.kinds import RequestState
from web.auth import me
from web.faults import WrongRoleError
from web.pages.common import reading

bp: Final = Blueprint("officer", __name__, url_prefix="/officer")
BLUEPRINTS: Final = (bp,)


def service_id() -> UUID:
    """
    The service that the officer works for.

    Raises:
        WrongRoleError: Their account names none.
    """
    found = me().actor.service_id
    if found is None:
        raise WrongRoleError("this account works for no service")
    return found


@bp.get("")
def home() -> ResponseReturnValue:
    """What is shared with the service now, what ends soonest first."""
    with reading() as ctx:
        live = [each for each in grants.of_service(ctx, service_id=service_id()) if each.is_live]
        soon = {each.grant_id for each in grants.ending_soon(ctx, service_id=service_id())}
        waiting = sum(
            each.state is RequestState.PENDING and each.purpose.citizen_decides
            for each in requests.of_service(ctx, service_id=service_id())
        )
        to_judge = len(emergencies.to_judge(ctx))
        open_cases = sum(each.is_open for each in cases.of_service(ctx, service_id=service_id()))
    return render_template(
        "officer/home.html",
        live=sorted(live, key=lambda each: each.not_after),
        soon=soon,
        waiting=waiting,
        open_cases=open_cases,
        to_judge=to_judge,
    )
