"""A resident sees the files in their record and takes them; an officer gets those that are shared, and no other."""

import uuid
from uuid import UUID

import pytest

from audit.events import Event
from tests.paper_world import pdf
from tests.portal_world import Portal, token_in
from vault import records, services, trail
from vault.context import SYSTEM
from vault.documents import Content
from vault.journal import note
from vault.records import NewItem, Source

BODY = pdf(1_250_000)


@pytest.fixture
def letter(portal: Portal) -> UUID:
    """A discharge letter of Edith's, by its record."""
    with portal.vault.transaction(SYSTEM) as ctx:
        sender = services.organisations(ctx)[0].organisation_id
        item = NewItem(
            category="document",
            fields={"document.file": {"title": "Letter from Heron ward", "date": "2026-11-20"}},
            source=Source(organisation_id=sender, system="ward", type="DocumentReference", id=uuid.uuid4().hex),
            purpose="receive-health-record",
            sensitivity=1,
            content=Content("application/pdf", BODY),
        )
        record_id = records.keep(ctx, citizen_id=portal.citizen("edith"), item=item)[1]
        note(ctx, Event.RECORD_WRITTEN, citizen_id=portal.citizen("edith"))
    return record_id


def test_a_resident_sees_name_kind_and_size_and_takes_the_file(portal: Portal, letter: UUID) -> None:
    client, address = portal.client("edith"), f"/record/document/{letter}/file"
    listed = client.get("/record/document").text
    assert "Letter from Heron ward" in listed
    assert "PDF, 1.2 MB" in listed
    assert address in listed
    page = client.get(address).text
    answer = client.post(address, data={"csrf_token": token_in(page)})
    assert (answer.status_code, answer.data) == (200, BODY)
    assert answer.headers["Content-Disposition"].startswith("attachment; ")
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    with portal.vault.reading(SYSTEM) as ctx:
        lines = trail.of_citizen(ctx, citizen_id=portal.citizen("edith"), limit=20)
    assert next(one for one in lines if one.event == Event.RECORD_EXPORTED).facts["file"] == "document"


def test_a_file_of_somebody_else_is_as_one_that_is_not_there(portal: Portal, letter: UUID) -> None:
    client = portal.client("stanley")
    others, nobodys = client.get(f"/record/document/{letter}/file"), client.get(f"/record/document/{uuid.uuid4()}/file")
    assert (others.status_code, nobodys.status_code) == (404, 404)
    token = token_in(client.get("/record").text)
    taken = client.post(f"/record/document/{letter}/file", data={"csrf_token": token})
    assert taken.status_code == 404


def test_an_officer_gets_no_file_that_is_not_shared(portal: Portal, letter: UUID) -> None:
    client = portal.client("social-worker")
    page = client.get("/officer").text
    answer = client.post(f"/officer/shared/{uuid.uuid4()}/file/{letter}", data={"csrf_token": token_in(page)})
    assert answer.status_code == 404
