"""Before a grave act the person proves again that it is them, where they can; never to stop what harms them."""

import re
from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient

from tests.keys import give_passkey
from tests.portal_world import Portal, opened, portal, submit, token_in, told
from vault import requests, sign_ins
from vault.clock import utc_now
from vault.context import SYSTEM
from vault.errors import ProofNeededError
from vault.judging import check_proven
from web.auth import COOKIE

__all__ = ["portal", "told"]


class Later:
    """Real time, moved on by hand."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return utc_now() + self.ahead


@pytest.fixture
def later(portal: Portal) -> Later:
    """Edith and the administrator have passkeys, and signed in ten minutes ago once the clock is moved."""
    clock = Later()
    object.__setattr__(portal.vault, "clock", clock)
    for slug in ("edith", "administrator"):
        give_passkey(portal.vault, portal.account(slug))
    return clock


def stale(portal: Portal, later: Later, slug: str = "edith") -> FlaskClient:
    client = portal.client(slug)
    later.ahead = timedelta(minutes=10)
    return client


def chosen(portal: Portal, client: FlaskClient, fields: list[str]) -> str:
    here = f"/requests/{portal.waiting('edith').request_id}"
    submit(client, here, {"share": "some"})
    submit(client, f"{here}/choose", {"fields": fields})
    submit(client, f"{here}/until", {"until": "longest"})
    return here


def test_sharing_a_special_category_asks_for_a_proof_and_keeps_the_answers(portal: Portal, later: Later) -> None:
    client = stale(portal, later)
    here = chosen(portal, client, ["medication.name"])
    assert client.get(f"{here}/check").location == "/prove"
    page = client.get("/prove")
    assert "Prove it is you" in page.text
    sent = client.post(f"{here}/check", data={"csrf_token": token_in(page)})
    assert (sent.status_code, sent.location) == (303, "/prove")
    with portal.vault.reading(SYSTEM) as ctx:
        assert here.endswith(str(requests.waiting(ctx, citizen_id=portal.citizen("edith"))[0].request_id))


def test_after_the_proof_the_answers_are_still_there(portal: Portal, later: Later) -> None:
    client = stale(portal, later)
    here = chosen(portal, client, ["medication.name"])
    client.get(f"{here}/check")
    cookie = client.get_cookie(COOKIE, domain="localhost")
    assert cookie
    with portal.vault.transaction(SYSTEM) as ctx:
        sign_ins.prove(ctx, cookie=cookie.value, method="test")
    assert client.get("/prove").location == f"{here}/check"
    assert submit(client, f"{here}/check", {}).location == f"{here}/done"


def test_a_proof_counts_for_five_minutes(portal: Portal, later: Later) -> None:
    client = portal.client("edith")
    here = chosen(portal, client, ["medication.name"])
    later.ahead = timedelta(minutes=4)
    assert client.get(f"{here}/check").status_code == 200
    later.ahead = timedelta(minutes=5, seconds=1)
    assert client.get(f"{here}/check").location == "/prove"


def test_what_is_not_special_is_shared_without_a_proof(portal: Portal, later: Later) -> None:
    client = stale(portal, later)
    here = chosen(portal, client, ["identity.known_as"])
    assert submit(client, f"{here}/check", {}).location == f"{here}/done"


def test_sharing_none_and_stopping_never_ask_for_a_proof(portal: Portal, later: Later) -> None:
    client = stale(portal, later)
    here = f"/requests/{portal.waiting('edith').request_id}"
    submit(client, here, {"share": "none"})
    assert submit(client, f"{here}/check", {}).location == f"{here}/done"
    stops = re.findall(r'href="(/sharing/[0-9a-f-]+/stop)"', client.get("/sharing").text)
    assert submit(client, stops[0], {}).location.endswith("/stopped")


def test_opening_a_hidden_value_of_ones_own_asks_for_a_proof(portal: Portal, later: Later) -> None:
    client = stale(portal, later)
    page = client.get("/record/home_access").text
    address = page.split('action="/record/home_access/')[1].split('"')[0]
    asked = submit(
        client, f"/record/home_access/{address}", {"field": "home_access.entry"}, form_at="/record/home_access"
    )
    shown = client.get(asked.location)
    assert (shown.status_code, shown.location) == (303, "/prove")


def test_who_has_no_means_of_proving_again_is_not_asked(portal: Portal) -> None:
    clock = Later()
    object.__setattr__(portal.vault, "clock", clock)
    client = portal.client("edith")
    clock.ahead = timedelta(minutes=10)
    here = chosen(portal, client, ["medication.name"])
    assert submit(client, f"{here}/check", {}).location == f"{here}/done"


def test_a_grave_act_without_a_rule_is_refused_by_the_vault_itself(portal: Portal, later: Later) -> None:
    cookie = portal.cookie("administrator")
    later.ahead = timedelta(minutes=10)
    with portal.vault.reading(SYSTEM) as ctx:
        actor = sign_ins.current(ctx, cookie=cookie).actor
    with pytest.raises(ProofNeededError), portal.vault.reading(actor) as ctx:
        check_proven(ctx)


@pytest.mark.parametrize(
    "planted", ["https://elsewhere.example/", "//elsewhere.example/x", "/\\elsewhere.example", "/no-such-page", ""]
)
def test_the_way_back_is_always_a_page_of_this_portal(portal: Portal, later: Later, planted: str) -> None:
    client = portal.client("edith")
    with client.session_transaction() as note:
        note["prove_then"] = planted
    assert client.get("/prove").location == "/home"


def test_a_click_in_the_demo_counts_as_proof_in_the_demo_alone(portal: Portal, later: Later) -> None:
    client = portal.client()
    client.post("/demo/be/edith", data={"csrf_token": token_in(client.get("/demo"))})
    cookie = client.get_cookie(COOKIE, domain="localhost")
    assert cookie
    later.ahead = timedelta(minutes=10)
    here = chosen(portal, client, ["medication.name"])
    assert client.get(f"{here}/check").status_code == 200


def test_in_earnest_a_sign_in_of_a_demo_proves_nothing(told: object) -> None:
    with opened(told, "http://localhost", demo=False) as portal:  # type: ignore[arg-type]
        clock = Later()
        object.__setattr__(portal.vault, "clock", clock)
        give_passkey(portal.vault, portal.account("edith"))
        with portal.vault.transaction(SYSTEM) as ctx:
            cookie = sign_ins.begin(ctx, account_id=portal.account("edith"), method="demo")
        client = portal.client()
        client.set_cookie(COOKIE, cookie, domain="localhost")
        clock.ahead = timedelta(minutes=10)
        here = chosen(portal, client, ["medication.name"])
        assert client.get(f"{here}/check").location == "/prove"


def test_somebody_elses_answer_or_none_at_all_proves_nothing(portal: Portal, later: Later) -> None:
    client = stale(portal, later)
    client.get("/record/home_access/00000000-0000-4000-8000-000000000000/shown")
    page = client.get("/prove")
    token = {"X-CSRFToken": token_in(page)}
    answers: list[dict[str, object]] = [{}, {"response": {}}, {"rawId": "AA", "response": {"clientDataJSON": "e30"}}]
    for answer in answers:
        assert client.post("/prove", json=answer, headers=token).status_code == 400
    assert client.get("/prove").status_code == 200
