"""Choosing the language of the pages."""

from typing import Final

from flask import Blueprint, abort, current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue

from web.language import COOKIE, COOKIE_SECONDS, LANGUAGES, is_own_page
from web.runtime import runtime
from web.session import cookie_name

bp: Final = Blueprint("language", __name__, url_prefix="/language")
BLUEPRINTS: Final = (bp,)


@bp.get("/<code>")
def choose(code: str) -> ResponseReturnValue:
    """Keep the choice in this browser and go back to the page it was made on. Nothing else changes."""
    if code not in LANGUAGES:
        abort(404)
    wanted = request.args.get("then", "")
    path, _, query = wanted.partition("?")
    target = wanted if is_own_page(path) and query.isascii() and query.isprintable() else url_for("start.start")
    answer = current_app.make_response(redirect(target, 303))
    answer.set_cookie(
        cookie_name(current_app, COOKIE),
        code,
        max_age=COOKIE_SECONDS,
        secure=runtime().config.secure,
        httponly=True,
        samesite="Lax",
        path="/",
    )
    return answer
