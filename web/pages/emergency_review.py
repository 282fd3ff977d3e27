"""A supervisor looks at an emergency afterwards: was it right to open the record?"""

from typing import Final
from uuid import UUID

from flask import Blueprint, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from vault import accounts, emergencies
from vault.accounts import AccountView
from vault.emergencies import EmergencyView
from vault.kinds import FollowUp
from web import proving
from web.pages.common import Answers, changing, page, reading
from web.pages.emergency import REASONS

bp: Final = Blueprint("emergency_review", __name__, url_prefix="/officer/emergency/<uuid:emergency_id>/review")
BLUEPRINTS: Final = (bp,)


def _found(emergency_id: UUID) -> tuple[EmergencyView, AccountView]:
    with reading() as ctx:
        held = emergencies.to_follow_up(ctx, emergency_id=emergency_id)
        return held, accounts.find(ctx, account_id=held.account_id)


def _shown(emergency_id: UUID, answers: Answers | None = None) -> ResponseReturnValue:
    held, officer = _found(emergency_id)
    return page(
        "emergency/review.html",
        answers=answers,
        emergency=held,
        officer=officer,
        reasons=REASONS,
        most=emergencies.WORDS_MOST,
    )


@bp.get("")
def show(emergency_id: UUID) -> ResponseReturnValue:
    """Who opened a record, why and what of it; never what was in it."""
    return _shown(emergency_id)


@bp.post("")
@proving.first
def judge(emergency_id: UUID) -> ResponseReturnValue:
    """Take what the supervisor says; the resident is told."""
    _found(emergency_id)
    answers = Answers.given()
    outcome = answers.choice("outcome", set(FollowUp), _("Select whether it was right"))
    words = answers.text("words", _("Write why you think so"), most=emergencies.WORDS_MOST)
    if answers.errors:
        return _shown(emergency_id, answers)
    with changing() as ctx:
        emergencies.follow_up(ctx, emergency_id=emergency_id, outcome=FollowUp(outcome), words=words)
    return redirect(url_for("emergency_review.show", emergency_id=emergency_id), 303)
