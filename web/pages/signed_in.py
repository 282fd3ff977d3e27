"""Where I am signed in, and what happened to my ways in: ending one, ending all, and the history."""

from http import HTTPStatus
from typing import Final

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from audit.events import Event
from vault import history, sign_ins
from web.auth import HOME_OF, let_out, me
from web.pages.common import changing, reading

bp: Final = Blueprint("signed_in", __name__, url_prefix="/security")
BLUEPRINTS: Final = (bp,)


def _happenings() -> dict[str, str]:
    """What each event is called here."""
    return {
        Event.SIGN_IN_MADE: _("You signed in"),
        Event.SIGN_IN_ENDED: _("You signed out"),
        Event.SIGN_IN_PROVEN: _("You proved again that it is you"),
        Event.SIGN_IN_REFUSED: _("A try to sign in was refused"),
        Event.PASSKEY_ADDED: _("A passkey was added"),
        Event.PASSKEY_RENAMED: _("A passkey got a new name"),
        Event.PASSKEY_REMOVED: _("A passkey was removed"),
        Event.IDENTITY_BOUND: _("Another way to sign in was added"),
        Event.IDENTITY_UNBOUND: _("Another way to sign in was removed"),
        Event.LINK_MADE: _("We made a link or a code for you"),
        Event.LINK_USED: _("A link or a code was used"),
        Event.RECOVERY_MADE: _("A way back into your account was set up"),
        Event.RECOVERY_USED: _("A way back into your account was used"),
        Event.RECOVERY_CANCELLED: _("A way back into your account was stopped"),
    }


def _methods() -> dict[str, str]:
    """By what, where that says something."""
    return {
        "passkey": _("with a passkey"),
        "letter": _("with the code from a letter"),
        "code": _("with a recovery code"),
        "codes": _("new recovery codes"),
        "in-person": _("in person, by two members of staff"),
        "enrol": _("a link to make a passkey"),
        "enrolling": _("to make a passkey"),
        "demo": _("in the demonstration"),
        "demo-link": _("in the demonstration"),
    }


@bp.post("/places/<leaf:name>/end")
def end(name: bytes) -> ResponseReturnValue:
    """Sign one browser out; this one is signed out as by its own button."""
    with reading() as ctx:
        places = sign_ins.places(ctx, account_id=me().account.account_id, cookie=me().cookie)
    if any(place.is_here and place.name == name.hex() for place in places):
        return let_out()
    with changing() as ctx:
        sign_ins.end_place(ctx, account_id=me().account.account_id, name=name.hex())
    return redirect(url_for("security.overview"), 303)


@bp.get("/everywhere")
def everywhere() -> ResponseReturnValue:
    """Ask once more before signing out everywhere."""
    return render_template("security/everywhere.html")


@bp.post("/everywhere")
def end_everywhere() -> ResponseReturnValue:
    """Sign every browser out, this one last."""
    with changing() as ctx:
        sign_ins.end_all(ctx, account_id=me().account.account_id, but=me().cookie)
    return let_out()


@bp.post("/stay")
def stay() -> ResponseReturnValue:
    """Go on being signed in: that this was asked is all it takes."""
    with changing() as ctx:
        sign_ins.seen(ctx, cookie=me().cookie)
    if request.accept_mimetypes.best == "application/json":
        return "", HTTPStatus.NO_CONTENT
    return redirect(url_for(HOME_OF[me().role]), 303)


@bp.get("/history")
def happened() -> ResponseReturnValue:
    """What happened to this account's ways in, newest first, page by page to the end."""
    with reading() as ctx:
        after = request.args.get("after")
        lines, more = history.of_account(ctx, account=me().account, before=after)
    words = {"happened": _happenings(), "methods": _methods()}
    return render_template("security/history.html", lines=lines, after=after, more=more, **words)
