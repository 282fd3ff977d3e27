"""What page families share: reading as the person who is signed in, parsing answers, and the page for a refusal."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final
from uuid import UUID

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from policies.explain import sentences
from policies.model import PolicyId
from vault import access
from vault.catalogue import CATALOGUE
from vault.context import Context
from vault.judging import proof_would_do
from vault.release import Opened, RecordView, Refusal
from web import proving
from web.auth import me
from web.runtime import runtime

TEXT_MOST: Final = 2000  # characters of a free answer


@contextmanager
def reading() -> Iterator[Context]:
    """A view of the vault as the person who is signed in."""
    with runtime().vault.reading(me().actor) as ctx:
        yield ctx


@contextmanager
def changing() -> Iterator[Context]:
    """One unit of work as the person who is signed in."""
    with runtime().vault.transaction(me().actor) as ctx:
        yield ctx


def own(categories: Collection[str]) -> Opened | Refusal:
    """The resident's own items of *categories*, read through the door."""
    person = me()
    answer = access.read_own(
        runtime().vault, actor=person.actor, citizen_id=person.citizen_id, categories=frozenset(categories)
    )
    return answer if isinstance(answer, Refusal) else answer.unseal()


def categories_of(fields: Iterable[str]) -> frozenset[str]:
    """The categories that hold *fields*."""
    return frozenset(CATALOGUE.field(name).category for name in fields)


def newest_first(records: Collection[RecordView]) -> list[RecordView]:
    """*records*, those that are true of the latest day first."""
    return sorted(records, key=lambda record: (record.as_of or "", record.received_at), reverse=True)


def refused(refusal: Refusal, *, staff: bool = False) -> ResponseReturnValue:
    """The page for a no that the door gave, or the way to prove oneself where that would do; the log has it already."""
    if proof_would_do(refusal.because):
        return proving.lead()
    words = because(refusal.because, staff=staff)
    return render_template("refused.html", words=words, missing=refusal.missing), HTTPStatus.FORBIDDEN


def because(rules: Iterable[str], *, staff: bool = False) -> str:
    """What the rules of this vault say, in the language of the page: a sentence for each of *rules*."""
    book = runtime().vault.engine.rulebook
    found = sentences(map(PolicyId, rules), "officer" if staff else "citizen", rulebook=book)
    return " ".join(str(_(sentence)) for sentence in found)


@dataclass(slots=True)
class Answers:
    """What a form brought, and what is wrong with it: field → sentence. Empty *errors* means that all is well."""

    form: MultiDict[str, str]
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def given(cls) -> "Answers":
        """The form of the request that is answered now."""
        return cls(request.form)

    def choice(self, name: str, allowed: Collection[str], otherwise: str) -> str:
        """One of *allowed*; else the sentence *otherwise* is the error."""
        picked = self.form.get(name, "")
        if picked not in allowed:
            self.errors[name] = otherwise
            return ""
        return picked

    def some(self, name: str, allowed: Collection[str], otherwise: str) -> frozenset[str]:
        """At least one of *allowed*; what is not among them counts as not ticked."""
        picked = frozenset(self.form.getlist(name)) & frozenset(allowed)
        if not picked:
            self.errors[name] = otherwise
        return picked

    def text(self, name: str, otherwise: str, *, most: int = TEXT_MOST) -> str:
        """A free answer, neither empty nor longer than *most* characters."""
        written = self.form.get(name, "").strip()
        if not written:
            self.errors[name] = otherwise
        elif len(written) > most:
            self.errors[name] = _("Use %(most)s characters or fewer", most=most)
        return written


def page(template: str, *, answers: Answers | None = None, **facts: object) -> ResponseReturnValue:
    """A page; one that shows what is wrong with an answer says so by its status too (422)."""
    errors: Mapping[str, str] = answers.errors if answers else {}
    shown = render_template(template, errors=errors, given=answers.form if answers else None, **facts)
    return (shown, HTTPStatus.UNPROCESSABLE_ENTITY) if errors else shown


def same(first: UUID | None, second: UUID | None) -> bool:
    """Whether both ids are there and equal."""
    return first is not None and first == second
