"""An officer's pages: what residents share with their service, and looking at it. Every look is recorded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from vault import access, cases, grants, requests
from vault.catalogue import CATALOGUE
from vault.errors import NotFoundError
from vault.grants import GrantView
from vault.kinds import CaseState, RequestState
from vault.release import MASK, Opened, RecordView, Refusal
from web.auth import me
from web.faults import WrongRoleError
from web.pages.common import newest_first, reading, refused, same
from web.runtime import runtime

bp: Final = Blueprint("officer", __name__, url_prefix="/officer")
BLUEPRINTS: Final = (bp,)


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
    answer = access.read_as_officer(runtime().vault, actor=me().actor, grant_id=grant_id, fields=None)
    if isinstance(answer, Refusal):
        return refused(answer, staff=True)
    opened = answer.unseal()
    not_shared = [name for name in sorted(grant.purpose.most - grant.fields) if CATALOGUE.has(name)]
    return render_template(
        "officer/view.html",
        grant=grant,
        groups=_groups(opened, grant),
        states=opened.states,
        not_shared=not_shared,
        mask=MASK,
    )


@dataclass(frozen=True, slots=True)
class Said:
    """What one or more sources say in the same words."""

    fields: Mapping[str, Any] = field(repr=False)
    sources: tuple[RecordView, ...] = field(repr=False)


Group = tuple[str, list[str], list[Said]]


def _groups(opened: Opened, grant: GrantView) -> list[Group]:
    """For each category that is shared: its words, its fields whose state must be said, and what sources say."""
    found: list[Group] = []
    for category in CATALOGUE.categories:
        shared = [each.name for each in category.fields if each.name in grant.fields]
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
