"""A hospital delivers a discharge document: put away as an import would, and answered alike whoever it is about."""

import base64
import copy
import json
import uuid
from collections.abc import Iterator
from datetime import date
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
import requests
from requests_oauth2client import DPoPKey, DPoPToken
from requests_oauth2client.exceptions import OAuth2Error
from sqlalchemy import func, select

from audit.events import Event
from tests.paper_world import pdf
from tests.service_world import HOME_CARE, RECEIVE, Service, World, world
from vault import access, citizens, deliveries, services, trail
from vault.access import read_own
from vault.context import OPERATOR, Context
from vault.holding import hold
from vault.journal import note
from vault.kinds import ServiceStatus
from vault.models import Citizen, Delivery, DeliveryToken, Record, SpentProof, UnmatchedItem
from vault.release import Release
from web.api.documents import AT_ONCE, entered
from web.api.jose import sha256_base64url

NUMBER, BORN = "9912003888", date(1944, 3, 2)
LETTER = pdf(30_000)
FHIR = "application/fhir+json"
XHTML = "http://www.w3.org/1999/xhtml"


@pytest.fixture
def there(tmp_path: Path, database_url: str) -> Iterator[World]:
    """A world on each database, whose citizen the NHS knows by number and birth date."""
    with world(tmp_path, database_url) as made:
        known_to_the_nhs(made)
        yield made


@pytest.fixture(scope="module")
def known(place: World) -> World:
    known_to_the_nhs(place)
    return place


def known_to_the_nhs(place: World) -> None:
    with place.vault.transaction(OPERATOR) as ctx:
        citizens.add_identity(ctx, citizen_id=place.citizen_id, nhs_number=NUMBER, birth_date=BORN)
        note(ctx, Event.CITIZEN_LINKED, citizen_id=place.citizen_id)


def asked(purpose: str = RECEIVE) -> str:
    return json.dumps([{"type": "vault_delivery", "purpose": purpose}])


def token_of(place: World, service: Service | None = None, purpose: str = RECEIVE) -> DPoPToken:
    token = place.client(service).client_credentials(authorization_details=asked(purpose))
    assert isinstance(token, DPoPToken)
    return token


def discharge(name: str = "Doris Pritchard", number: str = NUMBER, born: date = BORN, **changed: Any) -> dict[str, Any]:
    """A discharge document with a letter as a PDF."""
    patient = {
        "resourceType": "Patient",
        "id": "p1",
        "identifier": [{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": number}],
        "name": [{"family": name.split()[1], "given": [name.split(maxsplit=1)[0]]}],
        "birthDate": born.isoformat(),
    }
    section = {
        "title": "Plan and requested actions",
        "code": {"coding": [{"system": "https://fhir.nhs.uk/headings", "code": "plan-and-requested-actions"}]},
        "text": {
            "status": "additional",
            "div": "<div xmlns='http://www.w3.org/1999/xhtml'><p>Nurse on Friday</p></div>",
        },
    }
    subject = {"reference": "urn:uuid:p1"}
    composition = {
        "resourceType": "Composition",
        "id": "c1",
        "status": "final",
        "type": {"coding": [{"system": "http://snomed.info/sct", "code": "373942005", "display": "Discharge summary"}]},
        "subject": subject,
        "date": "2026-11-20",
        "title": "Discharge summary",
        "section": [section],
    }
    attachment = {"contentType": "application/pdf", "url": "urn:uuid:b1", "title": "Discharge letter"}
    reference = {
        "resourceType": "DocumentReference",
        "id": "d1",
        "status": "current",
        "subject": subject,
        "date": "2026-11-20T10:00:00Z",
        "content": [{"attachment": attachment}],
    }
    binary = {
        "resourceType": "Binary",
        "id": "b1",
        "contentType": "application/pdf",
        "data": base64.b64encode(LETTER).decode(),
    }
    held = [("c1", composition), ("p1", patient), ("d1", reference), ("b1", binary)]
    entries = [{"fullUrl": f"urn:uuid:{one}", "resource": resource} for one, resource in held]
    bundle = {
        "resourceType": "Bundle",
        "type": "document",
        "identifier": {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{uuid.uuid4()}"},
        "timestamp": "2026-11-20T10:00:00Z",
        "entry": entries,
    }
    return {**bundle, **changed}


def unmatched() -> dict[str, Any]:
    """A discharge document whose subject is nowhere."""
    bundle = discharge()
    bundle["entry"] = [each for each in bundle["entry"] if each["resource"]["resourceType"] != "Patient"]
    return bundle


def deliver(place: World, token: DPoPToken, bundle: Any, kind: str = FHIR) -> requests.Response:
    body = bundle if isinstance(bundle, bytes) else json.dumps(bundle).encode()
    return requests.post(f"{place.issuer}/fhir", data=body, auth=token, headers={"Content-Type": kind}, timeout=60)


def own(place: World, category: str) -> list[Any]:
    answer = read_own(place.vault, actor=place.citizen, citizen_id=place.citizen_id, categories=frozenset({category}))
    assert isinstance(answer, Release)
    return list(answer.unseal().records)


def count(place: World, model: Any) -> int:
    with place.vault.reading(OPERATOR) as ctx:
        return ctx.session.scalar(select(func.count()).select_from(model)) or 0


def test_a_discharge_document_is_its_persons_with_its_letter_and_they_see_who_added_it(there: World) -> None:
    answer = deliver(there, token_of(there), discharge())
    assert answer.status_code == HTTPStatus.ACCEPTED
    assert answer.headers["Content-Type"] == FHIR
    assert answer.json()["issue"][0]["severity"] == "information"
    assert own(there, "document") == []
    assert deliveries.take_due(there.vault) == 1
    assert [one.fields["hospital_stay.plan"] for one in own(there, "hospital_stay")] == ["Nurse on Friday"]
    (paper,) = [one for one in own(there, "document") if one.document]
    assert paper.fields["document.file"]["title"] == "Discharge letter"
    opened = access.open_own(there.vault, actor=there.citizen, citizen_id=there.citizen_id, record_id=paper.record_id)
    assert isinstance(opened, tuple)
    assert b"".join(opened[1].read(0, paper.document.size)) == LETTER
    with there.vault.reading(OPERATOR) as ctx:
        line = next(
            one
            for one in trail.of_citizen(ctx, citizen_id=there.citizen_id, limit=20)
            if one.event == Event.RECORD_WRITTEN and one.purpose_name
        )
    assert line.who.service_name == "Home-Care"
    assert "document" in line.facts["categories"]
    assert count(there, Citizen) == 1
    with there.vault.snapshot(OPERATOR) as ctx:
        assert hold(ctx.session).defects == ()


def test_what_is_answered_is_the_same_for_somebody_known_unknown_and_not_to_be_told_apart(there: World) -> None:
    token = token_of(there)
    deliver(there, token, discharge())  # the nonce is known from here on
    answers = [
        deliver(there, token, bundle) for bundle in (discharge(), discharge("Ann Other", "9990000018"), unmatched())
    ]
    assert {answer.status_code for answer in answers} == {HTTPStatus.ACCEPTED}
    assert len({answer.content for answer in answers}) == 1
    assert len({tuple(sorted(answer.headers)) for answer in answers}) == 1
    before = count(there, Record)
    assert deliveries.take_due(there.vault) == 4
    assert count(there, Record) > before
    assert count(there, UnmatchedItem) == 3


def test_the_same_bundle_again_changes_nothing_and_another_under_its_identifier_is_refused(there: World) -> None:
    token, bundle = token_of(there), discharge()
    first, again = deliver(there, token, bundle), deliver(there, token, bundle)
    assert (first.status_code, first.content) == (again.status_code, again.content)
    assert deliveries.take_due(there.vault) == 1
    held = count(there, Record)
    assert deliver(there, token, bundle).status_code == HTTPStatus.ACCEPTED
    assert deliveries.take_due(there.vault) == 0
    fresh = {**bundle, "identifier": {"value": "another"}}
    assert deliver(there, token, fresh).status_code == HTTPStatus.ACCEPTED
    assert deliveries.take_due(there.vault) == 1
    assert count(there, Record) == held
    changed = copy.deepcopy(bundle)
    changed["entry"][0]["resource"]["title"] = "Something else"
    other = deliver(there, token, changed)
    assert (other.status_code, other.json()["issue"][0]["code"]) == (HTTPStatus.CONFLICT, "conflict")


UNSOUND: dict[str, tuple[Any, str, int, str]] = {
    "no JSON": (b"{", FHIR, 400, "malformed_request"),
    "a name twice": (b'{"resourceType": "Bundle", "resourceType": "Bundle"}', FHIR, 400, "malformed_request"),
    "no FHIR": ({"hello": 1}, FHIR, 400, "malformed_request"),
    "one resource": ({"resourceType": "Patient"}, FHIR, 422, "unsupported"),
    "a transaction": (discharge(type="transaction"), FHIR, 422, "unsupported"),
    "no identifier": (discharge(identifier=None), FHIR, 422, "unsupported"),
    "no composition first": (discharge(entry=discharge()["entry"][1:]), FHIR, 422, "unsupported"),
    "nothing to keep": (discharge(entry=[{"resource": {"resourceType": "Composition"}}]), FHIR, 422, "unsupported"),
    "XML": (b"<Bundle/>", "application/fhir+xml", 415, "wrong_media_type"),
}


@pytest.mark.parametrize("case", UNSOUND)
def test_what_is_not_as_described_is_refused_as_an_outcome_and_kept_nowhere(known: World, case: str) -> None:
    body, kind, status, code = UNSOUND[case]
    before = count(known, Delivery)
    answer = deliver(known, token_of(known), body, kind)
    issue = answer.json()["issue"][0]
    assert (answer.status_code, issue["details"]["text"]) == (status, code)
    assert (answer.json()["resourceType"], answer.headers["Content-Type"]) == ("OperationOutcome", FHIR)
    assert count(known, Delivery) == before


def by_hand(place: World, handle: str, key: DPoPKey, nonce: str, **changed: str) -> requests.Response:
    proof = key.proof(htm="POST", htu=f"{place.issuer}/fhir", ath=sha256_base64url(handle), nonce=nonce)
    headers = {"Content-Type": FHIR, "Authorization": f"DPoP {handle}", "DPoP": str(proof), **changed}
    return requests.post(f"{place.issuer}/fhir", json=discharge(), headers=headers, timeout=30)


def test_only_a_token_of_its_own_kind_key_and_hour_delivers(known: World) -> None:
    token = token_of(known)
    nonce = deliver(known, token, discharge()).headers["DPoP-Nonce"]
    handle, key = token.access_token, token.dpop_key
    before, kept = count(known, Delivery), count(known, SpentProof)
    stolen = by_hand(known, handle, DPoPKey.generate(), nonce)
    unknown = by_hand(known, "x" * 43, key, nonce)
    assert count(known, SpentProof) == kept, "who has no token of theirs writes nothing"
    bearer = by_hand(known, handle, key, nonce, Authorization=f"Bearer {handle}")
    assert {answer.status_code for answer in (stolen, unknown, bearer)} == {HTTPStatus.UNAUTHORIZED}
    assert stolen.content == unknown.content
    with known.vault.transaction(OPERATOR) as ctx:
        row = ctx.session.scalars(select(DeliveryToken).order_by(DeliveryToken.issued_at.desc())).first()
        assert row is not None
        row.expires_at = ctx.now
    assert by_hand(known, handle, key, nonce).status_code == HTTPStatus.UNAUTHORIZED
    assert count(known, Delivery) == before


@pytest.mark.parametrize("details", ["[]", "{", asked(HOME_CARE), asked("unknown"), '[{"type": "vault_access"}]'])
def test_a_token_to_deliver_is_for_a_purpose_that_receives_by_law_alone(known: World, details: str) -> None:
    with pytest.raises(OAuth2Error) as refused:
        known.client().client_credentials(authorization_details=details)
    assert "invalid_authorization_details" in str(refused.value.response.text)


def test_another_service_that_is_not_registered_for_it_gets_no_token(known: World) -> None:
    with pytest.raises(OAuth2Error) as refused:
        token_of(known, known.council_tax)
    assert "invalid_authorization_details" in str(refused.value.response.text)


def test_a_suspension_counts_from_the_next_call(there: World) -> None:
    token = token_of(there)
    nonce = deliver(there, token, discharge()).headers["DPoP-Nonce"]
    with there.vault.transaction(OPERATOR) as ctx:
        services.set_status(ctx, slug="home-care", status=ServiceStatus.SUSPENDED)
    answer = by_hand(there, token.access_token, token.dpop_key, nonce)
    assert answer.status_code == HTTPStatus.UNAUTHORIZED


def test_what_cannot_be_put_away_is_tried_again_and_stops_nothing_else(there: World) -> None:
    token = token_of(there)
    assert deliver(there, token, discharge()).ok
    with there.vault.db.write.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE unmatched_items RENAME TO hidden_for_now")
    assert deliver(there, token, unmatched()).ok
    assert deliveries.take_due(there.vault) == 1
    with there.vault.transaction(OPERATOR) as ctx:
        row = ctx.session.scalars(select(Delivery).where(Delivery.sealed.is_not(None))).one()
        row.tries, row.due_at = 400, ctx.now  # days later
    assert deliveries.take_due(there.vault) == 0
    with there.vault.db.write.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE hidden_for_now RENAME TO unmatched_items")
    assert deliveries.take_due(there.vault) == 0
    with there.vault.transaction(OPERATOR) as ctx:
        row = ctx.session.scalars(select(Delivery).where(Delivery.sealed.is_not(None))).one()
        assert row.tries == 401
        assert row.due_at is not None  # never given up
        row.due_at = ctx.now
    assert deliveries.take_due(there.vault) == 1
    with there.vault.transaction(OPERATOR) as ctx:
        deliveries.sweep(Context(ctx.session, ctx.vault, ctx.now + deliveries.REMEMBERED * 2, ctx.actor))
    assert (count(there, Delivery), count(there, DeliveryToken)) == (0, 0)


def test_only_so_many_are_read_at_once_and_the_next_is_told_to_come_again(known: World) -> None:
    token, busy = token_of(known), []
    with known.app.app_context():
        busy = [entered() for _ in range(AT_ONCE)]
    answer = deliver(known, token, discharge())
    for leave in busy:
        leave()
    assert (answer.status_code, answer.json()["resourceType"]) == (HTTPStatus.SERVICE_UNAVAILABLE, "OperationOutcome")
    assert deliver(known, token, discharge()).ok


def test_the_capability_statement_and_the_description_name_where_to_deliver(known: World) -> None:
    statement = requests.get(f"{known.issuer}/fhir/metadata", timeout=10).json()
    assert statement["document"][0]["mode"] == "consumer"
    described = requests.get(f"{known.issuer}/api/v1/openapi.json", timeout=10).json()
    assert "post" in described["paths"]["/fhir"]
    assert "get" in described["paths"]["/fhir/{kind}"]


@pytest.mark.realdata
def test_the_uk_patient_summary_is_somebodys_of_its_own_for_its_number_has_a_bad_check_digit(
    there: World, shared_data: Path
) -> None:
    path = shared_data / "uk-patient-summary" / "Bundle-ukps-basic-summary.json"
    assert deliver(there, token_of(there), path.read_bytes()).status_code == HTTPStatus.ACCEPTED
    assert deliveries.take_due(there.vault) == 1
    assert count(there, Citizen) == 2
    assert own(there, "condition") == []
