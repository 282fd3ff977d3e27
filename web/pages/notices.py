"""Messages: what a resident should know, newest first; and whether they want an e-mail when something waits."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from vault import notices
from vault.kinds import MailChoice, NoticeKind
from vault.notices import NoticeView
from web.auth import me
from web.pages.common import Answers, changing, page, reading

bp: Final = Blueprint("notices", __name__, url_prefix="/messages")
BLUEPRINTS: Final = (bp,)


@dataclass(frozen=True, slots=True)
class Saying:
    """A kind of notice in words, and the page on which something can be done about it."""

    words: str
    link: str
    endpoint: str


SAYINGS: Final[Mapping[NoticeKind, Saying]] = {
    NoticeKind.REQUEST_WAITS: Saying(
        lazy_gettext("Somebody asks to see some of your data"), lazy_gettext("Decide what to share"), "requests.inbox"
    ),
    NoticeKind.SHARE_ENDS: Saying(
        lazy_gettext("A share ends within a week"), lazy_gettext("See who can see my data"), "sharing.overview"
    ),
    NoticeKind.NEW_PASSKEY: Saying(
        lazy_gettext("A new passkey was added to your account"),
        lazy_gettext("See how you sign in"),
        "security.overview",
    ),
    NoticeKind.RECOVERY: Saying(
        lazy_gettext("Somebody asked for a new way into your account"),
        lazy_gettext("See how you sign in"),
        "security.overview",
    ),
    NoticeKind.FAMILY: Saying(
        lazy_gettext("Somebody can now see some of your data for you"),
        lazy_gettext("See who may look for me"),
        "family.overview",
    ),
}

CHOICES: Final[Mapping[MailChoice, tuple[str, str]]] = {
    MailChoice.AT_ONCE: (lazy_gettext("At once"), lazy_gettext("One e-mail each time something new waits")),
    MailChoice.DAILY: (
        lazy_gettext("Once a day"),
        lazy_gettext("In the morning. News about the safety of your account still comes at once"),
    ),
    MailChoice.NONE: (lazy_gettext("Never"), lazy_gettext("You find it here when you sign in")),
}


def where(notice: NoticeView) -> str:
    """The page on which something can be done about *notice*."""
    return url_for(SAYINGS[notice.kind].endpoint)


@bp.get("")
def overview() -> ResponseReturnValue:
    """Every notice, newest first. What is shown here counts as read from now on."""
    citizen_id = me().citizen_id
    with reading() as ctx:
        found = notices.of_citizen(ctx, citizen_id=citizen_id)
        chosen = notices.choice(ctx, citizen_id=citizen_id)
    shown = render_template(
        "notices/overview.html", notices=found, sayings=SAYINGS, where=where, chosen=CHOICES[chosen][0]
    )
    if any(each.is_new for each in found):
        with changing() as ctx:
            notices.mark_read(ctx, citizen_id=citizen_id, until=found[0].at)
    return shown


@bp.get("/e-mail")
def ask_choice() -> ResponseReturnValue:
    """When to send an e-mail."""
    return _choice(None)


def _choice(answers: Answers | None) -> ResponseReturnValue:
    with reading() as ctx:
        chosen = notices.choice(ctx, citizen_id=me().citizen_id)
    return page("notices/choice.html", answers=answers, choices=CHOICES, chosen=chosen)


@bp.post("/e-mail")
def keep_choice() -> ResponseReturnValue:
    """Keep the choice."""
    answers = Answers.given()
    picked = answers.choice("mail", CHOICES, _("Choose when we may send you an e-mail"))
    if answers.errors:
        return _choice(answers)
    with changing() as ctx:
        notices.choose(ctx, citizen_id=me().citizen_id, mail=MailChoice(picked))
    return redirect(url_for("notices.overview"), 303)
