"""Download my data: each kind of file, what it holds, what stays out, and how the log tells it."""

import csv
import io
import json
import re
import zipfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pypdf import PdfReader
from werkzeug.test import TestResponse

from audit.events import Event
from tests.keys import give_passkey
from tests.portal_world import Portal, submit, token_in
from vault import records, taking, trail, withholding
from vault.clock import utc_now
from vault.context import OPERATOR, SYSTEM, Actor
from vault.errors import ProofNeededError
from vault.journal import note
from vault.records import NewItem, Source
from vault.services import organisations

KINDS = ("html", "pdf", "csv", "json", "fhir")


def made(portal: Portal, kind: str, slug: str = "edith", /, **answers: object) -> TestResponse:
    return submit(portal.client(slug), "/download", {"kind": kind, **answers})


def words_of(kind: str, answer: TestResponse) -> str:
    """Everything that a person, or a program, can read in the file."""
    if kind == "pdf":
        return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.data)).pages)
    if kind == "csv":
        with zipfile.ZipFile(io.BytesIO(answer.data)) as bundle:
            return "\n".join(bundle.read(name).decode() for name in bundle.namelist())
    return answer.text


def keep(portal: Portal, category: str, fields: dict[str, str], source_id: str = "x-1") -> UUID:
    """Keep one item of Edith's."""
    with portal.vault.transaction(SYSTEM) as ctx:
        council = organisations(ctx)[0].organisation_id
        item = NewItem(
            category=category,
            fields=fields,
            source=Source(organisation_id=council, system="test", type="note", id=source_id),
            purpose="home-care-support",
            sensitivity=0,
            as_of=date(2026, 1, 2),
        )
        _, record_id = records.keep(ctx, citizen_id=portal.citizen("edith"), item=item)
        note(ctx, Event.RECORD_WRITTEN, citizen_id=portal.citizen("edith"), facts={})
    return record_id


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_file_holds_her_own_facts_and_none_that_could_put_her_at_risk(portal: Portal, kind: str) -> None:
    answer = made(portal, kind)
    words = words_of(kind, answer)
    assert answer.status_code == 200
    assert re.fullmatch(r'attachment; filename="my-data-[\d-]+\.[a-z.]+"', answer.headers["Content-Disposition"])
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Apixaban" in words or "Your medicines" in words
    assert not re.search(r"[Kk]ey safe|turn to 4471|hidden", words)


def test_each_file_is_one_line_of_the_log_that_says_which_kind_it_was(portal: Portal) -> None:
    made(portal, "json")
    with portal.vault.reading(OPERATOR) as ctx:
        newest = next(
            line
            for line in trail.of_citizen(ctx, citizen_id=portal.citizen("edith"))
            if line.event == Event.RECORD_EXPORTED
        )
    assert newest.facts["file"] == "json"
    assert "took a copy of your data" in portal.client("edith").get("/activity?all=1").text


def test_what_is_held_back_is_left_out_without_a_trace(portal: Portal) -> None:
    record_id = keep(portal, "care_needs", {"care_needs.needs": "Help on the stairs"})
    before = words_of("json", made(portal, "json"))
    with portal.vault.transaction(OPERATOR) as ctx:
        withholding.hold_back(
            ctx,
            citizen_id=portal.citizen("edith"),
            record_id=record_id,
            until=ctx.now + timedelta(days=30),
            authority="DPA 2018 Sch. 3 para. 5",
            reason="serious harm",
            first=portal.account("administrator"),
            second=portal.account("carer"),
        )
    after = words_of("json", made(portal, "json"))
    assert "Help on the stairs" in before
    assert "Help on the stairs" not in after
    assert str(record_id) not in after


def test_what_is_about_other_people_stays_out(portal: Portal) -> None:
    keep(portal, "people", {"people.name": "Gwen Hargreaves", "people.relationship": "sister"})
    assert "Gwen Hargreaves" not in words_of("json", made(portal, "json"))


def test_a_dangerous_value_leaves_only_where_it_was_ticked_with_a_line_of_its_own(portal: Portal) -> None:
    words = words_of("json", made(portal, "json", dangerous="home_access.key_safe_code"))
    names = {field["name"] for item in json.loads(words)["items"] for field in item["fields"]}
    assert "home_access.key_safe_code" in names
    assert "home_access.entry" not in names
    with portal.vault.reading(OPERATOR) as ctx:
        lines = trail.of_citizen(ctx, citizen_id=portal.citizen("edith"))
    revealed = [line for line in lines if line.fields == ("home_access.key_safe_code",)]
    assert len(revealed) == 1


def test_sharing_answers_and_looks_with_their_proofs_are_there_when_asked_for(portal: Portal) -> None:
    portal.sequence()
    found = json.loads(made(portal, "json", **{"with": ["sharing", "told", "looks"]}).text)
    assert found["sharing"]
    assert isinstance(found["told_us"], list)
    placed = [line for line in found["log"]["lines"] if line["position"]]
    assert placed
    assert all(line["proof"].startswith("c2sp.org/tlog-proof") for line in placed)


@pytest.mark.parametrize("kind", ["html", "pdf", "csv"])
def test_sharing_and_looks_can_be_read_too(portal: Portal, kind: str) -> None:
    words = words_of(kind, made(portal, kind, **{"with": ["sharing", "told", "looks"]}))
    assert "Home care" in words


def test_the_page_to_read_runs_and_loads_nothing(portal: Portal) -> None:
    page = made(portal, "html").text
    assert "default-src 'none'" in page
    assert not re.search(r"<script|<img|<link|<iframe|\ssrc=|\son\w+=|url\(", page)


def test_the_pdf_is_tagged_titled_in_a_language_and_carries_its_fonts(portal: Portal) -> None:
    keep(portal, "identity", {"identity.name": "Siân Ŵyn-Ŷ ŵ ŷ"})
    reader = PdfReader(io.BytesIO(made(portal, "pdf").data))
    catalogue: Any = reader.root_object
    assert catalogue["/MarkInfo"]["/Marked"].value is True
    assert catalogue["/Lang"] == "en"
    assert catalogue["/ViewerPreferences"]["/DisplayDocTitle"].value is True
    assert b"pdfuaid" in catalogue["/Metadata"].get_data()
    assert "/JavaScript" not in str(catalogue)
    assert "Siân Ŵyn-Ŷ ŵ ŷ" in "".join(page.extract_text() for page in reader.pages)
    resources: Any = reader.pages[0]["/Resources"]
    assert all("/DescendantFonts" in font.get_object() for font in resources["/Font"].values())


@pytest.mark.realdata
def test_naughty_strings_come_out_harmless_in_every_kind(portal: Portal, shared_data: Path) -> None:
    naughty = json.loads((shared_data / "strings/blns_even.json").read_text(encoding="utf-8"))
    for number, each in enumerate(text for text in naughty if text.strip()):
        keep(portal, "about_me", {"about_me.what_matters": each, "about_me.do_and_dont": each}, f"n-{number}")
    page = made(portal, "html").text
    assert not re.search(r"<(script|img|svg|iframe|a href=(?!\"#part-))", page, re.IGNORECASE)
    assert PdfReader(io.BytesIO(made(portal, "pdf").data)).pages
    for line in csv.reader(io.StringIO(words_of("csv", made(portal, "csv")), newline="")):
        assert not [cell for cell in line if cell.lstrip(" \ufeff").startswith(("=", "+", "-", "@", "\t"))]


def test_without_a_kind_nothing_is_made_and_the_page_says_what_to_do(portal: Portal) -> None:
    answer = submit(portal.client("edith"), "/download", {"kind": "exe"})
    assert answer.status_code == 422
    assert "Choose the kind of file you want" in answer.text


def test_the_schema_of_the_json_file_is_there_to_read(portal: Portal) -> None:
    assert json.loads(portal.client("edith").get("/download/schema.json").text)["$id"] == "urn:citizen-vault:export:1"


def test_a_file_holds_one_persons_facts_only(portal: Portal) -> None:
    mine = {each["id"] for each in json.loads(made(portal, "json").text)["items"]}
    others = {each["id"] for each in json.loads(made(portal, "json", "priya").text)["items"]}
    assert mine
    assert others
    assert not mine & others


def test_a_copy_asks_for_a_fresh_proof_from_whoever_can_give_one(portal: Portal) -> None:
    give_passkey(portal.vault, portal.account("edith"))
    ahead = timedelta()
    object.__setattr__(portal.vault, "clock", lambda: utc_now() + ahead)
    client = portal.client("edith")
    token = token_in(client.get("/download"))
    ahead = timedelta(minutes=10)
    assert client.get("/download").location == "/prove"
    assert client.post("/download", data={"csrf_token": token, "kind": "json"}).location == "/prove"
    edith = Actor(kind="citizen", citizen_id=portal.citizen("edith"), can_prove=True)
    with pytest.raises(ProofNeededError):
        taking.take(
            portal.vault, actor=edith, citizen_id=portal.citizen("edith"), council="C", wish=taking.Wish(kind="json")
        )
