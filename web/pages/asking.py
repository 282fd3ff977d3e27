"""An officer asks for access by task: who, which task, which of its fields, why, until when; then once more, and sent.

Nobody is browsed and nobody is confirmed: whether somebody is known shows on no page. What is typed waits in the
browser's note, sealed, because it says who somebody is.
"""

import base64
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from http import HTTPStatus
from typing import Final, Self
from uuid import UUID

from flask import Blueprint, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from vault import access, citizens, purposes, requests
from vault.catalogue import CATALOGUE
from vault.confidential import close_for_house, open_for_house
from vault.errors import AskedTooSoonError, NotFoundError, VaultError
from vault.identifiers import nhs_number_is_valid
from vault.purposes import Definition
from vault.requests import Ask, Hint
from web.auth import me
from web.pages.common import Answers, changing, page, reading
from web.pages.officer import service_id
from web.runtime import runtime

bp: Final = Blueprint("asking", __name__, url_prefix="/officer/ask")
BLUEPRINTS: Final = (bp,)

WHY_MOST: Final = 500  # characters, as `vault.requests` allows
REFERENCE_MOST: Final = 64
OLDEST: Final = date(1900, 1, 1)
_NOTE: Final = "officer_ask"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What was answered so far."""

    kind: str = ""
    system: str = ""
    value: str = ""
    born: str = ""
    task: str = ""
    fields: tuple[str, ...] = ()
    why: str = ""
    until: str = ""

    @classmethod
    def kept(cls) -> Self:
        """The draft in this browser's note; an empty one where there is none, or it is another officer's."""
        sealed = session.get(_NOTE, "")
        if not sealed:
            return cls()
        try:
            with reading() as ctx:
                words = open_for_house(ctx, what="ask", row_id=_mine(), sealed=base64.b64decode(sealed))
        except (VaultError, ValueError):
            return cls()
        return cls(**{**words, "fields": tuple(words["fields"])})

    def keep(self) -> None:
        """Seal the draft into the browser's note."""
        words = {name: getattr(self, name) for name in self.__dataclass_fields__}
        with reading() as ctx:
            sealed = close_for_house(ctx, what="ask", row_id=_mine(), words=words)
        session[_NOTE] = base64.b64encode(sealed).decode()

    @property
    def hint(self) -> Hint:
        """Whom it names."""
        born = date.fromisoformat(self.born)
        if self.kind == "nhs":
            return Hint("nhs", self.value, born.isoformat())
        return Hint("ref", self.system, self.value, born)


def _mine() -> UUID:
    account_id = me().actor.account_id
    if account_id is None:
        raise NotFoundError("nobody is signed in")
    return account_id


def _tasks() -> list[Definition]:
    """The registered tasks for which the resident decides; what rests on law is imposed by the service's own system."""
    with reading() as ctx:
        return [each for each in purposes.of_service(ctx, service_id=service_id()) if each.citizen_decides]


def _task(draft: Draft) -> Definition | None:
    return next((each for each in _tasks() if each.slug == draft.task), None)


def _next(name: str) -> ResponseReturnValue:
    return redirect(url_for(f"asking.{name}"), 303)


@bp.get("")
def start() -> ResponseReturnValue:
    """Begin anew, with nothing kept from before."""
    session.pop(_NOTE, None)
    return page("asking/start.html", tasks=_tasks())


@bp.get("/who")
def who() -> ResponseReturnValue:
    """Ask how the officer knows the person."""
    return page("asking/who.html", draft=Draft.kept())


@bp.post("/who")
def take_who() -> ResponseReturnValue:
    """Take it."""
    answers = Answers.given()
    kind = answers.choice("kind", {"ref", "nhs"}, _("Select how you know the person"))
    if answers.errors:
        return page("asking/who.html", answers=answers, draft=Draft.kept())
    replace(Draft.kept(), kind=kind).keep()
    return _next("person")


def _systems() -> list[str]:
    organisation_id = me().actor.organisation_id
    if organisation_id is None:
        return []
    with reading() as ctx:
        return citizens.systems_of(ctx, organisation_id=organisation_id)


def _person_page(draft: Draft, answers: Answers | None = None) -> ResponseReturnValue:
    return page("asking/person.html", answers=answers, draft=draft, systems=_systems())


@bp.get("/person")
def person() -> ResponseReturnValue:
    """Ask for the number and the date of birth."""
    draft = Draft.kept()
    return _person_page(draft) if draft.kind else _next("who")


@bp.post("/person")
def take_person() -> ResponseReturnValue:
    """Take both. Only their form is checked: whether somebody has them is not said here or later."""
    draft, answers = Draft.kept(), Answers.given()
    if not draft.kind:
        return _next("who")
    wanted = _("Enter the NHS number") if draft.kind == "nhs" else _("Enter the reference")
    value = answers.text("value", wanted, most=REFERENCE_MOST)
    if draft.kind == "nhs" and value and not nhs_number_is_valid(value):
        answers.errors["value"] = _("Check the NHS number: it has 10 digits, and these do not belong together")
    systems = _systems()
    system = systems[0] if len(systems) == 1 else ""
    if draft.kind == "ref" and len(systems) != 1:
        system = answers.choice("system", systems, _("Select which system the reference is from"))
    born = _day(answers, "born")
    if born is None or not OLDEST <= born <= datetime.now(UTC).date():
        answers.errors["born"] = _("Enter a real date of birth, for example 2 3 1944")
    if answers.errors or born is None:
        return _person_page(draft, answers)
    replace(draft, system=system if draft.kind == "ref" else "", value=value, born=born.isoformat()).keep()
    return _next("task")


def _day(answers: Answers, name: str) -> date | None:
    parts = [answers.form.get(f"{name}-{part}", "").strip() for part in ("year", "month", "day")]
    if not all(part.isascii() and part.isdigit() for part in parts):
        return None
    try:
        return date(*map(int, parts))
    except (ValueError, OverflowError):
        return None


@bp.get("/task")
def task() -> ResponseReturnValue:
    """Ask which task it is for."""
    draft = Draft.kept()
    return page("asking/task.html", draft=draft, tasks=_tasks()) if draft.born else _next("who")


@bp.post("/task")
def take_task() -> ResponseReturnValue:
    """Take the task; it decides the most that can be asked for."""
    draft, answers, tasks = Draft.kept(), Answers.given(), _tasks()
    picked = answers.choice("task", {each.slug for each in tasks}, _("Select what you need it for"))
    if answers.errors:
        return page("asking/task.html", answers=answers, draft=draft, tasks=tasks)
    most = next(each.most for each in tasks if each.slug == picked)
    replace(draft, task=picked, fields=draft.fields if draft.task == picked else tuple(sorted(most))).keep()
    return _next("fields")


def _fields_page(draft: Draft, chosen: Definition, answers: Answers | None = None) -> ResponseReturnValue:
    groups = [
        (category, [each for each in category.fields if each.name in chosen.most]) for category in CATALOGUE.categories
    ]
    picked = answers.form.getlist("fields") if answers else draft.fields
    shown = [(category, fields) for category, fields in groups if fields]
    return page("asking/fields.html", answers=answers, groups=shown, picked=picked, task=chosen)


@bp.get("/fields")
def fields() -> ResponseReturnValue:
    """Everything the task may ask for, to take away from."""
    draft = Draft.kept()
    chosen = _task(draft)
    return _fields_page(draft, chosen) if chosen else _next("task")


@bp.post("/fields")
def take_fields() -> ResponseReturnValue:
    """Take what was left ticked."""
    draft, answers = Draft.kept(), Answers.given()
    chosen = _task(draft)
    if chosen is None:
        return _next("task")
    picked = answers.some("fields", chosen.most, _("Leave at least one thing ticked"))
    if answers.errors:
        return _fields_page(draft, chosen, answers)
    replace(draft, fields=tuple(sorted(picked))).keep()
    return _next("why")


@bp.get("/why")
def why() -> ResponseReturnValue:
    """Ask why, in words for the resident."""
    draft = Draft.kept()
    return page("asking/why.html", draft=draft, most=WHY_MOST) if draft.fields else _next("fields")


@bp.post("/why")
def take_why() -> ResponseReturnValue:
    """Take the reason."""
    answers = Answers.given()
    words = " ".join(answers.text("why", _("Write why you need it"), most=WHY_MOST).split())
    if words and not words.isprintable():
        answers.errors["why"] = _("Use letters, numbers and the usual signs only")
    if answers.errors:
        return page("asking/why.html", answers=answers, draft=Draft.kept(), most=WHY_MOST)
    replace(Draft.kept(), why=words).keep()
    return _next("until")


def _last(chosen: Definition) -> date:
    return datetime.now(UTC).date() + timedelta(days=chosen.max_days)


@bp.get("/until")
def until() -> ResponseReturnValue:
    """Ask for the last day."""
    draft = Draft.kept()
    chosen = _task(draft)
    return page("asking/until.html", draft=draft, last=_last(chosen)) if chosen and draft.why else _next("why")


@bp.post("/until")
def take_until() -> ResponseReturnValue:
    """Take the last day, from tomorrow to the longest the task may have."""
    draft, answers = Draft.kept(), Answers.given()
    chosen = _task(draft)
    if chosen is None:
        return _next("task")
    given = _day(answers, "until")
    if given is None:
        answers.errors["until"] = _("Enter a real date, for example 14 3 2027")
    elif not datetime.now(UTC).date() < given <= _last(chosen):
        answers.errors["until"] = _("Enter a date after today, and not after the last day this task may have")
    if answers.errors or given is None:
        return page("asking/until.html", answers=answers, draft=draft, last=_last(chosen))
    replace(draft, until=given.isoformat()).keep()
    return _next("check")


def _whole(draft: Draft) -> bool:
    return bool(draft.born and draft.task and draft.fields and draft.why and draft.until)


@bp.get("/check")
def check() -> ResponseReturnValue:
    """Show all answers once more."""
    draft = Draft.kept()
    chosen = _task(draft)
    if chosen is None or not _whole(draft):
        return _next("who")
    return _check_page(draft, chosen)


def _check_page(draft: Draft, chosen: Definition, *, wait: datetime | None = None) -> str:
    return render_template(
        "asking/check.html",
        wait=wait,
        draft=draft,
        task=chosen,
        left_out=sorted(chosen.most - set(draft.fields)),
        born=date.fromisoformat(draft.born),
        until=date.fromisoformat(draft.until),
    )


@bp.post("/check")
def send() -> ResponseReturnValue:
    """Ask. The answer is the same for everybody, known or not."""
    draft = Draft.kept()
    chosen = _task(draft)
    if chosen is None or not _whole(draft):
        return _next("who")
    days = min((date.fromisoformat(draft.until) - datetime.now(UTC).date()).days, chosen.max_days)
    confirmed = access.confirm_hint(runtime().vault, actor=me().actor, hint=draft.hint)
    wanted = Ask(
        service_id=service_id(),
        hint=draft.hint,
        purpose=chosen.slug,
        fields=frozenset(draft.fields) & chosen.most,
        days=max(days, 1),
        reason=draft.why,
        confirmed=confirmed,
    )
    try:
        with changing() as ctx:
            asked = requests.ask(ctx, asked=wanted)
    except AskedTooSoonError as error:
        return _check_page(draft, chosen, wait=error.until), HTTPStatus.TOO_MANY_REQUESTS
    session.pop(_NOTE, None)
    return redirect(url_for("asked.sent", request_id=asked.request_id), 303)
