"""A service reports that it passed on what it was shown; the citizen reads to whom, what and why, in who looked.

Nothing is opened for it. What is reported stands in the log, in the words of the service; as those may name the
citizen, they close under the citizen's key alone.
"""

from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy.exc import IntegrityError

from audit.events import Event
from vault import tokens
from vault.access import once, shown
from vault.access.asking import ActingPerson, Ask, Proof
from vault.access.keeping import ask_facts, claim
from vault.access.once import Kept, Once
from vault.access.shown import Admit
from vault.clock import microseconds
from vault.context import Vault
from vault.errors import NotAllowedError
from vault.journal import note
from vault.kinds import ServiceStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosure:
    """What was passed on: which fields, to which organisation, why, on which day."""

    fields: frozenset[str]
    recipient: str
    why: str
    on: date
    once: Once


def report_with_token(
    vault: Vault,
    *,
    handle: str,
    proof: Proof,
    acting: ActingPerson | None,
    told: Disclosure,
    admit: Admit = shown.anyone,
) -> Kept:
    """
    Write down that the token's service passed on some of what it was granted; the record of the answer is the grant.

    Raises:
        TokenInvalidError: The token is unknown, ended, bound to another key, or of an older version of its grant.
        ReplayedError: The proof was shown before.
        NotAllowedError: A field is not the grant's, or the service is suspended; that is logged.
        KeyReusedError: The idempotency key came with another request before.
    """
    sharing = shown.good(vault, shown.loading(vault, handle), proof)
    admit(sharing.grant["service_id"], sharing.grant["citizen_id"])
    ask = Ask(actor=shown.service_of(sharing), fields=told.fields, history=False, acting=acting, proof=proof)
    beyond = sorted(told.fields - set(sharing.grant["fields"]))
    may = bool(told.fields) and not beyond and sharing.service["status"] is ServiceStatus.ACTIVE
    with vault.transaction(ask.actor) as ctx:
        claim(ctx, ask)
        if not may:
            facts = {**ask_facts(sharing, ask, told.fields), "action": "report", "refused": beyond}
            note(ctx, Event.RECORD_REFUSED, citizen_id=sharing.grant["citizen_id"], facts=facts)
    if not may:
        raise NotAllowedError("only what was granted is reported as passed on", logged=True)
    ask = replace(ask, proof_is_spent=True)
    try:
        return _kept(vault, handle, ask, proof, told)
    except IntegrityError:  # the same key at the same moment: what the other wrote is found now
        return _kept(vault, handle, ask, proof, told)


def _kept(vault: Vault, handle: str, ask: Ask, proof: Proof, told: Disclosure) -> Kept:
    sharing = shown.good(vault, shown.loading(vault, handle), proof)
    with vault.transaction(ask.actor) as ctx:
        tokens.find(ctx, handle=handle)
        before = once.before(ctx, sharing, told.once)
        if before is not None:
            return before
        facts = {
            **ask_facts(sharing, ask, told.fields),
            "recipient": told.recipient,
            "on": told.on.isoformat(),
        }
        citizen_id, purpose = sharing.grant["citizen_id"], sharing.grant["purpose"]
        personal = {"why": told.why}
        leaf_hash = note(
            ctx, Event.DISCLOSURE_REPORTED, citizen_id=citizen_id, purpose=purpose, facts=facts, personal=personal
        )
        kept = Kept(
            record_id=sharing.grant["grant_id"],
            version=sharing.grant["version"],
            service_id=sharing.grant["service_id"],
            leaf_hash=leaf_hash,
            time_us=microseconds(ctx.now),
        )
        once.remember(ctx, sharing, told.once, kept)
        return kept
