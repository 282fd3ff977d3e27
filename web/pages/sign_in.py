"""Signing in and out: passkeys, and one-time links that let a person add one (or, in the demo only, sign in)."""

from typing import Final
from uuid import UUID

from flask import Blueprint, current_app, jsonify, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from vault import accounts, links
from vault.context import SYSTEM
from vault.errors import InvalidInputError, LinkUsedError
from vault.kinds import LinkKind, Role
from vault.links import LinkView
from vault.sums import Refused
from web import passkeys
from web.auth import ENDED, let_in, let_out
from web.devices import hint
from web.faults import PasskeyRefusedError
from web.limits import TRIES, limiter
from web.pages.common import Answers, page
from web.runtime import runtime

bp: Final = Blueprint("sign_in", __name__)
out: Final = Blueprint("sign_out", __name__)
BLUEPRINTS: Final = (bp, out)

ENROLLING: Final = "enrolling"
"""Where the browser's note keeps the leave to make one passkey."""


@bp.get("/sign-in")
def start() -> ResponseReturnValue:
    """Offer the passkey, and in the demo the way to the people in it."""
    ended = session.pop(ENDED, False)
    return render_template("sign_in/start.html", demo="demo.story" in current_app.view_functions, ended=ended)


@bp.get("/link/<handle>")
def link(handle: str) -> ResponseReturnValue:
    """Show the button behind a one-time link; looking does not use it."""
    with runtime().vault.reading(SYSTEM) as ctx:
        found = links.peek(ctx, handle=handle)
    if found is None or not _is_address(found.kind):
        raise LinkUsedError("this link was used already or has ended")
    return _link_page(handle, found)


def _link_page(handle: str, found: LinkView, answers: Answers | None = None) -> ResponseReturnValue:
    enrols = found.kind is LinkKind.ENROL
    return page("sign_in/link.html", answers=answers, handle=handle, enrols=enrols, needs_code=found.needs_code)


@bp.post("/link/<handle>")
@limiter.limit(TRIES)
def use_link(handle: str) -> ResponseReturnValue:
    """Use the link: go on to add a passkey, or, in the demo only, be signed in."""
    leave, answers = "", Answers.given()
    with runtime().vault.reading(SYSTEM) as ctx:
        found = links.peek(ctx, handle=handle)
    if found is None or not _is_address(found.kind):
        raise LinkUsedError("this link was used already or has ended")
    try:
        with runtime().vault.transaction(SYSTEM) as ctx:
            links.use(ctx, handle=handle, code=answers.form.get("code", ""))
            if found.kind is LinkKind.ENROL:
                leave = links.begin_enrolling(ctx, account_id=found.account.account_id, agreed=found.agreed)
    except InvalidInputError:
        runtime().vault.count_refused(Refused.LINK)
        answers.errors["code"] = _("Check the code. It has 5 groups of 4 letters and numbers, and goes with this link")
        return _link_page(handle, found, answers)
    if found.kind is LinkKind.DEMO:
        return let_in(found.account.account_id, method="demo-link")
    session[ENROLLING] = leave
    return redirect(url_for("sign_in.add"), 303)


def _is_address(kind: LinkKind) -> bool:
    """Whether a link of this kind may be opened: in the demo every kind that is an address, else enrolment alone."""
    return kind is LinkKind.ENROL or (kind is LinkKind.DEMO and runtime().config.demo)


def _enrolling() -> UUID:
    """The account that may add a passkey. The vault keeps the leave, so an old cookie shown again is worth nothing."""
    with runtime().vault.reading(SYSTEM) as ctx:
        found = links.peek(ctx, handle=session.get(ENROLLING, ""))
    if found is None or found.kind is not LinkKind.ENROLLING:
        raise LinkUsedError("a passkey is added through a one-time link")
    return found.account.account_id


@bp.get("/passkey/new")
def add() -> ResponseReturnValue:
    """Ask the person to make a passkey on this device."""
    with runtime().vault.reading(SYSTEM) as ctx:
        role = accounts.find(ctx, account_id=_enrolling()).role
    return render_template("sign_in/add.html", people="residents" if role is Role.CITIZEN else "staff")


@bp.post("/passkey/new/options")
@limiter.limit(TRIES)
def add_options() -> ResponseReturnValue:
    """What the browser needs to make a passkey."""
    return jsonify(passkeys.creation_options(_enrolling()))


@bp.post("/passkey/new")
@limiter.limit(TRIES)
def add_check() -> ResponseReturnValue:
    """Keep the new passkey and sign its owner in."""
    made = passkeys.add(
        passkeys.sent(),
        expected=_enrolling(),
        name=hint(request.headers.get("User-Agent", "")),
        leave=session[ENROLLING],
    )
    session.pop(ENROLLING, None)
    return _go(made.account_id)


@bp.post("/sign-in/passkey/options")
@limiter.limit(TRIES)
def passkey_options() -> ResponseReturnValue:
    """What the browser needs to show its passkeys for this service."""
    return jsonify(passkeys.sign_in_options())


@bp.post("/sign-in/passkey")
@limiter.limit(TRIES)
def passkey_check() -> ResponseReturnValue:
    """Sign in whoever owns the passkey."""
    return _go(passkeys.check(passkeys.sent()))


def _go(account_id: UUID) -> ResponseReturnValue:
    """Sign in for a script: the cookie, and where to go next."""
    entered = let_in(account_id, method="passkey", proven=True)
    answer = jsonify({"next": entered.location})
    for cookie in entered.headers.getlist("Set-Cookie"):
        answer.headers.add("Set-Cookie", cookie)
    return answer


@bp.errorhandler(PasskeyRefusedError)
def passkey_refused(_error: PasskeyRefusedError) -> ResponseReturnValue:
    """Tell the script that the passkey was not taken."""
    runtime().vault.count_refused(Refused.PASSKEY)
    return jsonify({"code": PasskeyRefusedError.code}), 400


@out.post("/sign-out")
def leave() -> ResponseReturnValue:
    """Sign out."""
    return let_out()


@out.get("/signed-out")
def done() -> ResponseReturnValue:
    """Say that it worked."""
    return render_template("sign_in/out.html")
