"""The first page, for anyone."""

from typing import Final

from flask import Blueprint, current_app, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from web.auth import HOME_OF

bp: Final = Blueprint("start", __name__)
BLUEPRINTS: Final = (bp,)


@bp.get("/")
def start() -> ResponseReturnValue:
    """What this is and where to sign in; people who are signed in go home."""
    if current_user.is_authenticated:
        return redirect(url_for(HOME_OF[current_user.role]), 303)
    return render_template("start.html", demo="demo.story" in current_app.view_functions)
