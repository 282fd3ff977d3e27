"""Documents: sent as a stream, sealed in chunks, read in whole or in part through the door, on both databases."""

import socket
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import Connection, func, select, text

from audit.events import Event
from tests.paper_world import PDF, Papers, paper_token, pdf
from tests.service_world import ACTOR, World, world
from vault import access, accounts, disposal, documents, grants, services, trail
from vault.access import ActingPerson, Proof, open_own
from vault.accounts import StaffLabel
from vault.context import OPERATOR, Context
from vault.crypto.chunked import CHUNK_BYTES
from vault.documents import sealing
from vault.documents.keeping import FORGOTTEN_AFTER
from vault.errors import NoMoreError, NotFoundError
from vault.holding import hold
from vault.journal import note
from vault.kinds import Role
from vault.models import Document, DocumentPiece, HeldBack, Record, Token, Upload
from web.api.edge import of as edge_of
from web.api.jose import sha256_base64url

PIECE = sealing.CHUNKS * CHUNK_BYTES


@pytest.fixture
def there(tmp_path: Path, database_url: str) -> Iterator[World]:
    """A world on each database."""
    with world(tmp_path, database_url) as made:
        yield made


@pytest.fixture
def papers(there: World) -> Papers:
    return Papers(there, paper_token(there))


@pytest.fixture(scope="module")
def known(place: World) -> Papers:
    """The module's own world: for what is the same on both databases."""
    return Papers(place, paper_token(place))


def left(place: World) -> tuple[int, int, int]:
    """How many documents, pieces and uploads there are."""
    with place.vault.reading(OPERATOR) as ctx:
        one, two, three = (
            ctx.session.scalar(select(func.count()).select_from(each)) for each in (Document, DocumentPiece, Upload)
        )
    return one or 0, two or 0, three or 0


def defects(place: World) -> set[tuple[str, str]]:
    with place.vault.snapshot(OPERATOR) as ctx:
        return {(one.kind, one.table) for one in hold(ctx.session).defects}


def lines(place: World, event: Event) -> list[trail.Line]:
    with place.vault.reading(OPERATOR) as ctx:
        return [one for one in trail.of_citizen(ctx, citizen_id=place.citizen_id, limit=50) if one.event == event]


def test_a_document_goes_in_and_out_at_every_edge_and_nothing_of_it_stands_in_clear(papers: Papers) -> None:
    for size in (1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, PIECE, PIECE + 1, 2 * PIECE + 77):
        body = b"x" if size == 1 else pdf(size)
        item = papers.kept(body, kind="text/plain" if size == 1 else PDF)
        answer = papers.read(item)
        assert (answer.status_code, answer.content) == (HTTPStatus.OK, body)
        assert answer.headers["Content-Length"] == str(size)
    empty = papers.kept(b"", kind="text/plain")
    assert papers.read(empty).content == b""
    with papers.place.vault.reading(OPERATOR) as ctx:
        assert not any(b"%PDF" in sealed for sealed in ctx.session.scalars(select(DocumentPiece.sealed)))
    assert left(papers.place)[2] == 0
    assert defects(papers.place) == set()


def test_it_is_handed_over_as_a_file_that_no_browser_runs_with_a_name_and_a_promise(known: Papers) -> None:
    item = known.item("Dr O’Neill: “after” care/../x")
    assert known.send(item, pdf(100)).json() == {"id": item, "version": 2}
    answer = known.read(item)
    assert answer.headers["Content-Type"] == PDF
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Disposition"] == (
        "attachment; filename=\"document.pdf\"; filename*=UTF-8''Dr%20O%20Neill%20after%20care%20x.pdf"
    )
    assert answer.headers["Vault-Log-Receipt"]
    assert answer.headers["Accept-Ranges"] == "bytes"


def test_a_read_is_decided_and_logged_once_for_each_call_whatever_part_it_asks_for(known: Papers) -> None:
    item = known.kept(pdf(3 * CHUNK_BYTES))
    before = len(lines(known.place, Event.RECORD_OPENED))
    known.read(item)
    known.read(item, Range="bytes=0-9")
    known.call("HEAD", f"/{item}/document")
    found = lines(known.place, Event.RECORD_OPENED)
    assert len(found) == before + 3
    assert found[0].facts["fields"] == ["document.file"]
    assert len(found[0].facts["records"]) == 1
    assert "Discharge" not in str(found[0].facts)


RANGES = {
    "bytes=0-0": (0, 1),
    "bytes=5-": (5, None),
    "bytes=-7": (-7, None),
    f"bytes={CHUNK_BYTES - 1}-{CHUNK_BYTES}": (CHUNK_BYTES - 1, CHUNK_BYTES + 1),
    f"bytes={PIECE - 3}-{PIECE + 3}": (PIECE - 3, PIECE + 4),
    f"bytes={PIECE}-99999999": (PIECE, None),
    "bytes=-99999999": (0, None),
}


def test_a_single_range_is_that_part_and_says_which(known: Papers) -> None:
    body = pdf(PIECE + CHUNK_BYTES + 9)
    item = known.kept(body)
    for wanted, (start, stop) in RANGES.items():
        answer, part = known.read(item, Range=wanted), body[start:stop]
        assert (answer.status_code, answer.content) == (HTTPStatus.PARTIAL_CONTENT, part), wanted
        first = body.rindex(part) if start < 0 else start
        assert answer.headers["Content-Range"] == f"bytes {first}-{first + len(part) - 1}/{len(body)}"
        assert answer.headers["Content-Length"] == str(len(part))


def test_what_is_no_single_range_gets_the_whole_and_what_is_not_there_416(known: Papers) -> None:
    body = pdf(500)
    item = known.kept(body)
    for wanted in ("bytes=0-1,5-6", "lines=1-2", "bytes=9-3", "nonsense"):
        answer = known.read(item, Range=wanted)
        assert (answer.status_code, answer.content) == (HTTPStatus.OK, body), wanted
    beyond = known.read(item, Range="bytes=500-")
    assert beyond.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
    assert (beyond.headers["Content-Range"], beyond.content) == ("bytes */500", b"")


def test_if_range_and_if_none_match_compare_the_document(known: Papers) -> None:
    body = pdf(500)
    item = known.kept(body)
    tag = known.read(item).headers["ETag"]
    assert known.read(item, Range="bytes=1-2", If_Range=tag).content == body[1:3]
    assert known.read(item, Range="bytes=1-2", If_Range='"another"').content == body
    assert known.read(item, Range="bytes=1-2", If_Range="Tue, 24 Nov 2026 10:00:00 GMT").content == body
    same = known.read(item, If_None_Match=tag)
    assert (same.status_code, same.content) == (HTTPStatus.NOT_MODIFIED, b"")
    assert known.send(item, pdf(500, "newer"), version=2).ok
    newer = known.read(item, If_None_Match=tag)
    assert (newer.status_code, newer.content) == (HTTPStatus.OK, pdf(500, "newer"))


def test_the_tag_of_a_document_is_each_services_own(known: Papers) -> None:
    tag = known.read(known.kept(pdf(500))).headers["ETag"].strip('"')
    with known.place.vault.reading(OPERATOR) as ctx:
        mine, other = (services.by_slug(ctx, slug=slug).service_id for slug in ("home-care", "council-tax"))
        ids = list(ctx.session.scalars(select(Document.document_id)))
    pairwise = edge_of(known.place.app).pairwise
    assert tag in {pairwise(mine, one) for one in ids}
    assert tag not in {pairwise(other, one) for one in ids}


REFUSED: dict[str, tuple[dict[str, Any], bytes, int, str]] = {
    "another type than is taken": ({"kind": "text/html"}, b"<html>", 415, "wrong_media_type"),
    "a file that is not what it says": ({}, b"GIF89a", 422, "invalid_input"),
    "no version": ({"If_Match": ""}, b"%PDF-1", 428, "precondition_needed"),
    "no key": ({"Idempotency_Key": ""}, b"%PDF-1", 400, "malformed_request"),
    "an older version": ({"version": 7}, b"%PDF-1", 412, "version_passed"),
    "packed": ({"Content_Encoding": "gzip"}, b"%PDF-1", 415, "wrong_media_type"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_as_described_is_refused_and_leaves_nothing(known: Papers, case: str) -> None:
    changed, body, status, code = REFUSED[case]
    item, before = known.item(), left(known.place)
    given = dict(changed)
    empty = {name for name, value in given.items() if value == ""}
    if empty:
        kept = {"Idempotency-Key": f'"{uuid.uuid4()}"', "If-Match": '"1"', "Content-Type": PDF}
        sent = {name: value for name, value in kept.items() if name.replace("-", "_") not in empty}
        answer = known.call("PUT", f"/{item}/document", data=body, headers=sent)
    else:
        answer = known.send(item, body, **given)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert left(known.place) == before


def test_more_than_a_hundred_mebibytes_is_refused_before_a_byte_of_it_is_read(known: Papers) -> None:
    item = known.item()
    answer = raw(known, item, announced=documents.MOST_BYTES + 1, body=b"%PDF-")
    assert b" 413 " in answer.splitlines()[0]
    assert b"request_too_large" in answer


def test_a_sender_that_goes_away_half_way_leaves_nothing(papers: Papers) -> None:
    item, before = papers.item(), left(papers.place)
    raw(papers, item, announced=PIECE * 2, body=pdf(PIECE + 100))
    assert left(papers.place) == before
    assert papers.read(item).status_code == HTTPStatus.NOT_FOUND
    assert papers.send(item, pdf(10)).ok
    assert defects(papers.place) == set()


def raw(papers: Papers, item: str, *, announced: int, body: bytes, then: Callable[[], None] = lambda: None) -> bytes:
    """A request made by hand that says one length and ends after *body*, half-way through which *then* is done."""
    path, place = f"/api/v1/records/{item}/document", papers.place
    handle = papers.token.access_token
    proof = papers.token.dpop_key.proof(htm="PUT", htu=place.issuer + path, ath=sha256_base64url(handle))
    headers = {
        **ACTOR,
        "Host": urlsplit(place.issuer).netloc,
        "Authorization": f"DPoP {handle}",
        "DPoP": str(proof),
        "Idempotency-Key": f'"{uuid.uuid4()}"',
        "If-Match": '"1"',
        "Content-Type": PDF,
        "Content-Length": str(announced),
        "Connection": "close",
    }
    port = urlsplit(place.issuer).port
    with socket.create_connection(("127.0.0.1", port), timeout=60) as line:
        line.sendall(f"PUT {path} HTTP/1.1\r\n".encode())
        line.sendall("".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode() + b"\r\n")
        line.sendall(body[: len(body) // 2])
        then()
        line.sendall(body[len(body) // 2 :])
        line.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: line.recv(65536), b""))


def test_what_a_killed_process_left_is_swept_and_no_document_ever_loses_its_pieces(papers: Papers) -> None:
    body = pdf(PIECE + 1)
    item = papers.kept(body)
    vault, citizen_id = papers.place.vault, papers.place.citizen_id
    with vault.transaction(OPERATOR) as ctx:
        whole = ctx.session.scalars(select(Document.document_id)).one()
        for document_id in (uuid.uuid4(), whole):
            ctx.session.add(Upload(citizen_id=citizen_id, document_id=document_id, begun_at=ctx.now))
            if document_id != whole:
                ctx.session.add(DocumentPiece(citizen_id=citizen_id, document_id=document_id, number=0, sealed=b"x"))
        documents.sweep(ctx)
    assert left(papers.place) == (1, 3, 2)
    with vault.transaction(OPERATOR) as ctx:
        documents.sweep(Context(ctx.session, vault, ctx.now + FORGOTTEN_AFTER * 2, ctx.actor))
    assert left(papers.place) == (1, 2, 0)
    assert papers.read(item).content == body


def test_the_same_key_and_document_count_once_and_another_document_is_refused(papers: Papers) -> None:
    item, key = papers.item(), f'"{uuid.uuid4()}"'
    first = papers.send(item, pdf(900), Idempotency_Key=key)
    again = papers.send(item, pdf(900), Idempotency_Key=key)
    assert (first.status_code, first.text, first.headers["ETag"]) == (200, again.text, '"2"')
    assert left(papers.place) == (1, 1, 0)
    other = papers.send(item, pdf(901), Idempotency_Key=key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert left(papers.place) == (1, 1, 0)


def test_a_change_of_what_it_is_called_keeps_the_document(known: Papers) -> None:
    item = known.kept(pdf(300))
    change = '{"fields": {"document.file": "Discharge summary"}, "reason": "It is one"}'
    headers = {"Idempotency-Key": f'"{uuid.uuid4()}"', "If-Match": '"2"', "Content-Type": "application/json"}
    assert known.call("PUT", f"/{item}", data=change, headers=headers).json()["version"] == 3
    answer = known.read(item)
    assert answer.content == pdf(300)
    assert "Discharge%20summary" in answer.headers["Content-Disposition"]


def test_an_item_of_others_and_one_without_a_document_look_like_one_that_is_not_there(known: Papers) -> None:
    bare = known.item()
    answers = [known.read(name) for name in (bare, "0" * 32, "f" * 32)]
    assert {answer.status_code for answer in answers} == {HTTPStatus.NOT_FOUND}
    assert len({answer.text for answer in answers}) == 1


def under_way(papers: Papers, item: str) -> Iterator[bytes]:
    """The stream that the door gives for a read, without the sockets that hold what was sent already."""
    place = papers.place
    with place.vault.reading(OPERATOR) as ctx:
        thumbprint = ctx.session.scalars(select(Token.thumbprint)).first() or ""
        proof = Proof(thumbprint, uuid.uuid4().hex, ctx.now + timedelta(minutes=2))
    answer = access.open_with_token(
        place.vault,
        handle=papers.token.access_token,
        proof=proof,
        acting=ActingPerson("hc-0417", "care-worker", "north"),
        is_meant=lambda service_id, one: edge_of(place.app).pairwise(service_id, one) == item,
    )
    assert isinstance(answer, tuple)
    opened = answer[1]
    opened.check(0, opened.link.size)
    return opened.read(0, opened.link.size)


def rest_of(stream: Iterator[bytes]) -> int:
    """How much more of *stream* comes before it is cut off."""
    read = 0
    try:
        for block in stream:
            read += len(block)
    except NoMoreError:
        return read
    raise AssertionError("it went on to its end")


def withdraw(place: World) -> None:
    with place.vault.transaction(place.citizen) as ctx:
        (found,) = grants.of_citizen(ctx, citizen_id=place.citizen_id)
        grants.withdraw(ctx, citizen_id=place.citizen_id, grant_id=found.grant_id)


def test_a_withdrawal_stops_a_read_under_way_before_its_next_piece_and_the_log_says_so(papers: Papers) -> None:
    item, place = papers.kept(pdf(4 * PIECE)), papers.place
    stream = under_way(papers, item)
    read = len(next(stream))
    withdraw(place)
    assert read + rest_of(stream) == PIECE
    assert lines(place, Event.RECORD_REFUSED)[0].facts["stopped"] is True


def test_a_withdrawal_while_a_document_arrives_keeps_nothing_of_it(papers: Papers) -> None:
    item, place = papers.item(), papers.place
    answer = raw(papers, item, announced=2 * PIECE, body=pdf(2 * PIECE), then=lambda: withdraw(place))
    assert b" 401 " in answer.splitlines()[0]
    assert b"token_invalid" in answer
    assert left(place) == (0, 0, 0)


def test_a_share_used_up_by_this_very_read_goes_on_to_its_end(papers: Papers) -> None:
    item, place = papers.kept(pdf(2 * PIECE)), papers.place
    with place.vault.db.write.begin() as connection:
        connection.execute(text("UPDATE grants SET uses = max_uses - 1"))
    assert papers.read(item).content == pdf(2 * PIECE)
    assert papers.read(item).status_code == HTTPStatus.FORBIDDEN


def pieces(connection: Connection, document_id: object) -> dict[int, bytes]:
    found = connection.execute(
        text("SELECT number, sealed FROM document_pieces WHERE document_id = :d"), {"d": document_id}
    )
    return {number: bytes(sealed) for number, sealed in found}


def newest(connection: Connection) -> list[object]:
    """Ids of documents, the newest first."""
    return list(connection.scalars(text("SELECT document_id FROM documents ORDER BY version DESC, stored_at DESC")))


def write(connection: Connection, document_id: object, number: int, sealed: bytes) -> None:
    connection.execute(
        text("UPDATE document_pieces SET sealed = :s WHERE document_id = :d AND number = :n"),
        {"s": sealed, "d": document_id, "n": number},
    )


def change(connection: Connection, number: int, how: Callable[[bytes], bytes]) -> None:
    mine = newest(connection)[0]
    write(connection, mine, number, how(pieces(connection, mine)[number]))


def remove(connection: Connection, number: int) -> None:
    its = {"d": newest(connection)[0], "n": number}
    connection.execute(text("DELETE FROM document_pieces WHERE document_id = :d AND number = :n"), its)


def swap(connection: Connection) -> None:
    mine = newest(connection)[0]
    held = pieces(connection, mine)
    write(connection, mine, 0, held[0][:56] + held[1])
    write(connection, mine, 1, held[0][56:])


def other(connection: Connection) -> None:
    mine, *_, foreign = newest(connection)
    for number, sealed in pieces(connection, foreign).items():
        write(connection, mine, number, sealed)


def older(connection: Connection) -> None:
    mine, before, *_ = newest(connection)
    write(connection, mine, 1, pieces(connection, before)[1])


DAMAGE: dict[str, Callable[[Connection], object]] = {
    "a bit is flipped": lambda c: change(c, 1, lambda held: bytes([held[0] ^ 1]) + held[1:]),
    "the header is flipped": lambda c: change(c, 0, lambda held: bytes([held[0] ^ 1]) + held[1:]),
    "the end is cut off": lambda c: change(c, 2, lambda held: held[:-1]),
    "a piece is cut to whole chunks": lambda c: change(c, 1, lambda held: held[:16400]),
    "something is put behind": lambda c: change(c, 2, lambda held: held + b"x"),
    "the last piece is gone": lambda c: remove(c, 2),
    "the first piece is gone": lambda c: remove(c, 0),
    "two pieces change places": swap,
    "every piece is another document's": other,
    "a piece is an older version's": older,
}


def test_whatever_is_done_to_a_piece_nothing_is_released_and_the_document_is_named(papers: Papers) -> None:
    place, body = papers.place, pdf(2 * PIECE + 9)
    papers.kept(pdf(2 * PIECE + 9, "somebody else's"))
    item = papers.kept(pdf(2 * PIECE + 9, "an older one"))
    assert papers.send(item, body, version=2).ok
    with place.vault.db.write.begin() as connection:
        sound = pieces(connection, newest(connection)[0])
    for name, damage in DAMAGE.items():
        with place.vault.db.write.begin() as connection:
            damage(connection)
        for part in ({}, {"Range": "bytes=0-9"}, {"Range": "bytes=-1"}) if "end" in name else ({},):
            answer = papers.read(item, **part)
            assert (answer.status_code, answer.json()["code"]) == (500, "seal_broken"), (name, part)
            assert b"%PDF" not in answer.content
        assert {table for _, table in defects(place)} == {"document_pieces"}, name
        with place.vault.db.write.begin() as connection:
            restore(connection, newest(connection)[0], sound)
    assert papers.read(item).content == body
    assert defects(place) == set()
    assert lines(place, Event.RECORD_UNSEAL_FAILED)


def restore(connection: Connection, document_id: object, sound: dict[int, bytes]) -> None:
    citizen_id = connection.scalar(text("SELECT citizen_id FROM documents LIMIT 1"))
    connection.execute(text("DELETE FROM document_pieces WHERE document_id = :d"), {"d": document_id})
    for number, sealed in sound.items():
        connection.execute(
            text("INSERT INTO document_pieces (citizen_id, document_id, number, sealed) VALUES (:c, :d, :n, :s)"),
            {"c": citizen_id, "d": document_id, "n": number, "s": sealed},
        )


def test_a_row_that_was_changed_or_put_back_is_refused_or_named(papers: Papers) -> None:
    place = papers.place
    item = papers.kept(pdf(100))
    with place.vault.db.write.begin() as connection:
        connection.execute(text("UPDATE documents SET size = 99"))
    assert papers.read(item).json()["code"] == "row_forged"
    assert ("unmarked", "documents") in defects(place)
    with place.vault.db.write.begin() as connection:
        connection.execute(text("DELETE FROM documents"))
    assert papers.read(item).json()["code"] == "seal_broken"
    assert {("deleted", "a covered table"), ("added", "document_pieces")} <= defects(place)


def test_what_is_disposed_of_takes_its_document_along(papers: Papers) -> None:
    place = papers.place
    papers.kept(pdf(2 * PIECE))
    with place.vault.transaction(OPERATOR) as ctx:
        row = ctx.session.scalars(select(Record).where(Record.category == "document")).one()
        row.dispose_after = ctx.now
        note(ctx, Event.RECORD_WRITTEN, citizen_id=place.citizen_id)
    with place.vault.transaction(OPERATOR) as ctx:
        (due,) = disposal.due(ctx)
        assert disposal.dispose(ctx, item=due)
    assert left(place) == (0, 0, 0)
    assert defects(place) == set()


def test_the_citizen_takes_their_own_document_unless_it_is_held_back(papers: Papers) -> None:
    place = papers.place
    papers.kept(pdf(700))
    with place.vault.reading(OPERATOR) as ctx:
        record_id = ctx.session.scalars(select(Record.record_id).where(Record.category == "document")).one()
    own: dict[str, Any] = {"actor": place.citizen, "citizen_id": place.citizen_id, "record_id": record_id}
    answer = open_own(place.vault, **own)
    assert isinstance(answer, tuple)
    assert b"".join(answer[1].read(0, 700)) == pdf(700)
    (line,) = lines(place, Event.RECORD_EXPORTED)
    assert line.facts["file"] == "document"
    with place.vault.transaction(OPERATOR) as ctx:
        ctx.session.add(
            HeldBack(
                citizen_id=place.citizen_id,
                record_id=record_id,
                until=ctx.now + timedelta(days=9),
                authority="DPA 2018",
                sealed_reason=b"",
                approved_first=uuid.uuid4(),
                approved_second=uuid.uuid4(),
            )
        )
        note(ctx, Event.RECORD_HELD_BACK, citizen_id=place.citizen_id)
    with pytest.raises(NotFoundError):
        open_own(place.vault, **own)


def test_an_officer_of_the_service_opens_what_is_shared_and_one_of_another_does_not(papers: Papers) -> None:
    place, body = papers.place, pdf(900)
    papers.kept(body)
    with place.vault.transaction(OPERATOR) as ctx:
        record_id = ctx.session.scalars(select(Record.record_id).where(Record.category == "document")).one()
        (grant,) = grants.of_citizen(ctx, citizen_id=place.citizen_id)
        label, council = StaffLabel("Aisha", "senior carer", "north"), place.home_care_organisation
        ours, others = (
            accounts.make(
                ctx, role=Role.OFFICER, organisation_id=council, service_id=service.service_id, label=label
            ).actor()
            for service in (place.home_care, place.council_tax)
        )
    answer = access.open_as_officer(place.vault, actor=ours, grant_id=grant.grant_id, record_id=record_id)
    assert isinstance(answer, tuple)
    assert b"".join(answer[1].read(0, 900)) == body
    assert lines(place, Event.RECORD_OPENED)[0].who.role == "senior carer"
    with pytest.raises(NotFoundError):
        access.open_as_officer(place.vault, actor=others, grant_id=grant.grant_id, record_id=record_id)
