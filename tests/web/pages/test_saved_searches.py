"""An auditor's saved searches on pages: saved from a search, run, renamed, deleted; somebody else's are not there."""

import re
from datetime import UTC, datetime

import pytest

from audit.events import Event
from tests.log_reading import told
from tests.portal_world import Portal, submit
from vault.trail.saved import MOST

NEW = "/audit/searches/new"
QUERY = "event=record:refused&outcome=refused&reference=hc-0417"
WANTED = {"event": "record:refused", "outcome": "refused", "reference": "hc-0417"}


def test_a_search_is_saved_run_renamed_and_deleted(portal: Portal) -> None:
    portal.sequence()
    auditor = portal.client("auditor")
    assert "You have saved no search yet." in auditor.get("/audit/searches").text
    assert f'href="/audit/searches/new?{QUERY}"' in auditor.get(f"/audit?{QUERY}").text.replace("&amp;", "&")
    form = f"/audit/searches/new?{QUERY}"
    page = auditor.get(form).text
    assert "hc-0417" in page
    for given, words in (
        ({"name": "", "days": "7"}, "Enter a name for the search"),
        ({"name": "n" * 81, "days": "7"}, "Use 80 characters or fewer"),
        ({"name": "Refused", "days": "8"}, "Select which days to search"),
    ):
        answer = submit(auditor, NEW, {**WANTED, **given}, form_at=form)
        assert answer.status_code == 422
        assert words in answer.text
        assert "hc-0417" in answer.text
    answer = submit(auditor, NEW, {**WANTED, "name": "Refused", "days": "7"}, form_at=form)
    assert (answer.status_code, answer.location) == (303, "/audit/searches?done=saved")
    page = auditor.get(answer.location).text
    assert "The search is saved." in page
    assert "the last 7 days" in page
    assert "You have a search with this name." in submit(auditor, NEW, {"name": "refused", "days": "7"}).text
    (address,) = set(re.findall(r'href="(/audit/searches/[0-9a-f-]{36})"', page))
    led = auditor.get(address)
    assert led.status_code == 303
    for part in (f"since={_today(6)}", "event=record:refused", "outcome=refused", "reference=hc-0417"):
        assert part in led.location.replace("%3A", ":")
    assert "until" not in led.location
    before = len(told(portal.vault, Event.AUDIT_SEARCHED))
    assert auditor.get(led.location).status_code == 200
    assert len(told(portal.vault, Event.AUDIT_SEARCHED)) == before + 1
    assert submit(auditor, f"{address}/rename", {"name": " "}).status_code == 422
    assert submit(auditor, f"{address}/rename", {"name": "No"}).location == "/audit/searches?done=renamed"
    assert "Delete this search?" in auditor.get(f"{address}/delete").text
    assert submit(auditor, f"{address}/delete", {}).location == "/audit/searches?done=deleted"
    assert auditor.get(address).status_code == 404
    assert "The search is deleted." in auditor.get("/audit/searches?done=deleted").text


def _today(back: int) -> str:
    """The first of the last days; the test would have to stand still over midnight to be wrong."""
    now = datetime.now(UTC)
    return str(now.date().fromordinal(now.date().toordinal() - back))


def test_the_person_is_left_out_and_said_to_be(portal: Portal) -> None:
    auditor = portal.client("auditor")
    form = "/audit/searches/new?person=some-handle&outcome=done"
    assert "The person you looked for is left out." in auditor.get(form).text
    submit(
        auditor, NEW, {"outcome": "done", "person": "some-handle", "name": "Done", "days": "as-they-are"}, form_at=form
    )
    (address,) = set(re.findall(r'href="(/audit/searches/[0-9a-f-]{36})"', auditor.get("/audit/searches").text))
    assert auditor.get(address).location == "/audit?outcome=done"
    assert portal.client("carer").get(address).status_code in {403, 404}


def test_when_there_are_too_many_the_page_says_what_to_do(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MOST == 50
    monkeypatch.setattr("web.pages.auditor.saved.MOST", 0)
    auditor = portal.client("auditor")
    page = auditor.get(NEW).text
    assert "Delete one first." in page
    assert "<form" not in page.split("<main", 1)[1].split("</main>")[0]
