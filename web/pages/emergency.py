"""Opening a record in an emergency: say who, why and prove who you are; look for a short time; a supervisor looks too.

The resident is told in the same moment as it is stated. Whether somebody is known shows only to who named both a number
and a birth date that agree, said why, and is in the log for it.
"""

from typing import Final
from uuid import UUID

from flask import Blueprint, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from vault import access, emergencies, finding, purposes
from vault.emergencies import EmergencyView
from vault.errors import TooOftenError
from vault.finding import NUMBER_MOST
from vault.kinds import EmergencyReason
from vault.purposes import Definition
from web import proving
from web.auth import me
from web.limits import limiter, own_tries
from web.pages.coming_back import birth_date
from web.pages.common import Answers, changing, newest_first, page, reading
from web.pages.looking import called, groups_of
from web.pages.officer import service_id
from web.runtime import runtime

bp: Final = Blueprint("emergency", __name__, url_prefix="/officer/emergency")
BLUEPRINTS: Final = (bp,)

TRIES: Final = "10 per hour"
"""How often one officer may name somebody here: enough for a bad day, too little to go through a list."""
REASONS: Final = {
    EmergencyReason.LIFE_AT_RISK: lazy_gettext("Their life or health is in danger now"),
    EmergencyReason.NO_ANSWER: lazy_gettext("They do not answer, and something may have happened to them"),
    EmergencyReason.CANNOT_SPEAK: lazy_gettext("They cannot tell us what they need, and they need help now"),
    EmergencyReason.HARM: lazy_gettext("Somebody may be hurting them"),
}
FIRST: Final = ("identity", "allergy", "medication", "condition", "decisions", "home_access", "people", "contact")
"""What may save somebody in the next minutes comes before the rest."""
_LOOK: Final = "emergency_look"
_REVEAL: Final = "emergency_reveal"


def tasks() -> list[Definition]:
    """The registered purposes under which the officer's service may open a record in an emergency."""
    with reading() as ctx:
        return [each for each in purposes.of_service(ctx, service_id=service_id()) if each.emergency]


@bp.get("")
def overview() -> ResponseReturnValue:
    """What the officer opened in emergencies, and for a supervisor what waits to be looked at."""
    with reading() as ctx:
        own, waiting = emergencies.of_officer(ctx), emergencies.to_judge(ctx)
    return page("emergency/overview.html", own=own, waiting=waiting, may=bool(tasks()), reasons=REASONS)


def _asking(answers: Answers | None = None) -> ResponseReturnValue:
    return page("emergency/state.html", answers=answers, tasks=tasks(), reasons=REASONS, most=emergencies.WORDS_MOST)


@bp.get("/new")
@proving.first
def ask() -> ResponseReturnValue:
    """Ask who, why, and in which words."""
    return _asking() if tasks() else redirect(url_for("emergency.overview"), 303)


@bp.post("/new")
@limiter.limit(TRIES, key_func=own_tries)
@proving.first
def state() -> ResponseReturnValue:
    """Find the person, write the emergency down, tell them, and go on to what it opens."""
    answers, task = Answers.given(), ""
    number = answers.text("number", _("Enter an NHS number or your reference"), most=NUMBER_MOST)
    born = birth_date(answers)
    slugs = [each.slug for each in tasks()]
    task = slugs[0] if len(slugs) == 1 else answers.choice("task", slugs, _("Select what you need it for"))
    reason = answers.choice("reason", {str(each) for each in REASONS}, _("Select why it cannot wait"))
    words = answers.text("words", _("Write what has happened"), most=emergencies.WORDS_MOST)
    if answers.errors or born is None:
        return _asking(answers)
    with reading() as ctx:
        if emergencies.stated_most(ctx):  # DANGER: once somebody was looked up, this answer would say that we know them
            return _too_many(answers)
        proposal = finding.by_number(ctx, number=number, birth_date=born, organisation_id=me().actor.organisation_id)
    citizen_id = proposal.citizen_id
    agrees = access.confirm_identity(runtime().vault, actor=me().actor, citizen_id=citizen_id, given=proposal.given)
    if not agrees or citizen_id is None:
        answers.errors["number"] = _(
            "We found nobody with this number and date of birth. Check both with who called you"
        )
        return _asking(answers)
    try:
        with changing() as ctx:
            emergency_id = emergencies.state(
                ctx, citizen_id=citizen_id, purpose=task, reason=EmergencyReason(reason), words=words
            )
    except TooOftenError:
        return _too_many(answers)
    session[_LOOK] = str(emergency_id)
    return redirect(url_for("emergency.look", emergency_id=emergency_id), 303)


def _too_many(answers: Answers) -> ResponseReturnValue:
    answers.errors["reason"] = _("You opened 10 records in one day. Ask your supervisor to open this one")
    return _asking(answers)


def _own(emergency_id: UUID) -> EmergencyView:
    with reading() as ctx:
        return emergencies.own(ctx, emergency_id=emergency_id)


def _seconds_left(held: EmergencyView) -> int:
    return max(int((held.ends_at - runtime().vault.clock()).total_seconds()), 0)


@bp.get("/<uuid:emergency_id>")
def show(emergency_id: UUID) -> ResponseReturnValue:
    """How the officer's own emergency stands. Nothing is opened for this."""
    return page("emergency/show.html", emergency=_own(emergency_id), reasons=REASONS)


@bp.post("/<uuid:emergency_id>/look")
def ask_look(emergency_id: UUID) -> ResponseReturnValue:
    """Remember, for one page only, that the officer wants to look again."""
    _own(emergency_id)
    session[_LOOK] = str(emergency_id)
    return redirect(url_for("emergency.look", emergency_id=emergency_id), 303)


@bp.get("/<uuid:emergency_id>/look")
def look(emergency_id: UUID) -> ResponseReturnValue:
    """Look, once; loading the page again does not look again."""
    held = _own(emergency_id)
    if session.pop(_LOOK, None) != str(emergency_id) or not held.is_open:
        return redirect(url_for("emergency.show", emergency_id=emergency_id), 303)
    release = access.read_in_emergency(runtime().vault, actor=me().actor, emergency_id=emergency_id)
    opened = release.unseal()
    return page(
        "emergency/shown.html",
        emergency=held,
        name=called(opened),
        groups=groups_of(opened, release.fields, first=FIRST),
        seconds=_seconds_left(held),
    )


@bp.post("/<uuid:emergency_id>/show")
def ask_reveal(emergency_id: UUID) -> ResponseReturnValue:
    """Remember, for one page only, which hidden value to show."""
    _own(emergency_id)
    session[_REVEAL] = f"{emergency_id}/{request.form.get('field', '')}"
    return redirect(url_for("emergency.reveal", emergency_id=emergency_id), 303)


@bp.get("/<uuid:emergency_id>/shown")
@proving.first
def reveal(emergency_id: UUID) -> ResponseReturnValue:
    """Show one hidden value, once; this look is an entry of its own."""
    held = _own(emergency_id)
    wanted, _slash, name = session.pop(_REVEAL, "").partition("/")
    if wanted != str(emergency_id) or not held.is_open:
        return redirect(url_for("emergency.show", emergency_id=emergency_id), 303)
    release = access.read_in_emergency(runtime().vault, actor=me().actor, emergency_id=emergency_id, field=name)
    found = [record.fields[name] for record in newest_first(release.unseal().records) if name in record.fields]
    return page("emergency/reveal.html", emergency=held, name=name, shown=found, seconds=_seconds_left(held))


@bp.post("/<uuid:emergency_id>/close")
def close(emergency_id: UUID) -> ResponseReturnValue:
    """End it before its time."""
    with changing() as ctx:
        emergencies.close(ctx, emergency_id=emergency_id)
    return redirect(url_for("emergency.show", emergency_id=emergency_id), 303)
