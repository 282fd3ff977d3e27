"""At the desk: an officer finds one resident by number and birth date, makes a letter, or vouches for a recovery.

Nobody can be browsed for: an officer names a number and a birth date, both must agree with the sealed record, and every
try is in the log. A person who is not found looks the same as one who may have no account.
"""

from typing import Final
from uuid import UUID

from flask import Blueprint, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from vault import access, accounts, citizens, finding, letters, recoveries
from vault.accounts import MAY_HAVE_ACCOUNT, AccountView
from vault.at_the_desk import officer_of_the_council
from vault.errors import NotFoundError
from vault.finding import NUMBER_MOST
from vault.kinds import AccountStatus, RecoveryState, Role
from web import proving
from web.auth import me
from web.limits import limiter, own_tries
from web.pages.coming_back import birth_date
from web.pages.common import Answers, changing, page, reading
from web.runtime import runtime

bp: Final = Blueprint("desk", __name__, url_prefix="/desk")
BLUEPRINTS: Final = (bp,)

FINDS: Final = "30 per hour"
"""How often one officer may look for somebody: enough for a desk, too little to go through a list."""
_AT_THE_DESK: Final = "at_the_desk"


@bp.before_request
def of_the_council_alone() -> None:
    """Keep the desk to the council's officers, before anything is looked up."""
    with reading() as ctx:
        officer_of_the_council(ctx)


@bp.get("")
@proving.first
def find() -> ResponseReturnValue:
    """Ask for the two facts."""
    return _find_page()


def _find_page(answers: Answers | None = None) -> ResponseReturnValue:
    with reading() as ctx:
        to_print = sum(not each.is_mine for each in letters.orders(ctx))
    return page("desk/find.html", answers=answers, to_print=to_print)


@bp.post("")
@limiter.limit(FINDS, key_func=own_tries)
@proving.first
def found() -> ResponseReturnValue:
    """Look for the person; the door says whether their record agrees."""
    answers = Answers.given()
    number = answers.text("number", _("Enter an NHS number or a council reference"), most=NUMBER_MOST)
    born = birth_date(answers)
    if answers.errors or born is None:
        return _find_page(answers)
    with reading() as ctx:
        proposal = finding.by_number(ctx, number=number, birth_date=born)
    agrees = access.confirm_identity(
        runtime().vault, actor=me().actor, citizen_id=proposal.citizen_id, given=proposal.given
    )
    account = _account(proposal.citizen_id) if agrees and proposal.citizen_id else None
    if account is None:
        answers.errors["number"] = _("We found nobody with this number and date of birth who can have an account")
        return _find_page(answers)
    session[_AT_THE_DESK] = str(account.account_id)
    return redirect(url_for("desk.person"), 303)


def _account(citizen_id: UUID) -> AccountView | None:
    """The resident's account, made where they have none; none where they may have none."""
    with changing() as ctx:
        if citizens.find(ctx, citizen_id=citizen_id).status not in MAY_HAVE_ACCOUNT:
            return None
        held = accounts.of_citizen(ctx, citizen_id=citizen_id)
        made = held[0] if held else accounts.make(ctx, role=Role.CITIZEN, citizen_id=citizen_id)
        return made if made.status is AccountStatus.ACTIVE else None


def _present() -> UUID:
    """
    The account of whoever stands at the desk, as this officer's browser noted it.

    Raises:
        NotFoundError: Nobody was found yet.
    """
    noted = session.get(_AT_THE_DESK)
    if noted is None:
        raise NotFoundError("nobody was found yet")
    return UUID(noted)


@bp.get("/person")
def person() -> ResponseReturnValue:
    """What can be done for the person who was found."""
    account_id = _present()
    with reading() as ctx:
        recovery = recoveries.open_one(ctx, account_id=account_id)
        evidence = ""
        if recovery is not None and recovery.state is RecoveryState.ASKED:
            evidence = recoveries.evidence_of(ctx, account_id=account_id, recovery_id=recovery.recovery_id)
        ready = recovery is not None and recovery.ready_at is not None and recovery.ready_at <= ctx.now
        by_letter = not letters.has_another_way(ctx, account_id=account_id)
    return page(
        "desk/person.html",
        recovery=recovery,
        evidence=evidence,
        ready=ready,
        by_letter=by_letter,
        mine=recovery is not None and recovery.first_by == me().account.account_id,
    )


@bp.post("/letter")
@proving.first
def letter() -> ResponseReturnValue:
    """Ask for a letter: a colleague prints it, so that nobody holds both the code and what goes with it."""
    with changing() as ctx:
        letters.ask(ctx, account_id=_present())
    return redirect(url_for("desk.asked"), 303)


@bp.get("/letter")
def asked() -> ResponseReturnValue:
    """Say that the letter waits, and for whom."""
    return page("desk/asked.html")


@bp.get("/letters")
def waiting() -> ResponseReturnValue:
    """The letters that wait to be printed. Nobody is named before a letter is printed."""
    with reading() as ctx:
        found = letters.orders(ctx)
    return page("desk/letters.html", others=[each for each in found if not each.is_mine], mine=found)


@bp.post("/letters/<uuid:order_id>")
@proving.first
def print_letter(order_id: UUID) -> ResponseReturnValue:
    """Print a letter that a colleague asked for, in this answer and never again; no address where post is not safe."""
    vault = runtime().vault
    with reading() as ctx:
        citizen_id = letters.addressee(ctx, order_id=order_id)
    safe = access.contact_is_safe(vault, citizen_id=citizen_id, channel="letter")
    to = access.postal_of(vault, citizen_id=citizen_id, reader=me().actor) if safe else None
    with changing() as ctx:
        printed = letters.print_out(ctx, order_id=order_id)
    return render_template(
        "desk/letter.html",
        letter=printed.letter,
        safe=safe,
        to=to,
        address=runtime().config.issuer + url_for("coming_back.letter"),
    )


@bp.post("/recovery")
@proving.first
def vouch() -> ResponseReturnValue:
    """Vouch for the person, as the first or the second officer."""
    account_id, answers = _present(), Answers.given()
    words = answers.text("words", _("Write what you saw, and how you knew it was them"))
    if answers.errors:
        with reading() as ctx:
            recovery = recoveries.open_one(ctx, account_id=account_id)
        return page("desk/person.html", answers=answers, recovery=recovery, evidence="", ready=False, mine=False)
    with changing() as ctx:
        recovery = recoveries.open_one(ctx, account_id=account_id)
        if recovery is None:
            recoveries.ask(ctx, account_id=account_id, evidence=words)
        else:
            recoveries.agree(ctx, account_id=account_id, recovery_id=recovery.recovery_id, evidence=words)
    return redirect(url_for("desk.person"), 303)


@bp.post("/recovery/stop")
def stop() -> ResponseReturnValue:
    """End a recovery that was a mistake, or that the owner told us to end."""
    account_id = _present()
    with changing() as ctx:
        recovery = recoveries.open_one(ctx, account_id=account_id)
        if recovery is not None:
            recoveries.cancel(ctx, account_id=account_id, recovery_id=recovery.recovery_id)
    return redirect(url_for("desk.person"), 303)


@bp.post("/recovery/link")
@proving.first
def link() -> ResponseReturnValue:
    """After the wait: make the link and show it for handing over, in this answer and never again."""
    account_id = _present()
    with changing() as ctx:
        recovery = recoveries.open_one(ctx, account_id=account_id)
        if recovery is None:
            raise NotFoundError("no recovery is under way")
        handle = recoveries.give_link(ctx, account_id=account_id, recovery_id=recovery.recovery_id)
    return render_template("desk/link.html", address=f"{runtime().config.issuer}/link/{handle}")
