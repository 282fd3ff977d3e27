"""An auditor's pages: search, entry, verification and copy, and nothing of them that is not in the log."""

import io
import json
import re
import zipfile
from datetime import date
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from audit.entry import leaf_hash
from audit.events import Event
from audit.proof import verify_proof
from tests.log_reading import told
from tests.portal_world import Portal, submit
from vault import access, accounts, services
from vault.context import OPERATOR, Actor
from vault.kinds import Role
from vault.release import Release

LEAF = re.compile(r"/audit/entries/([0-9a-f]{64})")
_TOKEN = re.compile(r'name="csrf_token" value="[^"]+"|left="[0-9]+"|[0-9a-f]{64}')
NUMBER = "943 476 5919"


def found(page: str) -> list[str]:
    return LEAF.findall(page)


def events(page: str) -> set[str]:
    return set(re.findall(r'<code class="vault-code">([a-z-]+:[a-z-]+)</code>', page))


@pytest.fixture
def auditor(portal: Portal) -> FlaskClient:
    """Ruth's browser; the log is placed."""
    portal.sequence()
    return portal.client("auditor")


def test_a_search_by_address_finds_what_it_names_and_keeps_its_answers(auditor: FlaskClient) -> None:
    page = auditor.get("/audit?event=record:refused&outcome=refused").text
    assert events(page) == {"record:refused"}
    assert re.search(r'<option value="record:refused" selected>', page)
    assert "record:refused" in page.split("Take a copy")[0]


def test_nothing_found_is_said_with_what_to_do(auditor: FlaskClient) -> None:
    page = auditor.get("/audit?reference=nobody-has-this").text
    assert "No lines are like that. Try with fewer answers, or other days." in page
    assert "<table" not in page


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("since=yesterday", "Enter a real day"),
        ("since=0001-01-01", "Enter a day between 1970 and 2199"),
        ("until=9999-12-31", "Enter a day between 1970 and 2199"),
        ("since=2026-02-02&until=2026-02-01", "The last day must be the same as or after the first day"),
        ("event=record:invented", "Choose one of the list"),
        ("outcome=perhaps", "Choose one of the list"),
        ("service=home-care", "This is not a reference of ours"),
        ("share=x", "This is not a reference of ours"),
        ("person=nonsense", "Your search for one person has ended"),
    ],
)
def test_an_answer_that_is_none_is_named_and_nothing_is_shown(auditor: FlaskClient, query: str, words: str) -> None:
    answer = auditor.get(f"/audit?{query}")
    assert answer.status_code == 422
    assert words in answer.text
    assert "<title>Error: " in answer.text or "Error: " in answer.text.split("</title>")[0]
    assert found(answer.text) == []


def test_pages_lead_to_the_end_of_the_list(auditor: FlaskClient) -> None:
    address: str | None = "/audit?outcome=done"
    page, pages, seen = "", 0, []
    while address:
        page = auditor.get(address).text
        seen += found(page)
        pages += 1
        older = re.search(r'href="(/audit\?[^"]*before=[^"]*)"', page)
        address = older[1].replace("&amp;", "&") if older else None
    assert pages > 2
    assert len(seen) == len(set(seen)) > 100
    assert "This is the end of the list." in page or "Newest lines" in page


def test_my_own_searches_are_a_list_of_their_own(portal: Portal, auditor: FlaskClient) -> None:
    auditor.get("/audit?event=grant:made")
    portal.sequence()
    link = re.search(r'href="([^"]+)">My own searches', auditor.get("/audit").text)
    assert link is not None
    page = auditor.get(link[1].replace("&amp;", "&")).text
    assert events(page) == {"audit:searched"}
    assert len(found(page)) >= 1


def test_an_entry_says_what_the_rules_said_and_shows_its_proof(auditor: FlaskClient) -> None:
    leaf = found(auditor.get("/audit?event=record:refused").text)[0]
    page = auditor.get(f"/audit/entries/{leaf}").text
    assert "What the rules said" in page
    assert "In the signed log" in page
    assert f"citizen-vault audit check-proof {leaf}.tlog-proof --key " in page
    key = re.search(r"--key ([0-9a-f]{64})", page)
    assert key is not None
    proof = auditor.get(f"/audit/entries/{leaf}/proof")
    assert proof.headers["Content-Disposition"] == f'attachment; filename="{leaf}.tlog-proof"'
    verify_proof(proof.text, leaf_hash=bytes.fromhex(leaf), public_keys=[bytes.fromhex(key[1])])


def test_verify_says_what_was_checked_and_is_never_green_on_failure(portal: Portal, auditor: FlaskClient) -> None:
    first, second = found(auditor.get("/audit?event=record:opened").text)[:2]
    page = auditor.get(f"/audit/entries/{first}/verify").text
    assert "govuk-panel--confirmation" in page
    assert "The root is signed by the key of the log" in page
    with portal.vault.db.write.begin() as connection:
        connection.execute(text("DELETE FROM audit_nodes"))
        entries = {entry.leaf: entry for entry in told(portal.vault)}
        assert entries
        connection.execute(text("UPDATE audit_payloads SET payload = :junk"), {"junk": b"\x01junk"})
    for leaf in (first, second):
        answer = auditor.get(f"/audit/entries/{leaf}/verify")
        assert answer.status_code == 200
        assert "govuk-panel" not in answer.text
        assert "Not verified" in answer.text
        assert "Do not rely on this entry" in answer.text


def test_an_entry_that_waits_is_not_called_verified(portal: Portal, auditor: FlaskClient) -> None:
    auditor.get("/audit")
    waiting = told(portal.vault)[-1]
    page = auditor.get(f"/audit/entries/{leaf_hash(waiting.leaf).hex()}/verify").text
    assert "Not verified yet" in page
    assert "govuk-panel" not in page


def test_one_person_is_found_by_number_without_the_number_in_an_address(portal: Portal, auditor: FlaskClient) -> None:
    edith = portal.citizen("edith")
    held = access.read_own(
        portal.vault,
        actor=Actor(kind="citizen", citizen_id=edith),
        citizen_id=edith,
        categories=frozenset({"identity"}),
    )
    assert isinstance(held, Release)
    identity = held.unseal().records[0].fields
    number, born = str(identity["identity.nhs_number"]), date.fromisoformat(identity["identity.date_of_birth"])
    answers = {"born-day": born.day, "born-month": born.month, "born-year": born.year}
    answer = submit(auditor, "/audit/person", {"way": "nhs", "number": number, **answers})
    assert answer.status_code == 303
    assert number.replace(" ", "") not in answer.location
    assert str(edith) not in answer.location
    page = auditor.get(answer.location).text
    assert "They can see that you looked for them" in page
    assert "grant:made" in events(page)
    assert "registry:changed" not in events(page)
    mine = portal.client("edith").get("/activity?all=1").text
    assert "searched the log for lines about you" in mine


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({}, "Choose how you know the person"),
        ({"way": "nhs", "number": "943 476 5910"}, "Enter a real NHS number"),
        (
            {"way": "nhs", "number": NUMBER, "born-day": "31", "born-month": "2", "born-year": "1944"},
            "Enter a real date",
        ),
        ({"way": "reference"}, "Choose the organisation"),
        (
            {"way": "nhs", "number": NUMBER, "born-day": "1", "born-month": "1", "born-year": "1901"},
            "Nobody is known by that",
        ),
    ],
)
def test_a_person_who_cannot_be_looked_for_is_said_why(
    auditor: FlaskClient, answers: dict[str, str], words: str
) -> None:
    answer = submit(auditor, "/audit/person", answers)
    assert answer.status_code == 422
    assert words in answer.text


def test_a_copy_says_beforehand_what_it_holds_and_is_logged(portal: Portal, auditor: FlaskClient) -> None:
    before = auditor.get("/audit/export?event=record:opened").text
    number = re.search(r"The copy holds (\d+) lines", before)
    assert number is not None
    assert told(portal.vault, "audit:exported") == []
    answer = submit(auditor, "/audit/export", {"event": "record:opened"}, form_at="/audit/export?event=record:opened")
    assert answer.mimetype == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.data)) as folder:
        assert folder.testzip() is None
        entries = json.loads(folder.read("log-export/entries.json"))
        names = folder.namelist()
    assert len(entries) == int(number[1])
    assert {entry["event"] for entry in entries} == {"record:opened"}
    assert len([name for name in names if name.endswith(".tlog-proof")]) == len(entries)
    (entry,) = told(portal.vault, "audit:exported")
    assert entry.facts["filters"] == {"event": "record:opened"}


def test_a_copy_of_nothing_is_not_offered(auditor: FlaskClient) -> None:
    page = auditor.get("/audit/export?reference=nobody-has-this").text
    assert "there is nothing to copy" in page
    assert "Download the copy" not in page


@pytest.fixture
def other(portal: Portal) -> FlaskClient:
    """An auditor of the hospital, whose service did something."""
    with portal.vault.transaction(OPERATOR) as ctx:
        trust = next(each for each in services.organisations(ctx) if each.kind == "nhs").organisation_id
        account = accounts.make(ctx, role=Role.AUDITOR, organisation_id=trust).account_id
    portal.note.accounts["trust-auditor"] = account
    portal.sequence()
    return portal.client("trust-auditor")


def test_an_auditor_of_another_organisation_sees_nothing_of_the_councils(
    portal: Portal, auditor: FlaskClient, other: FlaskClient
) -> None:
    mine = found(other.get("/audit").text)
    everything = found(auditor.get("/audit").text) + found(auditor.get("/audit?event=record:opened").text)
    foreign = [leaf for leaf in everything if leaf not in mine]
    assert mine
    assert foreign
    page = other.get("/audit").text
    assert "What your organisation’s services and staff did" in page
    for leaf in foreign[:3]:
        for path in ("", "/verify", "/proof"):
            asked, absent = (other.get(f"/audit/entries/{each}{path}") for each in (leaf, "0" * 64))
            assert asked.status_code == absent.status_code == 404, path
            assert _TOKEN.sub("", asked.text) == _TOKEN.sub("", absent.text), path
    offered = re.findall(r'<option value="([0-9a-f-]{36})"', page)
    with portal.vault.reading(OPERATOR) as ctx:
        owners = {services.by_id(ctx, service_id=UUID(each)).organisation_id for each in offered}
    assert len(owners) == 1


def test_no_account_of_a_resident_tells_an_auditor_which_lines_are_one_persons(portal: Portal) -> None:
    portal.client("edith").get("/home")
    with portal.vault.reading(OPERATOR) as ctx:
        people = [portal.account(slug) for slug in portal.note.accounts]
        residents = [each for each in people if accounts.find(ctx, account_id=each).citizen_id is not None]
    assert residents
    lines = told(portal.vault)
    assert any(line.event == Event.SIGN_IN_MADE for line in lines)
    assert [line.event for line in lines for account in residents if str(account) in f"{line.facts}"] == []


def brought(auditor: FlaskClient) -> tuple[str, str, str]:
    """A proof as it was downloaded, the line it is about, and the log's key as the page shows it."""
    leaf = found(auditor.get("/audit").text)[0]
    (key,) = re.findall(r'id="key"[^>]*value="([0-9a-f]{64})"', auditor.get("/audit/proof").text)
    return auditor.get(f"/audit/entries/{leaf}/proof").text, leaf, key


def test_a_proof_is_checked_as_it_was_pasted_or_as_a_file_named_by_its_line(auditor: FlaskClient) -> None:
    proof, leaf, key = brought(auditor)
    pasted = submit(auditor, "/audit/proof", {"proof": proof.replace("\n", "\r\n"), "line": leaf, "key": key})
    file = (io.BytesIO(proof.encode()), f"{leaf}.tlog-proof")
    sent = submit(auditor, "/audit/proof", {"file": file, "key": key})
    for page in (pasted, sent):
        assert page.status_code == 200
        assert "This line stands in the signed log" in page.text
        assert leaf in page.text


def test_a_proof_that_does_not_hold_is_not_verified_and_says_why(auditor: FlaskClient) -> None:
    proof, leaf, key = brought(auditor)
    good = {"proof": proof, "line": leaf, "key": key}
    for broken in (
        {"line": "0" * 64},
        {"key": leaf},
        {"proof": proof.replace("\n", "\nAAAA\n", 1)},
        {"proof": "hello"},
    ):
        page = submit(auditor, "/audit/proof", {**good, **broken}).text
        assert "Not verified" in page, broken
        assert "govuk-panel" not in page, broken


def test_what_is_no_proof_at_all_is_named_and_what_was_brought_is_not_in_the_log(
    portal: Portal, auditor: FlaskClient
) -> None:
    proof, leaf, key = brought(auditor)
    for sent, said in (
        ({"line": leaf, "key": key}, "Paste the proof"),
        ({"proof": proof, "key": key}, "Enter the leaf hash"),
        ({"proof": proof, "line": leaf, "key": "x"}, "Enter the public key"),
        ({"proof": "x" * 60_001, "line": leaf, "key": key}, "60000 characters or fewer"),
        ({"file": (io.BytesIO(b"\xff\xfe"), "x.tlog-proof"), "line": leaf, "key": key}, "it is not text"),
    ):
        page = submit(auditor, "/audit/proof", sent)
        assert (page.status_code, said in page.text) == (422, True), said
    submit(auditor, "/audit/proof", {"proof": proof, "line": leaf, "key": key})
    (line,) = [one for one in told(portal.vault, Event.AUDIT_SEARCHED) if one.facts.get("what") == "a proof"]
    assert leaf not in str(line.facts)


def test_an_entry_whose_bytes_are_bad_has_an_honest_page_and_looking_is_logged(
    portal: Portal, auditor: FlaskClient
) -> None:
    leaf = found(auditor.get("/audit").text)[0]
    change = text("UPDATE audit_entries SET leaf = :bytes WHERE leaf_hash = :hash")
    with portal.vault.db.write.begin() as connection:
        held = text("SELECT leaf FROM audit_entries WHERE leaf_hash = :hash")
        good = connection.execute(held, {"hash": bytes.fromhex(leaf)}).scalar_one()
        connection.execute(change, {"bytes": b"not a leaf", "hash": bytes.fromhex(leaf)})
    for path in ("", "/verify", "/proof"):
        page = auditor.get(f"/audit/entries/{leaf}{path}")
        assert page.status_code == 200
        assert "This entry is damaged" in page.text
    with portal.vault.db.write.begin() as connection:
        connection.execute(change, {"bytes": good, "hash": bytes.fromhex(leaf)})
    assert [line.facts["entry"] for line in told(portal.vault, Event.AUDIT_OPENED)] == [leaf] * 3
