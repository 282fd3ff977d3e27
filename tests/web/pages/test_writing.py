"""An officer adds to a record and puts it right; the resident sees who wrote what, and why it changed."""

import re
from datetime import UTC, datetime
from uuid import UUID

from flask.testing import FlaskClient

from tests.portal_world import Portal, submit, token_in
from tests.web.pages.test_cases import first_item, read
from vault import grants
from vault.context import OPERATOR

TASKS = "Breakfast, tablets and a walk to the gate"


def shared(portal: Portal) -> UUID:
    """What Peter shares with home care, under a purpose that may add visits."""
    with portal.vault.reading(OPERATOR) as ctx:
        found = grants.of_citizen(ctx, citizen_id=portal.citizen("peter"))
    return next(each.grant_id for each in found if each.is_live and each.service.slug == "home-care")


def today() -> dict[str, object]:
    day = datetime.now(UTC).date()
    return {"day-day": day.day, "day-month": day.month, "day-year": day.year}


def add(portal: Portal, client: FlaskClient) -> str:
    """Add a visit through the form and the page that asks to check; the address of the share."""
    here = f"/officer/shared/{shared(portal)}"
    form = client.get(f"{here}/add/care_visit").text
    key = re.findall(r'name="key" value="([^"]+)"', form)[0]
    answers = {"key": key, "care_visit.tasks": TASKS, **today()}
    check = client.post(f"{here}/add/care_visit", data={"csrf_token": token_in(form), **answers})
    assert TASKS in check.text
    sure = {"csrf_token": token_in(check), **answers, "sure": "1"}
    done, again = (client.post(f"{here}/add/care_visit", data=sure).location for _ in range(2))
    assert done == again == f"{here}/add/care_visit/done"
    assert "It is in the record" in client.get(done).text
    return here


def test_a_visit_is_added_once_and_the_resident_sees_who_wrote_it(portal: Portal) -> None:
    add(portal, portal.client("carer"))
    page = portal.client("peter").get("/record/care_visit").text
    assert len(re.findall(rf">\s*{TASKS}\s*</dd>", page)) == 1
    assert "Written by: senior carer, Larch round." in page
    assert "Aisha" not in re.sub(r'<dd class="govuk-summary-list__value">.*?</dd>', "", page, flags=re.DOTALL)
    lines = portal.client("peter").get("/activity?all=1").text
    assert "added to your record" in lines
    assert TASKS not in lines


def test_nothing_typed_is_kept_in_the_browsers_note(portal: Portal) -> None:
    client = portal.client("carer")
    add(portal, client)
    cookie = client.get_cookie("vault_note", domain="localhost")
    assert cookie is None or "Breakfast" not in cookie.decoded_value


def test_each_mistake_in_the_form_is_said_and_what_was_typed_is_kept(portal: Portal) -> None:
    client, here = portal.client("carer"), f"/officer/shared/{shared(portal)}/add/care_visit"
    key = "00000000-0000-4000-8000-000000000001"
    empty = submit(client, here, {"key": key, **today()})
    assert (empty.status_code, "Write at least one of these" in empty.text) == (422, True)
    late = submit(client, here, {"key": key, "care_visit.tasks": TASKS, **today(), "day-year": 2999})
    assert (late.status_code, TASKS in late.text) == (422, True)
    long = submit(client, here, {"key": key, "care_visit.tasks": "x" * 2001, **today()})
    assert long.status_code == 422
    assert submit(client, here, {"key": "nonsense", "care_visit.tasks": TASKS, **today()}).status_code == 404


def test_what_was_added_is_changed_with_a_reason_that_the_resident_reads(portal: Portal) -> None:
    client = portal.client("carer")
    here = add(portal, client)
    page = client.get(f"{here}/added/care_visit")
    assert TASKS not in page.text
    open_it = re.findall(r'action="([^"]+/open)"', page.text)[0]
    shown_at = client.post(open_it, data={"csrf_token": token_in(page)}).location
    form = client.get(shown_at)
    assert TASKS in form.text
    assert client.get(shown_at).status_code == 303, "loading it again opens nothing"
    version = re.findall(r'name="version" value="(\d+)"', form.text)[0]
    answers = {"version": version, "care_visit.tasks": "Breakfast only", "reason": "I mixed up two visits"}
    token = {"csrf_token": token_in(form)}
    assert client.post(shown_at, data={**token, **answers, "reason": ""}).status_code == 422
    assert client.post(shown_at, data={**token, **answers}).location.endswith("/done")
    assert client.post(shown_at, data={**token, **answers}).status_code == 409, "somebody changed it meanwhile"
    mine = portal.client("peter").get("/record/care_visit").text
    assert "Breakfast only" in mine
    assert "I mixed up two visits" in mine
    assert "this is version 2" in mine


def test_nothing_may_be_added_beyond_the_purpose_or_by_another_service(portal: Portal) -> None:
    here = f"/officer/shared/{shared(portal)}"
    assert portal.client("carer").get(f"{here}/add/medication").status_code == 404
    assert portal.client("carer").get(f"{here}/add/nonsense").status_code == 404
    for page in ("/add/care_visit", "/added/care_visit", "/add/care_visit/done"):
        assert portal.client("social-worker").get(here + page).status_code == 404, page


def test_a_correction_is_written_by_who_wrote_the_item_and_answers_the_case(portal: Portal) -> None:
    resident, officer = portal.client("edith"), portal.client("ward-sister")
    done = submit(resident, first_item(resident, "medication"), {"words": "It is half of that"})
    case = done.location.removesuffix("/done").removeprefix("/told-us/")
    here = f"/officer/cases/{case}"
    assert "Open the item to put it right" in read(officer, case)
    shown_at = submit(officer, f"{here}/correct/open", {}, form_at=here).location
    form = officer.get(shown_at)
    assert officer.get(shown_at).status_code == 303
    name = re.findall(r'<textarea[^>]*name="medication.name"[^>]*>([^<]*)<', form.text)[0].strip()
    assert name
    answers = {
        "csrf_token": token_in(form),
        "version": re.findall(r'name="version" value="(\d+)"', form.text)[0],
        "medication.name": name,
        "medication.dose": "Half a tablet",
        "reason": "As you told us",
    }
    assert officer.post(shown_at, data=answers).location == f"{here}/answer"
    assert submit(officer, f"{here}/answer", {"agree": "right", "words": "Thank you."}).location == f"{here}/done"
    mine = resident.get("/record/medication").text
    assert "Half a tablet" in mine
    assert "As you told us" in mine
    assert "Ward sister, Rowan ward" in resident.get("/activity").text


def test_no_other_service_opens_the_item_of_a_case(portal: Portal) -> None:
    resident = portal.client("edith")
    done = submit(resident, first_item(resident, "medication"), {"words": "It is half of that"})
    here = f"/officer/cases/{done.location.removesuffix('/done').removeprefix('/told-us/')}"
    for page in ("/correct/open", "/correct"):
        assert submit(portal.client("carer"), here + page, {}, form_at="/officer").status_code == 404


def test_boxes_nobody_wrote_in_are_empty(portal: Portal) -> None:
    page = portal.client("carer").get(f"/officer/shared/{shared(portal)}/add/care_visit").text
    assert set(re.findall(r"<textarea[^>]*>([^<]*)</textarea>", page)) == {""}


TYPED = {("9:15", "9:45"): "09:15\u201309:45", ("9.15am", "2pm"): "09:15\u201314:00", ("0930", ""): "09:30"}


def test_times_of_a_visit_are_typed_as_people_type_them(portal: Portal) -> None:
    client, here = portal.client("carer"), f"/officer/shared/{shared(portal)}/add/care_visit"
    for (came, left), kept in TYPED.items():
        form = client.get(here)
        key = re.findall(r'name="key" value="([^"]+)"', form.text)[0]
        answers = {"key": key, "care_visit.actual-from": came, "care_visit.actual-to": left, **today()}
        check = client.post(here, data={"csrf_token": token_in(form), **answers})
        assert kept in check.text
        sure = client.post(here, data={"csrf_token": token_in(check), "sure": "1", **answers})
        assert sure.location == f"{here}/done"
        assert kept in portal.client("peter").get("/record/care_visit").text


def test_what_is_no_time_is_said_beside_its_box(portal: Portal) -> None:
    client, here = portal.client("carer"), f"/officer/shared/{shared(portal)}/add/care_visit"
    key = re.findall(r'name="key" value="([^"]+)"', client.get(here).text)[0]
    for typed in ("25:00", "9:60", "noon", "13pm", "<script>"):
        times = {"care_visit.planned-from": typed, "care_visit.planned-to": ""}
        page = submit(client, here, {"key": key, **today(), **times})
        assert page.status_code == 422
        assert 'href="#care_visit.planned-from"' in page.text
    times = {"care_visit.planned-from": "9", "care_visit.planned-to": "12am"}
    assert "This must be later" in submit(client, here, {"key": key, **today(), **times}).text
