"""The data API keeps to its own description, whatever is sent to it (Schemathesis, from the served document)."""

from http import HTTPStatus

from tests import described
from tests.service_world import World

OPERATIONS = {
    "GET /fhir/{kind}",
    "POST /fhir",
    "GET /api/v1/records",
    "GET /api/v1/records/{record_id}/document",
    "POST /api/v1/bulk",
    "POST /api/v1/disclosures",
    "POST /api/v1/records",
    "PUT /api/v1/records/{record_id}",
    "PUT /api/v1/records/{record_id}/document",
}


def test_the_served_description_is_kept_under_every_check(place: World) -> None:
    report = described.run(place, cases=100, whole=False)
    assert report.faults == {}
    assert report.cases >= 90
    assert report.operations == OPERATIONS
    assert {HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.UNAUTHORIZED} <= set(report.answers)
