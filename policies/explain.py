"""A decision in words: one sentence for the citizen, one for the officer who was refused."""

from typing import Final, Literal

from policies.engine import BROKEN_RULE, NO_FIELDS, UNKNOWN_FIELDS
from policies.model import Decision
from policies.rulebook import Rulebook

_BEFORE_THE_RULES: Final = {
    NO_FIELDS: "nothing was asked for",
    UNKNOWN_FIELDS: "something was asked for that nobody keeps",
    BROKEN_RULE: "the rules could not be applied, so nothing was shown",
}
_NOTHING_PERMITS: Final = "nothing that the person or the law allows covers it"


def explain(decision: Decision, rulebook: Rulebook, *, audience: Literal["citizen", "officer"]) -> str:
    """Say *decision* as one sentence, capital letter and full stop; never with an id or a value."""
    told = "; ".join(_sentence(each, rulebook) for each in decision.because) or _NOTHING_PERMITS
    if decision.allowed:
        return f"Shown, because {told}." if audience == "citizen" else f"Allowed, because {told}."
    if decision.missing and not decision.because:
        many = len(decision.missing)
        things = "1 thing" if many == 1 else f"{many} things"
        told = f"{things} asked for {'is' if many == 1 else 'are'} not shared"
    return f"We did not show this, because {told}." if audience == "citizen" else f"Refused, because {told}."


def _sentence(rule_id: str, rulebook: Rulebook) -> str:
    rule = rulebook.rule(rule_id)
    return rule.because if rule else _BEFORE_THE_RULES.get(rule_id, _NOTHING_PERMITS)
