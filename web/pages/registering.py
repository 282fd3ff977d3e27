"""Registering a service, one question a page, and an organisation."""

import re
import unicodedata
from typing import Any, Final

from flask import Blueprint, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from vault import purposes, services
from vault.errors import NotFoundError
from vault.kinds import ChangeKind
from vault.registry import KINDS
from web import proving
from web.pages.common import Answers, reading
from web.pages.key_sets import key_set_in, keys_field
from web.pages.questions import Field, Proposal, Question, items_of, why_field
from web.pages.services import purpose_fields, purposes_in, word_fields, words_in
from web.registry_words import KINDS as KIND_WORDS
from web.session import draft_of, drop_draft, keep_draft

bp: Final = Blueprint("registering", __name__, url_prefix="/admin/register")
BLUEPRINTS: Final = (bp,)

_DRAFT: Final = "register-service"
_SLUG: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


def _answers_so_far() -> dict[str, str]:
    return draft_of(_DRAFT).get("answers", {})


def begin_from(name: str, what_for: str) -> None:
    """Begin anew, with words to look over."""
    drop_draft(_DRAFT)
    keep_draft(_DRAFT, answers={"name": name, "what_for": what_for, "lgsl": "", "slug": ""})


def _organisation() -> Question:
    with reading() as ctx:
        owners = services.organisations(ctx)
    field = Field(
        kind="radios",
        name="organisation",
        label=_("Whose service is it?"),
        hint=_("Not in the list? Register the organisation first."),
        items=items_of((each.slug, each.name) for each in owners),
        value=_answers_so_far().get("organisation", ""),
    )
    return Question(
        title=_("Whose service is it?"), fields=(field,), button=_("Continue"), back=url_for("administrator.home")
    )


@bp.get("")
@proving.first
def start() -> ResponseReturnValue:
    """Ask whose service it is."""
    return _organisation().show()


@bp.post("")
def take_organisation() -> ResponseReturnValue:
    """Take the organisation."""
    answers, question = Answers.given(), _organisation()
    picked = answers.choice(
        "organisation", [item.value for item in question.fields[0].items], _("Select whose service it is")
    )
    if answers.errors:
        return question.show(answers)
    keep_draft(_DRAFT, answers={"organisation": picked})
    return redirect(url_for("registering.words"), 303)


def _words() -> Question:
    held = _answers_so_far()
    return Question(
        title=_("What is the service called?"),
        fields=word_fields(held.get("name", ""), held.get("what_for", ""), held.get("lgsl", "")),
        button=_("Continue"),
        back=url_for("registering.start"),
    )


@bp.get("/name")
def words() -> ResponseReturnValue:
    """Ask what it is called and what it is for."""
    return _words().show()


@bp.post("/name")
def take_words() -> ResponseReturnValue:
    """Take its words; a client id is made from its name, to be looked at on the next page."""
    answers = Answers.given()
    given = words_in(answers)
    if answers.errors:
        return _words().show(answers)
    said = {name: "" if value is None else str(value) for name, value in given.items()}
    keep_draft(_DRAFT, answers={**said, "slug": _answers_so_far().get("slug") or slug_from(given["name"])})
    return redirect(url_for("registering.client_id"), 303)


def slug_from(name: str) -> str:
    """A short name for *name*: small letters, digits and hyphens."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:63].strip("-")


def _client_id() -> Question:
    field = Field(
        kind="text",
        name="slug",
        label=_("What is its client id?"),
        hint=_(
            "Small letters, digits and hyphens, like “home-care”. It never changes, and the service's software uses it."
        ),
        value=_answers_so_far().get("slug", ""),
    )
    return Question(
        title=_("What is its client id?"), fields=(field,), button=_("Continue"), back=url_for("registering.words")
    )


@bp.get("/client-id")
def client_id() -> ResponseReturnValue:
    """Ask for the client id."""
    return _client_id().show()


@bp.post("/client-id")
def take_client_id() -> ResponseReturnValue:
    """Take the client id, if nobody has it."""
    answers = Answers.given()
    slug = answers.text("slug", _("Enter a client id"), most=63)
    if not answers.errors and not _SLUG.fullmatch(slug):
        answers.errors["slug"] = _("Use small letters, digits and hyphens only, and no hyphen at either end")
    if not answers.errors and _is_taken(slug):
        answers.errors["slug"] = _("Another service has this client id. Choose another one")
    if answers.errors:
        return _client_id().show(answers)
    keep_draft(_DRAFT, answers={"slug": slug})
    return redirect(url_for("registering.choose"), 303)


def _is_taken(slug: str) -> bool:
    try:
        with reading() as ctx:
            services.by_slug(ctx, slug=slug)
    except NotFoundError:
        return False
    return True


def _choosing() -> Question:
    chosen = draft_of(_DRAFT).get("fields", [])
    batch = [each for each in _answers_so_far().get("batch", "").split() if each]
    return Question(
        title=_("What may it ask for?"),
        words=(_("A purpose fixes the most it may ask for, on what basis, and what the person decides."),),
        fields=purpose_fields(chosen, batch),
        button=_("Continue"),
        back=url_for("registering.client_id"),
    )


@bp.get("/purposes")
def choose() -> ResponseReturnValue:
    """Ask for its purposes."""
    return _choosing().show()


@bp.post("/purposes")
def take_purposes() -> ResponseReturnValue:
    """Take its purposes."""
    answers = Answers.given()
    given = purposes_in(answers)
    if answers.errors:
        return _choosing().show(answers)
    keep_draft(_DRAFT, fields=list(given["purposes"]), answers={"batch": " ".join(given["batch"])})
    return redirect(url_for("registering.keys"), 303)


def _keys() -> Question:
    held, chosen = _answers_so_far(), draft_of(_DRAFT).get("fields", [])
    with reading() as ctx:
        owner = services.organisation(ctx, slug=held["organisation"]).name
        named = [purposes.find(ctx, slug=slug).name for slug in chosen]
    return Question(
        title=_("Check your answers and add its keys"),
        rows=(
            (_("Organisation"), owner),
            (_("Name"), held["name"]),
            (_("What it is for"), held["what_for"]),
            (_("LGSL code"), held["lgsl"] or _("None")),
            (_("Client id"), held["slug"]),
            (_("May ask for"), ", ".join(named)),
        ),
        fields=(*keys_field(), why_field()),
        button=_("Ask a second person"),
        back=url_for("registering.choose"),
    )


def _is_whole() -> bool:
    held = _answers_so_far()
    return {"organisation", "name", "what_for", "lgsl", "slug"} <= held.keys() and bool(draft_of(_DRAFT).get("fields"))


@bp.get("/keys")
@proving.first
def keys() -> ResponseReturnValue:
    """Show the answers, and ask for its public keys."""
    return _keys().show() if _is_whole() else redirect(url_for("registering.start"), 303)


@bp.post("/keys")
@proving.first
def propose() -> ResponseReturnValue:
    """Propose the service."""
    if not _is_whole():
        return redirect(url_for("registering.start"), 303)
    answers = Answers.given()
    given = key_set_in(answers)
    sent = None
    if given:
        slug, content = _content(given)
        sent = Proposal(ChangeKind.SERVICE, slug, content, first="jwks").send(answers)
    if sent is None:
        return _keys().show(answers)
    drop_draft(_DRAFT)
    return sent


def _content(jwks: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    held, chosen = _answers_so_far(), draft_of(_DRAFT).get("fields", [])
    with reading() as ctx:
        versions = {slug: purposes.version_of(ctx, slug=slug) for slug in chosen}
    return held["slug"], {
        "organisation": held["organisation"],
        "name": held["name"],
        "what_for": held["what_for"],
        "lgsl": int(held["lgsl"]) if held["lgsl"] else None,
        "jwks": jwks,
        "purposes": versions,
        "batch": held.get("batch", "").split(),
    }


def _organisation_form() -> Question:
    return Question(
        title=_("Register an organisation"),
        fields=(
            Field(kind="text", name="name", label=_("Name"), hint=_("As residents know it.")),
            Field(
                kind="radios",
                name="kind",
                label=_("What kind is it?"),
                items=items_of((each, KIND_WORDS[each]) for each in KINDS),
            ),
            why_field(),
        ),
        button=_("Ask a second person"),
        back=url_for("administrator.organisations"),
    )


@bp.get("/organisation")
@proving.first
def organisation() -> ResponseReturnValue:
    """Ask for a new organisation's name and kind."""
    return _organisation_form().show()


@bp.post("/organisation")
@proving.first
def propose_organisation() -> ResponseReturnValue:
    """Propose the organisation."""
    answers = Answers.given()
    name = answers.text("name", _("Enter a name"), most=100)
    kind = answers.choice("kind", KINDS, _("Select what kind it is"))
    slug = slug_from(name)
    if not answers.errors and not slug:
        answers.errors["name"] = _("Enter a name with at least one letter from A to Z")
    if not answers.errors and _is_registered(slug):
        answers.errors["name"] = _("An organisation of this name is registered already")
    sent = None
    if not answers.errors:
        sent = Proposal(ChangeKind.ORGANISATION, slug, {"name": name, "kind": kind}, first="name").send(answers)
    return sent or _organisation_form().show(answers)


def _is_registered(slug: str) -> bool:
    with reading() as ctx:
        return slug in {each.slug for each in services.organisations(ctx)}
