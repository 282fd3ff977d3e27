"""A no is logged the same way as a yes and returned; and a seal that does not open is said in the log."""

from dataclasses import replace
from typing import Final
from uuid import UUID

from audit.events import Event
from policies.explain import explain
from policies.model import Action, Decision
from vault import hiding
from vault.access import question
from vault.access.asking import Ask
from vault.access.keeping import ask_facts, claim, entry_keys
from vault.catalogue import CATALOGUE
from vault.clock import month_of
from vault.context import SYSTEM, Actor, Context, Vault
from vault.documents.kinds import FIELD
from vault.facts import Sharing
from vault.journal import Happening, keys_for, note, queue
from vault.judged import told
from vault.release import ProofAsked, Refusal

PROVE_AGAIN: Final = "citizen-must-prove-themselves-again"
"""The rule whose no becomes a yes when the citizen proves who they are, and decides again."""


def refuse(
    vault: Vault,
    sharing: Sharing,
    ask: Ask,
    wanted: frozenset[str],
    decision: Decision,
    *,
    reach: frozenset[str] | None = None,
) -> Refusal:
    """
    Log the no to *ask* and return it; its proof is spent all the same.

    *reach* is what may be written, where something was to be written; else what may be seen counts.
    """
    known = frozenset(name for name in wanted if CATALOGUE.has(name))
    missing = tuple(sorted(known - (frozenset(sharing.grant["fields"]) if reach is None else reach)))
    with vault.transaction(ask.actor) as ctx:
        claim(ctx, ask)
        facts = {
            **ask_facts(sharing, ask, known),
            **told(decision),
            "refused": sorted(known),
            "fields": [],
            "missing": list(missing),
            **({} if reach is None else {"action": str(Action.WRITE)}),
        }
        happening = Happening(
            event=Event.RECORD_REFUSED, purpose=sharing.grant["purpose"], policy_set=decision.policy_set, facts=facts
        )
        leaf = queue(
            ctx.session,
            vault,
            now=ctx.now,
            actor=ask.actor,
            keys=entry_keys(vault, sharing, month_of(ctx.now)),
            happening=happening,
            pairs=[],
        )
        _follow(ctx, sharing, leaf)
    refusal = refusal_of(vault, replace(decision, missing=decision.missing or missing), missing, leaf)
    return _with_proof(refusal, sharing) if decision.because == (PROVE_AGAIN,) and not missing else refusal


def _with_proof(refusal: Refusal, sharing: Sharing) -> Refusal:
    """*refusal*, with what its purpose asks for: a proof would make it a yes."""
    asked = question.defined(sharing)
    proof = ProofAsked(asked.sign_in_max_age, asked.sign_in_acr)
    return replace(refusal, code="insufficient_user_authentication", proof=proof)


def _follow(ctx: Context, sharing: Sharing, leaf: bytes) -> None:
    """Where looks that are hidden from the citizen used the share up, this no would tell of them: it is hidden too."""
    grant = sharing.grant
    hiding.follow(ctx, grant_id=grant["grant_id"], uses=grant["uses"], max_uses=grant["max_uses"], leaf_hash=leaf)


def refusal_of(vault: Vault, decision: Decision, missing: tuple[str, ...], leaf_hash: bytes) -> Refusal:
    """*decision* in words for both sides."""
    return Refusal(
        code="beyond_grant" if missing else "refused",
        because=decision.because,
        words=explain(decision, "citizen", rulebook=vault.engine.rulebook),
        officer_words=explain(decision, "officer", rulebook=vault.engine.rulebook),
        missing=missing,
        leaf_hash=leaf_hash,
    )


def note_broken(vault: Vault, citizen_id: UUID, record_id: UUID) -> None:
    """Log that a seal did not open; it may have been changed."""
    with vault.transaction(SYSTEM) as ctx:
        happening = Happening(event=Event.RECORD_UNSEAL_FAILED, facts={"record": str(record_id)})
        queue(
            ctx.session,
            vault,
            now=ctx.now,
            actor=ctx.actor,
            keys=keys_for(ctx, citizen_id=citizen_id),
            happening=happening,
            pairs=[],
        )


def note_stopped(vault: Vault, actor: Actor, citizen_id: UUID, record_id: UUID) -> None:
    """Log that a document was not given any further: what the look rested on changed while it lasted."""
    facts = {"record": str(record_id), "refused": [FIELD], "fields": [], "stopped": True}
    with vault.transaction(actor) as ctx:
        note(ctx, Event.RECORD_REFUSED, citizen_id=citizen_id, facts=facts)
