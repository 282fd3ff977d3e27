"""Question pages that are described instead of drawn: one template shows them all, with their answers and errors."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from vault import registry
from vault.accounts import StaffLabel
from vault.errors import InvalidInputError, NotFoundError, WrongStateError
from vault.kinds import ChangeKind
from web.pages.common import Answers, changing, page


@dataclass(frozen=True, slots=True)
class Item:
    """One radio or box."""

    value: str
    text: str
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One thing that is asked."""

    kind: str
    """``text``, ``area``, ``radios``, ``boxes``, ``day`` or ``file``."""
    name: str
    label: str
    hint: str = ""
    value: object = ""
    """What stands there before anyone answers: a text, or of boxes the list of those that are ticked."""
    items: tuple[Item, ...] = ()
    heading: str = ""
    """A heading above it, where a new part of a long form begins."""
    width: str = ""
    code: bool = False
    """Whether it holds code, which is shown with letters of one width."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One page with a form."""

    title: str
    fields: tuple[Field, ...] = ()
    back: str
    """The address of the page before."""
    button: str = ""
    caption: str = ""
    words: Sequence[str] = ()
    """Paragraphs above the form."""
    points: Sequence[str] = ()
    """What stops or follows, as a list below the paragraphs."""
    rows: Sequence[tuple[str, str]] = ()
    """Answers given so far."""
    warning: str = ""
    grave: bool = False
    """Whether the button is one that stops something."""

    def show(
        self, answers: Answers | None = None, *, most: Sequence[Field] = (), why: Field | None = None
    ) -> ResponseReturnValue:
        """
        The page; with what is wrong, where *answers* have errors.

        Args:
            answers: What was given so far.
            most: Groups of small boxes below the other fields.
            why: The last field.
        """
        ids = {each.name: _first_id(each) for each in self.fields}
        return page("administrator/form.html", answers=answers, question=self, ids=ids, most=most, why=why)


def _first_id(asked: Field) -> str:
    return f"{asked.name}-day" if asked.kind == "day" else asked.name


def why_field() -> Field:
    """The field in which somebody says why, for the second person."""
    return Field(
        kind="area",
        name="because",
        label=_("Why? (optional)"),
        hint=_("The second person reads this. Do not name residents."),
    )


def label_fields(label: StaffLabel | None = None) -> tuple[Field, ...]:
    """First name, job and team of a member of staff."""
    first, job, team = (label.first_name, label.job, label.team) if label else ("", "", "")
    return (
        Field(
            kind="text", name="first_name", label=_("First name"), hint=_("Residents see it. No surname."), value=first
        ),
        Field(kind="text", name="job", label=_("Job"), hint=_("As residents know it, like “senior carer”."), value=job),
        Field(kind="text", name="team", label=_("Team"), value=team),
    )


def supervising_field(*, supervises: bool = False) -> Field:
    """Whether an officer looks at what others of their service did in an emergency."""
    return Field(
        kind="boxes",
        name="supervises",
        label=_("Do they supervise? (optional)"),
        items=(Item("yes", _("They look at each emergency in which others of their service opened a record")),),
        value=["yes"] if supervises else [],
    )


def label_of(answers: Answers) -> StaffLabel:
    """The answers to `label_fields`."""
    return StaffLabel(
        answers.text("first_name", _("Enter a first name"), most=60),
        answers.text("job", _("Enter a job"), most=60),
        answers.text("team", _("Enter a team"), most=60),
    )


@dataclass(slots=True)
class Proposal:
    """A change on its way from a form to a second person."""

    kind: ChangeKind
    subject: str
    content: Mapping[str, Any]
    label: StaffLabel | None = None
    first: str = field(default="because")
    """The field that an error of the vault's own is shown at."""

    def send(self, answers: Answers) -> ResponseReturnValue | None:
        """Propose it and go to its page, or show its code; nothing where it was refused, which *answers* then says."""
        why = answers.form.get("because", "").strip()
        try:
            with changing() as ctx:
                made = registry.propose(
                    ctx, kind=self.kind, subject=self.subject, content=self.content, why=why, label=self.label
                )
        except (InvalidInputError, NotFoundError, WrongStateError) as error:
            answers.errors[self.first] = refused_words(error)
            return None
        if made.code is not None:
            return page("administrator/code.html", change=made)
        return redirect(url_for("changes.show", change_id=made.change_id), 303)


def refused_words(error: Exception) -> str:
    """What is said of a change that the vault would not take."""
    words = str(error)
    if words == "this would change nothing":
        return str(_("This would change nothing. Change something first."))
    return str(_("This cannot be done: %(words)s", words=words))


def items_of(pairs: Iterable[tuple[str, object]]) -> tuple[Item, ...]:
    """(value, words) pairs as radios or boxes."""
    return tuple(Item(value, str(words)) for value, words in pairs)
