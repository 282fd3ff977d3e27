"""The first sign-in through an identity provider: whose record is it? A second fact says so, never a name.

Who comes for the first time types an NHS number or a council reference, and a birth date. Where the provider vouches
for either of these, what is typed must be the same; both must agree with the sealed record. An account that has a way
in already is not joined so: its owner adds the provider from within.
"""

import hashlib
import hmac
from datetime import date
from typing import Final
from uuid import UUID

from flask import Blueprint, redirect, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from vault import access, accounts, citizens, finding, identities, passkeys, sign_ins
from vault.accounts import MAY_HAVE_ACCOUNT
from vault.context import SYSTEM, Context
from vault.finding import NUMBER_MOST
from vault.identifiers import normalise_nhs_number
from vault.identities import Vouched
from vault.kinds import AccountStatus, NoticeKind, Role
from vault.notices import tell
from vault.sums import Refused
from web.auth import let_in
from web.faults import ProviderRefusedError
from web.limits import TRIES, limiter
from web.oidc.flow import Answer
from web.pages.coming_back import birth_date
from web.pages.common import Answers, page
from web.runtime import runtime

bp: Final = Blueprint("matching", __name__, url_prefix="/sign-in/who")
BLUEPRINTS: Final = (bp,)

EVIDENCE: Final = "number and birth date"
_NOTE: Final = "unfinished"


def first_time(answer: Answer) -> ResponseReturnValue:
    """
    Keep whom the provider vouched for and ask who they are here.

    Raises:
        ProviderRefusedError: The provider should say a birth date or a number, and does not.
    """
    provider, said = answer.provider, {**answer.claims.all, **answer.more}
    vouched = {}
    for fact, claim in (("born", provider.birth_date_claim), ("number", provider.nhs_number_claim)):
        if claim and not isinstance(said.get(claim), str):
            raise ProviderRefusedError("the provider does not say what it should")
        if claim:
            vouched[fact] = _mark(fact, normalise_nhs_number(said[claim]) if fact == "number" else said[claim])
    with runtime().vault.transaction(SYSTEM) as ctx:
        whom = identities.vouched(
            ctx, issuer=provider.issuer, subject=answer.claims.subject, assurance=answer.claims.level
        )
        handle = identities.keep_unfinished(ctx, whom=whom)
    session[_NOTE] = {"handle": handle, "method": provider.method, **vouched}
    return redirect(url_for("matching.who"), 303)


def _mark(fact: str, value: str) -> str:
    """What the browser's note keeps of a fact: a mark under a key of the vault's own, which tells nothing of it."""
    key = runtime().vault.keyring.derived("oidc-facts")
    return hmac.new(key, f"{fact}|{value}".encode(), hashlib.sha256).hexdigest()


@bp.get("")
def who() -> ResponseReturnValue:
    """Ask for the number and the birth date."""
    with runtime().vault.reading(SYSTEM) as ctx:
        if identities.unfinished(ctx, handle=session.get(_NOTE, {}).get("handle", "")) is None:
            return redirect(url_for("sign_in.start"), 303)
    return page("matching/who.html")


@bp.post("")
@limiter.limit(TRIES)
def take() -> ResponseReturnValue:
    """Find the record, bind the identity to its account and sign in. What did not agree is not said."""
    answers, noted = Answers.given(), session.get(_NOTE, {})
    number = answers.text("number", _("Enter your NHS number or a council reference"), most=NUMBER_MOST)
    born = birth_date(answers)
    if answers.errors or born is None:
        return page("matching/who.html", answers=answers)
    with runtime().vault.transaction(SYSTEM) as ctx:
        whom = identities.try_unfinished(ctx, handle=noted.get("handle", ""))
    citizen_id = _agreed(number, born) if _as_vouched(noted, number, born) else None
    account_id = _bind(citizen_id, whom, noted["handle"]) if citizen_id else None
    if account_id is None:
        runtime().vault.count_refused(Refused.SIGN_IN)
        answers.errors["number"] = _("We could not find you by these, or you sign in another way already")
        return page("matching/who.html", answers=answers)
    return let_in(account_id, method=noted["method"])


def _as_vouched(noted: dict[str, str], number: str, born: date) -> bool:
    """Whether what was typed is what the provider vouched for, where it did."""
    typed = {"born": born.isoformat(), "number": normalise_nhs_number(number)}
    return all(hmac.compare_digest(noted[fact], _mark(fact, value)) for fact, value in typed.items() if fact in noted)


def _agreed(number: str, born: date) -> UUID | None:
    """The citizen whom both facts find and whose sealed record agrees."""
    with runtime().vault.reading(SYSTEM) as ctx:
        proposal = finding.by_number(ctx, number=number, birth_date=born)
    agrees = access.confirm_identity(
        runtime().vault, actor=SYSTEM, citizen_id=proposal.citizen_id, given=proposal.given
    )
    return proposal.citizen_id if agrees else None


def _bind(citizen_id: UUID, whom: Vouched, handle: str) -> UUID | None:
    with runtime().vault.transaction(SYSTEM) as ctx:
        account_id = _free_account(ctx, citizen_id)
        if account_id is not None:
            identities.finish(ctx, handle=handle)
            tell(ctx, citizen_id=citizen_id, kind=NoticeKind.RECOVERY, about=account_id)
            identities.bind(ctx, account_id=account_id, whom=whom, evidence=EVIDENCE)
        return account_id


def _free_account(ctx: Context, citizen_id: UUID) -> UUID | None:
    """The citizen's account, made where they have none; nothing where they may have none or it has a way in already."""
    if citizens.find(ctx, citizen_id=citizen_id).status not in MAY_HAVE_ACCOUNT:
        return None
    held = accounts.of_citizen(ctx, citizen_id=citizen_id)
    account = held[0] if held else accounts.make(ctx, role=Role.CITIZEN, citizen_id=citizen_id)
    taken = sign_ins.can_prove(ctx, account_id=account.account_id) or passkeys.has_other_way(
        ctx, account_id=account.account_id
    )
    return None if taken or account.status is not AccountStatus.ACTIVE else account.account_id
