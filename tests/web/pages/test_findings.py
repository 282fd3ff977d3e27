"""An auditor's findings: what waits, worked off step by step; nobody else sees them, nor whom they suspect."""

import re
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from audit.events import Event
from tests.log_reading import told
from tests.portal_world import Portal, submit, without_token
from vault import accounts, services, watching
from vault.context import OPERATOR
from vault.kinds import Role
from vault.watching import Wanted
from vault.watching.rules import RULES
from web.pages.finding_words import RULES as WORDS

STEPS = ("", "/assign", "/explain", "/close", "/closed")


@pytest.fixture
def finding(portal: Portal) -> UUID:
    """The demo's inquisitive officer, found: looks at a well-known resident."""
    portal.sequence()
    watching.scan(portal.vault)
    with portal.vault.reading(OPERATOR) as ctx:
        found = watching.of_scope(ctx, wanted=Wanted(state=""))
    assert sorted(each.rule for each in found) == ["repeated-refusals", "well-known"]
    assert {each.who["account"] for each in found} == {str(portal.account("nosy-officer"))}
    return next(each.finding_id for each in found if each.rule == "well-known")


@pytest.fixture
def auditor(portal: Portal, finding: UUID) -> FlaskClient:
    """Ruth's browser, when something was found."""
    assert isinstance(finding, UUID)
    return portal.client("auditor")


def test_every_rule_has_its_words() -> None:
    assert set(WORDS) == set(RULES)


def test_before_anything_is_found_the_page_says_so(portal: Portal) -> None:
    assert "Nothing was found that waits for you" in portal.client("auditor").get("/audit/findings").text


def test_the_list_shows_what_is_open_and_can_be_narrowed(auditor: FlaskClient) -> None:
    page = auditor.get("/audit/findings").text
    assert "2 findings" in page
    named = re.findall(r'href="/audit/findings/[0-9a-f-]{36}">([^<]+)<', page)
    assert named == ["Looked at a person who is marked", "Was refused again and again"]
    assert "Billing officer, Revenues, " in page
    assert "1 finding<" in auditor.get("/audit/findings?rule=repeated-refusals").text
    for query in ("state=mine", "state=closed", "rule=bulk"):
        assert "No findings are like that." in auditor.get(f"/audit/findings?{query}").text
    for odd in ("state=nonsense&rule=nonsense", "page=0", "page=99999999", "page=²"):
        assert "2 findings" in auditor.get(f"/audit/findings?{odd}").text


def test_a_finding_names_its_evidence_and_leads_to_each_entry_and_its_proof(
    portal: Portal, auditor: FlaskClient, finding: UUID
) -> None:
    page = auditor.get(f"/audit/findings/{finding}").text
    leaves = re.findall(r'href="/audit/entries/([0-9a-f]{64})"', page)
    assert len(leaves) == 7
    for leaf in leaves[:2]:
        assert "In the signed log" in auditor.get(f"/audit/entries/{leaf}").text
        assert auditor.get(f"/audit/entries/{leaf}/proof").status_code == 200
    assert "Billing officer, Revenues, " in page
    assert str(portal.account("nosy-officer")) in page
    assert "mayor" not in page
    assert [entry.facts["finding"] for entry in told(portal.vault, Event.FINDING_READ)] == [str(finding)]


def test_a_finding_is_given_explained_and_closed_only_after_a_second_question(
    auditor: FlaskClient, finding: UUID, portal: Portal
) -> None:
    here, ruth = f"/audit/findings/{finding}", str(portal.account("auditor"))
    answer = submit(auditor, f"{here}/assign", {"to": ruth})
    assert "Given to Ruth" in auditor.get(answer.location).text
    assert "1 finding<" in auditor.get("/audit/findings?state=mine").text
    submit(auditor, f"{here}/explain", {"words": "His manager knows of no task."})
    close = {"outcome": "right", "words": "He looked out of curiosity."}
    sure = submit(auditor, f"{here}/close", close)
    assert "Are you sure?" in sure.text
    assert "He looked out of curiosity." in sure.text
    assert told(portal.vault, Event.FINDING_CLOSED) == []
    again = submit(auditor, f"{here}/close", {**close, "again": "1"})
    assert "He looked out of curiosity." in again.text
    assert 'value="right" checked' in again.text
    done = submit(auditor, f"{here}/close", {**close, "sure": "1"})
    assert "The finding is closed" in auditor.get(done.location).text
    page = auditor.get(here).text
    assert "Right: it should not have happened" in page
    assert "His manager knows of no task." in page
    assert "Close the finding" not in page
    assert auditor.get(f"{here}/close").status_code == 409
    assert "1 finding<" in auditor.get("/audit/findings").text


@pytest.mark.parametrize(
    ("step", "answers", "words"),
    [
        ("assign", {}, "Select who works on it"),
        ("assign", {"to": "00000000-0000-4000-8000-000000000000"}, "Select who works on it"),
        ("explain", {"words": " "}, "Write what you learned"),
        ("explain", {"words": "x" * 2001}, "Use 2000 characters or fewer"),
        ("close", {"words": "why", "sure": "1"}, "Select what it was"),
        ("close", {"outcome": "open", "words": "why", "sure": "1"}, "Select what it was"),
        ("close", {"outcome": "wrong", "sure": "1"}, "Write why you say so"),
    ],
)
def test_an_answer_that_is_none_is_named_and_nothing_is_done(
    portal: Portal, auditor: FlaskClient, finding: UUID, step: str, answers: dict[str, str], words: str
) -> None:
    before = len(told(portal.vault, "finding:assigned", "finding:explained", "finding:closed"))
    answer = submit(auditor, f"/audit/findings/{finding}/{step}", answers)
    assert answer.status_code == 422
    assert words in answer.text
    assert "Error: " in answer.text.split("</title>")[0]
    assert len(told(portal.vault, "finding:assigned", "finding:explained", "finding:closed")) == before


def test_an_auditor_of_another_organisation_and_whom_it_suspects_see_no_finding(portal: Portal, finding: UUID) -> None:
    with portal.vault.transaction(OPERATOR) as ctx:
        trust = next(each for each in services.organisations(ctx) if each.kind == "nhs").organisation_id
        portal.note.accounts["trust-auditor"] = accounts.make(ctx, role=Role.AUDITOR, organisation_id=trust).account_id
    portal.app.config["WTF_CSRF_ENABLED"] = False
    other = portal.client("trust-auditor")
    assert "Nothing was found" in other.get("/audit/findings").text
    absent = "00000000-0000-4000-8000-000000000000"
    for step in STEPS:
        for method in ("GET", "POST")[: 2 if step in STEPS[1:4] else 1]:
            paths = [f"/audit/findings/{each}{step}" for each in (finding, absent)]
            asked, gone = (other.open(path, method=method) for path in paths)
            assert asked.status_code == gone.status_code == 404, (method, step)
            assert without_token(asked, paths[0]) == without_token(gone, paths[1])


def test_whoever_is_no_auditor_is_answered_as_if_there_were_no_finding(portal: Portal, finding: UUID) -> None:
    portal.app.config["WTF_CSRF_ENABLED"] = False
    absent = "00000000-0000-4000-8000-000000000000"
    ways = [(step, method) for step in STEPS for method in ("GET", "POST") if method == "GET" or step in STEPS[1:4]]
    for slug, status in (("nosy-officer", 403), ("gwenllian", 403), ("administrator", 403), (None, 303)):
        client = portal.client(slug)
        assert client.get("/audit/findings").status_code == status, slug
        for step, method in ways:
            paths = [f"/audit/findings/{each}{step}" for each in (finding, absent)]
            asked, gone = (client.open(path, method=method) for path in paths)
            assert asked.status_code == gone.status_code == status, (slug, method, step)
            assert without_token(asked, paths[0]) == without_token(gone, paths[1]), (slug, method, step)
            assert (asked.location or "").replace(str(finding), absent) == (gone.location or ""), (slug, method, step)
    assert told(portal.vault, "finding:read", "finding:assigned", "finding:explained", "finding:closed") == []


def test_the_person_looked_at_and_the_officer_read_nothing_of_it(portal: Portal, finding: UUID) -> None:
    assert isinstance(finding, UUID)
    portal.sequence()
    for slug, paths in {"gwenllian": ("/home", "/activity?all=1"), "nosy-officer": ("/officer",)}.items():
        client = portal.client(slug)
        for path in paths:
            page = client.get(path).text.casefold()
            assert [word for word in ("finding", "suspect", "marked", "watch:", "person:") if word in page] == [], path
