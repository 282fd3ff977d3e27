"""Purposes: the list, each in full with its versions; a new one or a new version, for a second person to approve."""

from typing import Final

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from vault import purpose_versions, purposes, registry, services
from vault.kinds import ChangeKind
from vault.purposes import Definition
from web import proving
from web.pages.common import Answers, reading
from web.pages.purpose_form import UNASKED, content_of, law_fields, limit_fields, most_fields, text_fields
from web.pages.purpose_texts import welsh_fields, why_each_field
from web.pages.questions import Proposal, Question, why_field
from web.pages.registering import slug_from
from web.runtime import runtime

bp: Final = Blueprint("purposes", __name__, url_prefix="/admin/purposes")
BLUEPRINTS: Final = (bp,)


@bp.get("")
def overview() -> ResponseReturnValue:
    """Every purpose, those whose review is due first."""
    with reading() as ctx:
        every = purposes.registered(ctx)
    today = runtime().vault.clock().date()
    every.sort(key=lambda each: (each.review_on > today, each.name))
    return render_template("administrator/purposes.html", purposes=every, today=today)


@bp.get("/<slug>")
def show(slug: str) -> ResponseReturnValue:
    """One purpose, in full, with its versions and the services that ask for it."""
    with reading() as ctx:
        found = purposes.find(ctx, slug=slug)
        versions = purpose_versions.versions(ctx, slug=slug)
        asking = [
            each for each in services.registered(ctx) if purposes.may_ask(ctx, service_id=each.service_id, slug=slug)
        ]
        changes = registry.of_subject(ctx, subject=slug, kinds=frozenset({ChangeKind.PURPOSE}))
    return render_template(
        "administrator/purpose.html",
        purpose=found,
        parts=found.as_json(),
        versions=versions,
        services=asking,
        changes=changes,
    )


def _form(held: Definition | None, answers: Answers | None = None) -> ResponseReturnValue:
    question = Question(
        title=_("A new version of “%(name)s”", name=held.name) if held else _("A new purpose"),
        words=(
            _("When a second person has approved, running shares open no longer what it asks for no longer."),
            _("What is new in it, no running share opens: residents are asked again."),
        )
        if held
        else (),
        fields=(*text_fields(held), *law_fields(held), *limit_fields(held), why_each_field(held), *welsh_fields(held)),
        button=_("Ask a second person"),
        back=url_for("purposes.show", slug=held.slug) if held else url_for("purposes.overview"),
    )
    return question.show(answers, most=most_fields(held), why=why_field())


def _found(slug: str) -> Definition:
    with reading() as ctx:
        return purposes.find(ctx, slug=slug)


@bp.get("/<slug>/change")
@proving.first
def ask_change(slug: str) -> ResponseReturnValue:
    """Ask for a new version; it begins with what holds now."""
    return _form(_found(slug))


@bp.post("/<slug>/change")
@proving.first
def change(slug: str) -> ResponseReturnValue:
    """Propose the new version."""
    held = _found(slug)
    return _proposed(slug, held)


@bp.get("/new")
@proving.first
def ask_new() -> ResponseReturnValue:
    """Ask for a new purpose."""
    return _form(None)


@bp.post("/new")
@proving.first
def new() -> ResponseReturnValue:
    """Propose the new purpose."""
    slug = slug_from(Answers.given().form.get("name", ""))
    return _proposed(slug, None)


def _proposed(slug: str, held: Definition | None) -> ResponseReturnValue:
    answers = Answers.given()
    content = content_of(answers)
    if held is None and not answers.errors:
        with reading() as ctx:
            taken = slug in {each.slug for each in purposes.registered(ctx)}
        if taken or not slug or slug == "new":
            answers.errors["name"] = _("A purpose of this name is registered already, or the name has no letters")
    sent = None
    if not answers.errors:
        kept = {name: value for name, value in held.as_json().items() if name in UNASKED} if held else {}
        whole = {**kept, **content, "slug": slug}
        sent = Proposal(ChangeKind.PURPOSE, slug, whole, first="name").send(answers)
    return sent or _form(held, answers)
