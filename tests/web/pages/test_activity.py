"""Who looked: what a resident reads of it, narrows, follows to its end, checks and questions."""

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from audit.proof import verify_proof
from tests.portal_world import Portal
from vault import trail
from vault.context import OPERATOR
from vault.trail import Line
from web.pages import activity

LEAF = re.compile(r"/activity/([0-9a-f]{64})\"")


def lines(portal: Portal, slug: str = "edith") -> list[Line]:
    with portal.vault.reading(OPERATOR) as ctx:
        return trail.of_citizen(ctx, citizen_id=portal.citizen(slug), limit=200)


@pytest.fixture
def edith(portal: Portal) -> FlaskClient:
    """Edith's browser; the log is placed."""
    portal.sequence()
    return portal.client("edith")


def test_looks_and_refusals_are_there_with_who_why_and_what(edith: FlaskClient) -> None:
    page = edith.get("/activity").text
    assert "Rowan ward" in page
    assert "because: Going home from hospital" in page
    assert re.search(r"Rowan ward asked for \d+ things?\. We did not show (it|them)\.", page)
    assert "I do not recognise this" in page


FILTERS: dict[str, tuple[str, Callable[[Line], bool]]] = {
    "refused": ("outcome=refused", lambda line: line.event == "record:refused"),
    "looked": ("outcome=looked", lambda line: line.event == "record:opened"),
    "what": ("what=contact", lambda line: any(name.startswith("contact.") for name in (*line.fields, *line.refused))),
    "the last week": ("period=7", lambda line: line.event in {"record:opened", "record:refused"}),
    "an answer that is none": ("outcome=x&what=x&period=x", lambda line: line.event.startswith("record:")),
}


@pytest.mark.parametrize("name", FILTERS)
def test_a_resident_narrows_the_list(portal: Portal, edith: FlaskClient, name: str) -> None:
    query, wanted = FILTERS[name]
    page = edith.get(f"/activity?{query}").text
    shown = set(LEAF.findall(page))
    looks = [line for line in lines(portal) if line.event in {"record:opened", "record:refused"} and not _own(line)]
    assert shown == {line.leaf_hash.hex() for line in looks if wanted(line)}


def _own(line: Line) -> bool:
    return line.who.kind == "citizen"


def test_one_services_looks_alone(portal: Portal, edith: FlaskClient) -> None:
    ward = next(line.service_id for line in lines(portal) if line.who.service_name == "Rowan ward")
    page = edith.get(f"/activity?who={ward}").text
    assert "Rowan ward" in page
    assert "looked at your data" in page
    assert page.count("Billing officer") == 0


def test_every_line_is_in_words_and_who_signed_in_is_you(edith: FlaskClient) -> None:
    page = edith.get("/activity?all=1").text
    assert "found which record is yours" in page
    assert "citizen linked" not in page
    assert "You signed in" in page
    assert "The council’s system</strong> signed in" not in page


def test_an_emergency_look_is_only_one_under_an_emergency_purpose(edith: FlaskClient) -> None:
    page = edith.get("/activity?outcome=emergency").text
    assert "No lines are like that." in page


def test_the_list_is_followed_to_its_end_which_says_where_it_began(
    portal: Portal, edith: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(activity, "LINES", 7)
    monkeypatch.setattr(activity, "PAGE", 5)
    monkeypatch.setattr(activity.looks_at, "__kwdefaults__", {"before": None, "wanted": None, "most": 5})
    wanted = [line.leaf_hash.hex() for line in lines(portal)]
    address: str | None = "/activity?all=1"
    page, seen = "", list[str]()
    while address:
        page = edith.get(address).text
        seen += LEAF.findall(page)
        older = re.search(r'href="(/activity\?[^"]*before=[^"]*)" rel="next"', page)
        address = older[1].replace("&amp;", "&") if older else None
    assert "It begins when your record began here." in page
    assert "the law lets us show a line to you later" in page
    assert [leaf for leaf in dict.fromkeys(seen) if leaf in wanted] == [leaf for leaf in wanted if leaf in seen]
    assert set(wanted) - set(seen) == set()


def test_somebody_at_whom_nobody_looked_is_told_so(portal: Portal) -> None:
    quiet = next(slug for slug in portal.note.citizens if slug in portal.note.accounts and not _looked(portal, slug))
    assert "Nobody has looked at your data." in portal.client(quiet).get("/activity").text


def _looked(portal: Portal, slug: str) -> bool:
    return any(line.event in {"record:opened", "record:refused"} and not _own(line) for line in lines(portal, slug))


def test_a_line_is_checked_and_its_proof_holds_elsewhere(edith: FlaskClient) -> None:
    leaf = LEAF.findall(edith.get("/activity").text)[0]
    page = edith.get(f"/activity/{leaf}/check").text
    assert "This line is as it was written" in page
    key = re.search(r"--key ([0-9a-f]{64})", page)
    assert key is not None
    proof = edith.get(f"/activity/{leaf}/proof.txt")
    assert f'filename="{leaf}.tlog-proof"' in proof.headers["Content-Disposition"]
    verify_proof(proof.text, leaf_hash=bytes.fromhex(leaf), public_keys=[bytes.fromhex(key[1])])


def test_a_line_whose_details_were_changed_is_not_called_whole(portal: Portal, edith: FlaskClient) -> None:
    leaf = LEAF.findall(edith.get("/activity").text)[0]
    with portal.vault.db.write.begin() as connection:
        connection.execute(text("UPDATE audit_payloads SET payload = :junk"), {"junk": b"\x02junk"})
    page = edith.get(f"/activity/{leaf}/check").text
    assert "This line does not fit" in page
    assert "govuk-panel" not in page
