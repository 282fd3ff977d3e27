"""The FHIR face: what was granted and nothing else, as resources that another's library takes, each look logged."""

from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.capabilitystatement import CapabilityStatement
from fhir.resources.R4B.operationoutcome import OperationOutcome
from requests import Response
from requests_oauth2client import DPoPToken

from audit.events import Event
from tests.protocol import granted
from tests.service_world import ACTOR, SEVEN, VALUES, World, names, world
from vault import records, trail
from vault.access import read_own
from vault.context import OPERATOR
from vault.exporting.fhir_types import IN_RESOURCE
from vault.release import Release

GIVEN = names(SEVEN) - {"gp.practice", "medication.dose"}


@pytest.fixture
def there(tmp_path: Path, database_url: str) -> Iterator[World]:
    """A world on each database."""
    with world(tmp_path, database_url) as made:
        yield made


@pytest.fixture(scope="module")
def token(place: World) -> DPoPToken:
    return token_of(place)


def token_of(place: World) -> DPoPToken:
    made = granted(place, GIVEN)
    assert place.session.get(f"{place.issuer}/api/v1/records", auth=made, headers=ACTOR, timeout=10).ok
    return made


def ask(place: World, token: DPoPToken, path: str, headers: dict[str, str] | None = None) -> Response:
    sent = ACTOR if headers is None else headers
    return place.session.get(f"{place.issuer}/fhir/{path}", auth=token, headers=sent, timeout=10)


def resources(answer: Response) -> list[dict[str, Any]]:
    assert answer.status_code == HTTPStatus.OK, answer.text
    assert answer.headers["Content-Type"] == "application/fhir+json"
    told = answer.json()
    Bundle.model_validate(told)
    return [entry["resource"] for entry in told["entry"] if entry["search"]["mode"] == "match"]


def test_medicines_are_statements_about_the_patient_and_only_what_was_granted_is_said(there: World) -> None:
    token = token_of(there)
    (patient,) = resources(ask(there, token, "Patient"))
    assert [name["text"] for name in patient["name"]] == ["Doris Pritchard", "Dot"]
    assert "generalPractitioner" not in patient
    answer = ask(there, token, f"MedicationStatement?patient=Patient/{patient['id']}")
    (medicine,) = resources(answer)
    assert medicine["medicationCodeableConcept"] == {"text": "Apixaban"}
    assert medicine["subject"] == {"reference": f"Patient/{patient['id']}"}
    assert VALUES["medication"]["medication.dose"] not in answer.text
    with there.vault.reading(OPERATOR) as ctx:
        newest = trail.of_citizen(ctx, citizen_id=there.citizen_id, limit=1)[0]
    assert (newest.event, list(newest.fields)) == (Event.RECORD_OPENED, ["medication.name"])
    assert answer.headers["Vault-Log-Receipt"]


def test_one_resource_is_read_by_the_name_it_was_found_under(place: World, token: DPoPToken) -> None:
    (found,) = resources(ask(place, token, "AllergyIntolerance"))
    answer = ask(place, token, f"AllergyIntolerance/{found['id']}")
    assert answer.json() == found
    assert answer.headers["ETag"] == f'W/"{found["meta"]["versionId"]}"'
    read = place.session.get(f"{place.issuer}/api/v1/records", auth=token, headers=ACTOR, timeout=10).json()
    assert found["id"] in {record["id"] for record in read["records"]}
    assert place.citizen_id.hex not in answer.text


def test_what_is_dangerous_to_miss_is_said_where_there_is_no_resource(there: World) -> None:
    token = token_of(there)
    wanted = frozenset({"allergy"})
    own = read_own(there.vault, actor=there.citizen, citizen_id=there.citizen_id, categories=wanted)
    assert isinstance(own, Release)
    (allergy,) = own.unseal().records
    with there.vault.transaction(OPERATOR) as ctx:
        records.mark_mistaken(ctx, citizen_id=there.citizen_id, record_id=allergy.record_id)
    answer = ask(there, token, "AllergyIntolerance")
    assert resources(answer) == []
    (entry,) = answer.json()["entry"]
    OperationOutcome.model_validate(entry["resource"])
    assert entry["search"] == {"mode": "outcome"}
    assert entry["resource"]["issue"][0]["diagnostics"].startswith("allergy.to_what: not-recorded")


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("Condition", HTTPStatus.FORBIDDEN, "forbidden"),  # nothing of it was granted
        ("Medication", HTTPStatus.NOT_FOUND, "not-found"),
        ("Patient/" + "0" * 32, HTTPStatus.NOT_FOUND, "not-found"),
        ("Patient?patient=" + "0" * 32, HTTPStatus.NOT_FOUND, "not-found"),
        ("Patient?name=Doris", HTTPStatus.UNPROCESSABLE_ENTITY, "invalid"),
    ],
)
def test_a_no_is_an_operation_outcome(place: World, token: DPoPToken, path: str, status: HTTPStatus, code: str) -> None:
    answer = ask(place, token, path)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/fhir+json"
    OperationOutcome.model_validate(answer.json())
    assert answer.json()["issue"][0]["code"] == code
    assert "Doris" not in answer.text


def test_nobody_looks_without_a_token_or_without_a_name(place: World, token: DPoPToken) -> None:
    stranger = place.session.get(f"{place.issuer}/fhir/Patient", timeout=10)
    assert stranger.status_code == HTTPStatus.UNAUTHORIZED
    assert stranger.headers["WWW-Authenticate"].startswith("DPoP ")
    assert stranger.json()["issue"][0]["code"] == "login"
    assert ask(place, token, "Patient", headers={}).status_code == HTTPStatus.FORBIDDEN


def test_the_statement_of_what_is_offered_is_sound_and_names_every_type(place: World) -> None:
    told = place.session.get(f"{place.issuer}/fhir/metadata", timeout=10).json()
    CapabilityStatement.model_validate(told)
    assert {one["type"] for one in told["rest"][0]["resource"]} == set(IN_RESOURCE)
