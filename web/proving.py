"""Proving again who one is, before a grave act: a proof counts for five minutes (`vault.judging.FRESH`).

Guard the last page before the act and the act itself. The person is led to "Prove it is you" and back to the page they
came from; a form's answers are kept where the family keeps them (`web.session.keep_draft`)::

    @bp.get("/download/check")
    @proving.first
    def check() -> ResponseReturnValue: ...

    @bp.post("/download/check")
    @proving.first
    def make() -> ResponseReturnValue: ...

Where only some answers are grave, ask inside the view::

    if proving.needed_to_share(picked):
        return proving.lead()

The vault asks as well, so a page that forgets is refused, not obeyed: `vault.judging.demand` for what the rules know
(allowing special categories, opening one's own hidden values, registry changes), `vault.judging.check_proven(ctx)` for
the rest. Both raise `ProofNeededError`, which this module turns into the same page. Stopping a share, objecting and
signing out never ask. Who came by a code from a letter and has no passkey and no identity provider is led to the same
page, which says why and what to do: add one, or tell the council by phone or at a desk. A sign-in of the
demo counts as proven just now (`web.auth.DEMO_METHODS`).

While a recovery in person of the account waits, both refuse altogether: the person is led to where they can cancel it.
"""

from collections.abc import Callable, Collection
from functools import wraps
from typing import Final, ParamSpec

from flask import Flask, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from vault import passkeys
from vault.catalogue import CATALOGUE
from vault.errors import ProofNeededError, RecoveryWaitsError
from vault.judging import must_prove
from vault.kinds import Role
from vault.purposes import Definition
from web.auth import HOME_OF, me
from web.language import is_own_page
from web.runtime import runtime

_THEN: Final = "prove_then"
_AGAIN: Final = "prove_again"
_P = ParamSpec("_P")


def needed() -> bool:
    """Whether the person who is signed in must prove again who they are before a grave act."""
    return must_prove(me().actor, now=runtime().vault.clock())


def asked() -> bool:
    """Whether the page of the proof is to be shown: it is needed, or somebody asked for it all the same."""
    return needed() or (me().actor.can_prove and bool(session.get(_AGAIN)))


def is_resident() -> bool:
    """Whether a resident is signed in."""
    return bool(current_user.is_authenticated) and me().role is Role.CITIZEN


def needed_to_share(fields: Collection[str]) -> bool:
    """Whether it must be proved before *fields* are shared: one of them is, or can reveal, a special category."""
    return needed() and any(CATALOGUE.field(name).is_special for name in fields)


def first_for(purpose: Definition) -> ResponseReturnValue | None:
    """Where to go first, before something is shared for *purpose*: it asks for a fresher or a stronger proof."""
    actor, now = me().actor, runtime().vault.clock()
    if purpose.is_proven(at=actor.proven_at, by=actor.proven_by, now=now):
        return None
    if purpose.sign_in_acr is None or actor.proven_by == purpose.sign_in_acr or _has_passkey():
        return lead(again=True)
    return redirect(url_for("security.add"), 303)


def _has_passkey() -> bool:
    with runtime().vault.reading(me().actor) as ctx:
        return bool(passkeys.of_account(ctx, account_id=me().account.account_id))


def first(view: Callable[_P, ResponseReturnValue]) -> Callable[_P, ResponseReturnValue]:
    """Let *view* run only for somebody who has just proved who they are; lead others there and back."""
    return _guarded(view, needed)


def first_if_possible(view: Callable[_P, ResponseReturnValue]) -> Callable[_P, ResponseReturnValue]:
    """As `first`, for a page that gives a way to prove oneself: whoever came by a letter and has none passes."""
    return _guarded(view, lambda: needed() and not me().actor.by_letter)


def _guarded(view: Callable[_P, ResponseReturnValue], must: Callable[[], bool]) -> Callable[_P, ResponseReturnValue]:
    @wraps(view)
    def guarded(*args: _P.args, **kwargs: _P.kwargs) -> ResponseReturnValue:
        if me().actor.recovering:
            raise RecoveryWaitsError("a recovery of this account waits")
        return lead() if must() else view(*args, **kwargs)

    return guarded


def waits() -> bool:
    """Whether somebody was led to the proof and has not come through it yet."""
    return _THEN in session


def lead(back: str = "", *, again: bool = False) -> ResponseReturnValue:
    """
    Lead to "Prove it is you", and afterwards to *back*: else to this page, or home where it cannot be opened.

    Args:
        back: A page of this portal.
        again: Ask even whoever proved it just now.
    """
    session[_AGAIN] = again
    session[_THEN] = back or (request.full_path.rstrip("?") if request.method == "GET" else request.path)
    return redirect(url_for("proving.start"), 303)


def then() -> str:
    """Where to go after the proof: a page of this portal, whatever the browser's note says."""
    wanted = str(session.get(_THEN, ""))
    return wanted if is_own_page(wanted.partition("?")[0]) else url_for(HOME_OF[me().role])


def done() -> str:
    """Forget where to go after the proof, and say it."""
    wanted = then()
    session.pop(_THEN, None)
    session.pop(_AGAIN, None)
    return wanted


def init_app(app: Flask) -> None:
    """Lead to the proof whoever was refused for want of one."""
    app.register_error_handler(ProofNeededError, lambda _error: lead())
    app.register_error_handler(RecoveryWaitsError, lambda _error: redirect(url_for("security.recovering"), 303))
