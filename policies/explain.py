"""A decision in words, for the citizen and for those who work with it. The words stand beside each rule."""

from collections.abc import Iterable
from typing import Final, Literal

from policies.engine import FIELD_NOT_IN_CATALOGUE, NO_FIELD_NAMED, NO_RULE_ALLOWS, RULES_FAILED
from policies.model import Decision, PolicyId
from policies.rulebook import Rulebook, own_rules

Audience = Literal["citizen", "officer"]
"""``officer`` stands for everyone who works with the vault: officers, services, auditors, administrators."""

WITHOUT_RULE: Final[dict[PolicyId, tuple[str, str]]] = {
    NO_FIELD_NAMED: (
        "Nothing was asked for by name.",
        "Name at least one field.",
    ),
    FIELD_NOT_IN_CATALOGUE: (
        "Something was asked for that no record has.",
        "One of the fields is not in the catalogue.",
    ),
    NO_RULE_ALLOWS: (
        "Nothing allows this.",
        "No rule allows this.",
    ),
    RULES_FAILED: (
        "We could not be sure that this is allowed, so it was refused.",
        "The rules could not judge this request, so it was refused; tell the administrator.",
    ),
}
"""What is said where no rule decided: (for the citizen, for staff)."""


def explain(decision: Decision, audience: Audience, *, rulebook: Rulebook | None = None) -> str:
    """Why *decision* is as it is, as `sentences` says it, in one text."""
    return " ".join(sentences(decision.because, audience, rulebook=rulebook))


def sentences(because: Iterable[PolicyId], audience: Audience, *, rulebook: Rulebook | None = None) -> tuple[str, ...]:
    """
    A sentence for each rule that a decision rests on, each once.

    Args:
        because: The rules' ids, of a decision made under *rulebook*.
        audience: Who reads it.
        rulebook: The rules it was made under, by default those of this package. A rule that is no longer among them is
            named by its id, so that an old decision stays readable.
    """
    book = own_rules() if rulebook is None else rulebook
    return tuple(dict.fromkeys(_sentence(name, audience, book) for name in because))


def _sentence(name: PolicyId, audience: Audience, book: Rulebook) -> str:
    if name in WITHOUT_RULE:
        return WITHOUT_RULE[name][audience == "officer"]
    rule = book.rules.get(name)
    if rule is None:
        return f"A rule that is no longer in force decided this: {name}."
    return rule.because if audience == "citizen" else rule.staff
