"""An answer given before is given again only where the rules themselves could not answer otherwise."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.engine import Engine
from policies.model import Action, Kind, Principal, Request
from policies.remembered import MOST
from policies.rulebook import Rulebook, own_rules
from tests.policies.facts import ALLOWED, ASKED, CARE, FLAGS, GRANT, MEDICINE, NOW, TOKEN

READ = ALLOWED["service-reads-what-was-allowed"]
_SHARED = Engine.load(fields=FLAGS, catalogue_digest="c0ffee")
"""One engine for all examples, so that answers of earlier ones are there to be given wrongly."""

_IDS = st.sampled_from(["citizen-ada", "citizen-bob", "service-ward", "service-tax", "x"])
_TIMES = st.integers(NOW - 2, NOW + 2)
_FEW = st.integers(0, 3)


@st.composite
def _requests(draw: Any) -> Request:
    grant = replace(
        GRANT,
        owner=draw(_IDS),
        service=draw(_IDS),
        purpose=draw(st.sampled_from([CARE.slug, "council-tax"])),
        state=draw(st.sampled_from(["active", "paused"])),
        not_before=draw(_TIMES),
        not_after=draw(_TIMES),
        uses=draw(_FEW),
        max_uses=draw(_FEW),
        max_sensitivity=draw(st.integers(0, 2)),
        version=draw(_FEW),
    )
    token = replace(TOKEN, grant_version=draw(_FEW), not_after=draw(_TIMES), bound=draw(st.booleans()))
    who = Principal(kind=draw(st.sampled_from([Kind.SERVICE, Kind.OFFICER, Kind.CITIZEN])), id=draw(_IDS))
    return replace(
        READ,
        action=draw(st.sampled_from([Action.READ, Action.WITHDRAW, Action.OBJECT])),
        principal=replace(who, service=draw(st.none() | _IDS), step_up=draw(st.booleans())),
        owner=draw(_IDS),
        now=draw(_TIMES),
        fields=draw(st.sampled_from([ASKED, frozenset({MEDICINE})])),
        purpose=replace(CARE, slug=draw(st.sampled_from([CARE.slug, "council-tax"]))),
        grant=draw(st.none() | st.just(grant)),
        token=draw(st.none() | st.just(token)),
        sensitivity=draw(st.integers(0, 2)),
        acting_person=draw(st.booleans()),
    )


@given(request=_requests())
def test_what_is_remembered_is_what_the_rules_say(request: Request) -> None:
    judged = _SHARED.judge(_SHARED.facts(request))
    for _ in range(2):
        decision = _SHARED.decide(request)
        assert (decision.allowed, decision.because) == (judged.allowed, judged.because)


def _kept(engine: Engine) -> int:
    assert engine._remembered is not None
    return len(engine._remembered.answers)


def test_another_person_moment_or_use_of_the_same_shape_asks_the_rules_only_once() -> None:
    engine = Engine.load(fields=FLAGS, catalogue_digest="c0ffee")
    for number in range(5):
        who = replace(READ.principal, id=f"service-{number}")
        grant = replace(GRANT, owner=f"citizen-{number}", service=who.id, uses=number % 4, not_after=NOW + 10 + number)
        assert engine.decide(replace(READ, principal=who, owner=grant.owner, grant=grant, now=NOW + number)).allowed
    assert _kept(engine) == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"now": GRANT.not_after},
        {"now": TOKEN.not_after},
        {"now": GRANT.not_before - 1},
        {"grant": replace(GRANT, uses=GRANT.max_uses)},
        {"grant": replace(GRANT, version=GRANT.version + 1)},
        {"grant": replace(GRANT, owner="citizen-bob")},
        {"grant": replace(GRANT, service="service-tax")},
        {"grant": replace(GRANT, purpose="council-tax")},
        {"owner": "citizen-bob"},
        {"now": 2**63},
        {"now": 1.5},
        {"grant": replace(GRANT, max_uses=True)},
        {"grant": replace(GRANT, owner="\ud800"), "owner": "\ud800"},
        {"sensitivity": 2},
    ],
)
def test_after_a_yes_was_remembered_each_single_fact_still_makes_it_a_no(changed: dict[str, Any]) -> None:
    engine = Engine.load(fields=FLAGS, catalogue_digest="c0ffee")
    assert engine.decide(READ).allowed
    assert not engine.decide(replace(READ, **changed)).allowed


def _book(rule: str) -> Rulebook:
    book = own_rules()
    text = f'@id("extra") @because("b") @staff("s") forbid (principal, action, resource) when {{ {rule} }};'
    return Rulebook.parse({**book.texts, "extra.cedar": text}, book.schema_text)


@pytest.mark.parametrize(
    ("rule", "path"),
    [
        ("context.now > 1000", ("now",)),
        ("context has grant && context.grant.uses + 1 > context.grant.maxUses", ("grant", "uses")),
        ("context has grant && [context.grant.version].contains(3)", ("grant", "version")),
        ('context has purpose && context.purpose.slug == "ward"', ("purpose", "slug")),
    ],
)
def test_a_fact_that_a_rule_looks_at_by_itself_counts_as_it_is(rule: str, path: tuple[str, ...]) -> None:
    compared = _book(rule).compared
    assert compared is not None
    assert path not in compared.paths
    assert all(path not in pair for pair in compared.pairs)


def test_a_record_looked_at_as_a_whole_spoils_all_in_it() -> None:
    compared = _book("context has grant && [context.grant].contains(context.grant)").compared
    assert compared is not None
    assert not [path for path in compared.paths if path[0] == "grant"]


@pytest.mark.parametrize("rule", ['principal == Vault::Service::"ward"', 'resource in Vault::Citizen::"ada"'])
def test_where_a_rule_names_someone_nothing_is_remembered(rule: str) -> None:
    book = _book(rule)
    assert book.compared is None
    engine = Engine.load(fields=FLAGS, catalogue_digest="c0ffee", rulebook=book)
    assert engine._remembered is None
    assert engine.decide(READ).allowed


def test_failures_are_not_remembered_and_memory_is_bounded() -> None:
    engine = Engine.load(fields=FLAGS, catalogue_digest="c0ffee")
    engine.decide(replace(READ, owner_status=None))  # type: ignore[arg-type]
    assert _kept(engine) == 0
    assert engine._remembered is not None
    engine._remembered.answers.update({bytes([0, *number.to_bytes(2)]): engine.decide(READ) for number in range(MOST)})
    engine.decide(replace(READ, sensitivity=1))
    assert _kept(engine) == 1
