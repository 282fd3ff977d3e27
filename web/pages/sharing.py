"""Who can see my data: what is shared now, with whom, until when; and stopping it."""

from datetime import datetime
from typing import Final
from uuid import UUID

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from vault import cases, grants, requests
from vault.cases import CaseLine
from vault.errors import NotFoundError
from vault.grants import GrantView
from vault.kinds import GrantState
from web.auth import me
from web.pages.common import changing, reading
from web.pages.paging import after, part
from web.pages.periods import Period

bp: Final = Blueprint("sharing", __name__, url_prefix="/sharing")
BLUEPRINTS: Final = (bp,)


def grant_of(grant_id: UUID) -> GrantView:
    """
    One of the resident's own grants.

    Raises:
        NotFoundError: It is not theirs, or there is none.
    """
    with reading() as ctx:
        return grants.view(ctx, citizen_id=me().citizen_id, grant_id=grant_id)


def against(grant_id: UUID) -> CaseLine | None:
    """What the resident said against one of their grants and waits for an answer."""
    with reading() as ctx:
        return cases.open_by_grant(ctx, citizen_id=me().citizen_id).get(grant_id)


def longer_period(grant: GrantView) -> Period | None:
    """Until when a share may go on; nothing where it cannot, or lasts as long as it may already."""
    if not grant.can_renew:
        return None
    with reading() as ctx:
        most = grants.renewal(ctx, citizen_id=grant.citizen_id, grant_id=grant.grant_id)
    period = Period(after=(grant.not_after - datetime.resolution).date(), last=most.until.date())
    return period if period.after < period.last else None


@bp.get("")
def overview() -> ResponseReturnValue:
    """A card for each service that can see something now; those that ended stand below."""
    with reading() as ctx:
        found = grants.of_citizen(ctx, citizen_id=me().citizen_id)
        brought_up = cases.open_by_grant(ctx, citizen_id=me().citizen_id)
        soon = {each.grant_id for each in grants.ending_soon(ctx, citizen_id=me().citizen_id)}
    live = [each for each in found if each.is_live]
    ended, more = part([each for each in found if not each.is_live], lambda each: each.grant_id)
    return render_template(
        "sharing/overview.html",
        live=live,
        ended=ended,
        soon=soon,
        brought_up=brought_up,
        after=after(),
        more=more,
    )


@bp.get("/<uuid:grant_id>")
def show(grant_id: UUID) -> ResponseReturnValue:
    """All there is to know of one share, and what may be done about it."""
    grant = grant_of(grant_id)
    longer = longer_period(grant) is not None
    return render_template(
        "sharing/show.html", grant=grant, longer=longer, has_receipt=has_receipt(grant), case=against(grant_id)
    )


def has_receipt(grant: GrantView) -> bool:
    """Whether the decision behind a share left a receipt."""
    if grant.request_id is None:
        return False
    try:
        with reading() as ctx:
            requests.receipt(ctx, citizen_id=grant.citizen_id, request_id=grant.request_id)
    except NotFoundError:
        return False
    return True


@bp.get("/<uuid:grant_id>/stop")
def stop(grant_id: UUID) -> ResponseReturnValue:
    """Ask once more, saying what stops and what stays."""
    grant = grant_of(grant_id)
    if not grant.can_stop:
        return redirect(url_for("sharing.overview"), 303)
    return render_template("sharing/stop.html", grant=grant)


@bp.post("/<uuid:grant_id>/stop")
def take_stop(grant_id: UUID) -> ResponseReturnValue:
    """Stop sharing, from this moment. Nothing is ever asked for this but the wish."""
    with changing() as ctx:
        grants.withdraw(ctx, citizen_id=me().citizen_id, grant_id=grant_id)
    return redirect(url_for("sharing.stopped", grant_id=grant_id), 303)


@bp.get("/<uuid:grant_id>/stopped")
def stopped(grant_id: UUID) -> ResponseReturnValue:
    """Confirm that it stopped."""
    grant = grant_of(grant_id)
    if grant.state is not GrantState.WITHDRAWN:
        return redirect(url_for("sharing.overview"), 303)
    return render_template("sharing/stopped.html", grant=grant)
