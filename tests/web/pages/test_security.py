"""Sign-in and security: what a person sees of their own ways in, and what they can do about them."""

import re
from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from audit.events import Event
from tests.log_reading import told
from tests.portal_world import Portal, submit, token_in
from vault import accounts, codes, letters, passkeys, records, recoveries, recovery_codes, services, sign_ins
from vault.context import OPERATOR, SYSTEM, Actor
from vault.errors import ProofNeededError
from vault.ids import new_id
from vault.journal import note
from vault.kinds import Role
from vault.records import NewItem, Source
from web.auth import COOKIE
from web.devices import hint

OFFICERS = [Actor(kind="officer", account_id=new_id()) for _ in range(2)]
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/131.0.0.0 Safari/537.36"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1"
BORN = {"born-day": "31", "born-month": "3", "born-year": "1944"}


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (CHROME, "Chrome on Windows"),
        (IPHONE, "Safari on iPhone"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0", "Firefox on Linux"),
        (CHROME + " Edg/131.0.0.0", "Edge on Windows"),
        ("", ""),
        ("<script>alert(1)</script>", ""),
    ],
)
def test_a_device_is_known_by_a_few_words_of_ours(sent: str, words: str) -> None:
    assert hint(sent) == words


@pytest.mark.parametrize("slug", ["edith", "carer", "auditor", "administrator"])
def test_everybody_has_the_page_and_its_history(portal: Portal, slug: str) -> None:
    client = portal.client(slug)
    page = client.get("/security").text
    assert "You have no passkey yet" in page
    assert "this one" in page
    assert "You signed in" in client.get("/security/history").text


def test_one_browser_is_signed_out_from_another_and_all_of_them_at_once(portal: Portal) -> None:
    here, there = portal.client("edith"), portal.client("edith")
    with portal.vault.reading(SYSTEM) as ctx:
        cookie = here.get_cookie(COOKIE, domain="localhost")
        assert cookie
        places = sign_ins.places(ctx, account_id=portal.account("edith"), cookie=cookie.value)
    other = next(place for place in places if not place.is_here)
    submit(here, f"/security/places/{other.name}/end", {}, form_at="/security")
    assert there.get("/home").status_code == 303
    third = portal.client("edith")
    assert submit(here, "/security/everywhere", {}).location == "/signed-out"
    assert third.get("/home").status_code == here.get("/home").status_code == 303


def test_nobody_ends_the_sign_in_of_somebody_else(portal: Portal) -> None:
    theirs = portal.client("priya")
    with portal.vault.reading(SYSTEM) as ctx:
        (place,) = sign_ins.places(ctx, account_id=portal.account("priya"))
    mine = portal.client("edith")
    for name in (place.name, "00" * 32):
        assert submit(mine, f"/security/places/{name}/end", {}, form_at="/security").status_code == 404
    assert theirs.get("/home").status_code == 200


def test_recovery_codes_are_shown_once_and_lead_to_a_new_passkey_alone(portal: Portal) -> None:
    client = portal.client("edith")
    shown = submit(client, "/security/codes", {}).text
    made = re.findall(r"<code>([0-9A-Z-]+)</code>", shown)
    assert len(made) == 10
    assert made[0] not in client.get("/security/codes").text + client.get("/security").text
    assert "10 codes left" in client.get("/security").text
    stranger = portal.client()
    assert submit(stranger, "/sign-in/code", {"code": made[0].replace("-", " ").lower()}).location == "/passkey/new"
    assert stranger.get("/passkey/new").status_code == 200
    assert stranger.get("/home").location == "/sign-in"
    assert submit(portal.client(), "/sign-in/code", {"code": made[0]}).status_code == 422
    assert "9 codes left" in client.get("/security").text
    assert "A way back into your account was used" in client.get("/security/history").text


@pytest.mark.parametrize("typed", ["", "x", "0000-0000-0000-0000-0001", "ÄÖÜ" * 30, "' OR 1=1 --"])
def test_a_code_that_is_none_says_what_to_do(portal: Portal, typed: str) -> None:
    answer = submit(portal.client(), "/sign-in/code", {"code": typed})
    assert answer.status_code == 422
    assert "There is a problem" in answer.text


def birthday(portal: Portal, slug: str) -> dict[str, str]:
    """A resident's birth date as a form takes it."""
    born = portal.resident(slug).born
    return {"born-day": str(born.day), "born-month": str(born.month), "born-year": str(born.year)}


def test_a_letter_signs_in_with_the_birth_date_and_not_without(portal: Portal) -> None:
    with portal.vault.transaction(OPERATOR) as ctx:
        letter = letters.make(ctx, account_id=portal.account("edith"))
    right = birthday(portal, "edith")
    wrong = {**right, "born-year": "1901"}
    first = submit(portal.client(), "/sign-in/letter", {"code": letter.code, **wrong})
    unknown = submit(portal.client(), "/sign-in/letter", {"code": codes.shown(codes.new(4)), **right})
    assert first.status_code == unknown.status_code == 422
    sentence = "The code and the date of birth do not go together, or the code has ended"
    assert sentence in first.text
    assert sentence in unknown.text
    client = portal.client()
    assert submit(client, "/sign-in/letter", {"code": letter.code, **right}).location == "/home"
    assert client.get("/home").status_code == 200
    assert submit(portal.client(), "/sign-in/letter", {"code": letter.code, **right}).status_code == 422
    assert "with the code from a letter" in client.get("/security/history").text


def test_who_came_by_a_letter_adds_a_better_way_before_a_grave_act_and_is_told_why(portal: Portal) -> None:
    with portal.vault.transaction(OPERATOR) as ctx:
        letter = letters.make(ctx, account_id=portal.account("edith"))
    client = portal.client()
    submit(client, "/sign-in/letter", {"code": letter.code, **birthday(portal, "edith")})
    for grave in ("/download", "/family/add", "/security/codes", "/how-we-contact-you/take-back"):
        assert client.get(grave).location == "/prove", grave
    why = client.get("/prove").text
    assert "You came in with a code from a letter." in why
    assert 'href="/security/passkeys/new"' in why
    assert "Ring us or come to a desk." in why
    assert client.get("/security/passkeys/new").status_code == 200
    for harmless in ("/home", "/record/medication", "/sharing", "/activity"):
        assert client.get(harmless).status_code == 200, harmless
    here = f"/requests/{portal.waiting('edith').request_id}"
    submit(client, here, {"share": "all"})
    submit(client, f"{here}/until", {"until": "longest"})
    assert client.get(f"{here}/check").location == "/prove"
    with portal.vault.reading(SYSTEM) as ctx:
        cookie = client.get_cookie(COOKIE, domain="localhost")
        assert cookie
        weak = sign_ins.current(ctx, cookie=cookie.value).actor
    with pytest.raises(ProofNeededError), portal.vault.transaction(weak) as ctx:
        recovery_codes.make(ctx, account_id=portal.account("edith"))
    with portal.vault.transaction(weak) as ctx:
        passkeys.add(ctx, account_id=portal.account("edith"), credential_id=b"x", public_key=b"k", sign_count=0)
    assert "Use my passkey" in client.get("/prove").text
    assert "code from a letter" not in client.get("/prove").text


def test_five_wrong_birth_dates_end_the_letter_and_nobody_is_locked_out(portal: Portal) -> None:
    with portal.vault.transaction(OPERATOR) as ctx:
        letter = letters.make(ctx, account_id=portal.account("edith"))
    for year in range(1901, 1906):
        wrong = {**BORN, "born-year": str(year)}
        assert submit(portal.client(), "/sign-in/letter", {"code": letter.code, **wrong}).status_code == 422
    right = birthday(portal, "edith")
    assert submit(portal.client(), "/sign-in/letter", {"code": letter.code, **right}).status_code == 422
    assert portal.client("edith").get("/home").status_code == 200


def test_a_recovery_is_seen_on_every_page_and_stopped_with_one_click(portal: Portal) -> None:
    account = portal.account("edith")
    client = portal.client("edith")
    with portal.vault.reading(SYSTEM) as ctx:
        council = next(each for each in services.organisations(ctx) if each.kind == "council").organisation_id
    first, second = (replace(each, organisation_id=council) for each in OFFICERS)
    with portal.vault.transaction(first) as ctx:
        made = recoveries.ask(ctx, account_id=account, evidence="seen")
    with portal.vault.transaction(second) as ctx:
        recoveries.agree(ctx, account_id=account, recovery_id=made.recovery_id, evidence="seen")
    assert "Somebody asked for a new way into your account" in client.get("/home").text
    here = f"/requests/{portal.waiting('edith').request_id}"
    submit(client, here, {"share": "all"})
    submit(client, f"{here}/until", {"until": "longest"})
    refused = client.post(f"{here}/check", data={"csrf_token": token_in(client.get("/security/recovery"))})
    assert refused.location == "/security/recovery"
    assert client.get("/security/codes").location == "/security/recovery"
    assert submit(client, "/security/recovery", {}).location == "/security/recovery"
    assert "You stopped it" in client.get("/security/recovery").text
    assert "Somebody asked" not in client.get("/home").text


def test_the_desk_finds_one_person_by_two_facts_and_tells_nothing_else_apart(portal: Portal) -> None:
    edith, poppy = portal.resident("edith"), portal.resident("poppy")
    client = portal.client("social-worker")
    assert client.get("/desk/person").status_code == 404
    answers = [
        submit(client, "/desk", {"number": edith.nhs_number, **birthday(portal, "poppy")}),
        submit(client, "/desk", {"number": "999 000 0001", **birthday(portal, "edith")}),
        submit(client, "/desk", {"number": poppy.nhs_number, **birthday(portal, "poppy")}),
    ]
    assert {answer.status_code for answer in answers} == {422}
    assert all("We found nobody with this number" in answer.text for answer in answers)
    assert submit(client, "/desk", {"number": edith.nhs_number, **birthday(portal, "edith")}).location == "/desk/person"
    assert "None</textarea>" not in client.get("/desk/person").text
    asked = submit(client, "/desk/letter", {}, form_at="/desk/person")
    assert not CODE.search(asked.text + client.get(asked.location).text)


CODE = re.compile(r"<code>[0-9A-Z]{4}(-[0-9A-Z]{4}){3}</code>")


def asked_for(portal: Portal) -> tuple[FlaskClient, str]:
    """A letter to Edith that the social worker asked for; their browser, and where another officer prints it."""
    client, edith = portal.client("social-worker"), portal.resident("edith")
    submit(client, "/desk", {"number": edith.nhs_number, **birthday(portal, "edith")})
    submit(client, "/desk/letter", {}, form_at="/desk/person")
    (here,) = re.findall(r'action="(/desk/letters/[^"]+)"', portal.client("badge-officer").get("/desk/letters").text)
    return client, here


def test_a_letter_is_printed_once_by_another_officer_who_is_told_no_birth_date(portal: Portal) -> None:
    client, here = asked_for(portal)
    printer = portal.client("badge-officer")
    assert "1 letter waits to be printed" in printer.get("/desk").text
    assert "waits to be printed" not in client.get("/desk").text
    assert here not in client.get("/desk/letters").text
    refused = submit(client, here, {}, form_at="/desk")
    assert (refused.status_code, bool(CODE.search(refused.text))) == (403, False)
    assert "Edith" not in printer.get("/desk/letters").text
    letter = submit(printer, here, {}, form_at="/desk/letters")
    assert CODE.search(letter.text)
    assert "Edith" in letter.text
    assert "Do not post" not in letter.text
    (seen,) = told(portal.vault, Event.CONTACT_USED)
    assert (seen.facts["by"]["kind"], seen.facts["acting"]["reference"]) == (
        "officer",
        str(portal.account("badge-officer")),
    )
    born = portal.resident("edith").born
    assert not any(spelt in letter.text for spelt in (born.isoformat(), f"{born.day} {born:%B} {born.year}"))
    assert submit(printer, here, {}, form_at="/desk").status_code == 404
    assert "asked for a letter" in portal.client("edith").get("/activity?all=1").text


def test_a_letter_to_whom_post_is_not_safe_has_no_address_and_stays_at_the_desk(portal: Portal) -> None:
    with portal.vault.transaction(SYSTEM) as ctx:
        owner = services.by_slug(ctx, slug="council-tax").organisation_id
        source = Source(organisation_id=owner, system="form", type="contact", id="1")
        fields = {"contact.not_safe": "My brother opens my post"}
        item = NewItem(category="contact", fields=fields, source=source, purpose="own-words", sensitivity=2)
        records.keep(ctx, citizen_id=portal.citizen("edith"), item=item)
        note(ctx, Event.RECORD_WRITTEN, citizen_id=portal.citizen("edith"), facts={})
    _client, here = asked_for(portal)
    letter = submit(portal.client("badge-officer"), here, {}, form_at="/desk/letters").text
    assert "Do not post it" in letter
    assert "Edith" not in letter


def test_the_desk_is_the_councils_and_makes_no_letter_for_who_has_a_passkey(portal: Portal) -> None:
    edith = portal.resident("edith")
    with portal.vault.transaction(OPERATOR) as ctx:
        away = next(each for each in services.organisations(ctx) if each.kind != "council").organisation_id
        service = services.make_service(
            ctx, organisation_id=away, slug="away", name="Away", jwks={"keys": []}, purposes=[]
        ).service_id
        label = accounts.StaffLabel("Mo", "carer", "north")
        other = accounts.make(ctx, role=Role.OFFICER, organisation_id=away, service_id=service, label=label).account_id
        cookie = sign_ins.begin(ctx, account_id=other, method="test")
        passkeys.add(ctx, account_id=portal.account("edith"), credential_id=b"x", public_key=b"k", sign_count=0)
    stranger = portal.client()
    stranger.set_cookie(COOKIE, cookie, domain="localhost")
    assert [stranger.get(page).status_code for page in ("/desk", "/desk/person")] == [403, 403]
    client = portal.client("social-worker")
    submit(client, "/desk", {"number": edith.nhs_number, **birthday(portal, "edith")})
    assert "Ask for a letter" not in client.get("/desk/person").text
    assert submit(client, "/desk/letter", {}, form_at="/desk/person").status_code == 409


@pytest.mark.parametrize("slug", ["edith", "carer"])
def test_the_sign_in_history_goes_on_to_its_end(portal: Portal, slug: str) -> None:
    for _turn in range(34):
        portal.cookie(slug)
    portal.sequence()
    client = portal.client(slug)
    first = client.get("/security/history").text
    assert first.count('class="vault-line"') == 30
    (more,) = set(re.findall(r'href="(/security/history\?after=[^"]+)"', first))
    last = client.get(more).text
    assert 0 < last.count('class="vault-line"') < 30
    assert "This is the end of the list." in last
    assert "after=" not in last.partition("<main")[2]


def test_a_stay_is_noted_and_a_page_says_when_it_ends(portal: Portal) -> None:
    client = portal.client("edith")
    page = client.get("/home")
    assert "We sign you out after 30 minutes without a click" in page.text
    assert 'data-idle="1800"' in page.text
    headers = {"X-CSRFToken": token_in(page), "Accept": "application/json"}
    assert client.post("/security/stay", headers=headers).status_code == 204


def test_a_name_is_kept_and_an_empty_one_is_an_error(portal: Portal) -> None:
    client = portal.client("edith")
    with portal.vault.transaction(SYSTEM) as ctx:
        made = passkeys.add(
            ctx, account_id=portal.account("edith"), credential_id=b"x", public_key=b"k", sign_count=0, name="Chrome"
        )
    address = f"/security/passkeys/{made.passkey_id}/name"
    assert submit(client, address, {"name": " "}).status_code == 422
    assert submit(client, address, {"name": "y" * 61}).status_code == 422
    assert submit(client, address, {"name": "<b>Gran's phone</b>"}).location == "/security"
    assert "&lt;b&gt;Gran" in client.get("/security").text
    assert "You cannot remove your last passkey" in client.get(f"/security/passkeys/{made.passkey_id}/remove").text


@pytest.mark.parametrize(
    "address",
    ["/sign-in/code", "/sign-in/letter", "/sign-in/who", "/sign-in/passkey", "/prove", "/security/codes", "/desk"],
)
def test_no_form_of_signing_in_is_taken_from_another_site(portal: Portal, address: str) -> None:
    client = portal.client("social-worker" if address == "/desk" else "edith")
    assert client.post(address, data={"code": "x"}).status_code == 400
    assert client.post(address, json={}).status_code == 400


def test_tries_are_counted_by_address_and_by_person_and_lock_nobody_else_out(portal: Portal) -> None:
    stranger = portal.client()
    token = token_in(stranger.get("/sign-in/code"))
    answers = [stranger.post("/sign-in/code", data={"csrf_token": token, "code": "x"}).status_code for _ in range(22)]
    assert answers[-1] == 429
    assert portal.client("edith").get("/home").status_code == 200
    elsewhere = portal.client()
    elsewhere.environ_base["REMOTE_ADDR"] = "192.0.2.7"
    assert submit(elsewhere, "/sign-in/code", {"code": "x"}).status_code == 422


def test_signing_in_gives_a_new_cookie_whatever_was_there_before(portal: Portal) -> None:
    with portal.vault.transaction(OPERATOR) as ctx:
        letter = letters.make(ctx, account_id=portal.account("edith"))
    client = portal.client("carer")
    planted = client.get_cookie(COOKIE, domain="localhost")
    assert planted
    submit(client, "/sign-in/letter", {"code": letter.code, **birthday(portal, "edith")})
    now = client.get_cookie(COOKIE, domain="localhost")
    assert now
    assert now.value != planted.value
    assert client.get("/officer").status_code == 403
