"""Changing a share: take things away from it, or let it go on for longer; asked, checked, then done."""

from datetime import date
from typing import Final
from uuid import UUID

from flask import Blueprint, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from vault import grants, requests
from vault.catalogue import CATALOGUE
from vault.grants import GrantView
from web import proving
from web.auth import me
from web.pages.common import Answers, changing, page
from web.pages.periods import Period
from web.pages.sharing import grant_of, has_receipt, longer_period
from web.session import draft_of, drop_draft, keep_draft

bp: Final = Blueprint("share_changes", __name__, url_prefix="/sharing/<uuid:grant_id>")
BLUEPRINTS: Final = (bp,)


def _share(grant_id: UUID) -> ResponseReturnValue:
    return redirect(url_for("sharing.show", grant_id=grant_id), 303)


# --- less -----------------------------------------------------------------------------------------------------------


@bp.get("/less")
def less(grant_id: UUID) -> ResponseReturnValue:
    """What is shared now, each to be taken away."""
    grant = grant_of(grant_id)
    return _less_page(grant, None) if grant.can_stop else _share(grant_id)


def _less_page(grant: GrantView, answers: Answers | None) -> ResponseReturnValue:
    groups = [
        (each, [one for one in each.fields if one.name in grant.fields])
        for each in CATALOGUE.categories
        if any(one.name in grant.fields for one in each.fields)
    ]
    away = answers.form.getlist("away") if answers else draft_of(_less(grant.grant_id)).get("fields", [])
    return page("sharing/less.html", answers=answers, grant=grant, groups=groups, away=away)


def _less(grant_id: UUID) -> str:
    return f"less-{grant_id}"


@bp.post("/less")
def take_less(grant_id: UUID) -> ResponseReturnValue:
    """Take what is to be taken away; all of it is a stop, which has a page of its own."""
    grant, answers = grant_of(grant_id), Answers.given()
    away = answers.some("away", grant.fields, _("Select what they should not see any more"))
    if answers.errors:
        return _less_page(grant, answers)
    if away == grant.fields:
        return redirect(url_for("sharing.stop", grant_id=grant_id), 303)
    keep_draft(_less(grant_id), fields=sorted(away))
    return redirect(url_for("share_changes.check_less", grant_id=grant_id), 303)


@bp.get("/less/check")
def check_less(grant_id: UUID) -> ResponseReturnValue:
    """What goes and what stays, once more."""
    grant = grant_of(grant_id)
    away = frozenset(draft_of(_less(grant_id)).get("fields", [])) & grant.fields
    if not away or not grant.can_stop:
        return redirect(url_for("share_changes.less", grant_id=grant_id), 303)
    return page("sharing/check_less.html", grant=grant, away=away, stays=grant.fields - away)


@bp.post("/less/check")
def do_less(grant_id: UUID) -> ResponseReturnValue:
    """Take it away, from this moment; like stopping, this is never proved first."""
    away = frozenset(draft_of(_less(grant_id)).get("fields", []))
    with changing() as ctx:
        fields = grants.view(ctx, citizen_id=me().citizen_id, grant_id=grant_id).fields
        if not away & fields:
            return redirect(url_for("share_changes.less", grant_id=grant_id), 303)
        grants.narrow(ctx, citizen_id=me().citizen_id, grant_id=grant_id, keep=fields - away)
    drop_draft(_less(grant_id))
    return redirect(url_for("share_changes.less_done", grant_id=grant_id), 303)


@bp.get("/less/done")
def less_done(grant_id: UUID) -> ResponseReturnValue:
    """Confirm what is left."""
    return _done(grant_id, less=True)


def _done(grant_id: UUID, *, less: bool) -> ResponseReturnValue:
    grant = grant_of(grant_id)
    if grant.version == 1:
        return _share(grant_id)
    return page("sharing/changed.html", grant=grant, less=less, has_receipt=has_receipt(grant))


# --- longer ---------------------------------------------------------------------------------------------------------


def _renewable(grant_id: UUID) -> tuple[GrantView, Period] | None:
    grant = grant_of(grant_id)
    period = longer_period(grant)
    return (grant, period) if period else None


def _longer(grant_id: UUID) -> str:
    return f"longer-{grant_id}"


@bp.get("/longer")
def longer(grant_id: UUID) -> ResponseReturnValue:
    """Ask until when it may go on."""
    found = _renewable(grant_id)
    return _longer_page(*found, None) if found else _share(grant_id)


def _longer_page(grant: GrantView, period: Period, answers: Answers | None) -> ResponseReturnValue:
    back = url_for("sharing.show", grant_id=grant.grant_id)
    return page("period/until.html", answers=answers, purpose=grant.purpose, period=period, back_to=back)


@bp.post("/longer")
def take_longer(grant_id: UUID) -> ResponseReturnValue:
    """Take the period; a day of one's own is asked on the next page."""
    found, answers = _renewable(grant_id), Answers.given()
    if found is None:
        return _share(grant_id)
    grant, period = found
    picked = period.take(answers)
    if answers.errors:
        return _longer_page(grant, period, answers)
    if picked == "day":
        return redirect(url_for("share_changes.day", grant_id=grant_id), 303)
    keep_draft(_longer(grant_id), until=str(period.short) if picked == "short" else "")
    return redirect(url_for("share_changes.check_longer", grant_id=grant_id), 303)


@bp.get("/longer/day")
def day(grant_id: UUID) -> ResponseReturnValue:
    """Ask for a day."""
    found = _renewable(grant_id)
    return _day_page(*found, None) if found else _share(grant_id)


def _day_page(grant: GrantView, period: Period, answers: Answers | None) -> ResponseReturnValue:
    back = url_for("share_changes.longer", grant_id=grant.grant_id)
    return page("period/day.html", answers=answers, period=period, back_to=back)


@bp.post("/longer/day")
def take_day(grant_id: UUID) -> ResponseReturnValue:
    """Take the day."""
    found, answers = _renewable(grant_id), Answers.given()
    if found is None:
        return _share(grant_id)
    given = found[1].take_day(answers)
    if given is None:
        return _day_page(*found, answers)
    keep_draft(_longer(grant_id), until=given.isoformat())
    return redirect(url_for("share_changes.check_longer", grant_id=grant_id), 303)


@bp.get("/longer/check")
def check_longer(grant_id: UUID) -> ResponseReturnValue:
    """The new end, once more; sharing something private for longer is proved first."""
    found, draft = _renewable(grant_id), draft_of(_longer(grant_id))
    if found is None or "until" not in draft:
        return _share(grant_id)
    grant, period = found
    if proving.needed_to_share(grant.fields):
        return proving.lead()
    if first := proving.first_for(grant.purpose):
        return first
    ends = date.fromisoformat(draft["until"]) if draft["until"] else period.last
    return page("sharing/check_longer.html", grant=grant, ends=ends)


@bp.post("/longer/check")
def do_longer(grant_id: UUID) -> ResponseReturnValue:
    """Let it go on."""
    draft = draft_of(_longer(grant_id))
    if "until" not in draft:
        return _share(grant_id)
    until = date.fromisoformat(draft["until"]) if draft["until"] else None
    with changing() as ctx:
        requests.renew(ctx, citizen_id=me().citizen_id, grant_id=grant_id, until=until)
    drop_draft(_longer(grant_id))
    return redirect(url_for("share_changes.longer_done", grant_id=grant_id), 303)


@bp.get("/longer/done")
def longer_done(grant_id: UUID) -> ResponseReturnValue:
    """Confirm until when it goes on."""
    return _done(grant_id, less=False)
