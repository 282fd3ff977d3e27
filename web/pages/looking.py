"""An officer looks at what a resident shares: asked for first, recorded, shown once.

Opening the page costs nothing and shows nobody. Only the button looks; loading the page again does not look again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from vault import access, grants
from vault.catalogue import CATALOGUE, Category
from vault.errors import NotFoundError
from vault.grants import GrantView
from vault.release import FieldState, Opened, RecordView, Refusal
from vault.writing import writable
from web import proving
from web.auth import me
from web.pages.common import newest_first, reading, refused, same
from web.pages.officer import service_id
from web.runtime import runtime

bp: Final = Blueprint("looking", __name__, url_prefix="/officer/shared/<uuid:grant_id>")
BLUEPRINTS: Final = (bp,)

_LOOK: Final = "officer_look"
_REVEAL: Final = "officer_reveal"
FIRST: Final = ("about_me", "identity", "communication", "contact", "people", "decisions", "home_access")
"""The person before their illness: these categories are shown first, in this order."""


def grant_of(grant_id: UUID) -> GrantView:
    """
    A grant to the officer's own service.

    Raises:
        NotFoundError: There is none, or it is another service's; both look the same.
    """
    with reading() as ctx:
        grant = grants.by_id(ctx, grant_id=grant_id)
    if not same(grant.service.service_id, service_id()):
        raise NotFoundError(f"grant `{grant_id}` is not known")
    return grant


def hidden_in(grant: GrantView) -> list[str]:
    """The fields of *grant* that open only alone."""
    return [name for name in sorted(grant.fields) if CATALOGUE.field(name).needs_reveal]


@bp.get("")
def before(grant_id: UUID) -> ResponseReturnValue:
    """What would be seen, and that the look is recorded. Nothing is opened for this."""
    grant = grant_of(grant_id)
    hidden = hidden_in(grant)
    return render_template(
        "looking/before.html",
        grant=grant,
        hidden=hidden,
        open_fields=sorted(grant.fields - frozenset(hidden)),
        adds=[CATALOGUE.category(name) for name in writable(grant)],
    )


@bp.post("/look")
def ask_look(grant_id: UUID) -> ResponseReturnValue:
    """Remember, for one page only, that the officer wants to look."""
    grant_of(grant_id)
    ask_once(grant_id)
    return redirect(url_for("looking.look", grant_id=grant_id), 303)


def ask_once(grant_id: UUID) -> None:
    """Let the next opening of the page that looks do so, once."""
    session[_LOOK] = str(grant_id)


@bp.get("/look")
def look(grant_id: UUID) -> ResponseReturnValue:
    """Look, once: values, and for what is dangerous to miss one of four plain states."""
    grant = grant_of(grant_id)
    if session.pop(_LOOK, None) != str(grant_id):
        return redirect(url_for("looking.before", grant_id=grant_id), 303)
    answer = access.read_as_officer(runtime().vault, actor=me().actor, grant_id=grant_id, fields=None)
    if isinstance(answer, Refusal):
        return refused(answer, staff=True)
    opened = answer.unseal()
    shared = answer.fields
    return render_template(
        "looking/shown.html",
        grant=grant,
        name=called(opened),
        groups=groups_of(opened, shared, beyond=grant.purpose.most - grant.fields),
        hidden=hidden_in(grant),
        not_shared=sorted(grant.purpose.most - grant.fields),
    )


@bp.post("/show")
def ask_reveal(grant_id: UUID) -> ResponseReturnValue:
    """
    Remember, for one page only, which hidden value to show.

    Raises:
        NotFoundError: It is not among what is shared.
    """
    field_name = request.form.get("field", "")
    if field_name not in grant_of(grant_id).fields:
        raise NotFoundError("there is no such field")
    session[_REVEAL] = f"{grant_id}/{field_name}"
    return redirect(url_for("looking.reveal", grant_id=grant_id), 303)


@bp.get("/shown")
@proving.first
def reveal(grant_id: UUID) -> ResponseReturnValue:
    """Show one hidden value, once; this look is an entry of its own."""
    grant = grant_of(grant_id)
    wanted, _, name = session.pop(_REVEAL, "").partition("/")
    if wanted != str(grant_id):
        return redirect(url_for("looking.before", grant_id=grant_id), 303)
    answer = access.read_as_officer(runtime().vault, actor=me().actor, grant_id=grant_id, fields=frozenset({name}))
    if isinstance(answer, Refusal):
        return refused(answer, staff=True)
    found = [record.fields[name] for record in newest_first(answer.unseal().records) if name in record.fields]
    return render_template("looking/reveal.html", grant=grant, name=name, shown=found)


def called(opened: Opened) -> str:
    """What the person likes to be called, where that is shared; else nothing."""
    for wanted in ("identity.known_as", "identity.name"):
        for record in newest_first(opened.records):
            if record.fields.get(wanted):
                return str(record.fields[wanted])
    return ""


@dataclass(frozen=True, slots=True)
class Said:
    """What one or more sources say in the same words."""

    fields: Mapping[str, Any] = field(repr=False)
    sources: tuple[RecordView, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Group:
    """One category as an officer sees it: what sources say, and what must not be missed."""

    words: str
    states: Mapping[str, FieldState]
    """Each field that is dangerous to miss and is not there."""
    cautions: tuple[str, ...]
    """What must be known even of those that are there, each once."""
    said: tuple[Said, ...] = field(repr=False)


def groups_of(
    opened: Opened,
    shared: frozenset[str],
    *,
    beyond: frozenset[str] = frozenset(),
    first: Sequence[str] = FIRST,
) -> list[Group]:
    """What was *opened* of *shared*, categories in *first* before others; danger in *beyond* is named too."""
    ordered = sorted(CATALOGUE.categories, key=lambda each: _place(each, first))
    return [made for each in ordered if (made := _group(each, opened, shared, beyond)) is not None]


def _place(category: Category, first: Sequence[str]) -> int:
    return first.index(category.name) if category.name in first else len(first)


def _group(category: Category, opened: Opened, shared: frozenset[str], beyond: frozenset[str]) -> Group | None:
    if not any(each.name in shared for each in category.fields):
        return None
    states = {name: state for name, state in opened.states.items() if CATALOGUE.field(name).category == category.name}
    closed = {each.name for each in category.fields if each.name in beyond and each.is_danger}
    states |= {name: FieldState("not-shared") for name in sorted(closed)}
    items = newest_first([each for each in opened.records if each.category == category.name])
    watched = {name: state for name, state in states.items() if state.kind != "value"}
    cautions = dict.fromkeys(state.detail for state in states.values() if state.kind == "value" and state.detail)
    return Group(category.words, watched, tuple(cautions), tuple(_once(items)))


def _once(items: Sequence[RecordView]) -> list[Said]:
    alike: list[list[RecordView]] = []
    for item in items:
        known = next((group for group in alike if group[0].fields == item.fields), None)
        if known is None:
            alike.append([item])
        else:
            known.append(item)
    return [Said(group[0].fields, tuple(group)) for group in alike]
