"""Messages: what a resident should know, newest first; and whether they want an e-mail when something waits."""

from collections.abc import Mapping
from typing import Final

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from vault import notices
from vault.kinds import MailChoice, NoticeKind
from web.auth import me
from web.pages.common import Answers, changing, page, reading
from web.pages.news import news_of

bp: Final = Blueprint("notices", __name__, url_prefix="/messages")
BLUEPRINTS: Final = (bp,)


PAGE: Final = 25

CHOICES: Final[Mapping[MailChoice, tuple[str, str]]] = {
    MailChoice.AT_ONCE: (lazy_gettext("At once"), lazy_gettext("One e-mail each time something new waits")),
    MailChoice.DAILY: (
        lazy_gettext("Once a day"),
        lazy_gettext("In the morning. News about the safety of your account still comes at once"),
    ),
    MailChoice.NONE: (
        lazy_gettext("Never"),
        lazy_gettext("You find it here when you sign in. News about the safety of your account still comes"),
    ),
}

ABOUT: Final[Mapping[str, tuple[str, frozenset[NoticeKind]]]] = {
    "sharing": (
        lazy_gettext("Requests and shares"),
        frozenset({NoticeKind.REQUEST_WAITS, NoticeKind.SHARE_ENDS, NoticeKind.WRITTEN_DOWN}),
    ),
    "family": (lazy_gettext("Family and others who may look for me"), frozenset({NoticeKind.FAMILY})),
    "emergencies": (lazy_gettext("Emergencies"), frozenset({NoticeKind.EMERGENCY, NoticeKind.EMERGENCY_JUDGED})),
    "looks": (lazy_gettext("Who looked"), frozenset({NoticeKind.SHOWN_LATE})),
    "account": (lazy_gettext("Sign-in and security"), notices.SAFETY),
}
"""By what messages can be narrowed; a test proves that every kind stands in one."""


@bp.get("")
def overview() -> ResponseReturnValue:
    """The notices, newest first, each as things stand now. What is shown here counts as read from now on."""
    citizen_id = me().citizen_id
    after, about = request.args.get("after"), request.args.get("about", "")
    kinds = ABOUT[about][1] if about in ABOUT else frozenset(NoticeKind)
    with reading() as ctx:
        found = notices.of_citizen(ctx, citizen_id=citizen_id, after=after, limit=PAGE + 1, kinds=kinds)
        shown = [(each, news_of(ctx, each)) for each in found[:PAGE]]
        chosen = notices.choice(ctx, citizen_id=citizen_id)
    more = found[PAGE - 1].place if len(found) > PAGE else None
    answer = render_template(
        "notices/overview.html",
        notices=shown,
        after=after,
        more=more,
        chosen=CHOICES[chosen][0],
        about=about if about in ABOUT else "",
        kinds=[(name, words) for name, (words, _kinds) in ABOUT.items()],
    )
    if any(each.is_new for each, _news in shown):
        with changing() as ctx:
            notices.mark_read(ctx, citizen_id=citizen_id, shown=[each for each, _news in shown])
    return answer


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
