"""A resident's home: what waits for them, and the three places to go."""

from typing import Final

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from vault import authorities, cases, grants, notices, passkeys, recovery_codes, requests
from vault.context import Context
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
        steps = _set_up(ctx)
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
        steps=steps if not all(done for _words, _href, done in steps) else [],
    )


def _set_up(ctx: Context) -> list[tuple[str, str, bool]]:
    """What makes an account safe, where to do it, and whether it is done; nothing is asked for twice."""
    account_id = me().account.account_id
    return [
        (_("Add a passkey"), url_for("security.add"), bool(passkeys.of_account(ctx, account_id=account_id))),
        (
            _("Keep recovery codes"),
            url_for("security.overview"),
            bool(recovery_codes.left(ctx, account_id=account_id)),
        ),
    ]
