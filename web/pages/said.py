"""What a resident said of a share that runs: stop it, share less, or go on for longer; with what shows it was them."""

from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from vault import grants
from vault.errors import InvalidInputError, NotFoundError, SignInAskedError, WrongStateError
from vault.grants import GrantView, Spoken
from web.catalogue_words import field_words
from web.pages.common import Answers, changing, reading
from web.pages.looking import grant_of
from web.pages.questions import Field, Item, Question
from web.pages.spoken import CHANNELS
from web.words import last_day, reference

bp: Final = Blueprint("said", __name__, url_prefix="/officer/shared/<uuid:grant_id>/said")
BLUEPRINTS: Final = (bp,)

MONTH: Final = timedelta(days=30)


def _share(grant_id: UUID) -> GrantView:
    """
    A share of the officer's own service about which the resident decides, and which has not ended.

    Raises:
        NotFoundError: There is none, or the law leaves the resident no choice.
        WrongStateError: It has ended.
    """
    grant = grant_of(grant_id)
    if not grant.purpose.citizen_decides:
        raise NotFoundError("the resident does not decide about this share")
    if not grant.is_live:
        raise WrongStateError(f"grant `{grant_id}` has ended already")
    return grant


def _home(grant: GrantView) -> str:
    return url_for("looking.before", grant_id=grant.grant_id)


def _acts(grant: GrantView) -> dict[str, str]:
    found = {"stop": _("Stop sharing all of it")}
    if len(grant.fields) > 1:
        found["less"] = _("Share less")
    if grant.can_renew:
        found["longer"] = _("Go on for longer")
    return found


def _choosing(grant: GrantView) -> Question:
    items = tuple(Item(name, words) for name, words in _acts(grant).items())
    return Question(
        title=_("What did the person say?"),
        caption=reference(grant.grant_id),
        fields=(Field(kind="radios", name="act", label=_("What did the person say?"), items=items),),
        button=_("Continue"),
        back=_home(grant),
    )


@bp.get("")
def ask(grant_id: UUID) -> ResponseReturnValue:
    """Ask what the resident wants done with the share."""
    return _choosing(_share(grant_id)).show()


@bp.post("")
def choose(grant_id: UUID) -> ResponseReturnValue:
    """Take it."""
    grant, answers = _share(grant_id), Answers.given()
    act = answers.choice("act", _acts(grant), _("Select what the person said"))
    if answers.errors:
        return _choosing(grant).show(answers)
    return redirect(url_for("said.evidence", grant_id=grant_id, act=act), 303)


def _fields(grant: GrantView, act: str) -> tuple[Field, ...]:
    if act == "less":
        items = tuple(Item(name, field_words(name)) for name in sorted(grant.fields))
        return (Field(kind="boxes", name="keep", label=_("What do they still share?"), items=items, value=[]),)
    if act == "longer":
        with reading() as ctx:
            most = grants.renewal(ctx, citizen_id=grant.citizen_id, grant_id=grant.grant_id)
        longest = Item("longest", _("As long as it may be, until %(day)s", day=last_day(most.until)))
        items = (Item("month", _("30 days from today")), longest)
        return (Field(kind="radios", name="until", label=_("For how long?"), items=items),)
    return ()


def _evidence(grant: GrantView, act: str) -> Question:
    titles = {
        "stop": (_("Stop this share?"), _("Nothing opens from now on. To see anything again, you must ask again.")),
        "less": (_("Share less?"), _("What is not ticked does not open from now on. To see it again, you must ask.")),
        "longer": (
            _("Go on for longer?"),
            _("The person sees that you wrote this down, with your role and team, and can undo it at any time."),
        ),
    }
    if act not in _acts(grant):
        raise NotFoundError("there is no such page")
    channels = (Item("phone", _("By phone")), Item("in-person", _("In person")), Item("letter", _("By letter")))
    return Question(
        title=titles[act][0],
        caption=reference(grant.grant_id),
        words=(titles[act][1],),
        fields=(
            *_fields(grant, act),
            Field(kind="radios", name="channel", label=_("How did they tell you?"), items=channels),
            Field(kind="area", name="words", label=_("Who said what, when, and how did you know it was them?")),
        ),
        button=_("Record this decision"),
        grave=act == "stop",
        back=url_for("said.ask", grant_id=grant.grant_id),
    )


@bp.get("/<act>")
def evidence(grant_id: UUID, act: str) -> ResponseReturnValue:
    """Ask for what shows that it was them, and for what goes with the act."""
    return _evidence(_share(grant_id), act).show()


@bp.post("/<act>")
def do(grant_id: UUID, act: str) -> ResponseReturnValue:
    """Make it count."""
    grant, answers = _share(grant_id), Answers.given()
    question = _evidence(grant, act)
    keep = answers.some("keep", grant.fields, _("Leave at least one thing ticked")) if act == "less" else frozenset()
    if act == "less" and keep == grant.fields:
        answers.errors["keep"] = _("Take at least one tick away, or go back")
    until = answers.choice("until", {"month", "longest"}, _("Select for how long")) if act == "longer" else ""
    channel = answers.choice("channel", CHANNELS, _("Select how the person told you"))
    words = answers.text("words", _("Write who said what, when, and how you knew it was them"))
    if answers.errors:
        return question.show(answers)
    said = Spoken(CHANNELS[channel], words)
    try:
        with changing() as ctx:
            if act == "stop":
                grants.stop_as_said(ctx, grant_id=grant_id, said=said)
            elif act == "less":
                grants.narrow_as_said(ctx, grant_id=grant_id, keep=keep, said=said)
            else:
                day = datetime.now(UTC).date() + MONTH if until == "month" else None
                grants.renew_as_said(ctx, grant_id=grant_id, until=day, said=said)
    except SignInAskedError:
        answers.errors["until"] = _("For this purpose the person must sign in and prove who they are")
        return question.show(answers)
    except InvalidInputError:
        answers.errors["until"] = _("This would not end later than it does now. Choose a longer time")
        return question.show(answers)
    return redirect(url_for("said.done", grant_id=grant_id, act=act), 303)


@bp.get("/<act>/done")
def done(grant_id: UUID, act: str) -> ResponseReturnValue:
    """Confirm, with what to tell the person."""
    grant = grant_of(grant_id)
    if act not in {"stop", "less", "longer"}:
        raise NotFoundError("there is no such page")
    return render_template("spoken/said.html", grant=grant, act=act)
