"""One service: its sheet, and what may become of it: other words, another key, other purposes, suspended, resumed."""

from typing import Any, Final

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from vault import purposes, registry, services
from vault.errors import NotFoundError, WrongStateError
from vault.kinds import ChangeKind
from vault.registry import ServiceSheet
from web import proving
from web.pages.common import Answers, changing, reading
from web.pages.key_sets import key_set_in, keys_field
from web.pages.questions import Field, Item, Proposal, Question, why_field
from web.words import things

bp: Final = Blueprint("services", __name__, url_prefix="/admin/services/<slug>")
BLUEPRINTS: Final = (bp,)


def sheet_of(slug: str) -> ServiceSheet:
    """The sheet of one service."""
    with reading() as ctx:
        return registry.sheet(ctx, slug=slug)


def _home(slug: str) -> str:
    return url_for("services.show", slug=slug)


@bp.get("")
def show(slug: str) -> ResponseReturnValue:
    """Everything about one service."""
    sheet = sheet_of(slug)
    waiting = [change for change in sheet.changes if change.is_waiting]
    return render_template("administrator/service.html", service=sheet, waiting=waiting)


def _suspending(sheet: ServiceSheet) -> Question:
    shares = ngettext(
        "%(num)s share with it opens nothing while it is suspended.",
        "%(num)s shares with it open nothing while it is suspended.",
        sheet.shares,
    )
    return Question(
        title=_("Suspend %(service)s now?", service=sheet.name),
        words=(_("You can do this alone, and it works at once. To let it work again takes two people."),),
        points=(
            _("It can neither ask nor look from its next call on, and its tokens open nothing."),
            _("Officers who work for it see nothing that was shared with it."),
            shares,
            _("Nothing is deleted. Residents' shares are kept as they are."),
        ),
        warning=_("If people rely on it today, tell their team now."),
        fields=(why_field(),),
        button=_("Suspend this service now"),
        grave=True,
        back=_home(sheet.slug),
    )


@bp.get("/suspend")
def ask_to_suspend(slug: str) -> ResponseReturnValue:
    """Say what stops, before it does."""
    return _suspending(sheet_of(slug)).show()


@bp.post("/suspend")
def suspend(slug: str) -> ResponseReturnValue:
    """Suspend it at once; one person is enough."""
    answers = Answers.given()
    with changing() as ctx:
        registry.stop(ctx, kind=ChangeKind.SERVICE_SUSPENDED, subject=slug, why=answers.form.get("because", "")[:1000])
    return redirect(_home(slug), 303)


def _resuming(sheet: ServiceSheet) -> Question:
    return Question(
        title=_("Let %(service)s work again?", service=sheet.name),
        words=(_("A second person must approve this. Until then it stays suspended."),),
        fields=(why_field(),),
        button=_("Ask a second person"),
        back=_home(sheet.slug),
    )


@bp.get("/resume")
@proving.first
def ask_to_resume(slug: str) -> ResponseReturnValue:
    """Ask why it may work again."""
    return _resuming(sheet_of(slug)).show()


@bp.post("/resume")
@proving.first
def resume(slug: str) -> ResponseReturnValue:
    """Ask a second person."""
    answers = Answers.given()
    sent = Proposal(ChangeKind.SERVICE_RESUMED, slug, {}).send(answers)
    return sent or _resuming(sheet_of(slug)).show(answers)


def word_fields(name: str = "", what_for: str = "", lgsl: object = "") -> tuple[Field, ...]:
    """What a service is called, what it is for, and which council service it stands for."""
    return (
        Field(kind="text", name="name", label=_("Name"), hint=_("As residents know it, like “Home care”."), value=name),
        Field(
            kind="area",
            name="what_for",
            label=_("What is it for?"),
            hint=_("One or two plain sentences."),
            value=what_for,
        ),
        Field(
            kind="text",
            name="lgsl",
            label=_("LGSL code (optional)"),
            hint=_("The number of this kind of service in the Local Government Services List, like 315."),
            value="" if lgsl is None else lgsl,
            width="govuk-input--width-5",
        ),
    )


def words_in(answers: Answers) -> dict[str, Any]:
    """The answers to `word_fields`."""
    code = answers.form.get("lgsl", "").strip()
    if code and not (code.isascii() and code.isdigit() and 0 < int(code[:9]) < 10_000):  # noqa: PLR2004 -- four digits
        answers.errors["lgsl"] = _("Enter a number from 1 to 9999, or leave it empty")
        code = ""
    return {
        "name": answers.text("name", _("Enter a name"), most=100),
        "what_for": answers.text("what_for", _("Say what it is for"), most=500),
        "lgsl": int(code) if code else None,
    }


def _wording(sheet: ServiceSheet) -> Question:
    return Question(
        title=_("Change what it is called"),
        caption=sheet.name,
        fields=(*word_fields(sheet.name, sheet.what_for, sheet.lgsl), why_field()),
        button=_("Ask a second person"),
        back=_home(sheet.slug),
    )


@bp.get("/words")
@proving.first
def ask_words(slug: str) -> ResponseReturnValue:
    """Ask for another name and other words."""
    return _wording(sheet_of(slug)).show()


@bp.post("/words")
@proving.first
def words(slug: str) -> ResponseReturnValue:
    """Propose them."""
    answers = Answers.given()
    content = words_in(answers)
    sent = None if answers.errors else Proposal(ChangeKind.SERVICE_WORDS, slug, content, first="name").send(answers)
    return sent or _wording(sheet_of(slug)).show(answers)


def _adding(sheet: ServiceSheet) -> Question:
    return Question(
        title=_("Add a key"),
        caption=sheet.name,
        words=(
            _("The keys it has now go on working beside the new one."),
            _("Retire an old key when the service uses the new one."),
        ),
        fields=(*keys_field(), why_field()),
        button=_("Ask a second person"),
        back=_home(sheet.slug),
    )


@bp.get("/keys/add")
@proving.first
def ask_key(slug: str) -> ResponseReturnValue:
    """Ask for the new public key."""
    return _adding(sheet_of(slug)).show()


def _present_keys(slug: str) -> list[dict[str, Any]]:
    with reading() as ctx:
        held: list[dict[str, Any]] = services.by_slug(ctx, slug=slug).jwks["keys"]
    return held


@bp.post("/keys/add")
@proving.first
def add_key(slug: str) -> ResponseReturnValue:
    """Propose the present keys and the new one."""
    answers = Answers.given()
    added = key_set_in(answers, beside=_present_keys(slug))
    sent = None
    if added:
        sent = Proposal(ChangeKind.SERVICE_KEYS, slug, {"jwks": added}, first="jwks").send(answers)
    return sent or _adding(sheet_of(slug)).show(answers)


def _retiring(sheet: ServiceSheet, thumbprint: str) -> Question:
    found = next((key for key in sheet.keys if key.thumbprint == thumbprint), None)
    if found is None:
        raise NotFoundError("this service has no such key")
    if len(sheet.keys) == 1:
        raise WrongStateError("the last key stays; add another first, or suspend the service")
    return Question(
        title=_("Retire this key?"),
        caption=sheet.name,
        words=(_("When a second person has approved, what is signed with this key is refused from the next call on."),),
        rows=((_("Name"), found.kid), (_("Thumbprint"), found.thumbprint)),
        fields=(why_field(),),
        button=_("Ask a second person"),
        back=_home(sheet.slug),
    )


@bp.get("/keys/<thumbprint>/retire")
@proving.first
def ask_to_retire(slug: str, thumbprint: str) -> ResponseReturnValue:
    """Show the key that is to be retired."""
    return _retiring(sheet_of(slug), thumbprint).show()


@bp.post("/keys/<thumbprint>/retire")
@proving.first
def retire(slug: str, thumbprint: str) -> ResponseReturnValue:
    """Propose the keys without it."""
    answers, question = Answers.given(), _retiring(sheet_of(slug), thumbprint)
    left = [key for key in _present_keys(slug) if registry.thumbprint(key) != thumbprint]
    sent = Proposal(ChangeKind.SERVICE_KEYS, slug, {"jwks": {"keys": left}}).send(answers)
    return sent or question.show(answers)


def purpose_items() -> tuple[tuple[Item, ...], tuple[Item, ...]]:
    """Every purpose as a box; and those that may run without a named person."""
    with reading() as ctx:
        every = purposes.registered(ctx)
    boxes = tuple(
        Item(each.slug, each.name, _("%(why)s At most %(things)s.", why=each.why, things=things(len(each.most))))
        for each in every
    )
    return boxes, tuple(Item(each.slug, each.name) for each in every if each.batch)


def purpose_fields(chosen: list[str], batch: list[str]) -> tuple[Field, ...]:
    """Which purposes a service may ask for."""
    boxes, unmanned = purpose_items()
    asked = Field(kind="boxes", name="purposes", label=_("What may it ask for?"), items=boxes, value=chosen)
    if not unmanned:
        return (asked,)
    label = _("For which of these may it run without a named person?")
    return (asked, Field(kind="boxes", name="batch", label=label, items=unmanned, value=batch))


def purposes_in(answers: Answers) -> dict[str, Any]:
    """The answers to `purpose_fields`, each with the version that was shown."""
    with reading() as ctx:
        versions = {each.slug: purposes.version_of(ctx, slug=each.slug) for each in purposes.registered(ctx)}
    chosen = answers.some("purposes", versions, _("Select at least one purpose"))
    batch = sorted(frozenset(answers.form.getlist("batch")) & chosen)
    return {"purposes": {slug: versions[slug] for slug in sorted(chosen)}, "batch": batch}


def _choosing(sheet: ServiceSheet) -> Question:
    return Question(
        title=_("What may it ask for?"),
        caption=sheet.name,
        words=(_("A share under a purpose that you leave out opens nothing from then on."),),
        fields=(*purpose_fields([each.slug for each in sheet.purposes], sorted(sheet.batch)), why_field()),
        button=_("Ask a second person"),
        back=_home(sheet.slug),
    )


@bp.get("/purposes")
@proving.first
def ask_purposes(slug: str) -> ResponseReturnValue:
    """Ask which purposes."""
    return _choosing(sheet_of(slug)).show()


@bp.post("/purposes")
@proving.first
def choose_purposes(slug: str) -> ResponseReturnValue:
    """Propose them."""
    answers = Answers.given()
    content = purposes_in(answers)
    sent = None
    if not answers.errors:
        sent = Proposal(ChangeKind.SERVICE_PURPOSES, slug, content, first="purposes").send(answers)
    return sent or _choosing(sheet_of(slug)).show(answers)
