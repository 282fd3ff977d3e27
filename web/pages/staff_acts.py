"""What may become of a member of staff's account: a new link, suspended, let work again, closed."""

from typing import Final
from uuid import UUID

from flask import Blueprint, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from vault import registry
from vault.accounts import AccountView
from vault.errors import NotFoundError
from vault.kinds import ChangeKind
from web import proving
from web.auth import me
from web.pages.common import Answers, changing, page
from web.pages.questions import Proposal, Question, why_field
from web.pages.staff import member
from web.registry_words import person

bp: Final = Blueprint("staff_acts", __name__, url_prefix="/admin/staff")
BLUEPRINTS: Final = (bp,)

_ACTS: Final = {
    "link": ChangeKind.ACCOUNT_LINK,
    "resume": ChangeKind.ACCOUNT_RESUMED,
    "close": ChangeKind.ACCOUNT_CLOSED,
    "suspend": ChangeKind.ACCOUNT_SUSPENDED,
}


def _acting(found: AccountView, act: str) -> Question:
    name = found.label.first_name if found.label else _("this person")
    asked = {
        "link": (
            _("Make a new sign-in link for %(name)s?", name=name),
            (
                _("For someone who lost their passkey."),
                _("When a second person has approved, that person sees the link once."),
            ),
            _("Ask a second person"),
        ),
        "resume": (
            _("Let %(name)s work again?", name=name),
            (_("A second person must approve this. Until then they cannot sign in."),),
            _("Ask a second person"),
        ),
        "close": (
            _("Close the account of %(name)s?", name=name),
            (
                _("They are signed out now, everywhere, and cannot sign in again."),
                _("When a second person has approved, the account is closed for good. What they did stays in the log."),
            ),
            _("Stop their access now and ask a second person"),
        ),
        "suspend": (
            _("Suspend %(name)s now?", name=name),
            (
                _("You can do this alone, and it works at once: they are signed out everywhere and cannot sign in."),
                _("To let them work again takes two people."),
            ),
            _("Suspend this person now"),
        ),
    }[act]
    return Question(
        title=asked[0],
        caption=person(found.label),
        words=asked[1],
        fields=(why_field(),),
        button=asked[2],
        grave=act in {"close", "suspend"},
        back=url_for("staff.show", account_id=found.account_id),
    )


def _act_of(act: str) -> ChangeKind:
    if act not in _ACTS:
        raise NotFoundError("there is no such page")
    return _ACTS[act]


@bp.get("/<uuid:account_id>/<act>")
def ask(account_id: UUID, act: str) -> ResponseReturnValue:
    """Say what follows, before it does."""
    kind, found = _act_of(act), member(account_id)
    if kind is not ChangeKind.ACCOUNT_SUSPENDED and proving.needed():
        return proving.lead()
    return _acting(found, act).show()


@bp.post("/<uuid:account_id>/<act>")
def do(account_id: UUID, act: str) -> ResponseReturnValue:
    """Suspend at once; everything else waits for a second person."""
    kind, found, answers = _act_of(act), member(account_id), Answers.given()
    if kind is not ChangeKind.ACCOUNT_SUSPENDED:
        if proving.needed():
            return proving.lead()
        sent = Proposal(kind, str(account_id), {}).send(answers)
        return sent or _acting(found, act).show(answers)
    with changing() as ctx:
        registry.stop(ctx, kind=kind, subject=str(account_id), why=answers.form.get("because", "")[:1000])
    if found.account_id == me().account.account_id:
        return page("administrator/left.html")
    return redirect(url_for("staff.show", account_id=account_id), 303)
