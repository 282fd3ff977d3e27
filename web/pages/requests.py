"""Requests: the list of what services have asked for, what they would see, and the receipt of a decision."""

from typing import Final
from uuid import UUID

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from vault import access, requests
from vault.catalogue import CATALOGUE
from vault.kinds import RequestState
from vault.release import MASK, FieldState, Opened, Refusal
from web.auth import me
from web.pages.common import newest_first, reading, refused
from web.pages.decision import picked_of, view_of
from web.runtime import runtime

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


@bp.get("/<uuid:request_id>/preview")
def preview(request_id: UUID) -> ResponseReturnValue:
    """What the service would see today: of what was picked so far, else of all that it asks for."""
    asked = view_of(request_id)
    picked = picked_of(asked)
    shared = asked.fields if picked is None else picked
    person = me()
    answer = access.preview(
        runtime().vault,
        actor=person.actor,
        citizen_id=person.citizen_id,
        asked=asked.fields,
        shared=shared,
        max_sensitivity=asked.purpose.max_sensitivity,
    )
    if isinstance(answer, Refusal):
        return refused(answer)
    opened = answer.unseal()
    groups = [
        (
            each,
            [record for record in newest_first(opened.records) if record.category == each.name],
            _states(opened, each.name),
        )
        for each in CATALOGUE.categories
    ]
    return render_template(
        "requests/preview.html",
        asked=asked,
        chosen=picked is not None,
        groups=[group for group in groups if group[1] or group[2]],
        mask=MASK,
    )


def _states(opened: Opened, category: str) -> list[tuple[str, FieldState]]:
    """What is said of the fields of *category* that are dangerous to miss and show no value."""
    mine = [(name, state) for name, state in opened.states.items() if name.partition(".")[0] == category]
    return [(name, state) for name, state in mine if state.kind != "value"]


@bp.get("/<uuid:request_id>/receipt")
def receipt(request_id: UUID) -> ResponseReturnValue:
    """A decision to keep on paper: what was decided, when, on which words."""
    with reading() as ctx:
        found = requests.receipt(ctx, citizen_id=me().citizen_id, request_id=request_id)
    return render_template("requests/receipt.html", receipt=found)
