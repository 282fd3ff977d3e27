import re
from datetime import timedelta
from uuid import uuid4

import pytest

from tests.portal_world import Portal, submit, without_token
from vault import cases, grants
from vault.context import OPERATOR, SYSTEM
from vault.grants import GrantView
from vault.kinds import CaseKind
from web.pages import paging


def mine(portal: Portal, *, decides: bool) -> GrantView:
    with portal.vault.reading(OPERATOR) as ctx:
        found = grants.of_citizen(ctx, citizen_id=portal.citizen("edith"))
    return next(each for each in found if each.is_live and each.purpose.citizen_decides is decides)


def test_a_share_of_ones_own_choice_can_be_stopped(portal: Portal) -> None:
    client, grant = portal.client("edith"), mine(portal, decides=True)
    ask = client.get(f"/sharing/{grant.grant_id}/stop").text
    assert grant.purpose.receiver_keeps in ask
    assert submit(client, f"/sharing/{grant.grant_id}/stop", {}).location == f"/sharing/{grant.grant_id}/stopped"
    assert "You stopped sharing" in client.get(f"/sharing/{grant.grant_id}/stopped").text
    assert f"/sharing/{grant.grant_id}/stop" not in client.get("/sharing").text


def test_a_share_by_law_has_no_stop_and_can_be_objected_to(portal: Portal) -> None:
    client, grant = portal.client("edith"), mine(portal, decides=False)
    page = client.get("/sharing").text
    assert f"/sharing/{grant.grant_id}/stop" not in page
    assert "They can see this by law." in page
    assert client.get(f"/sharing/{grant.grant_id}/stop").status_code == 303
    token = {"form_at": f"/told-us/object/{grant.grant_id}"}
    assert submit(client, f"/sharing/{grant.grant_id}/stop", {}, **token).status_code == 403
    done = submit(client, f"/told-us/object/{grant.grant_id}", {"words": "I paid already."})
    assert "must answer by" in client.get(done.location).text
    with portal.vault.reading(OPERATOR) as ctx:
        (case,) = cases.of_citizen(ctx, citizen_id=portal.citizen("edith"))
    assert (case.kind, case.statement, case.grant_id) == (CaseKind.OBJECTION, "I paid already.", grant.grant_id)


def test_a_share_that_was_objected_to_says_that_it_is_paused_and_is_not_objected_to_twice(portal: Portal) -> None:
    client, grant = portal.client("edith"), mine(portal, decides=False)
    here, ask = f"/sharing/{grant.grant_id}", f"/told-us/object/{grant.grant_id}"
    before = client.get("/home").text
    submit(client, ask, {"words": "I paid already."})
    case = re.findall(r"/told-us/([0-9a-f-]{36})", client.get("/told-us").text)[0]
    for page in (client.get(here).text, client.get("/sharing").text):
        assert "You objected on" in page
        assert f"While {grant.service.name} answers, it cannot look." in page
        assert f'href="/told-us/{case}"' in page
        assert ask not in page
        assert "They can see this by law." not in page
    assert f"What {grant.service.name} could see" in client.get(here).text
    assert (client.get(ask).status_code, client.get(ask).location) == (303, f"/told-us/{case}")
    assert submit(client, ask, {"words": "Again"}, form_at="/told-us/" + case + "/take-back").location.endswith(case)
    assert len(set(re.findall(r"/told-us/([0-9a-f-]{36})", client.get("/told-us").text))) == 1
    assert "is paused" not in before
    assert "1 is paused: it cannot look for now" in client.get("/home").text
    assert "1 is paused and cannot look for now" in client.get("/record").text
    submit(client, f"/told-us/{case}/take-back", {})
    assert "paused" not in client.get(here).text
    assert ask in client.get(here).text


def test_an_objection_without_words_opens_nothing(portal: Portal) -> None:
    client, grant = portal.client("edith"), mine(portal, decides=False)
    assert submit(client, f"/told-us/object/{grant.grant_id}", {"words": "  "}).status_code == 422
    assert "You have not told us" in client.get("/told-us").text


def test_what_a_resident_writes_is_shown_as_text(portal: Portal) -> None:
    client, grant = portal.client("edith"), mine(portal, decides=False)
    submit(client, f"/told-us/object/{grant.grant_id}", {"words": "<script>alert(1)</script>"})
    case = re.findall(r"/told-us/([0-9a-f-]{36})", client.get("/told-us").text)[0]
    assert "&lt;script&gt;alert(1)" in client.get(f"/told-us/{case}").text


def test_nobody_else_can_stop_it(portal: Portal) -> None:
    grant = mine(portal, decides=True)
    other = portal.client("priya")
    assert other.get(f"/sharing/{grant.grant_id}/stop").status_code == 404
    assert submit(other, f"/sharing/{grant.grant_id}/stop", {}, form_at="/home").status_code == 404
    assert mine(portal, decides=True).grant_id == grant.grant_id


def less(portal: Portal, grant: GrantView, away: list[str]) -> str:
    client, here = portal.client("edith"), f"/sharing/{grant.grant_id}/less"
    assert submit(client, here, {"away": away}).location == f"{here}/check"
    return client.get(submit(client, f"{here}/check", {}).location).text


def again(portal: Portal, grant: GrantView) -> GrantView:
    with portal.vault.reading(OPERATOR) as ctx:
        return grants.view(ctx, citizen_id=portal.citizen("edith"), grant_id=grant.grant_id)


def test_things_can_be_taken_away_and_the_rest_stays(portal: Portal) -> None:
    grant = mine(portal, decides=True)
    gone = min(grant.fields)
    assert "You share less" in less(portal, grant, [gone, "benefits.ni_number"])
    assert again(portal, grant).fields == grant.fields - {gone}


def test_taking_nothing_away_is_asked_again_and_taking_all_is_a_stop(portal: Portal) -> None:
    client, grant = portal.client("edith"), mine(portal, decides=True)
    here = f"/sharing/{grant.grant_id}"
    assert submit(client, f"{here}/less", {}).status_code == 422
    assert submit(client, f"{here}/less", {"away": sorted(grant.fields)}).location == f"{here}/stop"
    assert again(portal, grant).fields == grant.fields


def thirty_days(portal: Portal) -> GrantView:
    """Let Edith share something for thirty days."""
    client, here = portal.client("edith"), f"/requests/{portal.waiting('edith').request_id}"
    submit(client, here, {"share": "all"})
    submit(client, f"{here}/until", {"until": "short"})
    submit(client, f"{here}/check", {})
    with portal.vault.reading(OPERATOR) as ctx:
        return grants.of_citizen(ctx, citizen_id=portal.citizen("edith"))[0]


def test_a_share_goes_on_until_the_day_that_was_picked(portal: Portal) -> None:
    client, grant = portal.client("edith"), thirty_days(portal)
    here = f"/sharing/{grant.grant_id}/longer"
    day = (grant.not_after + timedelta(days=20)).date()
    assert submit(client, here, {"until": "day"}).location == f"{here}/day"
    parts = {"day-day": day.day, "day-month": day.month, "day-year": day.year}
    assert submit(client, f"{here}/day", parts).location == f"{here}/check"
    assert f"{day.day} {day:%B %Y}" in client.get(f"{here}/check").text
    assert again(portal, grant).version == grant.version
    assert "You share for longer" in client.get(submit(client, f"{here}/check", {}).location).text
    assert again(portal, grant).not_after.date() == day + timedelta(days=1)
    assert again(portal, grant).version == grant.version + 1


@pytest.mark.parametrize("days", [-1, 0, 4000], ids=["sooner", "the same", "too late"])
def test_a_day_that_is_not_later_or_too_late_is_refused(portal: Portal, days: int) -> None:
    client, grant = portal.client("edith"), thirty_days(portal)
    day = (grant.not_after - timedelta(days=1) + timedelta(days=days)).date()
    parts = {"day-day": day.day, "day-month": day.month, "day-year": day.year}
    answer = submit(client, f"/sharing/{grant.grant_id}/longer/day", parts)
    assert answer.status_code == 422
    assert again(portal, grant) == grant


def test_a_share_that_lasts_as_long_as_it_may_is_not_made_longer(portal: Portal) -> None:
    client, grant = portal.client("edith"), thirty_days(portal)
    here = f"/sharing/{grant.grant_id}/longer"
    submit(client, here, {"until": "longest"})
    submit(client, f"{here}/check", {})
    assert client.get(here).location == f"/sharing/{grant.grant_id}"
    assert here not in client.get(f"/sharing/{grant.grant_id}").text


def test_a_share_shows_who_holds_copies_how_often_they_looked_and_how_many_looks_are_left(portal: Portal) -> None:
    grant = mine(portal, decides=True)
    page = portal.client("edith").get(f"/sharing/{grant.grant_id}").text
    assert grant.purpose.controllers[0] in page
    assert f">{grant.uses_left}<" in page
    assert grant.uses > 0
    assert ("1 time" if grant.uses == 1 else f"{grant.uses} times") in page


def test_buttons_follow_what_the_purpose_lets_a_resident_do(portal: Portal) -> None:
    client = portal.client("edith")
    by_law, chosen = mine(portal, decides=False), mine(portal, decides=True)
    law_page, own_page = (client.get(f"/sharing/{one.grant_id}").text for one in (by_law, chosen))
    for action in ("stop", "less"):
        assert f"/sharing/{chosen.grant_id}/{action}" in own_page
        assert f"/sharing/{by_law.grant_id}/{action}" not in law_page
    assert f"/told-us/object/{by_law.grant_id}" in law_page
    assert "/told-us/object/" not in own_page


@pytest.mark.parametrize("action", ["less", "longer", "longer/day", "less/check", "longer/check"])
def test_a_share_by_law_has_no_page_for_changing_it(portal: Portal, action: str) -> None:
    grant = mine(portal, decides=False)
    answer = portal.client("edith").get(f"/sharing/{grant.grant_id}/{action}")
    assert answer.status_code == 303
    assert answer.location.startswith(f"/sharing/{grant.grant_id}")


PAGES = ["", "/stop", "/stopped", "/less", "/less/check", "/less/done", "/longer", "/longer/day", "/longer/check"]


@pytest.mark.parametrize("page", [*PAGES, "/longer/done"])
def test_pages_of_a_share_of_somebody_else_answer_like_those_of_none(portal: Portal, page: str) -> None:
    client = portal.client("priya")
    paths = [f"/sharing/{one}{page}" for one in (mine(portal, decides=True).grant_id, uuid4())]
    answers = [client.get(path) for path in paths]
    assert [one.status_code for one in answers] == [404, 404]
    said = [without_token(one, path) for one, path in zip(answers, paths, strict=True)]
    assert said[0] == said[1]


def test_what_ended_long_ago_is_on_a_page_of_its_own(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging.part, "__kwdefaults__", {"most": 1})
    client, found = portal.client("edith"), []
    with portal.vault.reading(OPERATOR) as ctx:
        held = [each for each in grants.of_citizen(ctx, citizen_id=portal.citizen("edith")) if each.is_live]
    for each in held:
        with portal.vault.transaction(SYSTEM) as ctx:
            grants.end(ctx, citizen_id=each.citizen_id, grant_id=each.grant_id)
    page = "/sharing"
    while page:
        shown = client.get(page.replace("&amp;", "&")).text.partition("<main")[2]
        found += re.findall(r'href="/sharing/([0-9a-f-]{36})"', shown)
        page = next(iter(re.findall(r'href="(/sharing\?after=[^"]+)"', shown)), "")
    assert sorted(found) == sorted(str(each.grant_id) for each in held)
    assert len(held) > 1
    assert "/sharing/" in client.get("/sharing?after=nothing").text


def test_what_has_ended_stands_apart_and_offers_nothing(portal: Portal) -> None:
    client, grant = portal.client("edith"), mine(portal, decides=True)
    submit(client, f"/sharing/{grant.grant_id}/stop", {})
    page = client.get(f"/sharing/{grant.grant_id}").text
    assert "could see" in page
    assert "send you a new request" in page
    assert not [action for action in ("stop", "less", "longer") if f"/{action}" in page]
    assert f'href="/sharing/{grant.grant_id}"' in client.get("/sharing").text.partition("Ended")[2]
