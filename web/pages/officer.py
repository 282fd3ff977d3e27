"""An officer's pages: what residents share with their service, and looking at it. Every look is recorded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from vault import access, cases, grants, requests
from vault.catalogue import CATALOGUE
from vault.errors import NotFoundError
from vault.grants import GrantView
from vault.kinds import CaseState, RequestState
from vault.release import Opened, RecordView, Refusal
from web.auth import me
from web.faults import WrongRoleError
from web.pages.common import newest_first, reading, refused, same
from web.runtime import runtime

bp: Final = Blueprint("officer", __name__, url_prefix="/officer")
BLUEPRINTS: Final = (bp,)

_REVEAL: Final = "officer_reveal"


def service_id() -> UUID:
    """
    The service that the officer works for.

    Raises:
        WrongRoleError: Their account names none.
    """
    found = me().actor.service_id
    if found is None:
        raise WrongRoleError("this account works for no service")
    return found


@bp.get("")
def home() -> ResponseReturnValue:
    """What is shared with the service now, and the requests that wait. Nobody is named before a look is recorded."""
    with reading() as ctx:
        live = [each for each in grants.of_service(ctx, service_id=service_id()) if each.is_live]
        waiting = [
            each
            for each in requests.of_service(ctx, service_id=service_id())
            if each.state is RequestState.PENDING and each.purpose.citizen_decides
        ]
        open_cases = [each for each in cases.of_service(ctx, service_id=service_id()) if each.state is CaseState.OPEN]
    return render_template("officer/home.html", live=live, waiting=waiting, open_cases=open_cases)


def _grant(grant_id: UUID) -> GrantView:
    with reading() as ctx:
        grant = grants.by_id(ctx, grant_id=grant_id)
    if not same(grant.service.service_id, service_id()):
        raise NotFoundError(f"grant `{grant_id}` is not known")
    return grant


@bp.get("/shared/<uuid:grant_id>")
def view(grant_id: UUID) -> ResponseReturnValue:
    """Look at what is shared: values, and for what is dangerous to miss one of four plain states."""
    grant = _grant(grant_id)
    hidden = [name for name in sorted(grant.fields) if CATALOGUE.field(name).needs_reveal]
    opened = Opened(records=(), states={})
    if len(hidden) < len(grant.fields):
        answer = access.read_as_officer(runtime().vault, actor=me().actor, grant_id=grant_id, fields=None)
        if isinstance(answer, Refusal):
            return refused(answer, staff=True)
        opened = answer.unseal()
    return render_template(
        "officer/view.html",
        grant=grant,
        groups=_groups(opened, grant.fields - frozenset(hidden)),
        states=opened.states,
        hidden=hidden,
        not_shared=[name for name in sorted(grant.purpose.most - grant.fields) if CATALOGUE.has(name)],
    )


@bp.post("/shared/<uuid:grant_id>/show")
def ask_reveal(grant_id: UUID) -> ResponseReturnValue:
    """
    Remember, for one page only, which hidden value to show.

    Raises:
        NotFoundError: It is not among what is shared.
    """
    field_name = request.form.get("field", "")
    if field_name not in _grant(grant_id).fields:
        raise NotFoundError("there is no such field")
    session[_REVEAL] = f"{grant_id}/{field_name}"
    return redirect(url_for("officer.reveal", grant_id=grant_id), 303)


@bp.get("/shared/<uuid:grant_id>/shown")
def reveal(grant_id: UUID) -> ResponseReturnValue:
    """Show one hidden value, once; this look is an entry of its own."""
    wanted, _, name = session.pop(_REVEAL, "").partition("/")
    if wanted != str(grant_id):
        return redirect(url_for("officer.view", grant_id=grant_id), 303)
    answer = access.read_as_officer(runtime().vault, actor=me().actor, grant_id=grant_id, fields=frozenset({name}))
    if isinstance(answer, Refusal):
        return refused(answer, staff=True)
    found = [record.fields[name] for record in newest_first(answer.unseal().records) if name in record.fields]
    return render_template("officer/reveal.html", grant=_grant(grant_id), name=name, shown=found)


@dataclass(frozen=True, slots=True)
class Said:
    """What one or more sources say in the same words."""

    fields: Mapping[str, Any] = field(repr=False)
    sources: tuple[RecordView, ...] = field(repr=False)


Group = tuple[str, list[str], list[Said]]


def _groups(opened: Opened, fields: frozenset[str]) -> list[Group]:
    """For each category that is shared: its words, its fields whose state must be said, and what sources say."""
    found: list[Group] = []
    for category in CATALOGUE.categories:
        shared = [each.name for each in category.fields if each.name in fields]
        if shared:
            items = newest_first([each for each in opened.records if each.category == category.name])
            found.append((category.words, [name for name in shared if name in opened.states], _once(items)))
    return found


def _once(items: Sequence[RecordView]) -> list[Said]:
    same: list[list[RecordView]] = []
    for item in items:
        known = next((group for group in same if group[0].fields == item.fields), None)
        if known is None:
            same.append([item])
        else:
            known.append(item)
    return [Said(group[0].fields, tuple(group)) for group in same]
