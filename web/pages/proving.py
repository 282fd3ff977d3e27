"""Prove it is you: the page before a grave act. It says what it is for, and leads back to what was being done."""

from typing import Final

from flask import Blueprint, jsonify, redirect, render_template, session
from flask.typing import ResponseReturnValue

from audit.events import Event
from vault import identities, sign_ins
from vault import passkeys as kept
from vault.refusals import log_refusal
from web import passkeys, proving
from web.auth import PROVED_BY, me
from web.faults import PasskeyRefusedError
from web.limits import TRIES, limiter, own_tries
from web.pages.common import changing, reading
from web.pages.identity import send

bp: Final = Blueprint("proving", __name__, url_prefix="/prove")
BLUEPRINTS: Final = (bp,)


@bp.get("")
def start() -> ResponseReturnValue:
    """Offer what this person can prove themselves by; go on at once where nothing is needed."""
    if not proving.asked():
        return redirect(proving.done(), 303)
    with reading() as ctx:
        held = kept.of_account(ctx, account_id=me().account.account_id)
        bound = identities.of_account(ctx, account_id=me().account.account_id)
    return render_template("proving/start.html", has_passkey=bool(held), identities=bound)


@bp.get("/with/<name>")
@limiter.limit(TRIES, key_func=own_tries)
def through(name: str) -> ResponseReturnValue:
    """Prove it at the identity provider, which asks again even whom it knows."""
    return send(name, why="prove", account_id=me().account.account_id)


@bp.post("/options")
@limiter.limit(TRIES, key_func=own_tries)
def options() -> ResponseReturnValue:
    """What the browser needs to ask for one of this person's passkeys."""
    return jsonify(passkeys.proof_options(me().account.account_id))


@bp.post("")
@limiter.limit(TRIES, key_func=own_tries)
def check() -> ResponseReturnValue:
    """Take the passkey's answer; the proof counts for this sign-in, from now."""
    passkeys.prove(passkeys.sent(), expected=me().account.account_id)
    with changing() as ctx:
        sign_ins.prove(ctx, cookie=me().cookie, method="passkey")
    session[PROVED_BY] = "passkey"
    return jsonify({"next": proving.done()})


@bp.errorhandler(PasskeyRefusedError)
def refused(_error: PasskeyRefusedError) -> ResponseReturnValue:
    """Tell the script that the passkey was not taken, and the log too: it is known whose sign-in tried."""
    person = me().account
    with reading() as ctx:
        facts = {"account": str(person.account_id), "method": "passkey", "reason": "proof-refused"}
        log_refusal(ctx, Event.SIGN_IN_REFUSED, citizen_id=person.citizen_id, facts=facts)
    return jsonify({"code": PasskeyRefusedError.code}), 400
