"""The engine: one question in, one decision out.

Deny by default, forbid beats permit, and any evaluation error is a no.
"""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from cedarpy import Decision as CedarDecision
from cedarpy import Entities, is_authorized

from policies.model import Action, AuthorityFacts, Decision, GrantFacts, PurposeFacts, Request
from policies.rulebook import HOME, Rulebook

NO_FIELDS: Final = "no-fields"
UNKNOWN_FIELDS: Final = "unknown-fields"
BROKEN_RULE: Final = "broken-rule"
"""Ids of refusals that come before, or in spite of, the rules."""

_TYPES: Final = {
    "citizen": "Citizen",
    "delegate": "Delegate",
    "officer": "Officer",
    "service": "Service",
    "auditor": "Auditor",
    "administrator": "Administrator",
    "system": "System",
}
_ABOUT_FIELDS: Final = frozenset({Action.READ, Action.REVEAL, Action.ASK, Action.EMERGENCY})


@dataclass(frozen=True, slots=True)
class Known:
    """What the rules must know of the catalogue: every field, and those that need care."""

    fields: frozenset[str]
    special: frozenset[str]
    reveal: frozenset[str]
    withheld: frozenset[str]


class Engine:
    """The council's rules, parsed once. Pure: the same request always gets the same decision."""

    def __init__(self, rulebook: Rulebook, known: Known) -> None:
        self.rulebook = rulebook
        self._known = known
        self._entities = Entities.from_json_str("[]")

    @classmethod
    def load(cls, known: Known, *, catalogue_digest: str, home: Path = HOME) -> Self:
        """
        Read and check the rules.

        Raises:
            PolicyError: They are not whole or do not hold; nothing may be served.
        """
        return cls(Rulebook.read(home, catalogue_digest=catalogue_digest), known)

    @property
    def digest(self) -> str:
        """SHA-256 (64 hex digits) over rules, manifest, schema, catalogue and engine version."""
        return self.rulebook.digest

    def decide(self, request: Request) -> Decision:
        """Decide *request*: allowed means Allow, and no errors, and at least one permit that says so."""
        refused = self._refuse_fields(request)
        if refused is not None:
            return Decision(allowed=False, because=(refused,), policy_set=self.digest)
        answer = is_authorized(
            {
                "principal": _entity(_TYPES[request.principal.kind], request.principal.id),
                "action": _entity("Action", request.action.value),
                "resource": _resource(request),
                "context": self._context(request),
            },
            self.rulebook.policies,
            self._entities,
            self.rulebook.schema,
        )
        because = self._ids(answer.diagnostics.reasons)
        if answer.diagnostics.errors:
            return Decision(allowed=False, because=(BROKEN_RULE,), policy_set=self.digest)
        allowed = answer.decision is CedarDecision.Allow and bool(because)
        return Decision(allowed, because, self.digest, () if allowed else _missing(request))

    def _ids(self, reasons: Collection[str]) -> tuple[str, ...]:
        """Cedar names policies by their place in the text; we name them by their @id."""
        rules = self.rulebook.rules
        return tuple(sorted(rules[int(each.removeprefix("policy"))].id for each in reasons))

    def _refuse_fields(self, request: Request) -> str | None:
        """An empty set would pass every ``containsAll``, and an unknown name is nobody's to allow."""
        if request.action in _ABOUT_FIELDS and not request.fields:
            return NO_FIELDS
        return UNKNOWN_FIELDS if (request.fields or frozenset()) - self._known.fields else None

    def _context(self, request: Request) -> dict[str, Any]:
        fields = request.fields or frozenset()
        facts: dict[str, Any] = {
            "now": request.now,
            "fields": sorted(fields),
            "ownerStatus": request.owner_status,
            "special": bool(fields & self._known.special),
            "reveals": bool(fields & self._known.reveal),
            "alone": len(fields) == 1,
            "withheld": bool(fields & self._known.withheld),
            "suspended": request.principal.suspended,
            "actingNamed": request.acting_named,
            "batch": request.batch,
            "sensitivity": request.sensitivity,
            "enteredInError": request.entered_in_error,
            "stepUpRequired": request.step_up_required,
            "steppedUp": request.principal.stepped_up,
            "reasonGiven": request.reason_given,
        }
        if request.principal.service is not None:
            facts["service"] = _reference("Service", request.principal.service)
        if request.purpose is not None:
            facts["purpose"] = _purpose(request.purpose)
        if request.grant is not None:
            facts["grant"] = _grant(request.grant)
        if request.authority is not None:
            facts["authority"] = _authority(request.authority)
        if request.token is not None:
            facts["token"] = {"bound": request.token.bound, "grantVersion": request.token.grant_version}
        return facts


def _entity(kind: str, name: str) -> dict[str, str]:
    return {"type": f"Vault::{kind}", "id": name}


def _reference(kind: str, name: str) -> dict[str, dict[str, str]]:
    return {"__entity": _entity(kind, name)}


def _resource(request: Request) -> dict[str, str]:
    if request.action is Action.REVIEW_LOG:
        return _entity("Log", "log")
    if request.action is Action.ADMINISTER:
        return _entity("Registry", "registry")
    return _entity("Citizen", request.owner)


def _purpose(facts: PurposeFacts) -> dict[str, Any]:
    return {
        "name": facts.name,
        "choice": facts.choice,
        "registered": facts.registered,
        "most": sorted(facts.most),
        "condition": facts.condition,
        "receives": facts.receives,
        "emergency": facts.emergency,
    }


def _grant(facts: GrantFacts) -> dict[str, Any]:
    return {
        "owner": _reference("Citizen", facts.owner),
        "service": _reference("Service", facts.service),
        "purpose": facts.purpose,
        "fields": sorted(facts.fields),
        "state": facts.state,
        "notBefore": facts.not_before,
        "notAfter": facts.not_after,
        "usesLeft": facts.uses_left,
        "maxSensitivity": facts.max_sensitivity,
        "version": facts.version,
    }


def _authority(facts: AuthorityFacts) -> dict[str, Any]:
    return {
        "owner": _reference("Citizen", facts.owner),
        "fields": sorted(facts.fields),
        "active": facts.active,
        "notBefore": facts.not_before,
        "notAfter": facts.not_after,
    }


def _missing(request: Request) -> tuple[str, ...]:
    if request.fields is None:
        return ()
    held = request.grant.fields if request.grant else request.authority.fields if request.authority else None
    return () if held is None else tuple(sorted(request.fields - held))
