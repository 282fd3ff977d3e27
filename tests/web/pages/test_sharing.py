import re

from tests.portal_world import Portal, submit
from vault import cases, grants
from vault.context import OPERATOR
from vault.grants import GrantView
from vault.kinds import CaseKind


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
