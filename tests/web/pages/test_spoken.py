"""A decision by word of mouth: a receipt on paper only where that is safe, and undone by the resident at any time."""

import re
from uuid import UUID

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from audit.events import Event
from tests.portal_world import Portal, submit, token_in, without_token
from vault import access, grants, records, requests, services
from vault.context import OPERATOR, SYSTEM, Actor
from vault.grants import GrantView
from vault.journal import note
from vault.kinds import Decider
from vault.records import NewItem, Source

NOTE = "My brother opens my post"


def spoken(portal: Portal) -> GrantView:
    """What Gwenllian said on the telephone, as the demo tells it."""
    with portal.vault.reading(OPERATOR) as ctx:
        found = grants.of_citizen(ctx, citizen_id=portal.citizen("gwenllian"))
    return next(each for each in found if each.decided_by is Decider.SPOKEN and each.is_live)


def write_down(portal: Portal) -> str:
    """Edith tells the carer on the telephone; the address of the decision."""
    here, officer = f"/officer/requests/{portal.waiting('edith').request_id}/decision", portal.client("carer")
    submit(officer, here, {"share": "some"})
    submit(officer, f"{here}/choose", {"fields": ["medication.name"]})
    submit(officer, f"{here}/evidence", {"channel": "phone", "words": "She rang and gave her reference and birthday."})
    return here


def closes_letters(portal: Portal) -> None:
    """Let Edith's record say that post is not safe."""
    with portal.vault.transaction(SYSTEM) as ctx:
        organisation = grants.of_citizen(ctx, citizen_id=portal.citizen("edith"))[0].service.organisation_id
        source = Source(organisation_id=organisation, system="form", type="contact", id="1")
        item = NewItem(
            category="contact", fields={"contact.not_safe": NOTE}, source=source, purpose="own-words", sensitivity=2
        )
        records.keep(ctx, citizen_id=portal.citizen("edith"), item=item)
        note(ctx, Event.RECORD_WRITTEN, citizen_id=portal.citizen("edith"), facts={})


def letter(portal: Portal, here: str) -> str:
    officer = portal.client("carer")
    return officer.get(submit(officer, f"{here}/letter", {}, form_at=f"{here}/done").location).text


def test_the_resident_has_a_receipt_and_can_undo_what_was_written_down(portal: Portal) -> None:
    grant, client = spoken(portal), portal.client("gwenllian")
    assert f"/sharing/{grant.grant_id}/undo" in client.get(f"/sharing/{grant.grant_id}").text
    asked = client.get(f"/sharing/{grant.grant_id}/undo").text
    assert "you said yes by phone" in asked
    assert "They have looked 1 time." in asked
    assert submit(client, f"/sharing/{grant.grant_id}/undo", {}).location.endswith("/undo/done")
    assert "It is undone" in client.get(f"/sharing/{grant.grant_id}/undo/done").text
    assert client.get(f"/sharing/{grant.grant_id}/undo").status_code == 409


def test_undoing_before_anybody_looked_says_that_nobody_did(portal: Portal) -> None:
    write_down(portal)
    with portal.vault.reading(OPERATOR) as ctx:
        newest = grants.of_citizen(ctx, citizen_id=portal.citizen("edith"))[0].grant_id
    client = portal.client("edith")
    assert "Nobody has looked yet" in client.get(f"/sharing/{newest}/undo").text
    submit(client, f"/sharing/{newest}/undo", {})
    assert "Nobody looked because of it" in client.get(f"/sharing/{newest}/undo/done").text


def test_only_ones_own_spoken_decision_is_undone(portal: Portal) -> None:
    grant = spoken(portal)
    assert portal.client("edith").get(f"/sharing/{grant.grant_id}/undo").status_code == 404
    with portal.vault.reading(OPERATOR) as ctx:
        own: UUID = next(
            each.grant_id
            for each in grants.of_citizen(ctx, citizen_id=portal.citizen("edith"))
            if each.decided_by is Decider.CITIZEN
        )
    assert portal.client("edith").get(f"/sharing/{own}/undo").status_code == 404


def test_a_letter_is_made_after_the_check_and_names_nobody(portal: Portal) -> None:
    page = letter(portal, write_down(portal))
    assert "Your medicines" in page
    assert "You can undo it at any time" in page
    assert "Edith" not in page
    assert "Hargreaves" not in page
    assert "checked how not to contact you" in portal.client("edith").get("/activity?all=1").text


def test_where_a_letter_is_not_safe_none_is_made_and_the_reason_stays_hidden(portal: Portal) -> None:
    closes_letters(portal)
    page = letter(portal, write_down(portal))
    assert "Do not send a letter" in page
    assert "Your medicines" not in page
    assert NOTE not in page


def test_before_it_is_decided_and_for_another_service_there_is_no_letter(portal: Portal) -> None:
    here = f"/officer/requests/{portal.waiting('edith').request_id}/decision"
    assert submit(portal.client("carer"), f"{here}/letter", {}, form_at="/officer/ask/who").status_code == 409
    assert submit(portal.client("tax-officer"), f"{here}/letter", {}, form_at="/officer").status_code == 404


def asked_by_number(portal: Portal, number: str) -> str:
    """Weirside asks by an NHS number; the address of the decision. Its surveyor knows neither person by a reference."""
    with portal.vault.reading(OPERATOR) as ctx:
        service = services.by_slug(ctx, slug="adaptations")
    actor = Actor(kind="service", service_id=service.service_id, organisation_id=service.organisation_id)
    hint = requests.Hint("nhs", number, portal.resident("edith").born.isoformat())
    confirmed = access.confirm_hint(portal.vault, actor=actor, hint=hint)
    with portal.vault.transaction(actor) as ctx:
        wanted = requests.Ask(
            service_id=service.service_id,
            hint=hint,
            purpose="housing-adaptations",
            fields=frozenset({"identity.name", "contact.address"}),
            confirmed=confirmed,
        )
        return f"/officer/requests/{requests.ask(ctx, asked=wanted).request_id}"


def test_every_page_of_a_spoken_decision_is_the_same_for_somebody_elsewhere_and_nobody(portal: Portal) -> None:
    known, unknown = (asked_by_number(portal, each) for each in (portal.resident("edith").nhs_number, "9990000018"))
    officer = portal.client("surveyor")
    told, words = [], {"channel": "phone", "words": "Rang at ten"}
    for here in (known, unknown):
        pages = [officer.get(f"{here}{path}") for path in ("", "/decision", "/decision/choose")]
        for share in ("all", "some", "none"):
            pages.append(submit(officer, f"{here}/decision", {"share": share}))
            if share == "some":
                pages.append(submit(officer, f"{here}/decision/choose", {"fields": "identity.name"}))
            pages.append(submit(officer, f"{here}/decision/evidence", words))
        pages += [officer.get(f"{here}{path}") for path in ("/decision/done", "/decision/letter", "")]
        pages.append(submit(officer, f"{here}/decision/evidence", words, form_at="/officer/ask/who"))
        told.append([(page.status_code, _same(page, here)) for page in pages])
    assert told[0] == told[1]
    assert [status for status, _text in told[0]].count(403) == 2


def _same(page: TestResponse, here: str) -> str:
    """What is said but for ids, the reference made of them, form tokens, times and seconds that are left."""
    number = here.removeprefix("/officer/requests/")
    spoken_number = f"{number[:4]} {number[4:8]}".upper()
    plain = without_token(page, here).replace(spoken_number, "").replace(page.location or "-", "")
    return re.sub(r"\d{1,2}:\d\d[ap]m", "", plain) + (page.location or "").replace(here, "")


def test_after_a_no_there_is_no_letter_and_the_page_says_so(portal: Portal) -> None:
    here, officer = f"/officer/requests/{portal.waiting('edith').request_id}/decision", portal.client("carer")
    submit(officer, here, {"share": "none"})
    submit(officer, f"{here}/evidence", {"channel": "phone", "words": "She said no."})
    done = officer.get(f"{here}/done").text
    assert "Nothing is shared" in done
    assert "Make a letter" not in done
    page = officer.get(submit(officer, f"{here}/letter", {}, form_at="/officer/ask/who").location).text
    assert "There is no letter after a no" in page
    assert "not safe" not in page


WORDS = {"channel": "phone", "words": "He rang at ten and gave his reference and birthday."}


def running(portal: Portal) -> GrantView:
    """What Peter shares with home care."""
    with portal.vault.reading(OPERATOR) as ctx:
        found = grants.of_citizen(ctx, citizen_id=portal.citizen("peter"))
    return next(each for each in found if each.is_live and each.service.slug == "home-care")


def as_it_is(portal: Portal, grant: GrantView) -> GrantView:
    with portal.vault.reading(OPERATOR) as ctx:
        return grants.by_id(ctx, grant_id=grant.grant_id)


def undo_what_is_said(client: FlaskClient, grant: GrantView, page: str = "") -> TestResponse:
    """Send the form of a page about what was written down: of *page*, or as it is now."""
    address = f"/sharing/{grant.grant_id}/undo"
    page = page or client.get(address).text
    seen = re.findall(r'name="version" value="(\d+)"', page)
    return client.post(address, data={"csrf_token": token_in(page), "version": seen})


def test_less_and_longer_are_written_down_with_what_shows_it_and_the_resident_can_undo_it(portal: Portal) -> None:
    grant, officer, peter = running(portal), portal.client("carer"), portal.client("peter")
    here = f"/officer/shared/{grant.grant_id}/said"
    assert here in officer.get(f"/officer/shared/{grant.grant_id}").text
    keep = sorted(grant.fields)[:-1]
    assert submit(officer, here, {"act": "less"}).location == f"{here}/less"
    assert submit(officer, f"{here}/less", {"keep": sorted(grant.fields), **WORDS}).status_code == 422
    done = submit(officer, f"{here}/less", {"keep": keep, **WORDS})
    assert "The decision is recorded" in officer.get(done.location).text
    assert as_it_is(portal, grant).fields == frozenset(keep)
    with portal.vault.transaction(OPERATOR) as ctx:
        longest = grants.renewal(ctx, citizen_id=grant.citizen_id, grant_id=grant.grant_id).until
    answer = submit(officer, f"{here}/longer", {"until": "longest", **WORDS})
    if longest > grant.not_after:
        assert answer.location == f"{here}/longer/done"
        assert as_it_is(portal, grant).decided_by is Decider.SPOKEN
        page = peter.get(f"/sharing/{grant.grant_id}").text
        assert "See what was written down, and undo it" in page
        assert WORDS["words"] not in page
    assert undo_what_is_said(peter, grant).status_code == 303
    assert (as_it_is(portal, grant).not_after, as_it_is(portal, grant).was_said) == (grant.not_after, False)


def test_a_spoken_stop_stops_at_once_and_only_for_the_officers_own_service(portal: Portal) -> None:
    grant = running(portal)
    here = f"/officer/shared/{grant.grant_id}/said"
    for slug in ("tax-officer", "social-worker"):
        other = portal.client(slug)
        for path in ("", "/stop", "/stop/done"):
            assert other.get(here + path).status_code == 404
        assert submit(other, f"{here}/stop", WORDS, form_at="/officer/ask/who").status_code == 404
    officer = portal.client("carer")
    for missing in ("channel", "words"):
        assert submit(officer, f"{here}/stop", {**WORDS, missing: ""}).status_code == 422
    assert as_it_is(portal, grant).is_live
    done = submit(officer, f"{here}/stop", WORDS)
    assert "Nothing is shared any more" in officer.get(done.location).text
    assert not as_it_is(portal, grant).is_live
    assert submit(officer, f"{here}/stop", WORDS, form_at="/officer/ask/who").status_code == 409
    assert "stopped sharing" in portal.client("peter").get("/activity?all=1").text.lower()


def test_what_rests_on_law_is_not_stopped_by_a_word(portal: Portal) -> None:
    with portal.vault.reading(OPERATOR) as ctx:
        found = grants.of_citizen(ctx, citizen_id=portal.citizen("edith"))
    grant = next(each for each in found if each.service.slug == "council-tax")
    officer = portal.client("tax-officer")
    assert officer.get(f"/officer/shared/{grant.grant_id}/said").status_code == 404
    assert "The person told us to" not in officer.get(f"/officer/shared/{grant.grant_id}").text


def test_what_was_written_down_of_a_share_is_told_to_its_resident_who_makes_it_as_before(portal: Portal) -> None:
    grant, officer, peter = running(portal), portal.client("carer"), portal.client("peter")
    here, undo = f"/officer/shared/{grant.grant_id}/said", f"/sharing/{grant.grant_id}/undo"
    assert peter.get(f"{undo}/as-before").location == f"/sharing/{grant.grant_id}"
    submit(officer, f"{here}/stop", WORDS)
    assert f'href="{undo}"' in peter.get("/messages").text
    page = peter.get(undo).text
    assert "You told us to stop sharing" in page
    assert WORDS["words"] not in page
    answer = undo_what_is_said(peter, grant)
    assert answer.location == f"{undo}/as-before", answer.text
    assert "It is as it was before" in peter.get(f"{undo}/as-before").text
    assert as_it_is(portal, grant).is_live
    assert peter.get(undo).status_code == 404
    assert portal.client("edith").get(undo).status_code == 404


def test_a_spoken_no_is_told_with_its_receipt(portal: Portal) -> None:
    asked = portal.waiting("edith")
    here, officer = f"/officer/requests/{asked.request_id}/decision", portal.client("carer")
    submit(officer, here, {"share": "none"})
    submit(officer, f"{here}/evidence", {"channel": "phone", "words": "She said no."})
    messages = portal.client("edith").get("/messages").text
    assert "wrote down that you share nothing with it" in messages
    assert f"/requests/{asked.request_id}/receipt" in messages


def test_a_page_undoes_what_it_speaks_of_and_nothing_that_was_written_down_since(portal: Portal) -> None:
    grant, officer, peter = running(portal), portal.client("carer"), portal.client("peter")
    here, undo = f"/officer/shared/{grant.grant_id}/said", f"/sharing/{grant.grant_id}/undo"
    submit(officer, f"{here}/less", {"keep": sorted(grant.fields)[:-1], **WORDS})
    page = peter.get(undo).text
    submit(officer, f"{here}/stop", WORDS)
    assert undo_what_is_said(peter, grant, page).location == undo
    assert not as_it_is(portal, grant).is_live
    assert "You told us to stop sharing" in peter.get(undo).text


def test_a_page_that_ends_a_share_never_makes_it_larger_whatever_was_written_down_since(portal: Portal) -> None:
    grant, officer, resident = spoken(portal), portal.client("social-worker"), portal.client("gwenllian")
    undo = f"/sharing/{grant.grant_id}/undo"
    page = resident.get(undo).text
    keep = sorted(grant.fields)[:-1]
    assert submit(officer, f"/officer/shared/{grant.grant_id}/said/less", {"keep": keep, **WORDS}).status_code == 303
    resident.post(undo, data={"csrf_token": token_in(page)})
    assert (as_it_is(portal, grant).is_live, as_it_is(portal, grant).fields) == (False, frozenset(keep))
