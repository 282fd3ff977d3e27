"""Signing in through an identity provider, or the council's directory: there and back, and the first time who it is."""

from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
from typing import Final
from uuid import UUID

from flask import Blueprint, abort, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from audit.events import Event
from vault import accounts, identities, links, services, sign_ins, tokens
from vault.accounts import AccountView
from vault.context import SYSTEM, Context
from vault.errors import ReplayedError
from vault.ids import new_id
from vault.judging import check_proven
from vault.kinds import LinkKind, NoticeKind, Role
from vault.notices import tell
from vault.refusals import log_refusal
from vault.sums import Refused
from web import proving
from web.auth import PROVED_BY, let_in, me
from web.faults import ProviderFailedError, ProviderRefusedError
from web.limits import TRIES, limiter
from web.oidc import checking, flow
from web.oidc.flow import Answer
from web.oidc.providers import Provider, Work
from web.pages.common import changing
from web.pages.matching import first_time
from web.pages.sign_in import ENROLLING
from web.runtime import runtime
from web.session import csrf

bp: Final = Blueprint("identity", __name__, url_prefix="/sign-in/with")
outside: Final = Blueprint("identity_ended", __name__, url_prefix="/sign-in/with")
BLUEPRINTS: Final = (bp, outside)

LEAVERS: Final = "600 per minute"
REMEMBERED: Final = timedelta(hours=1)
"""How long a logout token's id is remembered: far longer than the token may be old."""
RESIDENTS: Final = frozenset({Role.CITIZEN, Role.DELEGATE})
"""Whose identity providers are those for residents; everybody else comes through the directory."""
_NOTE: Final = "identity"


@bp.app_template_global()
def providers(people: str) -> list[Provider]:
    """The identity providers for ``residents`` or ``staff``."""
    return [each for each in runtime().config.identity_providers if each.people == people]


@bp.app_template_global()
def provider_by(issuer: str) -> Provider | None:
    """The provider with this issuer, if it is still configured."""
    return next((each for each in runtime().config.identity_providers if each.issuer == issuer), None)


@bp.app_template_global()
def provider_words(issuer: str) -> str:
    """What people call an identity provider."""
    found = provider_by(issuer)
    return found.words if found else issuer


def provider_of(name: str) -> Provider:
    """The provider of this name; a page that is not there where there is none."""
    found = next((each for each in runtime().config.identity_providers if each.name == name), None)
    if found is None:
        abort(404)
    return found


def send(name: str, *, why: str, account_id: UUID | None = None) -> ResponseReturnValue:
    """Send the browser to a provider and note what for."""
    provider = provider_of(name)
    if account_id is not None:
        _check_people(provider, account_id)
    address, state = flow.begin(provider, why=why, back=_back(name), account_id=account_id, again=why == "prove")
    session[_NOTE] = {"name": name, "why": why, "state": state}
    return redirect(address, 303)


def _back(name: str) -> str:
    return runtime().config.issuer + url_for("identity.back", name=name)


@bp.get("/<name>")
@limiter.limit(TRIES)
def start(name: str) -> ResponseReturnValue:
    """Go and sign in there."""
    return send(name, why="sign-in")


@bp.get("/<name>/enrol")
@limiter.limit(TRIES)
def enrol(name: str) -> ResponseReturnValue:
    """Go and sign in there, to bind it to the account that an enrolment link was made for."""
    return send(name, why="enrol")


@bp.get("/<name>/back")
@limiter.limit(TRIES)
def back(name: str) -> ResponseReturnValue:
    """Take the answer; it counts only in the browser that asked, once, and for what it was asked for."""
    provider, noted = provider_of(name), session.pop(_NOTE, {})
    why = noted.get("why", "") if noted.get("name") == name else ""
    state = noted.get("state", "") if why in _AFTER else ""
    answer = flow.finish(provider, request.args, why=why, state=state, back=_back(name), again=why == "prove")
    return _AFTER[why](answer)


def _sign_in(answer: Answer) -> ResponseReturnValue:
    with runtime().vault.transaction(SYSTEM) as ctx:
        account_id = identities.account_of(ctx, whom=_vouched(ctx, answer))
    if account_id is not None:
        _check_work(answer, account_id)
        return _let_in(account_id, answer)
    if answer.provider.people == "staff":
        raise ProviderRefusedError("nobody here is bound to this sign-in of the directory")
    return first_time(answer)


def _let_in(account_id: UUID, answer: Answer) -> ResponseReturnValue:
    now = runtime().vault.clock()
    proven = checking.proved_just_now(answer.claims, now=now, within=flow.FRESH_SECONDS)
    return let_in(account_id, method=answer.provider.method, proven=proven)


def _vouched(ctx: Context, answer: Answer) -> identities.Vouched:
    claims = answer.claims
    return identities.vouched(ctx, issuer=answer.provider.issuer, subject=claims.subject, assurance=claims.level)


def _check_work(answer: Answer, account_id: UUID) -> None:
    """
    Let staff in as what the directory says they are today; whoever left the group is signed out everywhere.

    Raises:
        ProviderRefusedError: The provider is for other people than this account's, or the directory does not say that
            its role and service are theirs.
    """
    _check_people(answer.provider, account_id)
    if answer.provider.people != "staff":
        return
    with runtime().vault.reading(SYSTEM) as ctx:
        account = accounts.find(ctx, account_id=account_id)
        if _work_of(ctx, account) in _works(answer):
            return
        facts = {"account": str(account_id), "method": answer.provider.method, "reason": "not-in-the-group"}
        log_refusal(ctx, Event.SIGN_IN_REFUSED, facts=facts)
    with runtime().vault.transaction(SYSTEM) as ctx:
        sign_ins.end_all(ctx, account_id=account_id)
    raise ProviderRefusedError("the directory does not give this person this work any more")


def _check_people(provider: Provider, account_id: UUID) -> None:
    """
    Keep staff to the directory, so that who leaves it keeps no way in, and residents to the providers for residents.

    Raises:
        ProviderRefusedError: The provider is for other people than this account's; that is logged.
    """
    with runtime().vault.reading(SYSTEM) as ctx:
        account = accounts.find(ctx, account_id=account_id)
        people = "residents" if account.role in RESIDENTS else "staff"
        if provider.people == people:
            return
        facts = {"account": str(account_id), "method": provider.method, "reason": "not-for-this-role"}
        log_refusal(ctx, Event.SIGN_IN_REFUSED, citizen_id=account.citizen_id, facts=facts)
    raise ProviderRefusedError("this provider is for other people than this account's")


def _work_of(ctx: Context, account: AccountView) -> Work:
    slug = services.by_id(ctx, service_id=account.service_id).slug if account.service_id else ""
    return Work(account.role, slug)


def _works(answer: Answer) -> list[Work]:
    claim = answer.provider.groups_claim
    named = answer.claims.all.get(claim) or answer.more.get(claim) or []
    return [answer.provider.groups[group] for group in named if group in answer.provider.groups]


def _enrol(answer: Answer) -> ResponseReturnValue:
    """Bind it to the account of the enrolment link; two people agreed to that link, and this uses it up."""
    leave = session.pop(ENROLLING, "")
    with runtime().vault.reading(SYSTEM) as ctx:
        found = links.peek(ctx, handle=leave)
    if found is None or found.kind is not LinkKind.ENROLLING:
        raise ProviderRefusedError("there is no enrolment link that this belongs to")
    _check_work(answer, found.account.account_id)
    with runtime().vault.transaction(SYSTEM) as ctx:
        links.use(ctx, handle=leave)
        whom = _vouched(ctx, answer)
        identities.bind(
            ctx, account_id=found.account.account_id, whom=whom, evidence="enrolment link", agreed=found.agreed
        )
    return _let_in(found.account.account_id, answer)


def _bind(answer: Answer) -> ResponseReturnValue:
    """Add it to the account of whoever is signed in and has just proved who they are."""
    if answer.account_id != me().account.account_id:
        raise ProviderRefusedError("this was asked for another account")
    _check_work(answer, me().account.account_id)
    if proving.needed() and not me().actor.by_letter:
        return proving.lead(url_for("security.add_provider", name=answer.provider.name))
    with changing() as ctx:
        check_proven(ctx, first_way=True)
        whom = _vouched(ctx, answer)
        identities.bind(ctx, account_id=me().account.account_id, whom=whom, evidence="signed in")
        citizen_id = me().account.citizen_id
        if citizen_id is not None:
            tell(ctx, citizen_id=citizen_id, kind=NoticeKind.RECOVERY, about=new_id())
    return redirect(url_for("security.overview"), 303)


def _prove(answer: Answer) -> ResponseReturnValue:
    """Take it as a fresh proof of whoever is signed in."""
    mine = me().account.account_id
    with runtime().vault.reading(SYSTEM) as ctx:
        bound = identities.account_of(ctx, whom=_vouched(ctx, answer))
    if answer.account_id != mine or bound != mine:
        raise ProviderRefusedError("this proves that somebody else is there")
    _check_work(answer, mine)
    with changing() as ctx:
        sign_ins.prove(ctx, cookie=me().cookie, method=answer.provider.method)
    session[PROVED_BY] = answer.provider.method
    return redirect(proving.done(), 303)


_AFTER: Final[dict[str, Callable[[Answer], ResponseReturnValue]]] = {
    "sign-in": _sign_in,
    "enrol": _enrol,
    "bind": _bind,
    "prove": _prove,
}


@bp.errorhandler(ProviderRefusedError)
@bp.errorhandler(ProviderFailedError)
def refused(error: ProviderRefusedError | ProviderFailedError) -> ResponseReturnValue:
    """Say that nobody was signed in and what to do next; count it."""
    runtime().vault.count_refused(Refused.SIGN_IN)
    failed = isinstance(error, ProviderFailedError)
    status = HTTPStatus.BAD_GATEWAY if failed else HTTPStatus.FORBIDDEN
    return render_template("identity/refused.html", failed=failed), status


@outside.post("/<name>/ended")
@csrf.exempt  # type: ignore[untyped-decorator] # Flask-WTF carries no types
@limiter.limit(LEAVERS)
def ended(name: str) -> ResponseReturnValue:
    """A provider says that somebody left or signed out there (Back-Channel Logout 1.0): their sign-ins end at once."""
    provider = provider_of(name)
    token = request.form.get("logout_token", "")
    now = runtime().vault.clock()
    try:
        keys = flow.KEYS.of(provider.jwks_uri, checking.key_id_of(token))
        subject, token_id = checking.logout_token(provider, token, keys, now=now)
        with runtime().vault.transaction(SYSTEM) as ctx:
            tokens.spend(ctx, owner=f"logout:{provider.name}", jti=token_id, expires_at=now + REMEMBERED)
            whom = identities.vouched(ctx, issuer=provider.issuer, subject=subject, assurance="")
            account_id = identities.account_of(ctx, whom=whom)
            if account_id is not None:
                sign_ins.end_all(ctx, account_id=account_id, method=provider.method)
    except (ProviderRefusedError, ProviderFailedError, ReplayedError):
        runtime().vault.count_refused(Refused.SIGN_IN)
        return {"error": "invalid_request"}, HTTPStatus.BAD_REQUEST
    return "", HTTPStatus.OK
