from datetime import UTC, datetime, timedelta

import pytest

from tests.portal_world import Portal, submit
from vault import grants
from vault.context import OPERATOR

FOUR = ["identity.known_as", "medication.name", "medication.dose", "allergy.to_what"]


def at(portal: Portal, page: str = "") -> str:
    return f"/requests/{portal.waiting('edith').request_id}{page}"


def live(portal: Portal, slug: str = "edith") -> set[frozenset[str]]:
    with portal.vault.reading(OPERATOR) as ctx:
        return {each.fields for each in grants.of_citizen(ctx, citizen_id=portal.citizen(slug)) if each.can_stop}


def test_nothing_is_picked_beforehand(portal: Portal) -> None:
    client = portal.client("edith")
    assert "checked" not in client.get(at(portal)).text
    assert "checked" not in client.get(at(portal, "/choose")).text
    assert "checked" not in client.get(at(portal, "/until")).text


@pytest.mark.parametrize("page", ["", "/choose", "/until", "/until/day"])
def test_a_missing_answer_is_named_at_the_top_and_in_the_title(portal: Portal, page: str) -> None:
    answer = submit(portal.client("edith"), at(portal, page), {})
    assert answer.status_code == 422
    assert "<title>Error: " in answer.text
    assert "There is a problem" in answer.text


def test_my_own_values_stand_beside_each_field_and_hidden_ones_do_not(portal: Portal) -> None:
    page = portal.client("edith").get(at(portal, "/choose")).text
    assert "Paracetamol" in page
    assert "Hidden here, to keep you safe" in page


def test_what_was_chosen_is_shared_and_nothing_else(portal: Portal) -> None:
    client, before = portal.client("edith"), live(portal)
    here = at(portal)
    assert submit(client, here, {"share": "some"}).location == f"{here}/choose"
    assert submit(client, f"{here}/choose", {"fields": [*FOUR, "benefits.ni_number"]}).location == f"{here}/until"
    assert submit(client, f"{here}/until", {"until": "short"}).location == f"{here}/check"
    check = client.get(f"{here}/check").text
    assert "They will not see" in check
    assert submit(client, f"{here}/check", {}).location == f"{here}/done"
    assert "Your reference" in client.get(f"{here}/done").text
    assert live(portal) - before == {frozenset(FOUR)}


def test_sharing_none_makes_no_grant(portal: Portal) -> None:
    client, before, here = portal.client("edith"), live(portal), at(portal)
    assert submit(client, here, {"share": "none"}).location == f"{here}/check"
    submit(client, f"{here}/check", {})
    assert "You shared nothing" in client.get(f"{here}/done").text
    assert live(portal) == before


def test_a_day_of_ones_own_ends_the_share(portal: Portal) -> None:
    client, here = portal.client("edith"), at(portal)
    day = (datetime.now(UTC) + timedelta(days=5)).date()
    submit(client, here, {"share": "all"})
    assert submit(client, f"{here}/until", {"until": "day"}).location == f"{here}/until/day"
    parts = {"day-day": day.day, "day-month": day.month, "day-year": day.year}
    assert submit(client, f"{here}/until/day", parts).location == f"{here}/check"
    submit(client, f"{here}/check", {})
    with portal.vault.reading(OPERATOR) as ctx:
        newest = grants.of_citizen(ctx, citizen_id=portal.citizen("edith"))[0]
    assert newest.not_after.date() in {day, day + timedelta(days=1)}


@pytest.mark.parametrize(
    "parts",
    [
        ("31", "2", "2027"),
        ("1", "1", "1999"),
        ("1", "1", "9999"),
        ("0", "0", "0"),
        ("x", "1", "2027"),
        ("٣", "1", "2027"),
    ],
    ids=["no-such-day", "past", "too-late", "zero", "letters", "other-digits"],
)
def test_a_day_that_cannot_be_is_refused_with_what_was_typed_kept(portal: Portal, parts: tuple[str, str, str]) -> None:
    day = dict(zip(("day-day", "day-month", "day-year"), parts, strict=True))
    answer = submit(portal.client("edith"), at(portal, "/until/day"), day)
    assert answer.status_code == 422
    assert f'value="{parts[2]}"' in answer.text


def test_going_back_keeps_the_answers(portal: Portal) -> None:
    client = portal.client("edith")
    submit(client, at(portal, "/choose"), {"fields": FOUR})
    assert client.get(at(portal, "/choose")).text.count("checked") == len(FOUR)


def test_a_decided_request_cannot_be_decided_again(portal: Portal) -> None:
    client, here = portal.client("edith"), at(portal)
    submit(client, here, {"share": "none"})
    late = client.get(f"{here}/check")
    submit(client, f"{here}/check", {})
    assert late.status_code == 200
    assert client.get(f"{here}/check").status_code == 409


def test_somebody_elses_request_looks_as_if_it_were_not_there(portal: Portal) -> None:
    assert portal.client("priya").get(at(portal)).status_code == 404
