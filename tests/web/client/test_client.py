"""The client for services, against a real server: every method, and every error that a service can act on."""

import json
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from joserfc.jwk import ECKey, OKPKey, RSAKey

from tests.service_world import BACK, HOME_CARE, PAPER, PAPERS, PERSON, SEVEN, STRANGER, VALUES, VISITS, World, names
from tests.visiting import browser_of, walk
from vault import grants, services
from vault.context import OPERATOR
from vault.kinds import ServiceStatus
from web.client import (
    Acting,
    AnswerUnsoundError,
    BadRequestError,
    DeniedError,
    KeyFileError,
    NoAnswerError,
    NotFoundError,
    PendingError,
    ProblemError,
    ProofKey,
    RefusedError,
    RequestExpiredError,
    ServerError,
    ServiceKey,
    SignInRefusedError,
    TokenEndedError,
    VaultClient,
    VersionPassedError,
    WaitError,
    Wanted,
)
from web.client.errors import problem
from web.client.sending import Sender

Make = Callable[..., VaultClient]
CARER = Acting("hc-0417", "care-worker", "north")
TWO = frozenset({"medication.name", "identity.name"})
ALL = names(SEVEN)


def wanted(purpose: str = HOME_CARE) -> Wanted:
    return Wanted(purpose, fields=sorted(ALL), reason="So that your carers know your medicines.")


def test_it_asks_waits_reads_refreshes_and_gives_back(place: World, client: Make) -> None:
    waits: list[float] = []

    def decide(seconds: float) -> None:
        waits.append(seconds)
        place.decide(TWO)

    service = client(sleep=decide)
    token = service.wait(service.ask(PERSON, wanted(), message="K 31"))
    assert waits == [5]
    assert set(token.fields) == TWO
    answer = service.read(token, acting=CARER)
    assert answer is not None
    values = {name: value for record in answer.records for name, value in record.fields.items()}
    assert values == {name: VALUES[name.partition(".")[0]][name] for name in TWO}
    assert answer.states["medication.name"].kind == "value"
    assert answer.receipt
    assert service.read(token, acting=CARER, tag=answer.tag) is None
    fresh = service.refresh(token)
    assert (fresh.subject, fresh.grant_id, fresh.fields) == (token.subject, token.grant_id, token.fields)
    service.give_back(fresh)
    with pytest.raises(TokenEndedError) as ended:
        service.refresh(token)
    assert ended.value.remedy == "Ask the person again."


def test_a_present_person_decides_and_comes_back_with_a_token(place: World, client: Make) -> None:
    service = client()
    visit = service.begin(wanted(), redirect_uri=BACK)
    query = dict(parse_qsl(urlsplit(visit.address).query))
    back = walk(browser_of(place), query["client_id"], query["request_uri"], TWO).location
    with pytest.raises(AnswerUnsoundError):
        service.finish(visit, str(back).replace(place.issuer.rpartition(":")[2], "1"))
    token = service.finish(visit, str(back))
    assert set(token.fields) == TWO
    service.revoke(token)
    with pytest.raises(TokenEndedError):
        service.refresh(token)
    service.give_back(token)


def test_it_writes_back_once_for_each_key_and_puts_right_on_the_version_it_read(place: World, client: Make) -> None:
    service = client(sleep=lambda _seconds: place.decide(ALL))
    token = service.wait(service.ask(PERSON, wanted(VISITS)))
    fields = {"care_visit.tasks": "Breakfast"}
    first = service.add(token, fields, acting=CARER, as_of=date(2026, 11, 20), key="visit-0001")
    assert service.add(token, fields, acting=CARER, as_of=date(2026, 11, 20), key="visit-0001").id == first.id
    newer = service.put_right(token, first, {"care_visit.tasks": "Lunch"}, reason="It was noon.", acting=CARER)
    assert newer.version == first.version + 1
    with pytest.raises(VersionPassedError):
        service.put_right(token, first, {"care_visit.tasks": "Tea"}, reason="It was later.", acting=CARER)
    with pytest.raises(BadRequestError) as reused:
        service.add(token, {"care_visit.tasks": "Supper"}, acting=CARER, key="visit-0001")
    assert reused.value.code == "idempotency_key_reused"
    told = service.report(
        token, ["medication.name"], recipient="Harbour", why="To plan.", on=date(2026, 11, 20), acting=CARER
    )
    assert told
    service.give_back(token)


def test_it_sends_a_document_and_fetches_it_whole_or_not_at_all(place: World, client: Make, tmp_path: Path) -> None:
    service = client(sleep=lambda _seconds: place.decide(PAPER))
    token = service.wait(service.ask(PERSON, Wanted(PAPERS, fields=["document.file"])))
    sent, came = tmp_path / "plan.pdf", tmp_path / "came.pdf"
    sent.write_bytes(b"%PDF-1.7\n" + b"A plan. " * 300_000)
    item = service.add(token, {"document.file": "Plan"}, acting=CARER)
    newer = service.send_document(token, item, sent, media_type="application/pdf", acting=CARER, key="plan-0001")
    assert newer.version == item.version + 1
    again = service.send_document(token, item, sent, media_type="application/pdf", acting=CARER, key="plan-0001")
    assert again.version == newer.version
    assert service.fetch_document(token, item.id, came, acting=CARER)
    assert (came.read_bytes() == sent.read_bytes(), came.stat().st_mode & 0o077) == (True, 0)
    with pytest.raises(VersionPassedError):
        service.send_document(token, item, sent, media_type="application/pdf", acting=CARER)
    with pytest.raises(BadRequestError):
        service.send_document(token, newer, sent, media_type="image/png", acting=CARER)
    with pytest.raises(NotFoundError):
        service.fetch_document(token, "0" * 32, came, acting=CARER)
    assert not list(tmp_path.glob(".*"))
    service.give_back(token)


def test_a_document_that_is_cut_off_leaves_nothing_behind(tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:

        def cut() -> None:
            line, _address = server.accept()
            with line:
                line.recv(65536)
                line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nA part")

        thread = threading.Thread(target=cut)
        thread.start()
        sender = Sender(f"http://127.0.0.1:{server.getsockname()[1]}")
        with pytest.raises(NoAnswerError):
            sender.fetch(f"{sender.issuer}/x", tmp_path / "came.pdf", headers={})
        thread.join()
    assert not list(tmp_path.iterdir())


def test_it_reads_page_by_page(place: World, client: Make) -> None:
    service = client(sleep=lambda _seconds: place.decide(ALL))
    token = service.wait(service.ask(PERSON, wanted()))
    seen, after = [], ""
    while True:
        page = service.read(token, acting=CARER, limit=3, after=after)
        assert page is not None
        seen += [record.id for record in page.records]
        after = page.next_page
        if not after:
            break
    assert len(set(seen)) == len(seen) == len(VALUES)
    service.give_back(token)


def test_it_reads_many_people_stream_after_stream(place: World, client: Make) -> None:
    service = client(sleep=lambda _seconds: place.decide(ALL))
    token = service.wait(service.ask(PERSON, wanted("care-reminders")))
    people = list(service.read_many("care-reminders", fields=["medication.name"], limit=1))
    assert [person.subject for person in people] == [token.subject]
    assert people[0].read is not None
    assert people[0].read.records[0].fields == {"medication.name": "Apixaban"}
    service.give_back(token)
    assert list(service.read_many("care-reminders")) == []


def test_each_no_is_an_error_of_its_own_with_its_remedy(place: World, client: Make) -> None:
    service = client()
    with pytest.raises(BadRequestError) as beyond:
        service.ask(PERSON, Wanted(HOME_CARE, fields=["benefits.kind"]))
    assert beyond.value.code == "invalid_authorization_details"
    assert beyond.value.remedy.startswith("Ask for less")
    with pytest.raises(PendingError):
        service.wait(service.ask(STRANGER, wanted()), seconds=1)
    asked = service.ask(PERSON, wanted())
    place.decide(frozenset())
    with pytest.raises(DeniedError):
        service.poll(asked)
    other = VaultClient(place.issuer, "home-care", ServiceKey.of(_jwk(ECKey.generate_key("P-256"))))
    with pytest.raises(SignInRefusedError):
        other.ask(PERSON, wanted())


def test_a_field_beyond_the_grant_a_stopped_share_and_another_key_are_told_apart(place: World, client: Make) -> None:
    service = client(sleep=lambda _seconds: place.decide(TWO))
    token = service.wait(service.ask(PERSON, wanted()))
    with pytest.raises(RefusedError) as beyond:
        service.read(token, fields=["gp.practice"], acting=CARER)
    assert beyond.value.missing == ("gp.practice",)
    assert "Apixaban" not in str(beyond.value)
    with pytest.raises(TokenEndedError):
        client().read(token, acting=CARER)  # another key
    with place.vault.transaction(place.citizen) as ctx:
        held = grants.of_citizen(ctx, citizen_id=place.citizen_id)
        live = next(one for one in held if one.is_live)
        grants.withdraw(ctx, citizen_id=place.citizen_id, grant_id=live.grant_id)
    with pytest.raises(TokenEndedError) as ended:
        service.read(token, acting=CARER)
    assert ended.value.remedy.startswith("Refresh it")


def test_a_restarted_service_goes_on_with_the_proof_key_it_kept(place: World, client: Make) -> None:
    service = client(sleep=lambda _seconds: place.decide(TWO))
    token = service.wait(service.ask(PERSON, wanted()))
    kept = json.loads(json.dumps(service.proof_key.as_dict()))
    later = client(proof_key=ProofKey.of(kept))
    assert later.read(later.refresh(token), acting=CARER) is not None
    service.give_back(token)


def test_a_suspended_service_is_told_so(place: World, client: Make) -> None:
    with place.vault.transaction(OPERATOR) as ctx:
        services.set_status(ctx, slug="home-care", status=ServiceStatus.SUSPENDED)
    try:
        with pytest.raises(SignInRefusedError):
            client().ask(PERSON, wanted())
    finally:
        with place.vault.transaction(OPERATOR) as ctx:
            services.set_status(ctx, slug="home-care", status=ServiceStatus.ACTIVE)


def test_nobody_there_and_an_answer_that_is_no_vaults_are_errors_of_their_own(key_file: Path, place: World) -> None:
    key = ServiceKey.load(key_file)
    with closing(socket.create_server(("127.0.0.1", 0))) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(NoAnswerError):
        VaultClient(f"http://127.0.0.1:{port}", "home-care", key).ask(PERSON, wanted())
    with pytest.raises(ValueError, match="https"):
        VaultClient("http://vault.example.org", "home-care", key)
    with pytest.raises(NotFoundError):
        VaultClient(f"{place.issuer}/elsewhere", "home-care", key).ask(PERSON, wanted())


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("expired_token", 400, RequestExpiredError),
        ("too_fast", 429, WaitError),
        ("overloaded", 503, WaitError),
        ("internal_error", 500, ServerError),
        ("malformed_request", 400, BadRequestError),
        ("no_code", 502, ServerError),
    ],
)
def test_the_rest_of_the_codes_have_their_class(code: str, status: int, kind: type[ProblemError]) -> None:
    told = problem(code, status, "words", {"retry_after": "7"})
    assert type(told) is kind
    assert (told.retry_after, bool(told.remedy)) == (7, True)


def _jwk(key: ECKey | OKPKey | RSAKey) -> Mapping[str, Any]:
    return dict(key.as_dict(private=True))


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (ECKey.generate_key("P-256"), "ES256"),
        (OKPKey.generate_key("Ed25519"), "Ed25519"),
        (RSAKey.generate_key(2048), "PS256"),
    ],
)
def test_it_signs_with_every_kind_of_key_that_the_vault_takes(
    place: World, key: ECKey | OKPKey | RSAKey, algorithm: str
) -> None:
    with place.vault.transaction(OPERATOR) as ctx:
        before = services.by_slug(ctx, slug="council-tax").jwks
        services.change_keys(ctx, slug="council-tax", jwks={"keys": [dict(key.as_dict(private=False))]})
    service = VaultClient(place.issuer, "council-tax", made := ServiceKey.of(_jwk(key)))
    assert made.algorithm == algorithm
    with pytest.raises(RefusedError) as proven:  # and then told that this is none of its purposes
        service.ask(PERSON, wanted())
    assert proven.value.remedy.startswith("Ask for a purpose")
    with place.vault.transaction(OPERATOR) as ctx:
        services.change_keys(ctx, slug="council-tax", jwks=dict(before))


@pytest.mark.parametrize(
    "held", ["no json", "{}", '{"kty": "EC"}', '{"kty": "oct", "k": "AAAA", "d": "AAAA"}', '{"keys": []}']
)
def test_a_file_that_holds_no_private_key_is_refused_without_quoting_it(tmp_path: Path, held: str) -> None:
    path = tmp_path / "key.json"
    path.write_text(held, encoding="utf-8")
    path.chmod(0o600)
    with pytest.raises(KeyFileError) as refused:
        ServiceKey.load(path)
    assert "AAAA" not in str(refused.value)


def test_a_key_file_that_others_may_read_is_refused(key_file: Path) -> None:
    key_file.chmod(0o640)
    with pytest.raises(KeyFileError, match="chmod 600"):
        ServiceKey.load(key_file)


def test_nothing_secret_shows_when_values_are_printed(place: World, client: Make) -> None:
    service = client(sleep=lambda _seconds: place.decide(TWO))
    asked = service.ask(PERSON, wanted())
    token = service.wait(asked)
    shown = f"{asked} {token} {service.proof_key} {service.read(token, acting=CARER)}"
    for secret in (asked.auth_req_id, token.access_token, token.refresh_token, service.proof_key.as_dict()["d"]):
        assert secret not in shown
    assert "Apixaban" not in shown
    service.give_back(token)


def test_names_beyond_ascii_and_quotes_reach_the_log_as_they_are(place: World, client: Make) -> None:
    service = client(sleep=lambda _seconds: place.decide(TWO))
    token = service.wait(service.ask(PERSON, wanted()))
    for team in ("Gofal Môn", 'the "north" \\ team', "50%"):
        assert service.read(token, acting=Acting("hc-1", "care-worker", team)) is not None
    service.give_back(token)
