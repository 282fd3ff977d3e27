"""Where a service is met: where people go back to, where its keys are fetched, where it is told of what."""

from typing import Any, Final

from flask import Blueprint, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from vault.errors import InvalidInputError
from vault.kinds import ChangeKind
from vault.registry import ServiceSheet
from web import proving, registered_addresses
from web.pages.common import Answers
from web.pages.questions import Field, Proposal, Question, why_field
from web.pages.services import sheet_of
from web.runtime import runtime

bp: Final = Blueprint("service_addresses", __name__, url_prefix="/admin/services/<slug>/addresses")
BLUEPRINTS: Final = (bp,)

OPTIONAL: Final = ("jwks_uri", "notification_endpoint", "webhook_uri")
_MOST: Final = 5000  # characters of all addresses together


def _asking(sheet: ServiceSheet) -> Question:
    held = sheet.addresses
    return Question(
        title=_("Change its addresses"),
        caption=sheet.name,
        words=(_("Each begins with https:// and is compared letter by letter."),),
        fields=(
            Field(
                kind="area",
                name="redirect_uris",
                label=_("Where people go back to (optional)"),
                hint=_("One on each line. Residents who decide are led there and nowhere else."),
                value="\n".join(held.redirect_uris),
                code=True,
            ),
            Field(
                kind="text",
                name="jwks_uri",
                label=_("Where its keys are fetched (optional)"),
                hint=_("The keys there count instead of those that are registered here."),
                value=held.jwks_uri or "",
            ),
            Field(
                kind="text",
                name="notification_endpoint",
                label=_("Where it is told of decisions (optional)"),
                hint=_("We say that a request was decided, and nothing else."),
                value=held.notification_endpoint or "",
            ),
            Field(
                kind="text",
                name="webhook_uri",
                label=_("Where it is told that shares changed (optional)"),
                hint=_("We say which share changed, and name nobody. It must be a public address."),
                value=held.webhook_uri or "",
            ),
            why_field(),
        ),
        button=_("Ask a second person"),
        back=url_for("services.show", slug=sheet.slug),
    )


@bp.get("")
@proving.first
def ask(slug: str) -> ResponseReturnValue:
    """Ask for the addresses."""
    return _asking(sheet_of(slug)).show()


@bp.post("")
@proving.first
def change(slug: str) -> ResponseReturnValue:
    """Propose them."""
    answers = Answers.given()
    content = _given(answers)
    try:
        registered_addresses.check(content, runtime().config.outgoing_networks)
    except InvalidInputError:
        answers.errors["webhook_uri"] = _("Enter a public address that begins with https://, or leave it empty")
        return _asking(sheet_of(slug)).show(answers)
    sent = Proposal(ChangeKind.SERVICE_ADDRESSES, slug, content, first="redirect_uris").send(answers)
    return sent or _asking(sheet_of(slug)).show(answers)


def _given(answers: Answers) -> dict[str, Any]:
    lines = answers.form.get("redirect_uris", "")[:_MOST].split()
    optional = {name: answers.form.get(name, "").strip() or None for name in OPTIONAL}
    return {"redirect_uris": sorted(set(lines)), **optional}
