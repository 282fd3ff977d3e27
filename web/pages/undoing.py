"""Undoing what staff wrote down for a resident: a first yes ends at once; a later change is as if it had not been."""

from typing import Final
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from vault import grants
from vault.errors import NotFoundError, WrongStateError
from vault.grants import GrantView
from vault.kinds import Decider
from web.auth import me
from web.pages.common import changing, reading
from web.pages.sharing import grant_of

bp: Final = Blueprint("undoing", __name__, url_prefix="/sharing/<uuid:grant_id>/undo")
BLUEPRINTS: Final = (bp,)


def _spoken(grant_id: UUID) -> GrantView:
    """
    A share that rests on the resident's spoken or written word, or was changed by it last.

    Raises:
        NotFoundError: There is none of theirs.
    """
    grant = grant_of(grant_id)
    if grant.decided_by is not Decider.SPOKEN and not grant.was_said:
        raise NotFoundError("nobody wrote this decision down for you")
    return grant


@bp.get("")
def ask(grant_id: UUID) -> ResponseReturnValue:
    """
    Say what was written down when, and whether anybody looked because of it; then ask. It is the receipt as well.

    Raises:
        WrongStateError: It has ended already.
    """
    grant = _spoken(grant_id)
    if grant.was_said:
        with reading() as ctx:
            found = grants.written_down(ctx, citizen_id=me().citizen_id, grant_id=grant_id)
        return render_template("undoing/change.html", grant=grant, change=found)
    if not grant.is_live:
        raise WrongStateError(f"grant `{grant_id}` has ended already")
    return render_template("undoing/ask.html", grant=grant)


@bp.post("")
def undo(grant_id: UUID) -> ResponseReturnValue:
    """
    End it, or make it as it was before: whichever the page said that was answered.

    DANGER: what was written down after that page was read may be a stop, and undoing it would open the share again.
    """
    grant, seen = _spoken(grant_id), request.form.get("version")
    if seen is None:
        with changing() as ctx:
            grants.withdraw(ctx, citizen_id=me().citizen_id, grant_id=grant_id)
        return redirect(url_for("undoing.done", grant_id=grant_id), 303)
    if not grant.was_said or seen != str(grant.version):
        return redirect(url_for("undoing.ask", grant_id=grant_id), 303)
    with changing() as ctx:
        grants.undo(ctx, citizen_id=me().citizen_id, grant_id=grant_id, version=grant.version)
    return redirect(url_for("undoing.restored", grant_id=grant_id), 303)


@bp.get("/done")
def done(grant_id: UUID) -> ResponseReturnValue:
    """Confirm, and say what cannot be undone."""
    grant = _spoken(grant_id)
    if grant.is_live:
        return redirect(url_for("undoing.ask", grant_id=grant_id), 303)
    return render_template("undoing/done.html", grant=grant)


@bp.get("/as-before")
def restored(grant_id: UUID) -> ResponseReturnValue:
    """Confirm that a share is as it was, and say how it stands."""
    grant = grant_of(grant_id)
    if not (grant.was_undone and grant.is_live):
        return redirect(url_for("sharing.show", grant_id=grant_id), 303)
    return render_template("undoing/restored.html", grant=grant)
