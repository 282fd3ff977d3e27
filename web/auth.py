"""Who is signed in, and what is open to whom.

A sign-in is a row that can be revoked; the cookie is its 256-bit handle. Every endpoint is closed unless it stands in
`PUBLIC`, or its blueprint proves its callers itself (`PROVES_ITSELF`); every other blueprint is for one role.
"""

from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

from flask import Flask, Request, Response, current_app, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, UserMixin, current_user
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import RequestRedirect

from audit.events import Event
from vault import access, sign_ins
from vault.accounts import AccountView
from vault.context import SYSTEM, Actor
from vault.errors import SignInEndedError
from vault.kinds import Role
from vault.purpose_definitions import PHISHING_RESISTANT
from vault.refusals import log_refusal
from vault.release import Refusal
from vault.sign_ins import SignedIn
from web.devices import hint
from web.faults import SignInNeededError, WrongRoleError
from web.runtime import runtime
from web.session import cookie_name, forget_all

PUBLIC: Final = frozenset(
    {
        "static",
        "start.start",
        "sign_in.start",
        "sign_in.link",
        "sign_in.use_link",
        "sign_in.add",
        "sign_in.add_options",
        "sign_in.add_check",
        "sign_in.passkey_options",
        "sign_in.passkey_check",
        "sign_out.done",
        "coming_back.start",
        "coming_back.code",
        "coming_back.take_code",
        "coming_back.letter",
        "coming_back.take_letter",
        "identity.start",
        "identity.enrol",
        "identity.back",
        "matching.who",
        "matching.take",
        "about.privacy",
        "about.accessibility",
        "about.cookies",
        "about.contact",
        "developers.overview",
        "language.choose",
        "joining.ask",
        "joining.accept",
        "visit.authorize",
        "visit.start",
        "visit.leave",
    }
)
"""Every page that a stranger may open. A test freezes this set."""

PROVES_ITSELF: Final = frozenset(
    {
        "oauth",
        "oauth_grants",
        "records",
        "disclosures",
        "fhir",
        "fhir_delivery",
        "api-docs",
        "operations",
        "demo",
        "sandbox",
        "identity_ended",
    }
)
"""Blueprints whose callers have no sign-in here: each view checks its own token or client key, or is public."""

ROLE_OF: Final = {
    "citizen": Role.CITIZEN,
    "record": Role.CITIZEN,
    "download": Role.CITIZEN,
    "papers": Role.CITIZEN,
    "notices": Role.CITIZEN,
    "family": Role.CITIZEN,
    "delegate": Role.DELEGATE,
    "requests": Role.CITIZEN,
    "decision": Role.CITIZEN,
    "sharing": Role.CITIZEN,
    "share_changes": Role.CITIZEN,
    "activity": Role.CITIZEN,
    "cases": Role.CITIZEN,
    "contacting": Role.CITIZEN,
    "undoing": Role.CITIZEN,
    "visiting": Role.CITIZEN,
    "officer": Role.OFFICER,
    "looking": Role.OFFICER,
    "shared_papers": Role.OFFICER,
    "writing": Role.OFFICER,
    "asking": Role.OFFICER,
    "asked": Role.OFFICER,
    "casework": Role.OFFICER,
    "spoken": Role.OFFICER,
    "said": Role.OFFICER,
    "desk": Role.OFFICER,
    "emergency": Role.OFFICER,
    "emergency_review": Role.OFFICER,
    "auditor": Role.AUDITOR,
    "findings": Role.AUDITOR,
    "delays": Role.AUDITOR,
    "deciding_delays": Role.ADMINISTRATOR,
    "administrator": Role.ADMINISTRATOR,
    "changes": Role.ADMINISTRATOR,
    "purposes": Role.ADMINISTRATOR,
    "listed": Role.ADMINISTRATOR,
    "registering": Role.ADMINISTRATOR,
    "service_addresses": Role.ADMINISTRATOR,
    "services": Role.ADMINISTRATOR,
    "staff": Role.ADMINISTRATOR,
    "staff_acts": Role.ADMINISTRATOR,
    "webhooks": Role.ADMINISTRATOR,
}
"""The one role that each blueprint is for."""

EVERY_ROLE: Final = frozenset({"proving", "security", "signed_in"})
"""Blueprints for everyone who is signed in, whatever their role."""

DEMO_METHODS: Final = frozenset({"demo", "demo-link"})
"""How people sign in to a demo, where nobody has a passkey: such a sign-in counts as proven a moment ago."""

HOME_OF: Final = {
    Role.CITIZEN: "citizen.home",
    Role.OFFICER: "officer.home",
    Role.AUDITOR: "auditor.home",
    Role.ADMINISTRATOR: "administrator.home",
    Role.DELEGATE: "delegate.home",
}

COOKIE: Final = "vault_sign_in"
ENDED: Final = "ended"
_RETURN_TO: Final = "return_to"


class Person(UserMixin):  # type: ignore[misc]
    """Who is signed in, for Flask-Login and for templates."""

    def __init__(self, cookie: str, signed_in: SignedIn) -> None:
        self.cookie = cookie
        self.account: AccountView = signed_in.account
        self.actor: Actor = signed_in.actor
        self.ends_at: datetime = signed_in.ends_at
        self.method: str = signed_in.method

    def get_id(self) -> str:
        """The account, as Flask-Login wants it: text."""
        return str(self.account.account_id)

    @property
    def stamp_due(self) -> bool:
        """Whether this browser was last noted a minute ago or more."""
        return runtime().stamps.find(self.cookie) is None

    @property
    def role(self) -> Role:
        """What this person signed in as."""
        return self.account.role

    @property
    def citizen_id(self) -> UUID:
        """
        The citizen that this person is.

        Raises:
            WrongRoleError: They did not sign in as a citizen.
        """
        if self.account.citizen_id is None:
            raise WrongRoleError("this page is for residents")
        return self.account.citizen_id

    @property
    def name(self) -> str:
        """What to call them: staff by first name, a resident by their own record, read once through the door."""
        names = runtime().names
        held = names.find(self.cookie)
        if held is None:
            held = self.account.label.first_name if self.account.label else self._own_name()
            names.keep(self.cookie, held)
        return held

    def _own_name(self) -> str:
        if self.account.citizen_id is None:
            return ""
        answer = access.read_own(
            runtime().vault, actor=self.actor, citizen_id=self.account.citizen_id, categories=frozenset({"identity"})
        )
        if isinstance(answer, Refusal):
            return ""
        found = [record.fields for record in answer.unseal().records]
        names = [fields[key] for key in ("identity.known_as", "identity.name") for fields in found if fields.get(key)]
        return str(names[0]) if names else ""


PROVED_BY: Final = "proved_by"
"""Where the browser's note keeps by what the person last proved themselves in this sign-in."""


def _by_last_proof(signed_in: SignedIn) -> SignedIn:
    """*signed_in*, said to be proved as it was proved last: by another way than it began, perhaps."""
    by = session.get(PROVED_BY)
    if by is None:
        return signed_in
    strong = PHISHING_RESISTANT if by == sign_ins.PASSKEY else None
    return replace(signed_in, actor=replace(signed_in.actor, proven_by=strong))


login_manager = LoginManager()
login_manager.session_protection = None  # the sign-in row says all there is


@login_manager.request_loader  # type: ignore[untyped-decorator] # Flask-Login carries no types
def load_person(incoming: Request) -> Person | None:
    """The person behind the sign-in cookie, or nobody; a cookie that ended is taken back with the answer."""
    cookie = incoming.cookies.get(cookie_name(current_app, COOKIE))
    if not cookie:
        return None
    vault = runtime().vault
    try:
        with vault.reading(SYSTEM) as ctx:
            person = Person(cookie, _as_in_a_demo(_by_last_proof(sign_ins.current(ctx, cookie=cookie))))
    except SignInEndedError:
        g.sign_in_ended = True
        return None
    if person.stamp_due:
        with vault.transaction(person.actor) as ctx:
            sign_ins.seen(ctx, cookie=cookie)
        runtime().stamps.keep(cookie, "seen")
    return person


def _as_in_a_demo(signed_in: SignedIn) -> SignedIn:
    """In a demo, and nowhere else, a sign-in by one click counts as proven just now: there is no passkey to ask for."""
    if not runtime().config.demo or signed_in.method not in DEMO_METHODS:
        return signed_in
    return replace(signed_in, actor=replace(signed_in.actor, proven_at=runtime().vault.clock(), can_prove=False))


def me() -> Person:
    """
    Who is signed in.

    Raises:
        SignInNeededError: Nobody is.
    """
    if not current_user.is_authenticated:
        raise SignInNeededError("sign in to see this page")
    person = current_user._get_current_object()  # noqa: SLF001 -- the way out of Werkzeug's proxy
    assert isinstance(person, Person)  # noqa: S101 -- the loader makes no other
    return person


def init_app(app: Flask) -> None:
    """Close every page of *app* that is not listed."""
    # Flask-Login's own context processor would load the person even for a page about a fault.
    login_manager.init_app(app, add_context_processor=False)
    app.jinja_env.globals.update(
        current_user=current_user, idle_seconds=int(sign_ins.IDLE.total_seconds()), seconds_left=_seconds_left
    )
    app.jinja_env.filters["unhex"] = bytes.fromhex
    app.before_request(closed_unless_listed)
    app.after_request(_take_back_cookie)


def _seconds_left(ends_at: datetime) -> int:
    """How long a sign-in lasts at most from now on."""
    return max(int((ends_at - runtime().vault.clock()).total_seconds()), 0)


def closed_unless_listed() -> ResponseReturnValue | None:
    """Let listed endpoints pass, send strangers to sign in, and keep every role to its own pages."""
    blueprint = request.blueprint or ""
    if request.endpoint is None or request.endpoint in PUBLIC or blueprint in PROVES_ITSELF:
        return None
    if not current_user.is_authenticated:
        if request.method == "GET":
            go_on_to(request.path)
        session[ENDED] = bool(g.get("sign_in_ended"))
        return redirect(url_for("sign_in.start"), 303)
    if request.endpoint == "sign_out.leave":
        return None
    if blueprint not in EVERY_ROLE and ROLE_OF.get(blueprint) is not current_user.role:
        with runtime().vault.reading(me().actor) as ctx:
            log_refusal(ctx, Event.PAGE_REFUSED, facts={"endpoint": request.endpoint})
        raise WrongRoleError(f"endpoint `{request.endpoint}` is for another role")
    return None


def log_refused_page() -> None:
    """Log that the person who is signed in was refused this page, by its name alone: never what they asked for."""
    with runtime().vault.reading(me().actor) as ctx:
        log_refusal(ctx, Event.PAGE_REFUSED, facts={"endpoint": request.endpoint})


def go_on_to(path: str) -> None:
    """Let the next sign-in in this browser lead to *path*, a page of this portal."""
    session[_RETURN_TO] = path


def let_in(account_id: UUID, *, method: str, proven: bool = False) -> Response:
    """Sign *account_id* in and send the browser to where it wanted to go, or home; *proven* as in `sign_ins.begin`."""
    with runtime().vault.transaction(SYSTEM) as ctx:
        device = hint(request.headers.get("User-Agent", ""))
        cookie = sign_ins.begin(ctx, account_id=account_id, method=method, proven=proven, device=device or None)
        signed_in = sign_ins.current(ctx, cookie=cookie)
    wanted = _wanted(signed_in.account.role)
    forget_all()
    answer = redirect(wanted or url_for(HOME_OF[signed_in.account.role]), 303)
    answer.set_cookie(
        cookie_name(current_app, COOKIE),
        cookie,
        secure=runtime().config.secure,
        httponly=True,
        samesite="Lax",
        path="/",
    )
    assert isinstance(answer, Response)  # noqa: S101 -- Flask's redirect makes one
    return answer


def _wanted(role: Role) -> str | None:
    """Where the browser wanted to go, if that is for people of *role*."""
    path = session.get(_RETURN_TO)
    if path is None:
        return None
    try:
        endpoint, _values = current_app.url_map.bind("").match(path)
    except (NotFound, MethodNotAllowed, RequestRedirect):
        return None
    family = str(endpoint).partition(".")[0]
    return str(path) if family in EVERY_ROLE or ROLE_OF.get(family) is role else None


def let_out() -> Response:
    """End the sign-in, forget everything about it, and say so."""
    person = me()
    with runtime().vault.transaction(person.actor) as ctx:
        sign_ins.end(ctx, cookie=person.cookie)
    runtime().names.drop(person.cookie)
    forget_all()
    answer = redirect(url_for("sign_out.done"), 303)
    answer.delete_cookie(cookie_name(current_app, COOKIE), path="/", secure=runtime().config.secure, httponly=True)
    assert isinstance(answer, Response)  # noqa: S101 -- Flask's redirect makes one
    return answer


def _take_back_cookie(response: Response) -> Response:
    if g.pop("sign_in_ended", False):
        response.delete_cookie(
            cookie_name(current_app, COOKIE), path="/", secure=runtime().config.secure, httponly=True
        )
    return response
