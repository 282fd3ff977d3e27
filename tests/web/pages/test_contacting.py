"""A resident says how not to contact them: question, check, kept, obeyed, taken back; in no cookie and no address."""

import re

from flask.testing import FlaskClient

from tests.portal_world import Portal, submit, token_in
from vault import access

HERE = "/how-we-contact-you"
WORDS = "My brother opens my post"


def say(client: FlaskClient, **answers: object) -> str:
    """Fill the form in, check it, save it; the page of the check."""
    given = {"ways": ["letter", "text"], "words": WORDS, **answers}
    check = submit(client, f"{HERE}/change", given)
    assert check.status_code == 200
    saved = client.post(f"{HERE}/save", data={"csrf_token": token_in(check), **given})
    assert saved.location == f"{HERE}/done"
    assert "We do as you say" in client.get(saved.location).text
    return check.text


def safe(portal: Portal, channel: access.ContactBy) -> bool:
    return access.contact_is_safe(portal.vault, citizen_id=portal.citizen("edith"), channel=channel)


def test_what_is_said_is_checked_kept_obeyed_and_taken_back(portal: Portal) -> None:
    client = portal.client("edith")
    assert "Tell us what is not safe" in client.get(HERE).text
    check = say(client)
    assert "Letters" in check.partition("We go on using")[0]
    assert "E-mails" in check.partition("We go on using")[2]
    assert WORDS in check
    assert not safe(portal, "letter")
    assert safe(portal, "email")
    page = client.get(HERE).text
    assert "You told us on" in page
    assert WORDS not in page
    assert submit(client, f"{HERE}/take-back", {}).location == f"{HERE}/done"
    assert "You took it back" in client.get(f"{HERE}/done").text
    assert safe(portal, "letter")


def test_it_is_shown_to_the_resident_alone_and_only_on_asking(portal: Portal) -> None:
    client = portal.client("edith")
    say(client)
    assert WORDS not in client.get("/record/contact").text
    assert "You wrote this here yourself." in client.get("/record/contact").text
    page = client.get(HERE).text
    show = page.partition('action="/record/contact/')[2].partition('"')[0]
    asked = {"csrf_token": token_in(page), "field": "contact.not_safe"}
    shown = client.post(f"/record/contact/{show}", data=asked, follow_redirects=True)
    assert WORDS in shown.text
    assert WORDS not in client.get("/activity?all=1").text


def test_the_answers_are_in_no_cookie_and_can_be_changed_before_they_are_kept(portal: Portal) -> None:
    client = portal.client("edith")
    check = submit(client, f"{HERE}/change", {"ways": ["email"], "words": WORDS})
    assert "Set-Cookie" not in check.headers or WORDS[:8] not in check.headers["Set-Cookie"]
    again = {"csrf_token": token_in(check), "ways": ["email"], "words": WORDS, "again": "1"}
    form = client.post(f"{HERE}/change", data=again).text
    assert WORDS in form
    assert 'value="email" checked' in form
    assert safe(portal, "email")


def test_nothing_picked_or_too_much_written_says_what_to_do(portal: Portal) -> None:
    client = portal.client("edith")
    nothing = submit(client, f"{HERE}/change", {"words": "x"})
    assert nothing.status_code == 422
    assert "Select at least one way that is not safe" in nothing.text
    assert submit(client, f"{HERE}/change", {"ways": "text", "words": "x" * 501}).status_code == 422


def test_a_letter_asked_for_at_the_desk_is_then_handed_over(portal: Portal) -> None:
    say(portal.client("edith"))
    officer, printer, person = portal.client("social-worker"), portal.client("badge-officer"), portal.resident("edith")
    born = dict(zip(("born-year", "born-month", "born-day"), str(person.born).split("-"), strict=True))
    submit(officer, "/desk", {"number": person.nhs_number, **born})
    submit(officer, "/desk/letter", {}, form_at="/desk/person")
    (here,) = re.findall(r'action="(/desk/letters/[^"]+)"', printer.get("/desk/letters").text)
    made = submit(printer, here, {}, form_at="/desk/letters")
    assert made.status_code == 200
    assert "Do not post it." in made.text
    assert WORDS not in made.text
