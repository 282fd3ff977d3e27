"""What a resident is told before and after a decision: why, by which law, what would be seen, and a receipt."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from tests.portal_world import Portal, submit, without_token
from vault import grants, requests
from vault.context import OPERATOR
from vault.grants import GrantView
from vault.requests import RequestView

SOME = ["identity.known_as", "medication.name", "allergy.to_what"]


def at(portal: Portal, page: str = "") -> str:
    return f"/requests/{portal.waiting('edith').request_id}{page}"


def of_edith(portal: Portal) -> list[RequestView]:
    with portal.vault.reading(OPERATOR) as ctx:
        return requests.of_citizen(ctx, citizen_id=portal.citizen("edith"))


def share(portal: Portal, *, until: str = "longest") -> GrantView:
    """Let Edith share some of what waits."""
    client, here = portal.client("edith"), at(portal)
    submit(client, here, {"share": "some"})
    submit(client, f"{here}/choose", {"fields": SOME})
    submit(client, f"{here}/until", {"until": until})
    submit(client, f"{here}/check", {})
    with portal.vault.reading(OPERATOR) as ctx:
        return grants.of_citizen(ctx, citizen_id=portal.citizen("edith"))[0]


def test_a_request_says_who_why_by_which_law_how_long_how_often_and_what_otherwise(portal: Portal) -> None:
    asked, page = portal.waiting("edith"), portal.client("edith").get(at(portal)).text
    purpose = asked.purpose
    for words in (asked.service.name, purpose.why, asked.reason, purpose.without, purpose.receiver_keeps):
        assert words in page
    assert "the law gives them" in page
    assert "Article 6(1)(e) and 9(2)(h)" in page
    assert "You still decide" in page
    assert f"At most {asked.max_uses} looks" in page


def test_each_thing_has_its_reason_on_the_request_and_beside_its_box(portal: Portal) -> None:
    asked, client = portal.waiting("edith"), portal.client("edith")
    for page in (client.get(at(portal)).text, client.get(at(portal, "/choose")).text):
        for name in asked.fields:
            assert asked.purpose.why_of(name) in page, name


def test_the_preview_shows_what_they_would_see_and_hides_how_to_get_in(portal: Portal) -> None:
    page = portal.client("edith").get(at(portal, "/preview")).text
    assert "Paracetamol" in page
    assert "They open it one at a time" in page


def test_the_preview_follows_what_was_picked_and_says_what_is_not_shared(portal: Portal) -> None:
    client = portal.client("edith")
    submit(client, at(portal, "/choose"), {"fields": ["identity.known_as"]})
    page = client.get(at(portal, "/preview")).text
    assert "Paracetamol" not in page
    assert "Not shared. They are told to ask you." in page


def test_a_decision_leaves_a_receipt_that_is_found_again_from_the_share(portal: Portal) -> None:
    client, here = portal.client("edith"), at(portal)
    grant = share(portal)
    page = client.get(f"{here}/receipt").text
    assert f"{here}/receipt" in client.get(f"{here}/done").text
    assert f"{here}/receipt" in client.get(f"/sharing/{grant.grant_id}").text
    with portal.vault.reading(OPERATOR) as ctx:
        kept = requests.receipt(ctx, citizen_id=grant.citizen_id, request_id=grant.request_id or uuid4())
    for words in (kept.notice.digest, kept.notice.why, kept.notice.without, "How to stop", "They may not see"):
        assert words in page


def test_the_last_day_is_the_same_wherever_it_is_said(portal: Portal) -> None:
    client, here = portal.client("edith"), at(portal)
    day = (datetime.now(UTC) + timedelta(days=9)).date()
    submit(client, here, {"share": "all"})
    submit(client, f"{here}/until", {"until": "day"})
    submit(client, f"{here}/until/day", {"day-day": day.day, "day-month": day.month, "day-year": day.year})
    said = f"{day.day} {day:%B %Y}"
    assert said in client.get(f"{here}/check").text
    submit(client, f"{here}/check", {})
    with portal.vault.reading(OPERATOR) as ctx:
        grant = grants.of_citizen(ctx, citizen_id=portal.citizen("edith"))[0]
    for page in (f"{here}/receipt", f"/sharing/{grant.grant_id}", "/sharing", "/home"):
        assert said in client.get(page).text, page


def test_what_the_law_gives_shows_no_choice_that_is_not_one(portal: Portal) -> None:
    (asked,) = [one for one in of_edith(portal) if not one.purpose.citizen_decides]
    page = portal.client("edith").get(f"/requests/{asked.request_id}").text
    assert "can see some of your data by law" in page
    assert 'name="share"' not in page


@pytest.mark.parametrize("page", ["", "/preview", "/choose", "/until", "/until/day", "/check", "/done", "/receipt"])
def test_pages_of_a_request_of_somebody_else_answer_like_those_of_none(portal: Portal, page: str) -> None:
    theirs, none = at(portal, page), f"/requests/{uuid4()}{page}"
    client = portal.client("priya")
    answers = [client.get(path) for path in (theirs, none)]
    assert [one.status_code for one in answers] == [404, 404]
    said = [without_token(one, path) for one, path in zip(answers, (theirs, none), strict=True)]
    assert said[0] == said[1]


def test_the_page_that_chooses_and_the_preview_say_the_same_and_each_thing_once(portal: Portal) -> None:
    client = portal.client("edith")
    submit(client, at(portal), {"share": "all"})
    preview, choose = client.get(at(portal, "/preview")).text, client.get(at(portal, "/choose")).text
    assert "Codeine" in client.get("/record/medication").text  # stopped: past, and not shown unless asked for
    assert "Codeine" not in preview + choose
    assert "Paracetamol" in preview
    assert "Paracetamol" in choose
    assert preview.count("14 Larch Close") == 1


def test_letting_a_share_go_on_shows_the_way_to_its_receipt(portal: Portal) -> None:
    client, here = portal.client("edith"), at(portal)
    share(portal, until="short")
    with portal.vault.reading(OPERATOR) as ctx:
        grant = grants.of_citizen(ctx, citizen_id=portal.citizen("edith"))[0]
    longer = f"/sharing/{grant.grant_id}/longer"
    submit(client, longer, {"until": "longest"})
    assert f"{here}/receipt" in client.get(submit(client, f"{longer}/check", {}).location).text
    assert "You let it go on, on" in client.get(f"{here}/receipt").text


def test_a_request_that_waits_has_no_receipt(portal: Portal) -> None:
    assert portal.client("edith").get(at(portal, "/receipt")).status_code == 404


def test_what_ends_soon_stands_on_the_home_page_with_the_way_to_go_on(portal: Portal) -> None:
    client = portal.client("edith")
    grant = share(portal, until="short")
    assert "Ends soon" not in client.get("/home").text
    with portal.vault.transaction(OPERATOR) as ctx:
        assert [one.grant_id for one in grants.ending_soon(ctx, within=timedelta(days=31))].count(grant.grant_id) == 1
