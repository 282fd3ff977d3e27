"""A resident's home: what waits for them, and the three places to go."""

from typing import Final

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from vault import authorities, cases, grants, notices, requests
from vault.kinds import CaseState, GrantState
from web.auth import me
from web.pages.activity import looks_at
from web.pages.common import reading

bp: Final = Blueprint("citizen", __name__)
BLUEPRINTS: Final = (bp,)

NEWEST: Final = 3


@bp.get("/home")
def home() -> ResponseReturnValue:
    """What waits for a decision, how many services can see data now, and the last looks."""
    citizen_id = me().citizen_id
    with reading() as ctx:
        waiting = requests.waiting(ctx, citizen_id=citizen_id)
        live = [grant for grant in grants.of_citizen(ctx, citizen_id=citizen_id) if grant.is_live]
        ending = grants.ending_soon(ctx, citizen_id=citizen_id)
        looks, _more = looks_at(ctx, citizen_id, most=NEWEST)
        people = sum(each.is_live for each in authorities.of_citizen(ctx, citizen_id=citizen_id))
        unread = notices.unread(ctx, citizen_id=citizen_id)
        open_cases = [case for case in cases.of_citizen(ctx, citizen_id=citizen_id) if case.state is CaseState.OPEN]
    return render_template(
        "citizen/home.html",
        waiting=waiting,
        live=[grant for grant in live if grant.state is GrantState.ACTIVE],
        paused=[grant for grant in live if grant.state is GrantState.PAUSED],
        ending=ending,
        looks=looks[:NEWEST],
        people=people,
        unread=unread,
        open_cases=open_cases,
    )
