"""A decision in words: a sentence for the citizen and one for staff, and never an id where words exist."""

import re

import pytest

from policies.engine import Engine
from policies.explain import WITHOUT_RULE, explain
from policies.model import Decision, PolicyId
from policies.rulebook import own_rules
from tests.policies.facts import ALLOWED, ASKED


def _decision(*because: str) -> Decision:
    return Decision(allowed=False, because=tuple(map(PolicyId, because)), policy_set="00")


@pytest.mark.parametrize("name", [*own_rules().rules, *WITHOUT_RULE])
def test_every_reason_is_a_plain_sentence_for_each_reader(name: str) -> None:
    for words in (explain(_decision(name), "citizen"), explain(_decision(name), "officer")):
        assert re.fullmatch(r"[A-Z`].*\.", words)
        assert name not in words
        assert len(words) < 200


def test_the_citizen_and_the_officer_read_different_words(engine: Engine) -> None:
    decision = engine.decide(ALLOWED["service-reads-what-was-allowed"])
    assert explain(decision, "citizen") == "You allowed this service to see this, for this purpose."
    assert explain(decision, "officer") == "An active grant of the citizen covers every field asked for."


def test_several_reasons_are_all_told() -> None:
    words = explain(_decision("grant-is-used-up", "acting-person-is-not-named"), "officer")
    assert words == "The grant has no uses left. Name the acting person; only a registered batch may do without."


def test_the_words_for_citizens_never_name_a_field_or_an_internal_word() -> None:
    for name in own_rules().rules:
        words = explain(_decision(name), "citizen")
        assert not re.search(r"[_`]|\b(grant|token|Art\.|tenant|principal)\b", words), words


def test_an_old_decision_by_a_rule_that_is_gone_stays_readable() -> None:
    assert "a-rule-of-old" in explain(_decision("a-rule-of-old"), "citizen")


def test_no_explanation_repeats_a_field_name(engine: Engine) -> None:
    for request in ALLOWED.values():
        decision = engine.decide(request)
        for field in ASKED:
            assert field not in explain(decision, "officer")
