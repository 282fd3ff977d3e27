"""Showing a line of the log to its resident later: an auditor asks, a second person decides, anyone of them lifts it.

Auditors and administrators have the same pages, each in their own part of the portal; only auditors, who read the log,
ask. Nothing here says whose line it is.
"""

from datetime import UTC, date, datetime
from typing import Final
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from vault import accounts, delays, trail
from vault.context import Context
from vault.delays import LAWS, DelayView, Wanted
from vault.errors import InvalidInputError, NotAllowedError, WrongStateError
from web import proving
from web.auth import me
from web.pages.common import Answers, changing, reading
from web.pages.questions import Field, Question, items_of
from web.runtime import runtime

asking: Final = Blueprint("delays", __name__, url_prefix="/audit/delays")
deciding: Final = Blueprint("deciding_delays", __name__, url_prefix="/admin/delays")
BLUEPRINTS: Final = (asking, deciding)


def _here(name: str, delay_id: UUID | None = None) -> str:
    """The address of a page in the part of the portal that this request is in."""
    endpoint = f"{request.blueprint}.{name}"
    return url_for(endpoint, delay_id=delay_id) if delay_id else url_for(endpoint)


@asking.get("", endpoint="overview")
@deciding.get("", endpoint="overview")
def overview() -> ResponseReturnValue:
    """What waits, what hides something now, and what became of the others."""
    with reading() as ctx:
        found = delays.everything(ctx)
        groups = [
            (_("Waiting for a second person"), [each for each in reversed(found) if each.is_waiting]),
            (_("Shown later"), [each for each in found if each.is_running]),
            (_("Over"), [each for each in found if not each.is_waiting and not each.is_running]),
        ]
    return render_template("delays/overview.html", groups=groups, address=_here, laws=LAWS)


@asking.get("/<uuid:delay_id>", endpoint="show")
@deciding.get("/<uuid:delay_id>", endpoint="show")
def show(delay_id: UUID) -> ResponseReturnValue:
    """One delay in full, with what can be done about it."""
    with reading() as ctx:
        delay = delays.find(ctx, delay_id=delay_id)
        people = {name: _person(ctx, account_id) for name, account_id in _people(delay).items()}
        stands = delays.stands(ctx, account_id=delay.proposed_by) and delay.until > ctx.now
    return render_template(
        "delays/show.html",
        delay=delay,
        laws=LAWS,
        people=people,
        stands=stands,
        mine=delay.proposed_by == me().account.account_id,
        address=_here,
        reads_log=request.blueprint == asking.name,
    )


def _people(delay: DelayView) -> dict[str, UUID | None]:
    return {"asked": delay.proposed_by, "decided": delay.decided_by, "ended": delay.ended_by}


def _person(ctx: Context, account_id: UUID | None) -> str:
    if account_id is None:
        return ""
    label = accounts.find(ctx, account_id=account_id).label
    return ", ".join(part for part in (label.first_name, label.job) if part) if label else str(account_id)


def _question(leaf_hash: bytes) -> Question:
    with reading() as ctx:
        line = trail.entry(ctx, leaf_hash=leaf_hash)
    return Question(
        title=_("Show this line to the resident later"),
        caption=_("Entry %(number)s", number=line.position or ""),
        words=(
            _("A second person must agree. Until they do, the resident sees the line."),
            _("It opens by itself on the day you give, at most a year after the line was written."),
            _("The resident then sees that it was late, who asked for that and by which law."),
        ),
        fields=(
            Field(
                kind="radios",
                name="law",
                label=_("Which law allows it?"),
                items=items_of(LAWS.items()),
            ),
            Field(
                kind="text",
                name="authority",
                label=_("Who asks for it?"),
                hint=_("Such as the police force. The resident reads this later. Do not name residents."),
            ),
            Field(kind="day", name="until", label=_("From which day may the resident see it?")),
            Field(
                kind="area",
                name="why",
                label=_("Why?"),
                hint=_("The second person reads this. Do not name residents."),
            ),
        ),
        button=_("Ask a second person"),
        back=url_for("auditor.entry", leaf_hash=leaf_hash),
    )


@asking.get("/new/<leaf:leaf_hash>")
@proving.first
def ask(leaf_hash: bytes) -> ResponseReturnValue:
    """Ask for law, authority, day and reason."""
    return _question(leaf_hash).show()


@asking.post("/new/<leaf:leaf_hash>")
@proving.first
def propose(leaf_hash: bytes) -> ResponseReturnValue:
    """Ask for the delay."""
    answers = Answers.given()
    law = answers.choice("law", LAWS, _("Select the law"))
    authority = answers.text("authority", _("Enter who asks for it"), most=200)
    day = _day(answers)
    why = answers.text("why", _("Say why"), most=1000)
    if answers.errors or day is None:
        return _question(leaf_hash).show(answers)
    until = datetime(day.year, day.month, day.day, tzinfo=UTC)
    wanted = Wanted(leaf_hash=leaf_hash, until=until, law=law, authority=authority, why=why)
    trail.catch_up(runtime().vault)
    try:
        with changing() as ctx:
            made = delays.propose(ctx, wanted=wanted)
    except (InvalidInputError, WrongStateError, NotAllowedError) as error:
        field, words = _refused(error)
        answers.errors[field] = words
        return _question(leaf_hash).show(answers)
    return redirect(_here("show", delay_id=made.delay_id), 303)


def _day(answers: Answers) -> date | None:
    try:
        day, month, year = (int(answers.form.get(f"until-{part}", "")) for part in ("day", "month", "year"))
        return date(year, month, day)
    except ValueError:
        answers.errors["until"] = _("Enter a real date, like 27 3 2030")
        return None


def _refused(error: Exception) -> tuple[str, str]:
    """The field that is wrong, and what is wrong with it."""
    if isinstance(error, NotAllowedError):
        words = _("Enter a day after today and within a year of the line. Nobody hides what they did themselves.")
        return "until", words
    if isinstance(error, WrongStateError):
        return "law", _("Somebody has asked for that already. Look at the list.")
    return "law", _("This line cannot be shown later. It is no look by somebody else, or the resident knows of it.")


@asking.post("/<uuid:delay_id>/approve", endpoint="approve")
@deciding.post("/<uuid:delay_id>/approve", endpoint="approve")
def approve(delay_id: UUID) -> ResponseReturnValue:
    """Hide the line until its day."""
    if proving.needed():
        return proving.lead(_here("show", delay_id=delay_id))
    trail.catch_up(runtime().vault)
    with changing() as ctx:
        delays.approve(ctx, delay_id=delay_id)
    return redirect(_here("show", delay_id=delay_id), 303)


def _before(delay_id: UUID, *, title: str, words: str, button: str, fields: tuple[Field, ...] = ()) -> Question:
    """What is asked before something is done with a delay that is there."""
    with reading() as ctx:
        delays.find(ctx, delay_id=delay_id)
    return Question(title=title, words=(words,), fields=fields, button=button, back=_here("show", delay_id=delay_id))


def _rejecting(delay_id: UUID) -> Question:
    hint = _("Who asked for it reads this. Do not name residents.")
    return _before(
        delay_id,
        title=_("Turn this down?"),
        words=_("The resident goes on seeing the line. Whoever asked can ask again."),
        button=_("Turn it down"),
        fields=(Field(kind="area", name="reason", label=_("Why?"), hint=hint),),
    )


@asking.get("/<uuid:delay_id>/reject", endpoint="ask_to_reject")
@deciding.get("/<uuid:delay_id>/reject", endpoint="ask_to_reject")
def ask_to_reject(delay_id: UUID) -> ResponseReturnValue:
    """Ask for the reason."""
    return _rejecting(delay_id).show()


@asking.post("/<uuid:delay_id>/reject", endpoint="reject")
@deciding.post("/<uuid:delay_id>/reject", endpoint="reject")
def reject(delay_id: UUID) -> ResponseReturnValue:
    """Turn it down."""
    answers = Answers.given()
    reason = answers.text("reason", _("Say why"), most=1000)
    if answers.errors:
        return _rejecting(delay_id).show(answers)
    with changing() as ctx:
        delays.reject(ctx, delay_id=delay_id, reason=reason)
    return redirect(_here("show", delay_id=delay_id), 303)


@asking.post("/<uuid:delay_id>/take-back", endpoint="take_back")
def take_back(delay_id: UUID) -> ResponseReturnValue:
    """Take back what one asked for oneself."""
    with changing() as ctx:
        delays.take_back(ctx, delay_id=delay_id)
    return redirect(_here("show", delay_id=delay_id), 303)


def _lifting(delay_id: UUID) -> Question:
    return _before(
        delay_id,
        title=_("Show the line to the resident now?"),
        words=_("They see it at once, with who asked to show it later and by which law. This cannot be undone."),
        button=_("Show it now"),
    )


@asking.get("/<uuid:delay_id>/lift", endpoint="ask_to_lift")
@deciding.get("/<uuid:delay_id>/lift", endpoint="ask_to_lift")
def ask_to_lift(delay_id: UUID) -> ResponseReturnValue:
    """Ask before it is shown."""
    return _lifting(delay_id).show()


@asking.post("/<uuid:delay_id>/lift", endpoint="lift")
@deciding.post("/<uuid:delay_id>/lift", endpoint="lift")
def lift(delay_id: UUID) -> ResponseReturnValue:
    """Show the line from now on."""
    with changing() as ctx:
        delays.lift(ctx, delay_id=delay_id)
    return redirect(_here("show", delay_id=delay_id), 303)
