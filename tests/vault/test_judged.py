"""What was judged is kept with its entry: so it can be explained, and made again under other rules."""

import shutil
from dataclasses import replace
from datetime import timedelta
from importlib.resources import as_file, files
from pathlib import Path
from typing import Final

import pytest

from policies.engine import Engine
from policies.rulebook import Rulebook
from tests.log_reading import told
from tests.vault.house import CARE, House
from tests.vault.test_trail import Desk, desk
from vault import trail
from vault.access import contact_is_safe, email_of
from vault.access.tying import marks_of_ties
from vault.catalogue import CATALOGUE
from vault.judged import THE_CITIZEN, Judged
from vault.release import Refusal
from vault.trail import Explained, Replayed
from vault.watching.marks import tie_mark

CHECKS: Final = {"ties:checked": "check-ties", "contact:checked": "check-contact", "contact:used": "notify"}

__all__ = ["desk"]


@pytest.fixture
def lived(desk: Desk) -> Desk:
    """A house in which something was allowed, read, and refused."""
    house = desk.house
    grant = house.grant()
    house.read(house.token(grant))
    refused = house.read(house.token(grant), fields=frozenset({"condition.name"}))
    assert isinstance(refused, Refusal)
    assert isinstance(house.read(house.token(grant), acting=None), Refusal)
    return desk


def judged(house: House, *events: str) -> list[Judged]:
    return [Judged.read(kept) for each in told(house.vault, *events) for kept in each.facts.get("judged", ())]


def test_every_read_refusal_and_decision_keeps_what_was_judged_without_the_citizen(lived: Desk) -> None:
    house = lived.house
    kept = judged(house)
    assert {"read", "ask", "decide"} <= {each.action for each in kept}
    assert {each.allowed for each in judged(house, "record:opened")} == {True}
    assert {each.allowed for each in judged(house, "record:refused")} == {False}
    assert str(house.citizen_id) not in str([each.facts for each in told(house.vault)])
    (read,) = judged(house, "record:opened")
    assert read.facts is not None
    assert read.facts["resource"]["id"] == read.facts["context"]["grant"]["owner"]["id"] == THE_CITIZEN


def test_the_same_rules_decide_the_same_of_all_that_was_kept(lived: Desk) -> None:
    engine = lived.house.vault.engine
    for each in judged(lived.house):
        assert each.whole is not None
        again = engine.judge(each.whole)
        assert (again.allowed, again.because) == (each.allowed, each.because)


def rules_with(folder: Path, old: str, new: str) -> Engine:
    """The engine of a proposed set: the rules in force, with *new* in place of *old* among the safeguards."""
    with as_file(files("policies")) as own:
        shutil.copytree(own / "rules", folder / "rules")
        shutil.copyfile(own / "schema.cedarschema", folder / "schema.cedarschema")
    path = folder / "rules" / "safeguards.cedar"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    fields = {each.name: each.flags for each in CATALOGUE.fields}
    return Engine.load(fields=fields, catalogue_digest=CATALOGUE.digest, rulebook=Rulebook.load(folder))


def replayed(desk: Desk, engine: Engine | None = None) -> Replayed:
    desk.place()
    with desk.house.vault.reading(desk.council_auditor) as ctx:
        until = ctx.now + timedelta(days=1)
        since = ctx.now - timedelta(days=1)
        return trail.replay(ctx, engine=engine or ctx.vault.engine, since=since, until=until)


def test_replaying_the_rules_in_force_changes_nothing_and_is_logged_first(lived: Desk) -> None:
    found = replayed(lived)
    assert found.changes == []
    assert found.totals["same"] == found.totals.total() - found.totals["not-kept"] > 3
    (entry,) = told(lived.house.vault, "policy:replayed")
    assert entry.actor.startswith("auditor:")
    assert entry.facts["rules"] == lived.house.vault.engine.digest


NO_SERVICE_READS: Final = """@id("no-service-reads")
@because("Nobody reads.")
@staff("Nobody reads.")
forbid (principal is Vault::Service, action == Vault::Action::"read", resource);

@id("acting-person-is-not-named")"""


def test_a_proposed_set_says_who_would_lose_by_purpose_service_and_act(lived: Desk, tmp_path: Path) -> None:
    engine = rules_with(tmp_path, '@id("acting-person-is-not-named")', NO_SERVICE_READS)
    found = replayed(lived, engine)
    (change,) = found.changes
    assert (change.group.purpose, change.group.service, change.group.action) == (CARE, "home-care", "read")
    assert change.result == "loses"
    assert "no-service-reads" in change.now
    (opened,) = lived.found(event="record:opened").lines
    assert (change.leaf_hash, change.entry) == (opened.leaf_hash.hex(), opened.position)
    assert str(lived.house.citizen_id) not in str(found)


def test_a_proposed_set_says_who_would_gain(lived: Desk, tmp_path: Path) -> None:
    engine = rules_with(tmp_path, "unless { (context has actingPerson", "unless { true || (context has actingPerson")
    found = replayed(lived, engine)
    (change,) = found.changes
    assert (change.result, change.was) == ("gains", ("acting-person-is-not-named",))


def test_what_holds_no_facts_is_counted_and_not_guessed_at(lived: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vault.access.keeping.told", lambda decision: {"because": list(decision.because)})
    grant = lived.house.grant()
    lived.house.read(lived.house.token(grant))
    found = replayed(lived)
    counted = {group.action: counts["not-kept"] for group, counts in found.counts.items() if counts["not-kept"]}
    assert counted == {"record:opened": 1}
    explained = explain(lived, "record:opened")
    assert explained.decisions == ()
    assert [rule.of_that_time for rule in explained.rules] == [True]


def explain(desk: Desk, event: str) -> Explained:
    """The newest entry of *event*, explained to the council's auditor."""
    line = desk.found(event=event).lines[0]
    with desk.house.vault.reading(desk.council_auditor) as ctx:
        return trail.explain(ctx, leaf_hash=line.leaf_hash)


def test_an_entry_is_explained_by_its_rules_facts_and_the_share_as_it_was_then(lived: Desk) -> None:
    narrowed = lived.house.grant()
    lived.house.read(lived.house.token(narrowed))
    lived.house.withdraw(narrowed)
    found = explain(lived, "record:opened")
    assert [(rule.name, rule.effect, rule.of_that_time) for rule in found.rules] == [
        ("service-reads-what-was-allowed", "permit", True)
    ]
    (decision,) = found.decisions
    assert (decision.then.allowed, decision.allowed_now) == (True, True)
    assert decision.then.facts is not None
    assert decision.then.facts["context"]["grant"]["state"] == "active"
    assert found.share is not None
    assert (found.share.version, found.share.event) == (narrowed.version, "grant:made")
    assert set(found.share.fields) == narrowed.fields
    assert found.same_rules


def test_a_rule_that_says_something_else_by_now_is_explained_in_its_words_of_that_time(
    lived: Desk, tmp_path: Path
) -> None:
    other = rules_with(tmp_path, '@staff("Name the acting person;', '@staff("Words of another day;')
    line = lived.found(event="record:refused").lines[0]
    vault = replace(lived.house.vault, engine=other)
    with vault.reading(lived.council_auditor) as ctx:
        found = trail.explain(ctx, leaf_hash=line.leaf_hash)
    (rule,) = found.rules
    assert rule.staff == "Name the acting person; only a registered batch may do without."
    assert rule.of_that_time
    assert not found.same_rules


def test_each_look_of_the_vault_s_own_is_explained_by_what_was_judged(desk: Desk) -> None:
    house = desk.house
    house.keep("contact", "c-1", {"contact.address": "1 High Street, LL55 1AA", "contact.email": "e@example.org"})
    marks_of_ties(house.vault, citizen_id=house.citizen_id, mark=tie_mark)
    contact_is_safe(house.vault, citizen_id=house.citizen_id, channel="letter")
    email_of(house.vault, citizen_id=house.citizen_id)
    for event, action in CHECKS.items():
        found = explain(desk, event)
        assert [(each.then.action, each.then.allowed, each.allowed_now) for each in found.decisions] == [
            (action, True, True)
        ], event
        assert found.rules, event
