"""My record: everything held, by category, with where each item came from."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from vault import access, counts, grants, others, services
from vault import items as items_of
from vault.catalogue import CATALOGUE, Category
from vault.errors import NotFoundError, UnknownFieldError
from vault.grants import GrantView
from vault.kinds import GrantState
from vault.records import Author
from vault.release import MASK, RecordView, Refusal
from web import proving
from web.auth import me
from web.catalogue_words import field_words
from web.pages.common import categories_of, newest_first, own, reading, refused
from web.runtime import runtime
from web.value_words import lead_of
from web.words import short

bp: Final = Blueprint("record", __name__, url_prefix="/record")
BLUEPRINTS: Final = (bp,)

PAGE: Final = 10  # items on a page
_REVEAL: Final = "reveal"


@bp.get("")
def overview() -> ResponseReturnValue:
    """The categories that hold something: how many items, from whom, for how many services; nothing is opened."""
    with reading() as ctx:
        held = counts.of_citizen(ctx, citizen_id=me().citizen_id, as_shown=True)
        names = {each.organisation_id: each.name for each in services.organisations(ctx)}
        shared = grants.of_citizen(ctx, citizen_id=me().citizen_id)
    seeing, paused = _services_by_category(shared, GrantState.ACTIVE), _services_by_category(shared, GrantState.PAUSED)
    rows = [
        (
            CATALOGUE.category(count.category),
            count,
            sorted(names[each] for each in count.organisation_ids if each in names),
            len(seeing.get(count.category, ())),
            len(paused.get(count.category, frozenset()) - seeing.get(count.category, frozenset())),
        )
        for count in held
    ]
    return render_template("record/overview.html", rows=rows, numbered=_numbered)


def _numbered(category: str) -> bool:
    """Whether it is told how many items there are: not where some may be left out whole, as about other people."""
    return not others.may_be_gone(category) or others.is_all_gone(category)


def _services_by_category(shared: Sequence[GrantView], state: GrantState) -> dict[str, frozenset[UUID]]:
    """The services whose share in *state* reaches into each category."""
    found: dict[str, frozenset[UUID]] = {}
    for grant in (each for each in shared if each.state is state):
        for category in categories_of(filter(CATALOGUE.has, grant.reach)):
            found[category] = found.get(category, frozenset()) | {grant.service.service_id}
    return found


def _category(name: str) -> Category:
    try:
        return CATALOGUE.category(name)
    except UnknownFieldError as error:
        raise NotFoundError("there is no such category") from error


def title_of(item: RecordView) -> str:
    """What heads an item: its first value in the catalogue's order, or the words of a hidden field."""
    for field in CATALOGUE.category(item.category).fields:
        held = item.fields.get(field.name)
        if held not in (None, "", [], {}):
            lead = lead_of(held) if isinstance(held, Mapping) else held
            return (
                short(lead)
                if isinstance(lead, str) and lead and _is_shown(field.name, held)
                else field_words(field.name)
            )
    return str(_("Nothing written"))


def _is_shown(name: str, held: object) -> bool:
    return held != MASK and not others.is_left_out(name, held)


@bp.get("/<name>")
def category(name: str) -> ResponseReturnValue:
    """Every item of one category, newest first, ten to a page."""
    found = _category(name)
    opened = own({name})
    if isinstance(opened, Refusal):
        return refused(opened)
    number = max(request.args.get("page", 1, type=int), 1)
    items = newest_first(opened.records)
    pages = max(-(-len(items) // PAGE), 1)
    number = min(number, pages)
    return render_template(
        "record/category.html",
        category=found,
        items=items[(number - 1) * PAGE : number * PAGE],
        total=len(items),
        number=number,
        pages=pages,
        states=opened.states,
        mask=MASK,
        field_of=CATALOGUE.field,
        title_of=title_of,
        authors=_authors(name),
    )


def _authors(category: str) -> dict[UUID, Author]:
    """Who wrote an item here, by record: role and team, and why a newer version replaced another."""
    with reading() as ctx:
        return items_of.authors(ctx, citizen_id=me().citizen_id, category=category)


@bp.post("/<name>/<uuid:record_id>/show")
def ask_reveal(name: str, record_id: UUID) -> ResponseReturnValue:
    """Remember, for one page only, which hidden value to show."""
    field = request.form.get("field", "")
    if not CATALOGUE.has(field) or CATALOGUE.field(field).category != name or not CATALOGUE.field(field).needs_reveal:
        raise NotFoundError("there is no such field")
    session[_REVEAL] = f"{record_id}/{field}"
    return redirect(url_for("record.reveal", name=name, record_id=record_id), 303)


@bp.get("/<name>/<uuid:record_id>/shown")
@proving.first
def reveal(name: str, record_id: UUID) -> ResponseReturnValue:
    """Show one hidden value, once: reloading hides it again."""
    wanted, _, field = session.pop(_REVEAL, "").partition("/")
    if wanted != str(record_id):
        return redirect(url_for("record.category", name=name), 303)
    person = me()
    answer = access.reveal(
        runtime().vault, actor=person.actor, citizen_id=person.citizen_id, record_id=record_id, field=field
    )
    if isinstance(answer, Refusal):
        return refused(answer)
    shown = [record.fields[field] for record in answer.unseal().records if field in record.fields]
    return render_template(
        "record/reveal.html", category=_category(name), field=field, shown=shown[0] if shown else None
    )
