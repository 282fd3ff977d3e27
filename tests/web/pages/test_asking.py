"""An officer asks for access by task: what they may ask, what nobody learns from it, and taking a request back."""

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.portal_world import Portal, submit
from vault import requests, trail
from vault.context import OPERATOR
from vault.requests import RequestView
from web.demo.cast import birth_date

WHY = "We plan your way home with you."
HERE = "/officer/ask"


def born(days: int = 0) -> dict[str, int]:
    """Edith's date of birth, or some days from it."""
    day = birth_date(82, "03-09", datetime.now(UTC).date()) + timedelta(days=days)
    return {"born-day": day.day, "born-month": day.month, "born-year": day.year}


def until(days: int = 30) -> dict[str, int]:
    day = datetime.now(UTC).date() + timedelta(days=days)
    return {"until-day": day.day, "until-month": day.month, "until-year": day.year}


def answer(
    client: FlaskClient, reference: str = "ASC-10482", *, away: int = 0, task: str = "home-care-support"
) -> None:
    """Answer every question, for Edith unless told otherwise."""
    submit(client, f"{HERE}/who", {"kind": "ref"})
    person = {"value": reference, "system": "adult-social-care", **born(away)}
    assert submit(client, f"{HERE}/person", person).location == f"{HERE}/task"
    assert submit(client, f"{HERE}/task", {"task": task}).location == f"{HERE}/fields"
    fields = {"fields": ["identity.name", "medication.name"]}
    assert submit(client, f"{HERE}/fields", fields).location == f"{HERE}/why"
    assert submit(client, f"{HERE}/why", {"why": WHY}).location == f"{HERE}/until"
    assert submit(client, f"{HERE}/until", until()).location == f"{HERE}/check"


def ask(client: FlaskClient, reference: str = "ASC-10482", *, away: int = 0) -> TestResponse:
    answer(client, reference, away=away)
    return client.get(submit(client, f"{HERE}/check", {}).location)


def plain(page: str) -> str:
    """A page without what is never the same twice: form tokens, ids and references."""
    return re.sub(
        r'name="csrf_token" value="[^"]+"|left="\d+"|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9A-F]{4} [0-9A-F]{4}',
        "",
        page,
    )


def waiting(portal: Portal) -> list[RequestView]:
    """What social care asks Edith and waits for her."""
    with portal.vault.reading(OPERATOR) as ctx:
        found = requests.waiting(ctx, citizen_id=portal.citizen("edith"))
    return [each for each in found if each.service.slug == "adult-social-care"]


def request_id(page: TestResponse) -> UUID:
    return UUID(page.request.path.split("/")[-2])


def test_the_task_is_the_most_and_the_officer_takes_away(portal: Portal) -> None:
    client = portal.client("social-worker")
    submit(client, f"{HERE}/who", {"kind": "ref"})
    submit(client, f"{HERE}/person", {"value": "ASC-10482", "system": "adult-social-care", **born()})
    submit(client, f"{HERE}/task", {"task": "hospital-discharge"})
    page = client.get(f"{HERE}/fields").text
    assert page.count('type="checkbox"') == page.count("checked")
    assert "medication.name" not in page
    more = submit(client, f"{HERE}/fields", {"fields": ["identity.name", "medication.name", "benefits.ni_number"]})
    assert more.status_code == 303
    assert "Your medicines" not in client.get(f"{HERE}/fields").text


def test_the_resident_sees_the_request_with_role_team_and_reason(portal: Portal) -> None:
    page = ask(portal.client("social-worker"))
    assert "If this person is known, the request waits for them" in page.text
    (asked,) = waiting(portal)
    assert (asked.fields, asked.reason) == (frozenset({"identity.name", "medication.name"}), WHY)
    shown = portal.client("edith").get(f"/requests/{asked.request_id}").text
    assert "social worker, Hospital team" in shown
    assert WHY in shown
    assert "Petra" not in shown


def test_the_log_holds_the_channel_and_who_asked(portal: Portal) -> None:
    ask(portal.client("social-worker"))
    with portal.vault.reading(OPERATOR) as ctx:
        lines = trail.of_citizen(ctx, citizen_id=portal.citizen("edith"), limit=5)
    made = next(line for line in lines if line.event == "request:made")
    assert made.facts["channel"] == "portal"
    assert made.who.reference == str(portal.account("social-worker"))
    assert "Social worker, Hospital team" in portal.client("edith").get("/activity?all=1").text


@pytest.mark.parametrize(
    ("reference", "away"), [("ASC-99999", 0), ("ASC-10482", 1)], ids=["nobody", "another-birthday"]
)
def test_whether_somebody_is_known_shows_nowhere(portal: Portal, reference: str, away: int) -> None:
    known, unknown = portal.client("social-worker"), portal.client("social-worker")
    first, second = ask(known), ask(unknown, reference, away=away)
    assert plain(first.text) == plain(second.text)
    for name in ("", "/decision", "/cancel"):
        pages = [known.get(f"/officer/requests/{request_id(page)}{name}") for page in (first, second)]
        assert {page.status_code for page in pages} == {200}
        assert plain(pages[0].text) == plain(pages[1].text), name
    assert len(waiting(portal)) == 1


def test_a_wrong_birthday_takes_nothing_away_from_who_was_asked_rightly(portal: Portal) -> None:
    client = portal.client("social-worker")
    ask(client)
    ask(client, away=1)
    assert len(waiting(portal)) == 1


def test_by_nhs_number_the_check_digit_is_checked_and_nothing_else(portal: Portal) -> None:
    client = portal.client("social-worker")
    submit(client, f"{HERE}/who", {"kind": "nhs"})
    wrong = submit(client, f"{HERE}/person", {"value": "485 777 3456", **born()})
    assert wrong.status_code == 422
    assert "these do not belong together" in wrong.text
    assert submit(client, f"{HERE}/person", {"value": "485 777 3457", **born()}).status_code == 303


@pytest.mark.parametrize(
    ("page", "given"),
    [
        ("who", {}),
        ("person", {"value": "", "born-day": "x"}),
        ("task", {"task": "council-tax"}),
        ("fields", {}),
        ("why", {"why": "x" * 501}),
        ("until", {"until-day": 1, "until-month": 1, "until-year": 9999}),
    ],
)
def test_each_question_says_what_is_wrong_and_keeps_what_was_answered(
    portal: Portal, page: str, given: dict[str, object]
) -> None:
    client = portal.client("social-worker")
    answer(client)
    bad = submit(client, f"{HERE}/{page}", given)
    assert bad.status_code == 422
    assert "There is a problem" in bad.text
    assert WHY in client.get(f"{HERE}/check").text


def test_what_was_typed_stands_in_clear_neither_in_the_browsers_note_nor_in_an_address(portal: Portal) -> None:
    client = portal.client("social-worker")
    answer(client)
    cookie = client.get_cookie("vault_note", domain="localhost")
    assert cookie is not None
    assert "10482" not in cookie.decoded_value
    assert portal.client("ward-sister").get(f"{HERE}/check").status_code == 303


def test_a_request_is_taken_back_once_and_the_resident_cannot_answer_it_any_more(portal: Portal) -> None:
    client = portal.client("social-worker")
    number = request_id(ask(client))
    here = f"/officer/requests/{number}"
    assert submit(client, f"{here}/cancel", {}).location == here
    assert "Taken back" in client.get(here).text
    assert client.get(f"{here}/cancel").status_code == 409
    assert waiting(portal) == []
    assert "took back what it asked for" in portal.client("edith").get("/activity?all=1").text


def test_another_services_requests_look_as_if_they_were_not_there(portal: Portal) -> None:
    number = request_id(ask(portal.client("social-worker")))
    other = portal.client("carer")
    for page in ("", "/sent", "/cancel", "/decision", "/decision/evidence"):
        assert other.get(f"/officer/requests/{number}{page}").status_code == 404, page
    assert submit(other, f"/officer/requests/{number}/cancel", {}, form_at="/officer/ask/who").status_code == 404
    assert len(waiting(portal)) == 1


def test_our_requests_can_be_filtered_and_what_runs_out_first_comes_first(portal: Portal) -> None:
    client = portal.client("social-worker")
    ask(client)
    every, waits = client.get("/officer/requests").text, client.get("/officer/requests?show=waiting&mine=1").text
    assert every.count('scope="row"') > waits.count('scope="row"') == 1
    assert "No request stands like this" in client.get("/officer/requests?show=shared&mine=1").text
    assert client.get("/officer/requests?show=%00nonsense").status_code == 200


def test_an_officer_of_a_service_that_only_has_the_law_is_told_so(portal: Portal) -> None:
    assert "no task for which a person decides" in portal.client("tax-officer").get(HERE).text
