"""Services that a directory outside lists, from which an administrator begins a registration."""

from typing import Final
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from vault import listed
from web import proving
from web.pages.common import reading
from web.pages.registering import begin_from

bp: Final = Blueprint("listed", __name__, url_prefix="/admin/listed")
BLUEPRINTS: Final = (bp,)
MOST: Final = 100


@bp.get("")
def overview() -> ResponseReturnValue:
    """The listed services whose name, words or organisation hold what is looked for; the first hundred."""
    looked_for = request.args.get("words", "").strip()
    with reading() as ctx:
        every = listed.every(ctx)
    found = [one for one in every if looked_for.casefold() in _said(one)]
    return render_template(
        "administrator/listed.html", found=found[:MOST], more=found[MOST:], all=len(every), words=looked_for
    )


def _said(one: listed.ListedView) -> str:
    return f"{one.words.name} {one.words.what_for} {one.words.organisation}".casefold()


@bp.post("/<uuid:listed_id>")
@proving.first
def begin(listed_id: UUID) -> ResponseReturnValue:
    """Begin a registration with the words of a listed service; every one of them can be changed on the way."""
    with reading() as ctx:
        one = listed.find(ctx, listed_id=listed_id)
    begin_from(one.words.name, one.words.what_for)
    return redirect(url_for("registering.start"), 303)
