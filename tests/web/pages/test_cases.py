"""What residents tell the council, and how officers answer: on the pages of both sides."""

import re

from flask.testing import FlaskClient

from tests.portal_world import Portal, submit
from vault import cases, grants
from vault.context import OPERATOR

WORDS = "That medicine was never mine"


def first_item(client: FlaskClient, category: str) -> str:
    """The address of “this is wrong” beside the first item of a category."""
    return str(re.findall(r'href="(/told-us/wrong/[^"]+)"', client.get(f"/record/{category}").text)[0])


def tell_wrong(portal: Portal) -> tuple[FlaskClient, str]:
    """Edith says that an item of the hospital's is wrong; the address of the case for her, and as officers know it."""
    client = portal.client("edith")
    here = first_item(client, "medication")
    assert "Rowan ward will look at it" in client.get(here).text
    done = submit(client, here, {"words": WORDS})
    assert "must answer by" in client.get(done.location).text
    return client, done.location.removesuffix("/done").removeprefix("/told-us/")


def plain(page: str) -> str:
    """A page without its form tokens, which are never the same twice, and without the id that was asked for."""
    return re.sub(r'name="csrf_token" value="[^"]+"|left="\d+"|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}', "", page)


def read(client: FlaskClient, case: str) -> str:
    here = f"/officer/cases/{case}"
    return client.get(submit(client, f"{here}/read", {}, form_at=here).location).text


def test_what_is_wrong_with_an_item_goes_to_who_wrote_it_and_no_further(portal: Portal) -> None:
    _, case = tell_wrong(portal)
    assert case[:4].upper() in portal.client("ward-sister").get("/officer/cases").text
    assert "Nothing waits for an answer" in portal.client("carer").get("/officer/cases").text


def test_nothing_that_was_said_is_on_a_list_or_before_the_button(portal: Portal) -> None:
    _, case = tell_wrong(portal)
    officer = portal.client("ward-sister")
    for page in ("/officer", "/officer/cases", f"/officer/cases/{case}", f"/officer/cases/{case}/answer"):
        assert WORDS not in officer.get(page).text, page
    assert WORDS in read(officer, case)
    again = officer.get(f"/officer/cases/{case}/read")
    assert (again.status_code, again.location) == (303, f"/officer/cases/{case}")


def test_the_resident_reads_that_it_was_taken_up_and_by_whom(portal: Portal) -> None:
    client, case = tell_wrong(portal)
    assert "Not yet" in client.get(f"/told-us/{case}").text
    read(portal.client("ward-sister"), case)
    assert "Not yet" not in client.get(f"/told-us/{case}").text
    lines = client.get("/activity?all=1").text
    assert "Ward sister, Rowan ward" in lines
    assert "read what you told us" in lines


def test_agreeing_that_it_was_a_mistake_strikes_it_through_and_hides_it_from_everyone_else(portal: Portal) -> None:
    client, case = tell_wrong(portal)
    officer, here = portal.client("ward-sister"), f"/officer/cases/{case}/answer"
    assert submit(officer, here, {"agree": "mistake", "words": ""}).status_code == 422
    assert submit(officer, here, {"agree": "right", "words": "Yes"}).status_code == 422
    assert submit(officer, here, {"agree": "mistake", "words": "It was not you."}).location.endswith("/done")
    page = client.get(f"/told-us/{case}").text
    assert "We agree." in page
    assert "It was not you." in page
    assert "Written by mistake" in client.get("/record/medication").text
    assert officer.get(here).status_code == 409


def test_not_agreeing_says_where_else_to_complain(portal: Portal) -> None:
    client, case = tell_wrong(portal)
    submit(portal.client("ward-sister"), f"/officer/cases/{case}/answer", {"agree": "no", "words": "It is right."})
    page = client.get(f"/told-us/{case}").text
    assert "We do not agree." in page
    assert "Information Commissioner" in page


def test_an_answer_that_needs_longer_says_why_to_the_resident(portal: Portal) -> None:
    client, case = tell_wrong(portal)
    officer, here = portal.client("ward-sister"), f"/officer/cases/{case}/longer"
    assert submit(officer, here, {"months": "6", "words": "x"}).status_code == 422
    assert submit(officer, here, {"months": "2", "words": "We ask your doctor."}).status_code == 303
    assert "We ask your doctor." in client.get(f"/told-us/{case}").text
    assert submit(officer, here, {"months": "1", "words": "Again."}).status_code == 409


def test_what_was_told_can_be_taken_back_until_it_is_answered(portal: Portal) -> None:
    client, case = tell_wrong(portal)
    assert submit(client, f"/told-us/{case}/take-back", {}).location == f"/told-us/{case}"
    assert "Taken back" in client.get(f"/told-us/{case}").text
    assert client.get(f"/told-us/{case}/take-back").status_code == 409


def test_agreeing_with_an_objection_ends_the_use_and_both_sides_see_it(portal: Portal) -> None:
    client = portal.client("edith")
    with portal.vault.reading(OPERATOR) as ctx:
        grant = next(
            each
            for each in grants.of_citizen(ctx, citizen_id=portal.citizen("edith"))
            if each.is_live and not each.purpose.citizen_decides
        )
    submit(client, f"/told-us/object/{grant.grant_id}", {"words": "I paid already."})
    with portal.vault.reading(OPERATOR) as ctx:
        case = cases.of_citizen(ctx, citizen_id=portal.citizen("edith"))[0].case_id
    officer = portal.client("tax-officer")
    assert "I paid already." in read(officer, str(case))
    assert "This sharing is paused" in officer.get(f"/officer/shared/{grant.grant_id}").text
    submit(officer, f"/officer/cases/{case}/answer", {"agree": "yes", "words": "You did. We stop."})
    assert "They cannot look at your data for this any more." in client.get(f"/told-us/{case}").text
    assert "This sharing has ended" in officer.get(f"/officer/shared/{grant.grant_id}").text


def test_what_is_not_ones_own_looks_as_if_it_were_not_there(portal: Portal) -> None:
    client, case = tell_wrong(portal)
    nobody = "00000000-0000-4000-8000-000000000000"
    wrong = first_item(client, "medication")
    for slug, pages in {
        "carer": (
            "/officer/cases/{}",
            "/officer/cases/{}/answer",
            "/officer/cases/{}/longer",
            "/officer/cases/{}/done",
        ),
        "priya": ("/told-us/{}", "/told-us/{}/take-back", "/told-us/{}/done", "/told-us/wrong/{}"),
    }.items():
        other = portal.client(slug)
        for page in pages:
            theirs = wrong.rsplit("/", 1)[1] if "wrong" in page else case
            found, none = other.get(page.format(theirs)), other.get(page.format(nobody))
            assert (found.status_code, plain(found.text)) == (404, plain(none.text)), page
    for page in ("read", "answer", "longer"):
        answer = {"agree": "no", "words": "x", "months": "1"}
        for number in (case, nobody):
            here = f"/officer/cases/{number}/{page}"
            assert submit(portal.client("carer"), here, answer, form_at="/officer").status_code == 404
    assert submit(portal.client("priya"), f"/told-us/{case}/take-back", {}, form_at="/home").status_code == 404


def test_what_is_written_by_either_side_is_shown_as_text(portal: Portal) -> None:
    client = portal.client("edith")
    done = submit(client, first_item(client, "allergy"), {"words": "<script>alert(1)</script>"})
    case = done.location.removesuffix("/done").removeprefix("/told-us/")
    officer = portal.client("ward-sister")
    assert "&lt;script&gt;alert(1)" in read(officer, case)
    submit(officer, f"/officer/cases/{case}/answer", {"agree": "no", "words": "<img src=x onerror=alert(2)>"})
    assert "&lt;img src=x" in client.get(f"/told-us/{case}").text
