"""Requests: the list of what services have asked for."""

from typing import Final

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from vault import requests
from vault.kinds import RequestState
from web.auth import me
from web.pages.common import reading

bp: Final = Blueprint("requests", __name__, url_prefix="/requests")
BLUEPRINTS: Final = (bp,)


@bp.get("")
def inbox() -> ResponseReturnValue:
    """Those that wait, oldest first, then the decided, newest first; statutory ones are no choice."""
    with reading() as ctx:
        found = [each for each in requests.of_citizen(ctx, citizen_id=me().citizen_id) if each.purpose.citizen_decides]
    waiting = [each for each in found if each.state is RequestState.PENDING]
    decided = [each for each in reversed(found) if each.state is not RequestState.PENDING]
    return render_template("requests/inbox.html", waiting=waiting, decided=decided)
