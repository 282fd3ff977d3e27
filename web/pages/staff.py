"""Staff: officers, auditors and administrators, by role and team; invited, changed, suspended, closed. No residents."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from vault import accounts, registry, services
from vault.accounts import AccountView
from vault.errors import NotFoundError
from vault.kinds import AccountStatus, ChangeKind, Role
from web import proving
from web.pages.common import Answers, reading
from web.pages.questions import (
    Field,
    Proposal,
    Question,
    items_of,
    label_fields,
    label_of,
    supervising_field,
    why_field,
)
from web.registry_words import ROLES, person

bp: Final = Blueprint("staff", __name__, url_prefix="/admin/staff")
BLUEPRINTS: Final = (bp,)

_KINDS: Final = frozenset(kind for kind in ChangeKind if kind.startswith("account"))
_LEAST: Final = 2  # administrators, so that one can approve what the other proposes


@bp.get("")
def overview() -> ResponseReturnValue:
    """Everyone who works here, by role and team."""
    state = request.args.get("state", "")
    with reading() as ctx:
        people = {role: accounts.by_role(ctx, role=role) for role in ROLES}
        works_for = {each.service_id: each.name for each in services.registered(ctx)}
        owners = {each.organisation_id: each.name for each in services.organisations(ctx)}
    shown = {role: _sorted(found, state) for role, found in people.items()}
    return render_template(
        "administrator/staff.html",
        people=shown,
        works_for=works_for,
        owners=owners,
        states=list(AccountStatus),
        state=state,
    )


def _sorted(found: Sequence[AccountView], state: str) -> list[AccountView]:
    wanted = [each for each in found if state in {"", str(each.status)}]
    return sorted(wanted, key=lambda each: (each.label.team, each.label.first_name) if each.label else ("", ""))


def member(account_id: UUID) -> AccountView:
    """
    One member of staff.

    Raises:
        NotFoundError: There is none; a resident is none either.
    """
    with reading() as ctx:
        found = accounts.find(ctx, account_id=account_id)
    if found.role not in ROLES:
        raise NotFoundError(f"account `{account_id}` is not known")
    return found


def _place(found: AccountView) -> tuple[str, str | None]:
    """The slugs of the organisation and service that somebody works for."""
    with reading() as ctx:
        owner = (
            services.organisation_by_id(ctx, organisation_id=found.organisation_id) if found.organisation_id else None
        )
        service = services.by_id(ctx, service_id=found.service_id) if found.service_id else None
    return owner.slug if owner else "", service.slug if service else None


@bp.get("/<uuid:account_id>")
def show(account_id: UUID) -> ResponseReturnValue:
    """One member of staff."""
    found = member(account_id)
    with reading() as ctx:
        owner = (
            services.organisation_by_id(ctx, organisation_id=found.organisation_id) if found.organisation_id else None
        )
        service = services.by_id(ctx, service_id=found.service_id) if found.service_id else None
        changes = registry.of_subject(ctx, subject=str(account_id), kinds=_KINDS)
        administrators = sum(
            each.status is AccountStatus.ACTIVE for each in accounts.by_role(ctx, role=Role.ADMINISTRATOR)
        )
    few = found.role is Role.ADMINISTRATOR and found.status is AccountStatus.ACTIVE and administrators <= _LEAST
    return render_template(
        "administrator/member.html", member=found, owner=owner, service=service, changes=changes, few=few
    )


def _inviting(role: Role) -> Question:
    return Question(
        title=_("Who is to be invited?"),
        caption=str(ROLES[role]),
        fields=(*label_fields(), _place_field(role), *_supervising(role), why_field()),
        button=_("Ask a second person"),
        back=url_for("staff.ask_role"),
    )


def _supervising(role: Role, *, supervises: bool = False) -> tuple[Field, ...]:
    return (supervising_field(supervises=supervises),) if role is Role.OFFICER else ()


def _place_field(role: Role, value: str = "", organisation: str = "") -> Field:
    with reading() as ctx:
        owners = {each.organisation_id: each for each in services.organisations(ctx)}
        every = services.registered(ctx)
    if role is Role.OFFICER:
        items = [
            (each.slug, f"{each.name}, {owners[each.organisation_id].name}")
            for each in every
            if organisation in {"", owners[each.organisation_id].slug}
        ]
        return Field(
            kind="radios", name="place", label=_("Which service do they work for?"), items=items_of(items), value=value
        )
    found = [(each.slug, each.name) for each in owners.values() if organisation in {"", each.slug}]
    return Field(
        kind="radios", name="place", label=_("Which organisation do they work for?"), items=items_of(found), value=value
    )


def _content(role: Role, place: str, answers: Answers) -> dict[str, Any]:
    if role is not Role.OFFICER:
        return {"role": str(role), "organisation": place, "service": None}
    with reading() as ctx:
        works_for = services.by_slug(ctx, slug=place)
        owner = services.organisation_by_id(ctx, organisation_id=works_for.organisation_id)
    supervises = answers.form.get("supervises") == "yes"
    return {"role": str(role), "organisation": owner.slug, "service": place, "supervises": supervises}


def _role_question() -> Question:
    field = Field(
        kind="radios",
        name="role",
        label=_("What will they do?"),
        items=items_of((str(each), words) for each, words in ROLES.items()),
    )
    return Question(
        title=_("What will they do?"), fields=(field,), button=_("Continue"), back=url_for("staff.overview")
    )


@bp.get("/invite")
@proving.first
def ask_role() -> ResponseReturnValue:
    """Ask which role a new member of staff is to have."""
    return _role_question().show()


@bp.post("/invite")
def take_role() -> ResponseReturnValue:
    """Take the role."""
    answers = Answers.given()
    picked = answers.choice("role", {str(each) for each in ROLES}, _("Select what they will do"))
    if answers.errors:
        return _role_question().show(answers)
    return redirect(url_for("staff.ask_who", role=picked), 303)


def _role_in(role: str) -> Role:
    if role not in {str(each) for each in ROLES}:
        raise NotFoundError("there is no such role")
    return Role(role)


@bp.get("/invite/<role>")
@proving.first
def ask_who(role: str) -> ResponseReturnValue:
    """Ask who it is, and for whom they work."""
    return _inviting(_role_in(role)).show()


@bp.post("/invite/<role>")
@proving.first
def invite(role: str) -> ResponseReturnValue:
    """Propose the account; the link is made when a second person has approved."""
    wanted, answers = _role_in(role), Answers.given()
    question = _inviting(wanted)
    label = label_of(answers)
    places = [item.value for field in question.fields if field.name == "place" for item in field.items]
    place = answers.choice("place", places, _("Select where they work"))
    sent = None
    if not answers.errors:
        sent = Proposal(ChangeKind.ACCOUNT, "", _content(wanted, place, answers), label, first="first_name").send(
            answers
        )
    return sent or question.show(answers)


def _changing(found: AccountView) -> Question:
    organisation, service = _place(found)
    place = _place_field(found.role, service or organisation, organisation)
    return Question(
        title=_("Change what they do"),
        caption=person(found.label),
        words=(_("When a second person has approved, they are signed out and sign in again with what is new."),),
        fields=(*label_fields(found.label), place, *_supervising(found.role, supervises=found.supervises), why_field()),
        button=_("Ask a second person"),
        back=url_for("staff.show", account_id=found.account_id),
    )


@bp.get("/<uuid:account_id>/change")
@proving.first
def ask_change(account_id: UUID) -> ResponseReturnValue:
    """Ask for another service or label."""
    return _changing(member(account_id)).show()


@bp.post("/<uuid:account_id>/change")
@proving.first
def change(account_id: UUID) -> ResponseReturnValue:
    """Propose it."""
    found, answers = member(account_id), Answers.given()
    question = _changing(found)
    label = label_of(answers)
    places = [item.value for field in question.fields if field.name == "place" for item in field.items]
    place = answers.choice("place", places, _("Select where they work"))
    sent = None
    if not answers.errors:
        content = _content(found.role, place, answers)
        sent = Proposal(ChangeKind.ACCOUNT_CHANGED, str(account_id), content, label, first="first_name").send(answers)
    return sent or question.show(answers)
