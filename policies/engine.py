"""Deciding: a `Request` becomes a few typed facts, the rules judge them, and any doubt is a no.

Cedar skips a rule whose condition fails to evaluate, which would turn a broken `forbid` into a permit. Allowed means
three things at once: Cedar says Allow, it met no error, and one of our permits determined it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import cedarpy

from policies.model import (
    Action,
    AuthorityFacts,
    CaseFacts,
    ChangeFacts,
    Decision,
    DelayFacts,
    EmergencyFacts,
    GrantFacts,
    ItemFacts,
    Kind,
    PolicyId,
    PurposeFacts,
    Request,
    TokenFacts,
)
from policies.remembered import Remembered
from policies.rulebook import Rulebook, own_rules

NO_FIELD_NAMED: Final = PolicyId("no-field-named")
FIELD_NOT_IN_CATALOGUE: Final = PolicyId("field-not-in-catalogue")
NO_RULE_ALLOWS: Final = PolicyId("no-rule-allows")
RULES_FAILED: Final = PolicyId("rules-failed")

NEEDS_FIELDS: Final = frozenset(
    {Action.READ, Action.WRITE, Action.ASK, Action.IMPOSE, Action.EMERGENCY, Action.CORRECT, Action.CHECK_CONTACT}
    | {Action.NOTIFY, Action.CHECK_AGE, Action.CHECK_TIES}
)
"""Acts that must name fields. A decision may name none: it shares nothing."""
WITHHELD_CATEGORY: Final = "other."
_SPECIAL: Final = frozenset({"S", "s"})
_REVEAL: Final = "K"
_TYPES: Final = {kind: f"Vault::{kind.name.capitalize()}" for kind in Kind}
_MOST_SENSITIVE: Final = 2

Facts = Mapping[str, Any]
"""``principal``, ``action``, ``resource`` and ``context`` as Cedar takes them: JSON values only, fit to be kept."""


@dataclass(frozen=True, slots=True)
class Engine:
    """The rules, ready to decide. Safe to share between threads; all it keeps are answers (`policies.remembered`)."""

    rulebook: Rulebook
    flags: Mapping[str, frozenset[str]]
    """``category.field`` → its flags in the catalogue."""
    digest: str
    """SHA-256 (64 hex digits) of this policy set: rules, schema, catalogue and engine version."""
    _nothing: cedarpy.Entities
    _remembered: Remembered | None = None

    @classmethod
    def load(
        cls, *, fields: Mapping[str, Collection[str]], catalogue_digest: str, rulebook: Rulebook | None = None
    ) -> Self:
        """
        Read and check the rules, once, at start.

        Args:
            fields: Every ``category.field`` of the catalogue with its flags (``S s T D K H X``).
            catalogue_digest: 64 hex digits; part of `digest`.
            rulebook: Other rules than this package's own, to try them on past decisions.

        Raises:
            RulesNotWholeError: A rule file or required forbid is missing.
            RulesInvalidError: A rule does not parse or does not fit the schema.
        """
        book = own_rules() if rulebook is None else rulebook
        flags = {name: frozenset(map(str, given)) for name, given in fields.items()}
        remembered = None if book.compared is None else Remembered(book.compared)
        return cls(book, flags, book.digest(catalogue_digest), cedarpy.Entities.from_json_str("[]"), remembered)

    def decide(self, request: Request) -> Decision:
        """Decide *request*: deny by default, forbid beats permit, and any error, empty or unknown field set is a no."""
        if not request.fields and request.action in NEEDS_FIELDS:
            return self._no(NO_FIELD_NAMED)
        if not request.fields <= self.flags.keys():
            return self._no(FIELD_NOT_IN_CATALOGUE)
        facts = self.facts(request)
        found = self.judge_again(facts)
        beyond = request.grant is not None and not found.allowed
        missing = tuple(sorted(request.fields - request.grant.fields)) if beyond and request.grant else ()
        return Decision(found.allowed, found.because, found.policy_set, missing, facts, request.owner)

    def judge_again(self, facts: Facts) -> Decision:
        """As `judge`, and without asking the rules again where they cannot tell *facts* from those asked before."""
        if self._remembered is None:
            return self.judge(facts)
        key = self._remembered.key(facts)
        known = self._remembered.find(key)
        if known is not None:
            return known
        decision = self.judge(facts)
        if decision.because != (RULES_FAILED,):
            self._remembered.keep(key, decision)
        return decision

    def facts(self, request: Request) -> Facts:
        """Everything the rules judge about *request*, as JSON values; `judge` answers them again at any later time."""
        who = request.principal
        return {
            "principal": {"type": _TYPES[who.kind], "id": who.id},
            "action": {"type": "Vault::Action", "id": str(request.action)},
            "resource": _resource(request),
            "context": self._context(request),
        }

    def judge(self, facts: Facts) -> Decision:
        """Decide on *facts* that `facts` made, now or long ago. Whatever goes wrong is a no."""
        try:
            answer = cedarpy.is_authorized(dict(facts), self.rulebook.policies, self._nothing, self.rulebook.schema)
        except Exception:  # noqa: BLE001 (no error, of whatever kind, may become a yes or an unlogged no)
            return self._no(RULES_FAILED)
        notes = answer.diagnostics.id_annotations_by_reason
        because = tuple(sorted(PolicyId(notes.get(reason, "")) for reason in answer.diagnostics.reasons))
        if answer.diagnostics.errors or answer.decision is cedarpy.Decision.NoDecision:
            return self._no(RULES_FAILED)
        if answer.allowed:
            return Decision(self._all_permit(because), because, self.digest)
        return Decision(allowed=False, because=because or (NO_RULE_ALLOWS,), policy_set=self.digest)

    def _all_permit(self, because: tuple[PolicyId, ...]) -> bool:
        """Whether at least one rule determined the answer and each that did is a permit of ours."""
        rules = self.rulebook.rules
        return bool(because) and all(name in rules and rules[name].effect == "permit" for name in because)

    def _no(self, reason: PolicyId) -> Decision:
        return Decision(allowed=False, because=(reason,), policy_set=self.digest)

    def _context(self, request: Request) -> dict[str, Any]:
        who, asked = request.principal, request.fields
        flags: frozenset[str] = frozenset().union(*(self.flags.get(name, ()) for name in asked))
        return {
            "now": request.now,
            "ownerStatus": request.owner_status,
            "suspended": who.suspended,
            "stepUpRequired": request.step_up_required,
            "recovering": request.recovering,
            "special": bool(flags & _SPECIAL),
            "reveal": _REVEAL in flags,
            "withheld": any(name.startswith(WITHHELD_CATEGORY) for name in asked),
            "sensitivity": request.sensitivity if 0 <= request.sensitivity <= _MOST_SENSITIVE else None,
            "heldBack": request.held_back,
            "enteredInError": request.entered_in_error,
            "history": request.history,
            "shares": request.shares,
            **_if_so(
                alone=len(asked) == 1,
                organisation=who.organisation,
                service=who.service and _entity(Kind.SERVICE, who.service),
                stepUp=who.step_up,
                supervises=who.supervises,
                actingPerson=request.acting_person,
                batch=request.batch,
                reason=request.reason,
                agreement=request.agreement,
                ownWords=request.own_words,
                withoutOthers=request.without_others,
                knownHere=request.known_here,
                grantProven=request.grant_proven,
                logOf=request.log_of,
                purpose=request.purpose and _purpose(request.purpose, asked),
                grant=request.grant and _grant(request.grant, asked),
                authority=request.authority and _authority(request.authority, asked),
                token=request.token and _token(request.token),
                case=request.case and _case(request.case),
                item=request.item and _item(request.item),
                asker=request.asker and _entity(Kind.SERVICE, request.asker),
                change=request.change and _change(request.change),
                delay=request.delay and _delay(request.delay),
                emergency=request.emergency and _emergency(request.emergency),
            ),
        }


def _if_so(**facts: Any) -> dict[str, Any]:  # noqa: ANN401 (JSON values)
    """Those of *facts* that are so. Only for facts whose absence can never turn a no into a yes."""
    return {name: value for name, value in facts.items() if value}


def _entity(kind: Kind, name: str) -> dict[str, str]:
    return {"type": _TYPES[kind], "id": name}


def _resource(request: Request) -> dict[str, str]:
    if request.action in {Action.REVIEW_LOG, Action.DELAY}:
        return {"type": "Vault::Log", "id": request.log_of}
    if request.action is Action.ADMINISTER:
        return {"type": "Vault::Registry", "id": "registry"}
    return _entity(Kind.CITIZEN, request.owner)


def _purpose(given: PurposeFacts, asked: frozenset[str]) -> dict[str, Any]:
    return {
        "slug": given.slug,
        "choice": given.choice,
        "beyond": sorted(asked - given.most),
        "registered": given.registered,
        "condition": given.condition,
        **_if_so(organisations=sorted(given.organisations), receives=given.receives, emergency=given.emergency),
    }


def _grant(given: GrantFacts, asked: frozenset[str]) -> dict[str, Any]:
    return {
        "owner": _entity(Kind.CITIZEN, given.owner),
        "service": _entity(Kind.SERVICE, given.service),
        "purpose": given.purpose,
        "beyond": sorted(asked - given.fields),
        "state": given.state,
        "notBefore": given.not_before,
        "notAfter": given.not_after,
        "uses": given.uses,
        "maxUses": given.max_uses,
        "maxSensitivity": given.max_sensitivity,
        "version": given.version,
        "byRule": given.by_rule,
        **_if_so(history=given.history, write=given.write),
    }


def _authority(given: AuthorityFacts, asked: frozenset[str]) -> dict[str, Any]:
    return {
        "owner": _entity(Kind.CITIZEN, given.owner),
        "kind": given.kind,
        "powers": sorted(given.powers),
        "beyond": sorted(asked - given.fields),
        "validFrom": given.valid_from,
        "validTo": given.valid_to,
        "reviewed": given.reviewed,
    }


def _token(given: TokenFacts) -> dict[str, Any]:
    return {"bound": given.bound, "grantVersion": given.grant_version, "notAfter": given.not_after}


def _case(given: CaseFacts) -> dict[str, Any]:
    return {
        "owner": _entity(Kind.CITIZEN, given.owner),
        "service": _entity(Kind.SERVICE, given.service),
        "kind": given.kind,
        "state": given.state,
    }


def _item(given: ItemFacts) -> dict[str, Any]:
    service = given.service and _entity(Kind.SERVICE, given.service)
    return {"organisation": given.organisation, **_if_so(service=service)}


def _change(given: ChangeFacts) -> dict[str, Any]:
    return {
        "step": str(given.step),
        "organisation": given.organisation,
        "shared": given.shared,
        "keeper": given.keeper,
        "own": given.own,
        "aboutSelf": given.about_self,
        "proposerStands": given.proposer_stands,
        "current": given.current,
    }


def _emergency(given: EmergencyFacts) -> dict[str, Any]:
    return {
        "owner": _entity(Kind.CITIZEN, given.owner),
        "service": _entity(Kind.SERVICE, given.service),
        "own": given.own,
        "state": given.state,
    }


def _delay(given: DelayFacts) -> dict[str, Any]:
    return {
        "step": str(given.step),
        "keeper": given.keeper,
        "own": given.own,
        "aboutSelf": given.about_self,
        "proposerStands": given.proposer_stands,
        "days": given.days,
        "until": given.until,
    }
