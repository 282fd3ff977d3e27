import re
from uuid import UUID

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.portal_world import Portal, submit
from vault import grants, requests, services, trail
from vault.context import OPERATOR
from vault.kinds import Decider, ServiceStatus


def share(portal: Portal, *fields: str) -> UUID:
    asked = portal.waiting("edith")
    here, client = f"/requests/{asked.request_id}", portal.client("edith")
    submit(client, f"{here}/choose", {"fields": list(fields)})
    submit(client, f"{here}/until", {"until": "longest"})
    submit(client, f"{here}/check", {})
    with portal.vault.reading(OPERATOR) as ctx:
        found = requests.view(ctx, citizen_id=portal.citizen("edith"), request_id=asked.request_id)
    assert found.grant_id is not None
    return found.grant_id


def look(client: FlaskClient, grant_id: UUID) -> TestResponse:
    """Look as an officer does: press the button, and be shown the page once."""
    here = f"/officer/shared/{grant_id}"
    return client.get(submit(client, f"{here}/look", {}, form_at="/officer").location)


def uses(portal: Portal, grant_id: UUID) -> int:
    with portal.vault.reading(OPERATOR) as ctx:
        return grants.by_id(ctx, grant_id=grant_id).uses


def test_an_officer_sees_what_is_shared_and_that_the_rest_is_not(portal: Portal) -> None:
    grant_id = share(portal, "identity.known_as", "medication.name")
    page = look(portal.client("carer"), grant_id).text
    assert "Paracetamol" in page
    assert "Every look is recorded and shown to Edie" in page
    assert "Not shared" in page
    assert "Two tablets" not in page


def test_the_resident_reads_the_look_and_can_check_it(portal: Portal) -> None:
    grant_id = share(portal, "medication.name")
    look(portal.client("carer"), grant_id)
    portal.sequence()
    with portal.vault.reading(OPERATOR) as ctx:
        lines = trail.of_citizen(ctx, citizen_id=portal.citizen("edith"), limit=100)
    line = next(each for each in lines if each.event == "record:opened" and each.grant_id == grant_id)
    client = portal.client("edith")
    assert line.leaf_hash.hex() in client.get("/activity").text
    assert "This line is as it was written" in client.get(f"/activity/{line.leaf_hash.hex()}/check").text
    assert client.get(f"/activity/{line.leaf_hash.hex()}/proof.txt").status_code == 200
    assert portal.client("priya").get(f"/activity/{line.leaf_hash.hex()}").status_code == 404
    assert "medication" not in portal.client("auditor").get("/audit").text


def test_after_stop_the_officer_is_refused_and_the_resident_reads_that_too(portal: Portal) -> None:
    grant_id = share(portal, "medication.name")
    officer, resident = portal.client("carer"), portal.client("edith")
    assert look(officer, grant_id).status_code == 200
    submit(resident, f"/sharing/{grant_id}/stop", {})
    assert "This sharing has ended" in officer.get(f"/officer/shared/{grant_id}").text
    refused = look(officer, grant_id)
    assert refused.status_code == 403
    assert "Paracetamol" not in refused.text
    assert "asked to look and was refused" in resident.get("/activity").text


def test_another_services_officer_finds_nothing_there(portal: Portal) -> None:
    grant_id = share(portal, "medication.name")
    other = portal.client("tax-officer")
    assert other.get(f"/officer/shared/{grant_id}").status_code == 404
    assert submit(other, f"/officer/shared/{grant_id}/look", {}, form_at="/officer").status_code == 404


def test_no_resident_is_named_before_a_look_is_recorded(portal: Portal) -> None:
    share(portal, "medication.name")
    page = portal.client("carer").get("/officer").text
    assert "Edith" not in page
    assert "Edie" not in page


def test_a_spoken_decision_needs_what_shows_it_and_is_told_to_the_resident(portal: Portal) -> None:
    asked = portal.waiting("edith")
    here, officer = f"/officer/requests/{asked.request_id}/decision", portal.client("carer")
    assert submit(officer, here, {"share": "some"}).location == f"{here}/choose"
    assert submit(officer, f"{here}/choose", {"fields": ["medication.name"]}).location == f"{here}/evidence"
    assert submit(officer, f"{here}/evidence", {"channel": "phone", "words": ""}).status_code == 422
    words = "Edith rang at nine and told me her reference and date of birth."
    assert submit(officer, f"{here}/evidence", {"channel": "phone", "words": words}).location == f"{here}/done"
    with portal.vault.reading(OPERATOR) as ctx:
        newest = grants.of_citizen(ctx, citizen_id=portal.citizen("edith"))[0]
    assert (newest.decided_by, newest.fields) == (Decider.SPOKEN, frozenset({"medication.name"}))
    assert "a member of staff wrote it down" in portal.client("edith").get("/sharing").text


def test_an_officer_of_another_service_cannot_write_a_decision_down(portal: Portal) -> None:
    asked = portal.waiting("edith")
    assert portal.client("tax-officer").get(f"/officer/requests/{asked.request_id}/decision").status_code == 404


def test_an_officer_of_a_suspended_service_sees_nothing(portal: Portal) -> None:
    grant_id = share(portal, "medication.name")
    with portal.vault.transaction(OPERATOR) as ctx:
        services.set_status(ctx, slug="home-care", status=ServiceStatus.SUSPENDED)
    assert look(portal.client("carer"), grant_id).status_code == 403


def test_a_hidden_value_opens_alone_and_is_a_line_of_its_own(portal: Portal) -> None:
    grant_id = share(portal, "medication.name", "home_access.key_safe_code")
    officer = portal.client("carer")
    page = officer.get(f"/officer/shared/{grant_id}").text
    assert "Hidden until you ask" in page
    answer = submit(
        officer,
        f"/officer/shared/{grant_id}/show",
        {"field": "home_access.key_safe_code"},
        form_at=f"/officer/shared/{grant_id}",
    )
    shown = officer.get(answer.location)
    assert shown.status_code == 200
    value = re.search(r'vault-revealed">([^<]+)<', shown.text)
    assert value is not None
    assert value[1] not in page
    assert officer.get(answer.location).status_code == 303
    assert "The key safe code" in portal.client("edith").get("/activity").text


def test_only_what_is_shared_can_be_asked_for_alone(portal: Portal) -> None:
    grant_id = share(portal, "medication.name", "home_access.key_safe_code")
    officer, page = portal.client("carer"), f"/officer/shared/{grant_id}"
    assert submit(officer, f"{page}/show", {"field": "benefits.ni_number"}, form_at=page).status_code == 404


def test_a_share_of_hidden_values_alone_can_be_opened(portal: Portal) -> None:
    grant_id = share(portal, "home_access.key_safe_code")
    assert "Hidden until you ask" in portal.client("carer").get(f"/officer/shared/{grant_id}").text


def test_opening_the_page_of_a_share_looks_at_nothing_and_uses_nothing(portal: Portal) -> None:
    grant_id = share(portal, "medication.name")
    page = portal.client("carer").get(f"/officer/shared/{grant_id}")
    assert "Paracetamol" not in page.text
    assert uses(portal, grant_id) == 0


def test_loading_a_look_again_does_not_look_again(portal: Portal) -> None:
    grant_id, officer = share(portal, "medication.name"), portal.client("carer")
    shown = look(officer, grant_id)
    assert shown.headers["Cache-Control"] == "no-store"
    again = officer.get(f"/officer/shared/{grant_id}/look")
    assert (again.status_code, again.location) == (303, f"/officer/shared/{grant_id}")
    assert uses(portal, grant_id) == 1


def test_a_look_at_one_share_is_no_leave_to_look_at_another(portal: Portal) -> None:
    grant_id, officer = share(portal, "medication.name"), portal.client("carer")
    with portal.vault.reading(OPERATOR) as ctx:
        peter = next(each for each in grants.of_citizen(ctx, citizen_id=portal.citizen("peter")) if each.is_live)
    submit(officer, f"/officer/shared/{grant_id}/look", {}, form_at="/officer")
    assert officer.get(f"/officer/shared/{peter.grant_id}/look").status_code == 303


def test_about_me_comes_before_the_medicines(portal: Portal) -> None:
    grant_id = share(portal, "medication.name", "about_me.how_to_support_me")
    page = look(portal.client("carer"), grant_id).text
    assert 0 < page.index("How and when to support them") < page.index("Paracetamol")


def test_what_is_not_shared_and_dangerous_to_miss_says_so_beside_what_is(portal: Portal) -> None:
    grant_id = share(portal, "allergy.to_what")
    page = look(portal.client("carer"), grant_id).text
    assert re.search(r"What happens, and how bad</dt>\s*<dd[^>]*><strong[^>]*>\s*Not shared", page)
