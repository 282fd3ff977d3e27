import stat
from datetime import date
from pathlib import Path

import pytest

from vault.catalogue import CATALOGUE
from vault.errors import InvalidInputError
from vault.purposes import Choice, Definition
from vault.services import PRIVATE_MEMBERS
from web.demo import registry, story
from web.demo.extracts import HOSPITAL, SOURCES

PLAN = registry.plan()


def test_the_example_has_every_kind_of_choice_and_a_review_in_sight() -> None:
    found = registry.definitions()
    assert len(found) >= 8
    assert {definition.choice for definition in found} >= {Choice.DECIDE, Choice.MAY_OBJECT, Choice.TOLD_AFTERWARDS}
    assert all(definition.review_on > date(2026, 11, 1) for definition in found)
    assert {definition.basis for definition in found} >= {"6(1)(a)", "6(1)(c)", "6(1)(e)"}


def test_consent_is_a_basis_only_where_refusing_costs_no_service() -> None:
    consents = [definition for definition in registry.definitions() if definition.basis == "6(1)(a)"]
    assert consents
    assert all(definition.choice is Choice.DECIDE for definition in consents)
    assert all("just the same" in definition.without for definition in consents)


def test_there_are_six_services_and_each_asks_for_registered_purposes() -> None:
    purposes = {given["slug"] for given in PLAN["purpose"]}
    organisations = {given["slug"] for given in PLAN["organisation"]}
    assert len(PLAN["service"]) == 6
    assert all(set(given["purposes"]) <= purposes for given in PLAN["service"])
    assert all(given["organisation"] in organisations for given in PLAN["service"])


def test_every_source_belongs_to_an_organisation_and_a_purpose_that_receives() -> None:
    receiving = {definition.slug for definition in registry.definitions() if definition.receives}
    organisations = {given["slug"] for given in PLAN["organisation"]}
    assert {source.organisation for source in (*SOURCES, HOSPITAL)} <= organisations
    assert {source.purpose for source in (*SOURCES, HOSPITAL)} <= receiving


@pytest.mark.parametrize("given", story.plan()["request"], ids=lambda given: f"{given['of']}-{given['by']}")
def test_a_request_of_the_story_stays_within_its_purpose(given: story.Given) -> None:
    definition = next(each for each in registry.definitions() if each.slug == given["purpose"])
    service = next(each for each in PLAN["service"] if each["slug"] == given["by"])
    assert set(given["fields"]) <= definition.most
    assert given["purpose"] in service["purposes"]
    assert isinstance(given.get("answer"), str) or set(given.get("answer", [])) <= set(given["fields"])
    assert all(CATALOGUE.has(name) for look in given.get("looks", []) for name in look)
    assert ("case" in given) is (definition.choice is not Choice.DECIDE)


def test_private_keys_are_for_their_owner_alone_and_outlive_a_second_laying(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "home-care.json"
    public = registry.make_keys(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not any(PRIVATE_MEMBERS & key.keys() for key in public["keys"])
    assert registry.make_keys(path) == public


def test_a_purpose_that_lacks_a_member_is_refused() -> None:
    given = {name: value for name, value in PLAN["purpose"][2].items() if name != "without"}
    with pytest.raises(InvalidInputError, match="not complete"):
        Definition.parse(given)
