"""Rich authorization requests: what is asked for is read whole or refused, and a refusal quotes nothing."""

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from vault.purposes import Choice, Definition
from web.schemas import access_details
from web.schemas.access_details import DetailsRefusedError

HERE = "https://vault.example/api/v1"
SECRET = "Doris Pritchard"
DETAIL: dict[str, Any] = {
    "type": "vault_access",
    "actions": ["read"],
    "locations": [HERE],
    "datatypes": ["medication", "identity"],
    "fields": {"identity": ["name", "date_of_birth"]},
    "purpose": "home-care-support",
    "max_uses": 500,
    "grant_period": "P30D",
    "reason": {"en": "So that your carers know your medicines."},
}
PURPOSE = Definition(
    slug="home-care-support",
    name="Support at home",
    why="So that your carers can help you.",
    without="They ask you each time.",
    basis="6(1)(e)",
    condition="9(2)(h)",
    schedule_1="2",
    choice=Choice.DECIDE,
    controllers=("Example Council",),
    agreement="DSA-1",
    dpia="DPIA-1",
    receiver_keeps="8 years",
    review_on=date(2027, 1, 1),
    most=frozenset({"identity.name", "identity.date_of_birth", "medication.name", "medication.dose"}),
    max_days=90,
    max_uses=1000,
)


def parse(**changed: object) -> access_details.Wanted:
    return access_details.parse(json.dumps([{**DETAIL, **changed}]), location=HERE)


def test_a_request_is_read_whole() -> None:
    wanted = parse()
    assert (wanted.purpose, wanted.days, wanted.uses) == ("home-care-support", 30, 500)
    assert wanted.reason == "So that your carers know your medicines."


def test_a_category_without_names_means_all_that_the_purpose_may_ask_for_of_it() -> None:
    assert parse().fields_for(PURPOSE) == PURPOSE.most


def test_fields_beyond_the_purpose_are_passed_on_to_be_refused_not_dropped() -> None:
    wanted = parse(fields={"identity": ["nhs_number"], "medication": ["name"]})
    assert wanted.fields_for(PURPOSE) == {"identity.nhs_number", "medication.name"}


def test_a_category_the_purpose_has_nothing_of_is_refused() -> None:
    with pytest.raises(DetailsRefusedError):
        parse(datatypes=["housing"], fields={}).fields_for(PURPOSE)


@pytest.mark.parametrize(("period", "days"), [("P1D", 1), ("P30D", 30), ("P2W", 14), ("P9999D", 9999)])
def test_a_period_is_days_or_weeks(period: str, days: int) -> None:
    assert parse(grant_period=period).days == days


@pytest.mark.parametrize("member", ["basis", "condition", "choice"])
def test_what_is_registered_may_be_repeated_and_not_changed(member: str) -> None:
    registered = {"basis": "6(1)(e)", "condition": "9(2)(h)", "choice": "decide"}[member]
    assert parse(**{member: registered}).fields_for(PURPOSE)
    with pytest.raises(DetailsRefusedError, match=member):
        parse(**{member: "6(1)(a)"}).fields_for(PURPOSE)


def test_a_condition_cannot_be_claimed_where_none_is_registered() -> None:
    with pytest.raises(DetailsRefusedError):
        parse(condition="9(2)(h)").fields_for(replace(PURPOSE, condition=None))


WRONG: dict[str, dict[str, object]] = {
    "unknown member": {SECRET: 1},
    "unknown member below": {"reason": {"en": "a", SECRET: "b"}},
    "another type": {"type": SECRET},
    "no type": {"type": None},
    "writing alone": {"actions": ["write"]},
    "reading twice": {"actions": ["read", "read"]},
    "erasing": {"actions": ["read", "erase"]},
    "no action": {"actions": []},
    "another place": {"locations": ["https://evil.example"]},
    "no category": {"datatypes": []},
    "unknown category": {"datatypes": ["secrets"], "fields": {}},
    "category twice": {"datatypes": ["identity", "identity"]},
    "category as text": {"datatypes": "identity"},
    "field of no asked category": {"fields": {"housing": ["tenure"]}},
    "unknown field": {"fields": {"identity": ["shoe_size"]}},
    "field twice": {"fields": {"identity": ["name", "name"]}},
    "no fields": {"fields": {"identity": []}},
    "field as number": {"fields": {"identity": [7]}},
    "fields as list": {"fields": ["identity.name"]},
    "201 names": {"fields": {"identity": [f"n{number}" for number in range(201)]}},
    "no purpose": {"purpose": None},
    "purpose with a path": {"purpose": "../home-care-support"},
    "no uses": {"max_uses": 0},
    "uses as text": {"max_uses": "500"},
    "half a use": {"max_uses": 1.5},
    "a truth for uses": {"max_uses": True},
    "too many uses": {"max_uses": 10**9},
    "a month": {"grant_period": "P1M"},
    "no days": {"grant_period": "P0D"},
    "negative": {"grant_period": "-P1D"},
    "period with more": {"grant_period": "P1D\n"},
    "reason as text": {"reason": SECRET},
    "reason without English": {"reason": {"cy": "a"}},
    "reason of two lines": {"reason": {"en": f"a\n{SECRET}"}},
    "reason turned around": {"reason": {"en": f"a\u202e{SECRET}"}},
    "long reason": {"reason": {"en": "a" * 501}},
    "empty reason": {"reason": {"en": " "}},
}


@pytest.mark.parametrize("changed", WRONG.values(), ids=WRONG.keys())
def test_anything_else_is_refused_without_quoting_it(changed: dict[str, object]) -> None:
    with pytest.raises(DetailsRefusedError) as refusal:
        parse(**changed)
    assert str(refusal.value)
    assert SECRET not in str(refusal.value)


@pytest.mark.parametrize("member", ["type", "actions", "datatypes", "purpose"])
def test_what_must_be_said_must_be_said(member: str) -> None:
    short = {name: value for name, value in DETAIL.items() if name != member}
    with pytest.raises(DetailsRefusedError, match=member):
        access_details.parse(json.dumps([short]), location=HERE)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        "[[]]",
        "null",
        json.dumps([DETAIL, DETAIL]),
        json.dumps(DETAIL),
        '[{"type":"a","type":"b"}]',
        "[" * 5000,
    ],
    ids=["nothing", "object", "empty", "list", "null", "two", "no array", "duplicate key", "deep"],
)
def test_it_is_an_array_of_one_object(text: str) -> None:
    with pytest.raises(DetailsRefusedError):
        access_details.parse(text, location=HERE)
