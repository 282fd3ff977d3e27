"""Changes of staff: a new account, a fresh link for one, another role or service, suspended, resumed, closed.

Who leaves loses access at once: every sign-in of the account ends in the same transaction.
"""

from typing import Any, Final
from uuid import UUID

from vault import accounts, services, sign_ins
from vault.accounts import AccountView
from vault.context import Context
from vault.errors import InvalidInputError, NotFoundError, WrongStateError
from vault.kinds import AccountStatus, Role
from vault.registry.handling import Content, Handling, Order, Standing, only

STAFF: Final = frozenset({Role.OFFICER, Role.AUDITOR, Role.ADMINISTRATOR})
_PLACE: Final = ("role", "organisation", "service")
_SUPERVISES: Final = "supervises"
"""May be left out, and then counts as no."""


def account_of(ctx: Context, subject: str) -> AccountView:
    """
    The member of staff whose account has the id *subject*.

    Raises:
        NotFoundError: There is none; a resident's account is none either.
    """
    try:
        found = accounts.find(ctx, account_id=UUID(subject))
    except ValueError:
        raise NotFoundError("this account is not known") from None
    if found.role not in STAFF:
        raise NotFoundError(f"account `{subject}` is not known")
    return found


def is_active(ctx: Context, subject: str) -> bool:
    """Whether the member of staff whose account has the id *subject* may sign in."""
    return account_of(ctx, subject).status is AccountStatus.ACTIVE


def _place_of(ctx: Context, found: AccountView) -> dict[str, Any]:
    assert found.organisation_id is not None  # noqa: S101 -- staff belong to one
    return {
        "role": str(found.role),
        "organisation": services.organisation_by_id(ctx, organisation_id=found.organisation_id).slug,
        "service": services.by_id(ctx, service_id=found.service_id).slug if found.service_id else None,
        "supervises": found.supervises,
    }


def _checked_place(ctx: Context, content: Content) -> dict[str, Any]:
    only({name: held for name, held in content.items() if name != _SUPERVISES}, *_PLACE)
    if content.get(_SUPERVISES) not in {None, True, False} or (
        content.get(_SUPERVISES) and content["role"] != "officer"
    ):
        raise InvalidInputError("supervises: true or false, and true for an officer alone")
    if content["role"] not in STAFF:
        raise InvalidInputError(f"role: one of {', '.join(sorted(STAFF))}")
    owner = services.organisation(ctx, slug=content["organisation"])
    if content["role"] == Role.OFFICER:
        works_for = services.by_slug(ctx, slug=content["service"] or "")
        if works_for.organisation_id != owner.organisation_id:
            raise InvalidInputError("service: it belongs to another organisation")
    elif content["service"] is not None:
        raise InvalidInputError("service: only an officer works for one")
    return {name: content[name] for name in (*_PLACE, _SUPERVISES) if name in content}


def _new(ctx: Context, _subject: str, content: Content) -> dict[str, Any]:
    return _checked_place(ctx, content)


def _new_standing(ctx: Context, subject: str, content: Content) -> Standing:
    owner = services.organisation(ctx, slug=content["organisation"])
    version = accounts.version_of(ctx, account_id=UUID(subject))
    return Standing(version=version, content={}, organisation_id=owner.organisation_id)


def _ids(ctx: Context, content: Content) -> tuple[UUID, UUID | None]:
    owner = services.organisation(ctx, slug=content["organisation"]).organisation_id
    return owner, services.by_slug(ctx, slug=content["service"]).service_id if content["service"] else None


def _make(ctx: Context, order: Order) -> int:
    organisation_id, service_id = _ids(ctx, order.content)
    accounts.make(
        ctx,
        account_id=UUID(order.subject),
        role=Role(order.content["role"]),
        organisation_id=organisation_id,
        service_id=service_id,
        label=order.label,
        supervises=bool(order.content.get(_SUPERVISES)),
    )
    return 1


def _standing(ctx: Context, subject: str, names: Content) -> Standing:
    """How an account stands, in the members that *names* has."""
    found = account_of(ctx, subject)
    whole = {**_place_of(ctx, found), "status": str(found.status)}
    return Standing(
        version=accounts.version_of(ctx, account_id=found.account_id),
        content={name: whole[name] for name in names},
        organisation_id=found.organisation_id,
        label=found.label,
    )


def _changed(ctx: Context, subject: str, content: Content) -> dict[str, Any]:
    found = account_of(ctx, subject)
    if found.status is AccountStatus.CLOSED:
        raise WrongStateError("this account is closed")
    made = _checked_place(ctx, content)
    # INVARIANT: an account never moves: or two administrators of one organisation could put staff into another.
    if made["organisation"] != _place_of(ctx, found)["organisation"]:
        raise InvalidInputError("organisation: an account stays with its own; close it, and invite the person there")
    return made


def _change(ctx: Context, order: Order) -> int:
    account_id = UUID(order.subject)
    organisation_id, service_id = _ids(ctx, order.content)
    version = accounts.change(
        ctx,
        account_id=account_id,
        role=Role(order.content["role"]),
        organisation_id=organisation_id,
        service_id=service_id,
        label=order.label,
        supervises=bool(order.content.get(_SUPERVISES)),
    )
    sign_ins.end_all(ctx, account_id=account_id)
    return version


def _link(ctx: Context, subject: str, content: Content) -> dict[str, Any]:
    only(content)
    if account_of(ctx, subject).status is not AccountStatus.ACTIVE:
        raise WrongStateError("this account is not in use")
    return {}


def _link_made(ctx: Context, order: Order) -> int:
    return accounts.version_of(ctx, account_id=UUID(order.subject))


def _status(wanted: AccountStatus, *, before: frozenset[AccountStatus]) -> Handling:
    def checked(ctx: Context, subject: str, _content: Content) -> dict[str, Any]:
        if account_of(ctx, subject).status not in before:
            raise WrongStateError(f"this account is not one that could become {wanted}")
        return {"status": str(wanted)}

    def apply(ctx: Context, order: Order) -> int:
        account_id = UUID(order.subject)
        accounts.set_status(ctx, account_id=account_id, status=wanted)
        if wanted is not AccountStatus.ACTIVE:
            sign_ins.end_all(ctx, account_id=account_id)
        return accounts.version_of(ctx, account_id=account_id)

    return Handling(shared=False, checked=checked, standing=_standing, apply=apply)


ACCOUNT: Final = Handling(shared=False, checked=_new, standing=_new_standing, apply=_make)
LINK: Final = Handling(shared=False, checked=_link, standing=_standing, apply=_link_made)
CHANGED: Final = Handling(shared=False, checked=_changed, standing=_standing, apply=_change)
SUSPENDED: Final = _status(AccountStatus.SUSPENDED, before=frozenset({AccountStatus.ACTIVE}))
RESUMED: Final = _status(AccountStatus.ACTIVE, before=frozenset({AccountStatus.SUSPENDED}))
CLOSED: Final = _status(AccountStatus.CLOSED, before=frozenset({AccountStatus.ACTIVE, AccountStatus.SUSPENDED}))
