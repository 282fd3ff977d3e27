"""How we contact a resident: which ways are not safe for them, said, changed and taken back by themselves.

The answers travel in the page itself from question to check: no cookie holds them, and no address.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from vault import contact_wishes
from vault.contact_wishes import MOST_CHARACTERS, WAYS
from web import proving
from web.auth import me
from web.pages.common import Answers, changing, page, reading

bp: Final = Blueprint("contacting", __name__, url_prefix="/how-we-contact-you")
BLUEPRINTS: Final = (bp,)

WAY_WORDS: Final[Mapping[str, object]] = {
    "letter": lazy_gettext("Letters"),
    "email": lazy_gettext("E-mails"),
    "phone": lazy_gettext("Phone calls"),
    "text": lazy_gettext("Text messages"),
}


@bp.get("")
def overview() -> ResponseReturnValue:
    """Whether the resident said something, without what, and what they can do."""
    with reading() as ctx:
        said = contact_wishes.standing(ctx, citizen_id=me().citizen_id)
    return render_template("contacting/overview.html", said=said, field=contact_wishes.FIELD)


@dataclass(frozen=True, slots=True)
class _Given:
    """The answers, once they are right."""

    ways: frozenset[str]
    words: str


def _given(answers: Answers) -> _Given | None:
    ways = answers.some("ways", WAYS, _("Select at least one way that is not safe"))
    words = answers.form.get("words", "").strip()
    if len(words) > MOST_CHARACTERS:
        answers.errors["words"] = _("Use %(most)s characters or fewer", most=MOST_CHARACTERS)
    return None if answers.errors else _Given(ways, words)


@bp.get("/change")
def ask() -> ResponseReturnValue:
    """Ask which ways are not safe; changing what stands is proved first."""
    return proving.lead() if _stands() and proving.needed() else _form(None)


def _stands() -> bool:
    with reading() as ctx:
        return contact_wishes.standing(ctx, citizen_id=me().citizen_id) is not None


def _form(answers: Answers | None) -> ResponseReturnValue:
    picked = answers.form.getlist("ways") if answers else []
    return page("contacting/ask.html", answers=answers, ways=WAY_WORDS, picked=picked, most=MOST_CHARACTERS)


@bp.post("/change")
def check() -> ResponseReturnValue:
    """Show the answers once more; nothing is kept yet."""
    answers = Answers.given()
    given = _given(answers)
    if given is None or answers.form.get("again"):
        return _form(answers)
    return render_template("contacting/check.html", given=given, ways=WAY_WORDS)


@bp.post("/save")
def save() -> ResponseReturnValue:
    """Keep the answers: they count from this moment."""
    answers = Answers.given()
    given = _given(answers)
    if given is None:
        return _form(answers)
    if _stands() and proving.needed():
        return proving.lead(url_for("contacting.ask"))
    with changing() as ctx:
        contact_wishes.close_ways(ctx, citizen_id=me().citizen_id, ways=given.ways, words=given.words)
    return redirect(url_for("contacting.done"), 303)


@bp.get("/done")
def done() -> ResponseReturnValue:
    """Confirm what counts from now on, without saying what it is."""
    return render_template("contacting/done.html", stands=_stands())


@bp.get("/take-back")
@proving.first
def ask_take_back() -> ResponseReturnValue:
    """Ask once more."""
    return render_template("contacting/take_back.html") if _stands() else redirect(url_for("contacting.overview"), 303)


@bp.post("/take-back")
@proving.first
def take_back() -> ResponseReturnValue:
    """Let every way be used again."""
    with changing() as ctx:
        contact_wishes.take_back(ctx, citizen_id=me().citizen_id)
    return redirect(url_for("contacting.done"), 303)
