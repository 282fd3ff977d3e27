"""The engine fails closed: no error, missing file, odd value or order of rules turns a no into a yes."""

import json
import shutil
from collections.abc import Callable
from dataclasses import fields as fields_of
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.engine import FIELD_NOT_IN_CATALOGUE, NO_FIELD_NAMED, RULES_FAILED, Engine
from policies.errors import PolicyError, RulesInvalidError, RulesNotWholeError
from policies.model import Action, GrantFacts, Request
from policies.rulebook import Rulebook, own_rules
from tests.policies.facts import ALLOWED, ASKED, CARE, FLAGS, GRANT, NOW, OTHER, TOKEN

HOME = Path(__file__).parents[2] / "policies"
READ = ALLOWED["service-reads-what-was-allowed"]


def _engine(book: Rulebook) -> Engine:
    return Engine.load(fields=FLAGS, catalogue_digest="c0ffee", rulebook=book)


def _with(text: str) -> Engine:
    """An engine with one more rule."""
    book = own_rules()
    return _engine(Rulebook.parse({**book.texts, "extra.cedar": text}, book.schema_text))


def test_an_empty_field_set_is_refused_before_the_rules(engine: Engine) -> None:
    for name, request in ALLOWED.items():
        if request.fields and request.action is not Action.DECIDE and request.action is not Action.ASSIST:
            decision = engine.decide(replace(request, fields=frozenset()))
            assert not decision.allowed, name
            assert decision.because == (NO_FIELD_NAMED,)


@pytest.mark.parametrize("stray", ["medication.nme", "", "medication.*", "MEDICATION.NAME", "medication.name\n", "*"])
def test_a_field_outside_the_catalogue_is_refused_even_where_a_grant_names_it(engine: Engine, stray: str) -> None:
    request = replace(READ, fields=ASKED | {stray}, grant=replace(GRANT, fields=ASKED | {stray}))
    decision = engine.decide(request)
    assert not decision.allowed
    assert decision.because == (FIELD_NOT_IN_CATALOGUE,)


def test_an_erring_forbid_is_a_no() -> None:
    erring = _with(
        '@id("erring") @because("b") @staff("s") forbid (principal, action, resource) '
        "when { context.now + 9223372036854775807 > 0 };"
    )
    assert _engine(own_rules()).decide(READ).allowed
    decision = erring.decide(READ)
    assert not decision.allowed
    assert decision.because == (RULES_FAILED,)


def test_an_erring_permit_is_a_no_even_beside_one_that_allows() -> None:
    erring = _with(
        '@id("erring") @because("b") @staff("s") permit (principal, action, resource) '
        "when { context.now + 9223372036854775807 > 0 };"
    )
    assert not erring.decide(READ).allowed


@pytest.mark.parametrize(
    "broken",
    [
        {"sensitivity": -1},
        {"sensitivity": 3},
        {"sensitivity": True},
        {"now": 2**63},
        {"now": 1.5},
        {"now": "soon"},
        {"owner_status": None},
        {"acting_person": "yes"},
        {"token": replace(TOKEN, bound="yes")},  # type: ignore[arg-type]
        {"grant": replace(GRANT, max_uses=None)},  # type: ignore[arg-type]
        {"grant": replace(GRANT, state=1)},  # type: ignore[arg-type]
        {"grant": replace(GRANT, owner=None)},  # type: ignore[arg-type]
        {"purpose": replace(CARE, registered=1)},  # type: ignore[arg-type]
        {"owner": "\ud800"},
        {"owner_status": object()},
    ],
    ids=[
        "sensitivity-below-all",
        "sensitivity-above-all",
        "sensitivity-as-bool",
        "time-too-late",
        "time-as-fraction",
        "time-as-word",
        "no-status",
        "acting-person-as-word",
        "bound-as-word",
        "no-most-uses",
        "state-as-number",
        "nobodys-grant",
        "registered-as-number",
        "lone-surrogate",
        "status-as-object",
    ],
)
def test_a_fact_of_the_wrong_kind_is_a_no_and_never_an_exception(engine: Engine, broken: dict[str, Any]) -> None:
    decision = engine.decide(replace(READ, **broken))
    assert not decision.allowed
    assert decision.because


def _without(facts: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    copy: dict[str, Any] = json.loads(json.dumps(facts))
    inner = copy
    for name in path[:-1]:
        inner = inner[name]
    del inner[path[-1]]
    return copy


def _paths(inner: dict[str, Any], above: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = []
    for name, value in inner.items():
        found.append((*above, name))
        if isinstance(value, dict):
            found += _paths(value, (*above, name))
    return found


def test_stored_facts_that_lost_anything_are_a_no(engine: Engine) -> None:
    bare = replace(READ, principal=replace(READ.principal, organisation=None))
    facts = dict(engine.facts(replace(bare, purpose=replace(CARE, organisations=frozenset()))))
    assert engine.judge(facts).allowed
    for path in _paths(facts):
        assert not engine.judge(_without(facts, path)).allowed, path


def test_stored_facts_are_plain_values_and_answer_the_same_again(engine: Engine) -> None:
    for request in ALLOWED.values():
        kept = json.loads(json.dumps(engine.facts(request)))
        assert engine.judge(kept) == engine.decide(request)


def test_facts_name_no_field_but_those_that_are_beyond_the_grant_or_purpose(engine: Engine) -> None:
    assert "medication" not in json.dumps(engine.facts(READ))
    beyond = engine.facts(replace(READ, fields=ASKED | {"contact.phone", "about_me.good_day"}))["context"]
    assert beyond["grant"]["beyond"] == ["about_me.good_day", "contact.phone"]
    assert beyond["purpose"]["beyond"] == ["about_me.good_day"]


def test_a_refusal_lists_what_the_grant_does_not_hold(engine: Engine) -> None:
    decision = engine.decide(replace(READ, fields=ASKED | {"contact.phone", "about_me.good_day"}))
    assert decision.missing == ("about_me.good_day", "contact.phone")
    assert engine.decide(READ).missing == ()


def test_the_order_of_the_rule_files_never_matters() -> None:
    book = own_rules()
    first = _engine(book)
    names = sorted(book.texts)
    turned = [names[place:] + names[:place] for place in range(len(names))]  # each file comes first, and last, once
    for order in [*turned, *(order[::-1] for order in turned)]:
        other = _engine(Rulebook.parse({name: book.texts[name] for name in order}, book.schema_text))
        assert other.digest == first.digest
        for request in (*ALLOWED.values(), replace(READ, token=None, acting_person=False)):
            assert other.decide(request) == first.decide(request)


def test_the_same_question_always_gets_the_same_answer(engine: Engine) -> None:
    assert len({engine.decide(READ) for _ in range(20)}) == 1


@given(asked=st.frozensets(st.sampled_from(sorted(FLAGS))), granted=st.frozensets(st.sampled_from(sorted(FLAGS))))
def test_more_than_the_grant_is_never_released(asked: frozenset[str], granted: frozenset[str]) -> None:
    grant = replace(GRANT, fields=granted, max_sensitivity=2)
    purpose = replace(CARE, most=frozenset(FLAGS))
    decision = _engine(own_rules()).decide(replace(READ, fields=asked, grant=grant, purpose=purpose))
    assert not decision.allowed or (asked and asked <= granted)
    alone = len(asked) == 1 or not any("K" in FLAGS[name] for name in asked)
    assert decision.allowed == bool(asked and asked <= granted and OTHER not in asked and alone)


_WORDS = st.sampled_from(["active", "paused", "withdrawn", "expired", "used-up", "", "ACTIVE"])
_TIMES = st.integers(min_value=NOW - 20, max_value=NOW + 20)


@st.composite
def _grants(draw: Callable[[Any], Any]) -> GrantFacts:
    return GrantFacts(
        id="grant-1",
        owner=draw(st.sampled_from(["citizen-ada", "citizen-bob"])),
        service=draw(st.sampled_from(["service-ward", "service-tax"])),
        purpose=draw(st.sampled_from([CARE.slug, "council-tax"])),
        fields=ASKED,
        state=draw(_WORDS),
        not_before=draw(_TIMES),
        not_after=draw(_TIMES),
        uses=draw(st.integers(0, 6)),
        max_uses=5,
        max_sensitivity=draw(st.integers(0, 2)),
        version=draw(st.integers(2, 4)),
        by_rule=draw(st.booleans()),
    )


@given(grant=_grants(), sensitivity=st.integers(0, 2))
def test_a_read_is_allowed_exactly_when_the_grant_is_good_in_every_way(grant: GrantFacts, sensitivity: int) -> None:
    good = (
        grant.owner == "citizen-ada"
        and grant.service == "service-ward"
        and grant.purpose == CARE.slug
        and grant.state == "active"
        and grant.not_before <= NOW < grant.not_after
        and grant.uses < grant.max_uses
        and sensitivity <= grant.max_sensitivity
        and grant.version == TOKEN.grant_version
        and not grant.by_rule
    )
    decision = _engine(own_rules()).decide(replace(READ, grant=grant, sensitivity=sensitivity))
    assert decision.allowed == good


def test_a_request_says_everything_by_default_that_makes_it_a_no() -> None:
    given_by_default = {each.name: each.default for each in fields_of(Request) if isinstance(each.default, bool)}
    assert not any(given_by_default.values())


@pytest.fixture
def home(tmp_path: Path) -> Path:
    shutil.copytree(HOME / "rules", tmp_path / "rules")
    shutil.copy(HOME / "schema.cedarschema", tmp_path)
    return tmp_path


def test_a_copy_of_the_rules_loads_and_has_the_same_digest(home: Path) -> None:
    assert Rulebook.load(home).digest("x") == own_rules().digest("x")


@pytest.mark.parametrize("name", [path.name for path in sorted((HOME / "rules").iterdir())])
def test_a_missing_file_stops_the_start(home: Path, name: str) -> None:
    (home / "rules" / name).unlink()
    with pytest.raises(RulesNotWholeError):
        Rulebook.load(home)


def test_a_missing_schema_stops_the_start(home: Path) -> None:
    (home / "schema.cedarschema").unlink()
    with pytest.raises(RulesNotWholeError):
        Rulebook.load(home)


def test_a_file_that_the_manifest_does_not_name_stops_the_start(home: Path) -> None:
    (home / "rules" / "planted.cedar").write_text("permit (principal, action, resource);")
    with pytest.raises(RulesNotWholeError, match=r"planted\.cedar"):
        Rulebook.load(home)


def _edit(home: Path, name: str, old: str, new: str) -> None:
    path = home / "rules" / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_every_forbid_is_required_and_losing_or_turning_one_stops_the_start(home: Path) -> None:
    forbids = [name for name, rule in own_rules().rules.items() if rule.effect == "forbid"]
    assert len(forbids) > 30
    original = (home / "rules" / "safeguards.cedar").read_text()
    for name in forbids:
        start = original.index(f'@id("{name}")')
        end = original.index(";\n", start) + 2
        (home / "rules" / "safeguards.cedar").write_text(original[:start] + original[end:])
        with pytest.raises(RulesNotWholeError, match=name):
            Rulebook.load(home)
    (home / "rules" / "safeguards.cedar").write_text(original.replace("\nforbid (", "\npermit (", 1))
    with pytest.raises(RulesNotWholeError, match=forbids[0]):
        Rulebook.load(home)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("context.ownerStatus", "context.ownrStatus"),
        ('Vault::Action::"read"', 'Vault::Action::"raed"'),
        ("principal == resource &&", "principal == 1 &&"),
        ("when {", "when"),
        ('@because("It is your own record.")', ""),
        ('@because("It is your own record.")', '@because("")'),
        ('@staff("The citizen decided in the portal.")', ""),
        ('@id("owner-reads")', ""),
        ('@id("owner-reads")', '@id("owner-decides")'),
        ("principal is Vault::Citizen", "principal == ?principal"),
    ],
)
def test_a_rule_that_does_not_hold_stops_the_start(home: Path, old: str, new: str) -> None:
    _edit(home, "owner.cedar", old, new)
    with pytest.raises(RulesInvalidError):
        Rulebook.load(home)


def test_a_rule_that_looks_at_a_fact_without_asking_whether_it_is_there_stops_the_start(home: Path) -> None:
    _edit(home, "owner.cedar", "context has purpose &&", "")
    with pytest.raises(RulesInvalidError):
        Rulebook.load(home)


@pytest.mark.parametrize(
    ("old", "new"),
    [("files = [", "files = ["[:-1]), ("required_forbids", "required"), ("files =", "more = 1\nfiles =")],
)
def test_a_manifest_that_is_not_whole_stops_the_start(home: Path, old: str, new: str) -> None:
    _edit(home, "manifest.toml", old, new)
    with pytest.raises(PolicyError):
        Rulebook.load(home)


def test_a_manifest_that_requires_nothing_stops_the_start(home: Path) -> None:
    manifest = home / "rules" / "manifest.toml"
    manifest.write_text(manifest.read_text().split("required_forbids")[0] + "required_forbids = []\n")
    with pytest.raises(RulesNotWholeError):
        Rulebook.load(home)


def test_the_digest_changes_with_rules_schema_and_catalogue(home: Path) -> None:
    before = Rulebook.load(home).digest("a")
    assert Rulebook.load(home).digest("b") != before
    _edit(home, "owner.cedar", "It is your own record.", "It is your record.")
    changed = Rulebook.load(home).digest("a")
    assert changed != before
    schema = home / "schema.cedarschema"
    schema.write_text(schema.read_text() + "\n// a note\n")
    assert Rulebook.load(home).digest("a") not in {before, changed}
