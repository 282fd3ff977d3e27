"""Coming back: who lost a passkey, or never had one, signs in by a recovery code or by the code from a letter."""

from datetime import date
from typing import Final

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from audit.events import Event
from vault import access, letters, recovery_codes
from vault.context import SYSTEM
from vault.errors import InvalidInputError, LinkUsedError
from vault.letters import Tried
from vault.refusals import log_refusal
from vault.sums import Refused
from web.auth import let_in
from web.limits import TRIES, limiter
from web.pages.common import Answers, page
from web.pages.sign_in import ENROLLING
from web.runtime import runtime

bp: Final = Blueprint("coming_back", __name__, url_prefix="/sign-in")
BLUEPRINTS: Final = (bp,)


@bp.get("/lost")
def start() -> ResponseReturnValue:
    """Every way back, the quickest first."""
    return render_template("coming_back/start.html")


@bp.get("/code")
def code() -> ResponseReturnValue:
    """Ask for a recovery code."""
    return page("coming_back/code.html")


@bp.post("/code")
@limiter.limit(TRIES)
def take_code() -> ResponseReturnValue:
    """Use the code: it signs nobody in, and lets its owner make a new passkey."""
    answers, leave = Answers.given(), ""
    try:
        with runtime().vault.transaction(SYSTEM) as ctx:
            _account, leave = recovery_codes.use(ctx, typed=answers.form.get("code", ""))
    except InvalidInputError:
        answers.errors["code"] = _("Check the code. It has 5 groups of 4 letters and numbers")
    except LinkUsedError:
        runtime().vault.count_refused(Refused.SIGN_IN)
        answers.errors["code"] = _("This code does not work. It was used, or you made new ones since")
    if answers.errors:
        return page("coming_back/code.html", answers=answers)
    session[ENROLLING] = leave
    return redirect(url_for("sign_in.add"), 303)


@bp.get("/letter")
def letter() -> ResponseReturnValue:
    """Ask for the code from a letter, and a birth date."""
    return page("coming_back/letter.html")


@bp.post("/letter")
@limiter.limit(TRIES)
def take_letter() -> ResponseReturnValue:
    """Sign in whoever has the letter and knows the birth date. Which of the two was wrong is not said."""
    answers = Answers.given()
    born = birth_date(answers)
    typed = answers.form.get("code", "")
    tried = None
    if born is not None:
        try:
            with runtime().vault.transaction(SYSTEM) as ctx:
                tried = letters.begin_try(ctx, typed=typed)
        except InvalidInputError:
            answers.errors["code"] = _("Check the code. It has 4 groups of 4 letters and numbers")
    if answers.errors or born is None:
        return page("coming_back/letter.html", answers=answers)
    if not _agrees(tried, born) or tried is None:
        _refuse(tried)
        answers.errors["code"] = _("The code and the date of birth do not go together, or the code has ended")
        return page("coming_back/letter.html", answers=answers)
    with runtime().vault.transaction(SYSTEM) as ctx:
        letters.use(ctx, tried=tried)
    return let_in(tried.account_id, method="letter")


def _agrees(tried: Tried | None, born: date) -> bool:
    """Whether the sealed record says this birth date; asked in the same way where there is no such code."""
    return access.confirm_identity(
        runtime().vault,
        actor=SYSTEM,
        citizen_id=tried.citizen_id if tried else None,
        given={"identity.date_of_birth": born.isoformat()},
    )


def _refuse(tried: Tried | None) -> None:
    """Log a wrong second fact for the account it was tried on; a code that is none is counted like other strangers."""
    if tried is None:
        runtime().vault.count_refused(Refused.SIGN_IN)
        return
    with runtime().vault.reading(SYSTEM) as ctx:
        facts = {"account": str(tried.account_id), "method": "letter", "reason": "second-fact"}
        log_refusal(ctx, Event.SIGN_IN_REFUSED, citizen_id=tried.citizen_id, facts=facts)


def birth_date(answers: Answers) -> date | None:
    """The birth date in a form's ``born-day``, ``born-month`` and ``born-year``; else the error ``born``."""
    parts = [request.form.get(f"born-{part}", "").strip() for part in ("year", "month", "day")]
    try:
        found = date(*map(int, parts)) if all(part.isascii() and part.isdigit() for part in parts) else None
    except (ValueError, OverflowError):
        found = None
    if found is None:
        answers.errors["born"] = _("Enter a real date of birth, for example 31 3 1944")
    return found
