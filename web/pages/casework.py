"""What residents told the officer's service: a list without a word of it, each read on purpose, answered in a month.

A case is opened by a button and shown once, as a look at a record is: reading it is an entry that the resident sees.
"""

from typing import Final
from uuid import UUID

from flask import Blueprint, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from vault import cases
from vault import writing as vault_writing
from vault.cases import CaseLine
from vault.catalogue import CATALOGUE
from vault.errors import WrongStateError
from vault.kinds import CaseKind
from web.pages.common import Answers, changing, page, reading
from web.pages.officer import service_id
from web.pages.writing import change_page, opened, revised

bp: Final = Blueprint("casework", __name__, url_prefix="/officer/cases")
BLUEPRINTS: Final = (bp,)

_READ: Final = "officer_case"
_CORRECT: Final = "officer_case_item"


@bp.get("")
def overview() -> ResponseReturnValue:
    """What there is to answer, what is due first at the top; by number, kind and dates alone."""
    with reading() as ctx:
        found = cases.of_service(ctx, service_id=service_id())
    waiting = [each for each in found if each.is_open]
    return render_template(
        "casework/overview.html", waiting=waiting, closed=[each for each in found if not each.is_open]
    )


def _line(case_id: UUID) -> CaseLine:
    with reading() as ctx:
        return cases.line_of_service(ctx, service_id=service_id(), case_id=case_id)


@bp.get("/<uuid:case_id>")
def before(case_id: UUID) -> ResponseReturnValue:
    """The dates of a case, and the button that opens it. Not a word is opened for this."""
    return render_template("casework/before.html", case=_line(case_id))


@bp.post("/<uuid:case_id>/read")
def ask_read(case_id: UUID) -> ResponseReturnValue:
    """Remember, for one page only, that the officer wants to read this case."""
    _line(case_id)
    session[_READ] = str(case_id)
    return redirect(url_for("casework.read", case_id=case_id), 303)


@bp.get("/<uuid:case_id>/read")
def read(case_id: UUID) -> ResponseReturnValue:
    """Read it, once. The first reading tells the resident that it was taken up."""
    if session.pop(_READ, None) != str(case_id):
        return redirect(url_for("casework.before", case_id=case_id), 303)
    with changing() as ctx:
        case = cases.read(ctx, case_id=case_id)
    return render_template("casework/read.html", case=case)


def _open_line(case_id: UUID) -> CaseLine:
    line = _line(case_id)
    if not line.is_open:
        raise WrongStateError(f"case `{case_id}` is closed already")
    return line


def _choices(case: CaseLine) -> frozenset[str]:
    return frozenset({"right", "mistake", "no"} if case.kind is CaseKind.CORRECTION else {"yes", "no"})


@bp.get("/<uuid:case_id>/answer")
def answer(case_id: UUID) -> ResponseReturnValue:
    """Ask whether the service agrees, and why."""
    return page("casework/answer.html", case=_open_line(case_id))


@bp.post("/<uuid:case_id>/answer")
def take_answer(case_id: UUID) -> ResponseReturnValue:
    """Answer; agreeing does at once what it means."""
    case, answers = _open_line(case_id), Answers.given()
    picked = answers.choice("agree", _choices(case), _("Select if you agree"))
    words = answers.text("words", _("Write why, and what happens next"))
    if answers.errors:
        return page("casework/answer.html", answers=answers, case=case)
    try:
        with changing() as ctx:
            cases.answer(ctx, case_id=case_id, upheld=picked != "no", words=words, mistake=picked == "mistake")
    except WrongStateError:
        if picked != "right":
            raise
        answers.errors["agree"] = _("Put it right first: no newer version has come in since the person told us")
        return page("casework/answer.html", answers=answers, case=case)
    return redirect(url_for("casework.done", case_id=case_id), 303)


@bp.get("/<uuid:case_id>/longer")
def longer(case_id: UUID) -> ResponseReturnValue:
    """Ask for how much longer, and why."""
    return page("casework/longer.html", case=_open_line(case_id))


@bp.post("/<uuid:case_id>/longer")
def take_longer(case_id: UUID) -> ResponseReturnValue:
    """Give the answer longer; the resident reads why."""
    case, answers = _open_line(case_id), Answers.given()
    months = answers.choice("months", {"1", "2"}, _("Select how much longer you need"))
    words = answers.text("words", _("Write why the answer needs longer"))
    if answers.errors:
        return page("casework/longer.html", answers=answers, case=case)
    with changing() as ctx:
        cases.extend(ctx, case_id=case_id, months=int(months), words=words)
    return redirect(url_for("casework.done", case_id=case_id), 303)


@bp.get("/<uuid:case_id>/done")
def done(case_id: UUID) -> ResponseReturnValue:
    """Confirm, and say what the resident sees."""
    return render_template("casework/done.html", case=_line(case_id))


@bp.post("/<uuid:case_id>/correct/open")
def ask_correct(case_id: UUID) -> ResponseReturnValue:
    """Remember, for one page only, that the officer wants to open the item that this case is about."""
    _open_line(case_id)
    session[_CORRECT] = str(case_id)
    return redirect(url_for("casework.correct", case_id=case_id), 303)


@bp.get("/<uuid:case_id>/correct")
def correct(case_id: UUID) -> ResponseReturnValue:
    """Open the one item, once, in a form; that is an entry the resident sees."""
    _open_line(case_id)
    if session.pop(_CORRECT, None) != str(case_id):
        return redirect(url_for("casework.before", case_id=case_id), 303)
    ground, held = opened(lambda ctx: vault_writing.ground_of_case(ctx, case_id=case_id))
    return change_page(
        url_for("casework.save_correction", case_id=case_id),
        url_for("casework.before", case_id=case_id),
        ground.item.category,
        _boxes(ground.item.category),
        values=held.fields,
        version=held.version,
        as_of=held.as_of or "",
    )


def _boxes(category: str) -> list[str]:
    """The fields of a category that can be written anew: not those that open one at a time."""
    return [each.name for each in CATALOGUE.category(category).fields if not each.needs_reveal]


@bp.post("/<uuid:case_id>/correct")
def save_correction(case_id: UUID) -> ResponseReturnValue:
    """Write the right version; values that are no plain text stay as they are."""
    _open_line(case_id)
    answers = Answers.given()
    with reading() as ctx:
        ground = vault_writing.ground_of_case(ctx, case_id=case_id)
    found = revised(answers, _boxes(ground.item.category))
    if found is None:
        here, back = url_for("casework.save_correction", case_id=case_id), url_for("casework.before", case_id=case_id)
        return change_page(here, back, ground.item.category, _boxes(ground.item.category), answers=answers)
    words, expected = found
    with changing() as ctx:
        ground = vault_writing.ground_of_case(ctx, case_id=case_id)
        vault_writing.revise(ctx, ground=ground, expected=expected, words=words)
    return redirect(url_for("casework.answer", case_id=case_id), 303)
