"""Accepting an invitation to look for somebody: whoever was handed the link opens it and presses its button."""

from typing import Final

from flask import Blueprint, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from vault import inviting, links
from vault.context import SYSTEM
from vault.errors import LinkUsedError
from vault.kinds import Role
from web.auth import let_in
from web.limits import TRIES, limiter
from web.pages.sign_in import ENROLLING
from web.runtime import runtime

bp: Final = Blueprint("joining", __name__)
BLUEPRINTS: Final = (bp,)


@bp.get("/join/<handle>")
def ask(handle: str) -> ResponseReturnValue:
    """
    Say what the invitation is for, naming nobody: whoever opens it may not be who was meant.

    Raises:
        LinkUsedError: It was used, has ended, or never was.
    """
    with runtime().vault.reading(SYSTEM) as ctx:
        if inviting.peek(ctx, handle=handle) is None:
            raise LinkUsedError("this invitation was used already or has ended")
    return render_template("joining/ask.html", handle=handle, mine=_is_delegate())


def _is_delegate() -> bool:
    return bool(current_user.is_authenticated and current_user.role is Role.DELEGATE)


@bp.post("/join/<handle>")
@limiter.limit(TRIES)
def accept(handle: str) -> ResponseReturnValue:
    """Accept with the account that is signed in, or go on to make a passkey for a new one."""
    mine = current_user.account.account_id if _is_delegate() else None
    leave = ""
    with runtime().vault.transaction(current_user.actor if mine else SYSTEM) as ctx:
        account = inviting.accept(ctx, handle=handle, account_id=mine)
        if mine is None and not runtime().config.demo:
            leave = links.begin_enrolling(ctx, account_id=account.account_id)
    if mine is not None:
        return redirect(url_for("delegate.home"), 303)
    if not leave:
        return let_in(account.account_id, method="demo-link")
    session[ENROLLING] = leave
    return redirect(url_for("sign_in.add"), 303)
