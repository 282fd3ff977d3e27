"""What waits for a second person: each change in full, to approve or reject; and every change there was."""

from typing import Final
from uuid import UUID

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from vault import purposes, registry, services
from vault.context import Context
from vault.kinds import ChangeKind
from vault.registry import ChangeView
from web import proving
from web.auth import me
from web.pages.common import Answers, changing, reading
from web.pages.questions import Field, Question
from web.registry_words import in_order
from web.runtime import runtime

bp: Final = Blueprint("changes", __name__, url_prefix="/admin/changes")
BLUEPRINTS: Final = (bp,)

SHOWN: Final = 50
_NO_CONTENT: Final = frozenset({ChangeKind.ACCOUNT_LINK})


@bp.get("")
def inbox() -> ResponseReturnValue:
    """What waits, oldest first; and what became of the newest others."""
    with reading() as ctx:
        waiting = registry.waiting(ctx)
        decided = [each for each in registry.everything(ctx, limit=SHOWN) if not each.is_waiting]
    mine = [each for each in waiting if each.proposed_by == me().account.account_id]
    others = [each for each in waiting if each not in mine]
    return render_template("administrator/changes.html", others=others, mine=mine, decided=decided)


@bp.get("/<uuid:change_id>")
def show(change_id: UUID) -> ResponseReturnValue:
    """One change: what it changes, part by part, and what the log tells of it."""
    with reading() as ctx:
        change = registry.find(ctx, change_id=change_id)
        told = registry.told(ctx, change=change)
        stands = change.is_waiting and registry.stands_as_proposed(ctx, change=change)
        names = _names(ctx)
    parts = [] if change.kind in _NO_CONTENT else registry.parts(change)
    parts.sort(key=lambda part: in_order(part.name))
    return render_template(
        "administrator/change.html",
        change=change,
        differing=[part for part in parts if part.differs],
        same=[part for part in parts if not part.differs],
        told=told,
        names=names,
        stands=stands,
        mine=change.proposed_by == me().account.account_id,
        about_me=change.subject == str(me().account.account_id),
        where=where_of(change),
    )


def _names(ctx: Context) -> dict[str, dict[str, str]]:
    """What organisations, services and purposes are called, by the part of a change that names them by slug."""
    asked = {each.slug: each.name for each in purposes.registered(ctx)}
    return {
        "organisation": {each.slug: each.name for each in services.organisations(ctx)},
        "service": {each.slug: each.name for each in services.registered(ctx)},
        "purposes": asked,
        "batch": asked,
    }


def where_of(change: ChangeView) -> str:
    """The address of the thing that *change* is about; empty where there is none yet."""
    if change.kind is ChangeKind.ORGANISATION:
        return url_for("administrator.organisations")
    if change.is_waiting and not change.base_version:
        return ""
    if not change.base_version and change.applied_version is None:
        return ""
    if change.kind is ChangeKind.PURPOSE:
        return url_for("purposes.show", slug=change.subject)
    if change.kind.startswith("service"):
        return url_for("services.show", slug=change.subject)
    return url_for("staff.show", account_id=change.subject)


@bp.post("/<uuid:change_id>/approve")
def approve(change_id: UUID) -> ResponseReturnValue:
    """Apply it. A one-time link that comes of it is shown on the answer to this form, and never again."""
    if proving.needed():
        return proving.lead(url_for("changes.show", change_id=change_id))
    with changing() as ctx:
        done = registry.approve(ctx, change_id=change_id)
    if done.link is None:
        return redirect(url_for("changes.show", change_id=change_id), 303)
    address = f"{runtime().config.issuer}/link/{done.link}"
    return render_template("administrator/link.html", change=done.change, address=address)


def _rejecting(change_id: UUID) -> Question:
    with reading() as ctx:
        change = registry.find(ctx, change_id=change_id)
    return Question(
        title=_("Reject this change?"),
        caption=change.name,
        fields=(
            Field(
                kind="area",
                name="reason",
                label=_("Why?"),
                hint=_("Who asked for it reads this. Do not name residents."),
            ),
        ),
        words=(_("Nothing changes. Whoever asked for it can ask again."),),
        button=_("Reject"),
        back=url_for("changes.show", change_id=change_id),
    )


@bp.get("/<uuid:change_id>/reject")
def ask_to_reject(change_id: UUID) -> ResponseReturnValue:
    """Ask for the reason."""
    return _rejecting(change_id).show()


@bp.post("/<uuid:change_id>/reject")
def reject(change_id: UUID) -> ResponseReturnValue:
    """Turn it down."""
    answers = Answers.given()
    reason = answers.text("reason", _("Say why"), most=1000)
    if answers.errors:
        return _rejecting(change_id).show(answers)
    with changing() as ctx:
        registry.reject(ctx, change_id=change_id, reason=reason)
    return redirect(url_for("changes.show", change_id=change_id), 303)


@bp.post("/<uuid:change_id>/take-back")
def take_back(change_id: UUID) -> ResponseReturnValue:
    """Take back what one asked for oneself."""
    with changing() as ctx:
        registry.take_back(ctx, change_id=change_id)
    return redirect(url_for("changes.show", change_id=change_id), 303)
