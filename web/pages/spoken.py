"""Writing down what a resident decided by phone, in person or by letter, with what shows that it was them."""

from http import HTTPStatus
from typing import Final
from uuid import UUID

from flask import Blueprint, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from vault import access, grants, requests
from vault.errors import NotKnownHereError, SignInAskedError, WrongStateError
from vault.kinds import Channel, Decider, RequestState
from vault.requests import RequestView
from web.pages.asked import asked_by_us
from web.pages.common import Answers, changing, page, reading
from web.runtime import runtime
from web.session import draft_of, drop_draft, keep_draft

bp: Final = Blueprint("spoken", __name__, url_prefix="/officer/requests/<uuid:request_id>/decision")
BLUEPRINTS: Final = (bp,)

_LETTER: Final = "officer_letter"
_DECIDED: Final = frozenset({RequestState.APPROVED, RequestState.PARTLY_APPROVED, RequestState.DENIED})
CHANNELS: Final = {"phone": Channel.PHONE, "in-person": Channel.IN_PERSON, "letter": Channel.LETTER}


def _waiting(request_id: UUID) -> RequestView:
    asked = asked_by_us(request_id)
    if asked.state is not RequestState.PENDING:
        raise WrongStateError(f"request `{request_id}` does not wait for a decision any more")
    return asked


@bp.get("")
def show(request_id: UUID) -> ResponseReturnValue:
    """Ask what the resident said they share; nothing is ticked beforehand."""
    return page("spoken/show.html", asked=_waiting(request_id))


@bp.post("")
def choose(request_id: UUID) -> ResponseReturnValue:
    """Take what the resident said."""
    asked, answers = _waiting(request_id), Answers.given()
    picked = answers.choice("share", {"all", "some", "none"}, _("Select what the person said"))
    if answers.errors:
        return page("spoken/show.html", answers=answers, asked=asked)
    keep_draft(str(request_id), fields=sorted(asked.fields) if picked == "all" else [])
    return redirect(url_for("spoken.fields" if picked == "some" else "spoken.evidence", request_id=request_id), 303)


@bp.get("/choose")
def fields(request_id: UUID) -> ResponseReturnValue:
    """Ask which fields the resident named."""
    return page("spoken/fields.html", asked=_waiting(request_id), picked=[])


@bp.post("/choose")
def take_fields(request_id: UUID) -> ResponseReturnValue:
    """Take the fields."""
    asked, answers = _waiting(request_id), Answers.given()
    picked = answers.some("fields", asked.fields, _("Select at least one thing, or go back and choose none"))
    if answers.errors:
        return page("spoken/fields.html", answers=answers, asked=asked, picked=[])
    keep_draft(str(request_id), fields=sorted(picked))
    return redirect(url_for("spoken.evidence", request_id=request_id), 303)


@bp.get("/evidence")
def evidence(request_id: UUID) -> ResponseReturnValue:
    """Ask how the word came, and how the officer knew who it was."""
    return _evidence_page(_waiting(request_id), None)


def _evidence_page(asked: RequestView, answers: Answers | None) -> ResponseReturnValue:
    picked = frozenset(draft_of(str(asked.request_id)).get("fields", []))
    return page("spoken/evidence.html", answers=answers, asked=asked, picked=picked, channels=list(CHANNELS))


@bp.post("/evidence")
def decide(request_id: UUID) -> ResponseReturnValue:
    """Make it count; the resident sees who wrote it down."""
    asked, answers = _waiting(request_id), Answers.given()
    channel = answers.choice("channel", CHANNELS, _("Select how the person told you"))
    words = answers.text("words", _("Write who said what, when, and how you knew it was them"))
    if answers.errors:
        return _evidence_page(asked, answers)
    draft = draft_of(str(request_id))
    if "fields" not in draft:
        return redirect(url_for("spoken.show", request_id=request_id), 303)
    try:
        with changing() as ctx:
            requests.decide(
                ctx,
                citizen_id=asked.citizen_id,
                request_id=request_id,
                allowed=frozenset(draft["fields"]),
                decided_by=Decider.SPOKEN,
                channel=CHANNELS[channel],
                evidence=words,
            )
    except SignInAskedError:
        return render_template("spoken/sign_in_asked.html", asked=asked), HTTPStatus.FORBIDDEN
    except NotKnownHereError:
        return render_template("spoken/not_here.html", asked=asked), HTTPStatus.FORBIDDEN
    drop_draft(str(request_id))
    return redirect(url_for("spoken.done", request_id=request_id), 303)


@bp.get("/done")
def done(request_id: UUID) -> ResponseReturnValue:
    """Confirm."""
    return render_template("spoken/done.html", asked=asked_by_us(request_id))


@bp.post("/letter")
def ask_letter(request_id: UUID) -> ResponseReturnValue:
    """
    Check that a letter is safe for the person, before there is one.

    Raises:
        WrongStateError: Nobody decided this yet.
    """
    asked = _decided(request_id)
    # After a no there is a letter for nobody: the check would tell whether somebody is known.
    safe = asked.grant_id is not None and access.contact_is_safe(
        runtime().vault, citizen_id=asked.citizen_id, channel="letter"
    )
    session[_LETTER] = f"{request_id}/{int(safe)}"
    return redirect(url_for("spoken.letter", request_id=request_id), 303)


def _decided(request_id: UUID) -> RequestView:
    asked = asked_by_us(request_id)
    if asked.state not in _DECIDED:
        raise WrongStateError(f"request `{request_id}` was not decided")
    return asked


@bp.get("/letter")
def letter(request_id: UUID) -> ResponseReturnValue:
    """The receipt as a letter to print, once; or that none may be sent."""
    asked = _decided(request_id)
    wanted, _slash, safe = session.pop(_LETTER, "").partition("/")
    if wanted != str(request_id):
        return redirect(url_for("spoken.done", request_id=request_id), 303)
    grant = None
    if asked.grant_id:
        with reading() as ctx:
            grant = grants.by_id(ctx, grant_id=asked.grant_id)
    return render_template("spoken/letter.html", asked=asked, grant=grant, safe=safe == "1")
