"""Emergencies on the pages of everybody: the officer, the resident, the supervisor, the auditor."""

import re
from datetime import timedelta
from typing import Any, Final

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from audit.events import Event
from tests.log_reading import told
from tests.portal_world import Portal, submit
from vault import emergencies

NEW: Final = "/officer/emergency/new"
WORDS: Final = "No answer at the door, lights on"


def answers(portal: Portal, slug: str = "edith", **changed: Any) -> dict[str, Any]:
    """The form, about a resident."""
    person = portal.resident(slug)
    born = {"born-day": person.born.day, "born-month": person.born.month, "born-year": person.born.year}
    return {"number": person.nhs_number, **born, "reason": "no-answer", "words": WORDS, **changed}


def opened(portal: Portal, client: FlaskClient, **changed: Any) -> TestResponse:
    return submit(client, NEW, answers(portal, **changed), form_at=NEW)


def here_of(answer: TestResponse) -> str:
    return str(answer.location).removesuffix("/look")


def test_an_officer_sees_what_helps_and_the_resident_reads_at_once_who_why_and_what(portal: Portal) -> None:
    carer, edith = portal.client("carer"), portal.client("edith")
    answer = opened(portal, carer)
    assert answer.status_code == 303
    page = carer.get(answer.location).text
    assert "Allergy to penicillin" in page
    assert "was told at once" in page
    told = edith.get("/messages").text
    assert "Home care opened your data in an emergency. They said: you did not answer" in told
    lines = edith.get("/activity?outcome=emergency").text
    assert "Senior carer, Larch round, Home care" in lines
    assert "This was an emergency look" in lines
    assert "They said: you did not answer, and something may have happened to you." in lines
    (line, *_) = re.findall(r'href="(/activity/[0-9a-f]{64})"', lines)
    detail = edith.get(line).text
    assert "They said: you did not answer" in detail
    assert "A supervisor who was not there looks at each emergency afterwards." in detail
    assert "Your allergies" in detail
    assert WORDS not in lines


def test_loading_what_was_opened_again_shows_nothing_and_looking_again_is_a_look_of_its_own(portal: Portal) -> None:
    carer = portal.client("carer")
    look = opened(portal, carer).location
    before = len(told(portal.vault, Event.RECORD_OPENED))
    carer.get(look)
    again = carer.get(look)
    assert (again.status_code, again.location) == (303, look.removesuffix("/look"))
    carer.get(submit(carer, look, {}, form_at=again.location).location)
    assert len(told(portal.vault, Event.RECORD_OPENED)) == before + 2


def test_the_code_of_the_key_safe_opens_alone(portal: Portal) -> None:
    carer = portal.client("carer")
    answer = opened(portal, carer)
    page = carer.get(answer.location).text
    secret = "C 0417"
    assert secret not in page
    here = here_of(answer)
    shown = submit(carer, f"{here}/show", {"field": "home_access.key_safe_code"}, form_at=here)
    assert secret in carer.get(shown.location).text
    beyond = submit(carer, f"{here}/show", {"field": "medication.name"}, form_at=here)
    assert carer.get(beyond.location).status_code == 404


def test_after_its_time_and_after_closing_nothing_opens(portal: Portal) -> None:
    carer = portal.client("carer")
    here = here_of(opened(portal, carer))
    closed = submit(carer, f"{here}/close", {}, form_at=here)
    page = carer.get(closed.location).text
    assert "The record is closed again" in page
    assert "Look again" not in page
    assert submit(carer, f"{here}/look", {}, form_at="/officer/emergency/new").location == f"{here}/look"
    assert carer.get(f"{here}/look").location == here


def test_somebody_unknown_and_a_wrong_birth_date_are_one_answer_and_nothing_is_stated(portal: Portal) -> None:
    carer = portal.client("carer")
    plain = re.compile(r'name="csrf_token" value="[^"]+"|value="[^"]*"|left="\d+"')
    pages = {
        plain.sub("", opened(portal, carer, **changed).text)
        for changed in ({"born-year": 1930}, {"number": "9434765919"}, {"number": "HC-0000"})
    }
    assert len(pages) == 1
    assert "We found nobody" in pages.pop()
    assert told(portal.vault, Event.EMERGENCY_STATED) == []


def test_an_officer_who_stated_the_most_is_told_nothing_of_who_is_known(
    portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    carer = portal.client("carer")
    opened(portal, carer)
    monkeypatch.setattr("vault.emergencies.stating.MOST_A_DAY", 1)
    compared = len(told(portal.vault, Event.CITIZEN_LOOKED_UP))
    plain = re.compile(r'name="csrf_token" value="[^"]+"|value="[^"]*"|left="\d+"')
    pages = {plain.sub("", opened(portal, carer, **changed).text) for changed in ({}, {"number": "9434765919"})}
    assert len(pages) == 1
    assert "You opened 10 records in one day" in pages.pop()
    assert len(told(portal.vault, Event.CITIZEN_LOOKED_UP)) == compared


def test_each_answer_that_is_missing_is_named(portal: Portal) -> None:
    carer = portal.client("carer")
    for changed, said in (
        ({"number": ""}, "Enter an NHS number"),
        ({"born-day": "31", "born-month": "2"}, "Enter a real date of birth"),
        ({"reason": ""}, "Select why it cannot wait"),
        ({"words": ""}, "Write what has happened"),
    ):
        answer = opened(portal, carer, **changed)
        assert answer.status_code == 422, changed
        assert said in answer.text


def test_a_supervisor_says_whether_it_was_right_and_the_resident_and_the_officer_read_it(portal: Portal) -> None:
    carer, leader, edith = portal.client("carer"), portal.client("care-leader"), portal.client("edith")
    here = here_of(opened(portal, carer))
    assert "1 emergency waits" in leader.get("/officer").text
    page = leader.get(f"{here}/review").text
    assert WORDS in page
    assert "Aisha" in page
    assert "penicillin" not in page
    assert submit(leader, f"{here}/review", {"outcome": "", "words": ""}).status_code == 422
    assert submit(leader, f"{here}/review", {"outcome": "wrong", "words": "Her daughter was there."}).status_code == 303
    assert "Her daughter was there." in carer.get(here).text
    assert "They found that it was wrong to open your data" in edith.get("/messages").text
    assert "Nothing waits for you" in leader.get("/officer/emergency").text
    assert submit(leader, f"{here}/review", {"outcome": "right", "words": "No."}, form_at=NEW).status_code == 409


def test_nobody_judges_their_own_and_no_other_officer_sees_that_there_is_one(portal: Portal) -> None:
    leader = portal.client("care-leader")
    own = here_of(opened(portal, leader))
    assert leader.get(f"{own}/review").status_code == 403
    other = here_of(opened(portal, portal.client("carer")))
    absent = "/officer/emergency/00000000-0000-4000-8000-000000000000"
    for slug, suffix in (
        ("carer", "/review"),
        ("social-worker", "/review"),
        ("social-worker", ""),
        ("care-leader", ""),
    ):
        client = portal.client(slug)
        assert client.get(f"{other}{suffix}").status_code == client.get(f"{absent}{suffix}").status_code == 404


def test_a_service_without_such_a_purpose_opens_nothing_and_has_no_such_menu(portal: Portal) -> None:
    worker = portal.client("social-worker")
    assert "/officer/emergency" not in worker.get("/officer").text
    assert "has no purpose for emergencies" in worker.get("/officer/emergency").text
    assert worker.get(NEW).location == "/officer/emergency"
    answer = submit(worker, NEW, answers(portal), form_at="/officer/ask/who")
    assert answer.status_code == 422
    assert told(portal.vault, Event.EMERGENCY_STATED) == []


def test_the_menu_leads_an_officer_only_where_they_may_go(portal: Portal) -> None:
    assert "/desk" not in portal.client("carer").get("/officer").text
    assert "/desk" in portal.client("social-worker").get("/officer").text


def test_an_auditor_finds_what_nobody_looked_at_in_time_and_who_it_was_about_stays_closed(portal: Portal) -> None:
    here = here_of(opened(portal, portal.client("carer")))
    auditor = portal.client("auditor")
    assert "Every emergency was looked at in time" in auditor.get("/audit/emergencies").text
    submit(portal.client("care-leader"), f"{here}/review", {"outcome": "wrong", "words": "Her daughter was there."})
    page = auditor.get("/audit/emergencies").text
    assert "Was wrong" in page
    assert "Home care" in page
    assert not {"Edith", WORDS, "Her daughter"} & set(re.findall(r"Edith|Her daughter|" + WORDS, page))
    assert told(portal.vault, Event.AUDIT_SEARCHED)[-1].facts["what"] == "emergencies"
    assert timedelta(days=3) == emergencies.FOLLOWED_UP_WITHIN
