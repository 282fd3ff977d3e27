"""Signing in safely: a person's passkeys and recovery codes, and a recovery that somebody asked for. For every role."""

from typing import Final
from uuid import UUID

from flask import Blueprint, jsonify, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from vault import identities, recoveries, recovery_codes, sign_ins
from vault import passkeys as kept
from vault.context import Context
from vault.errors import NotFoundError
from vault.passkeys import NAME_MOST, PasskeyView
from web import passkeys, proving
from web.auth import me
from web.devices import hint
from web.faults import PasskeyRefusedError
from web.limits import TRIES, limiter, own_tries
from web.pages.common import Answers, changing, page, reading
from web.pages.identity import send

bp: Final = Blueprint("security", __name__, url_prefix="/security")
BLUEPRINTS: Final = (bp,)

_STOPPED: Final = "recovery_stopped"


def _mine() -> UUID:
    return me().account.account_id


def _passkey(ctx: Context, passkey_id: UUID) -> PasskeyView:
    found = [each for each in kept.of_account(ctx, account_id=_mine()) if each.passkey_id == passkey_id]
    if not found:
        raise NotFoundError("there is no such passkey")
    return found[0]


@bp.get("")
def overview() -> ResponseReturnValue:
    """Every way into this account, where it is signed in, and what to do if something is wrong."""
    with reading() as ctx:
        return render_template(
            "security/overview.html",
            passkeys=kept.of_account(ctx, account_id=_mine()),
            identities=identities.of_account(ctx, account_id=_mine()),
            codes=recovery_codes.left(ctx, account_id=_mine()),
            places=sign_ins.places(ctx, account_id=_mine(), cookie=me().cookie),
        )


@bp.get("/passkeys/new")
@proving.first_if_possible
def add() -> ResponseReturnValue:
    """Ask the person to make a passkey on this device."""
    return render_template("security/add.html")


@bp.post("/passkeys/new/options")
@limiter.limit(TRIES, key_func=own_tries)
@proving.first_if_possible
def add_options() -> ResponseReturnValue:
    """What the browser needs to make another passkey."""
    return jsonify(passkeys.creation_options(_mine()))


@bp.post("/passkeys/new")
@limiter.limit(TRIES, key_func=own_tries)
@proving.first_if_possible
def add_check() -> ResponseReturnValue:
    """Keep the new passkey and ask what to call it."""
    name = hint(request.headers.get("User-Agent", ""))
    made = passkeys.add(passkeys.sent(), expected=_mine(), name=name, actor=me().actor)
    return jsonify({"next": url_for("security.name", passkey_id=made.passkey_id)})


@bp.errorhandler(PasskeyRefusedError)
def refused(_error: PasskeyRefusedError) -> ResponseReturnValue:
    """Tell the script that the passkey was not taken."""
    return jsonify({"code": PasskeyRefusedError.code}), 400


@bp.get("/passkeys/<uuid:passkey_id>/name")
def name(passkey_id: UUID) -> ResponseReturnValue:
    """Ask what to call a passkey."""
    with reading() as ctx:
        return page("security/name.html", passkey=_passkey(ctx, passkey_id))


@bp.post("/passkeys/<uuid:passkey_id>/name")
def take_name(passkey_id: UUID) -> ResponseReturnValue:
    """Call it so."""
    answers = Answers.given()
    given = answers.text("name", _("Enter a name for this passkey"), most=NAME_MOST)
    with changing() as ctx:
        found = _passkey(ctx, passkey_id)
        if not answers.errors:
            kept.rename(ctx, account_id=_mine(), passkey_id=passkey_id, name=given)
    if answers.errors:
        return page("security/name.html", answers=answers, passkey=found)
    return redirect(url_for("proving.start" if proving.waits() else "security.overview"), 303)


@bp.get("/passkeys/<uuid:passkey_id>/remove")
@proving.first
def remove(passkey_id: UUID) -> ResponseReturnValue:
    """Ask once more, saying which ways in remain; the last one stays."""
    with reading() as ctx:
        found = _passkey(ctx, passkey_id)
        others = [each for each in kept.of_account(ctx, account_id=_mine()) if each.passkey_id != passkey_id]
        return render_template(
            "security/remove.html",
            passkey=found,
            others=others,
            identities=identities.of_account(ctx, account_id=_mine()),
            codes=recovery_codes.left(ctx, account_id=_mine()),
            last=not others and not kept.has_other_way(ctx, account_id=_mine()),
        )


@bp.post("/passkeys/<uuid:passkey_id>/remove")
@proving.first
def take_away(passkey_id: UUID) -> ResponseReturnValue:
    """Let it sign in no more."""
    with changing() as ctx:
        _passkey(ctx, passkey_id)
        kept.remove(ctx, account_id=_mine(), passkey_id=passkey_id)
    return redirect(url_for("security.overview"), 303)


@bp.get("/with/<name>")
@proving.first_if_possible
def add_provider(name: str) -> ResponseReturnValue:
    """Add an identity provider as another way in."""
    return send(name, why="bind", account_id=_mine())


@bp.get("/identities/<uuid:identity_id>/remove")
@proving.first
def remove_identity(identity_id: UUID) -> ResponseReturnValue:
    """Ask once more, saying which ways in remain; the last one stays."""
    with reading() as ctx:
        bound = identities.of_account(ctx, account_id=_mine())
        held = kept.of_account(ctx, account_id=_mine())
        codes = recovery_codes.left(ctx, account_id=_mine())
    found = next((each for each in bound if each.identity_id == identity_id), None)
    if found is None:
        raise NotFoundError("there is no such identity")
    others = [each for each in bound if each.identity_id != identity_id]
    return render_template(
        "security/remove_identity.html",
        identity=found,
        passkeys=held,
        identities=others,
        codes=codes,
        last=not (others or held or codes.count),
    )


@bp.post("/identities/<uuid:identity_id>/remove")
@proving.first
def take_identity_away(identity_id: UUID) -> ResponseReturnValue:
    """Let an identity provider's word sign in no more; the last way in stays."""
    with changing() as ctx:
        identities.unbind(ctx, account_id=_mine(), identity_id=identity_id)
    return redirect(url_for("security.overview"), 303)


@bp.get("/codes")
@proving.first
def codes() -> ResponseReturnValue:
    """Say what recovery codes are for, before a new set takes the place of the old one."""
    with reading() as ctx:
        left = recovery_codes.left(ctx, account_id=_mine())
    return render_template("security/codes.html", left=left)


@bp.post("/codes")
@proving.first
def make_codes() -> ResponseReturnValue:
    """Make a new set and show it, in this answer and never again: no address leads to it."""
    with changing() as ctx:
        made = recovery_codes.make(ctx, account_id=_mine())
    return render_template("security/new_codes.html", codes=made)


@bp.get("/recovery")
def recovering() -> ResponseReturnValue:
    """Say that somebody asked for a new way in, and let the owner say no with one click."""
    with reading() as ctx:
        found = recoveries.open_one(ctx, account_id=_mine())
    return render_template("security/recovering.html", recovery=found, stopped=session.pop(_STOPPED, False))


@bp.post("/recovery")
def cancel_recovery() -> ResponseReturnValue:
    """The owner says no."""
    with changing() as ctx:
        found = recoveries.open_one(ctx, account_id=_mine())
        if found is not None:
            recoveries.cancel(ctx, account_id=_mine(), recovery_id=found.recovery_id)
    session[_STOPPED] = found is not None
    return redirect(url_for("security.recovering"), 303)
