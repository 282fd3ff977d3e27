"""Requests: the list of what services have asked for, what they would see, and the receipt of a decision."""

from typing import Final
from uuid import UUID

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from vault import requests
from vault.kinds import RequestState
from vault.release import MASK, Refusal
from web.auth import me
from web.pages.common import reading, refused
from web.pages.decision import picked_of, view_of
from web.pages.paging import after, part
from web.pages.seen import groups, would_see

bp: Final = Blueprint("requests", __name__, url_prefix="/requests")
BLUEPRINTS: Final = (bp,)


@bp.get("")
def inbox() -> ResponseReturnValue:
    """Those that wait, oldest first, then the decided, newest first; statutory ones are no choice."""
    with reading() as ctx:
        found = [each for each in requests.of_citizen(ctx, citizen_id=me().citizen_id) if each.purpose.citizen_decides]
    waiting = [each for each in found if each.state is RequestState.PENDING]
    answered = [each for each in reversed(found) if each.state is not RequestState.PENDING]
    decided, more = part(answered, lambda each: each.request_id)
    return render_template("requests/inbox.html", waiting=waiting, decided=decided, after=after(), more=more)


@bp.get("/<uuid:request_id>/preview")
def preview(request_id: UUID) -> ResponseReturnValue:
    """What the service would see today: of what was picked so far, else of all that it asks for."""
    asked = view_of(request_id)
    picked = picked_of(asked)
    shared = asked.fields if picked is None else picked
    opened = would_see(asked, shared)
    if isinstance(opened, Refusal):
        return refused(opened)
    return render_template(
        "requests/preview.html", asked=asked, chosen=picked is not None, groups=groups(opened), mask=MASK
    )


@bp.get("/<uuid:request_id>/receipt")
def receipt(request_id: UUID) -> ResponseReturnValue:
    """A decision to keep on paper: what was decided, when, on which words."""
    with reading() as ctx:
        found = requests.receipt(ctx, citizen_id=me().citizen_id, request_id=request_id)
    return render_template("requests/receipt.html", receipt=found)
