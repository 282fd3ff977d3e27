"""A FHIR R4 face of the read: the granted items of the token's citizen as resources, through the same door.

Each call asks for what the grant holds of the categories behind one resource type, is decided, counted and logged like
every other look. What is dangerous to miss is said in an OperationOutcome beside the resources: never an empty list.
"""

from typing import Any, Final
from uuid import UUID

import orjson
from flask import Blueprint, Flask, Response, current_app, request

from vault import access
from vault.errors import InvalidInputError, NotFoundError
from vault.exporting.fhir_types import IN_RESOURCE, of_type
from vault.release import Opened, Refusal, Release
from web.api import openapi, reading, receipts
from web.api.edge import Edge, edge
from web.api.fhir_metadata import capability_statement, described_as_read
from web.api.pace import Tally
from web.api.proofs import nonce_of, shown_proof, shown_token
from web.errors import FHIR, operation_outcome
from web.limits import limiter
from web.session import csrf

PREFIX: Final = "/fhir"
KEPT_SECONDS: Final = 300

blueprint = Blueprint("fhir", __name__, url_prefix=PREFIX)
limiter.limit(lambda: str(current_app.config["RECORDS_CALLS"]))(blueprint)


def init_app(app: Flask) -> None:
    """Offer the resources; a token and its proof count here, no cookie."""
    csrf.exempt(blueprint)
    app.register_blueprint(blueprint)
    told = {"get": described_as_read(sorted(IN_RESOURCE))}
    (rule,) = (each for each in app.url_map.iter_rules() if each.endpoint == "fhir.search")
    openapi.of(app).spec.path(rule=rule, operations=told)


@blueprint.get("/metadata")
def metadata() -> Response:
    """What is offered (FHIR R4, section 3.1.0.9)."""
    headers = {"Cache-Control": f"public, max-age={KEPT_SECONDS}"}
    return _json(capability_statement(edge(), sorted(IN_RESOURCE)), headers)


@blueprint.get("/<string:kind>")
def search(kind: str) -> Response:
    """Every resource of one type (FHIR R4, section 3.1.1.3)."""
    looked = _Looked.at(kind)
    if isinstance(looked, Response):
        return looked
    found = looked.resources()
    entries = [_entry(looked.here, resource) for resource in found]
    entries += [{"resource": outcome, "search": {"mode": "outcome"}} for outcome in looked.outcomes()]
    bundle = {"resourceType": "Bundle", "type": "searchset", "total": len(found), "entry": entries}
    return _json({name: held for name, held in bundle.items() if held != []}, looked.headers)


@blueprint.get("/<string:kind>/<string:name>")
def read(kind: str, name: str) -> Response:
    """One resource (FHIR R4, section 3.1.0.2)."""
    looked = _Looked.at(kind)
    if isinstance(looked, Response):
        return looked
    found = next((resource for resource in looked.resources() if resource["id"] == name), None)
    if found is None:
        raise NotFoundError("there is no such resource for this service")
    version = found.get("meta", {}).get("versionId")
    return _json(found, {**looked.headers, **({"ETag": f'W/"{version}"'} if version else {})})


class _Looked:
    """A look at one type that was allowed, logged and opened."""

    def __init__(self, here: Edge, kind: str, release: Release, patient: str, headers: dict[str, str]) -> None:
        self.here = here
        self.headers = headers
        self._kind = kind
        self._release = release
        self._patient = patient
        self._opened: Opened = release.unseal()

    @classmethod
    def at(cls, kind: str) -> "_Looked | Response":
        """
        Ask the door for what the grant holds of *kind*; a no is answered at once.

        Raises:
            NotFoundError: There is no such type here.
            InvalidInputError: A search parameter other than the patient.
        """
        here, tally = edge(), Tally.of(current_app)
        handle = shown_token()
        proof = shown_proof(handle)
        if kind not in IN_RESOURCE:
            raise NotFoundError("this type is not offered")
        wanted = _patient_asked()
        subject: list[str] = []

        def admit(service_id: UUID, citizen_id: UUID) -> None:
            tally.admit(service_id, citizen_id)
            subject.append(here.pairwise(service_id, citizen_id))

        answer = access.read_with_token(
            here.vault,
            handle=handle,
            proof=proof,
            acting=reading.acting_in(request.headers),
            fields=None,
            categories=IN_RESOURCE[kind],
            admit=admit,
        )
        if isinstance(answer, Refusal):
            made = operation_outcome(reading.status_of_refusal(answer), answer.code, answer.officer_words)
            made.headers.extend(reading.challenge_of(answer))
            return made
        if wanted and wanted != subject[0]:
            raise NotFoundError("the patient is not the token's citizen")
        promise = {receipts.HEADER: receipts.of(here.vault, answer)}
        return cls(here, kind, answer, subject[0], {**promise, **nonce_of(here), **tally.headers})

    def resources(self) -> list[dict[str, Any]]:
        """Everything of the type, each under the name that the service knows it by."""
        service_id = self._release.service_id
        if service_id is None:
            raise TypeError("a release under a token names its service")
        return of_type(
            self._kind,
            self._opened.records,
            patient=self._patient,
            name_of=lambda record_id: self.here.pairwise(service_id, record_id),
        )

    def outcomes(self) -> list[dict[str, Any]]:
        """What must be known of fields that are dangerous to miss, where there is more to say than the value."""
        told = [
            f"{name}: {state.kind}. {state.detail}".strip()
            for name, state in self._opened.states.items()
            if state.kind != "value" or state.detail
        ]
        said = [{"severity": "warning", "code": "informational", "diagnostics": words} for words in told]
        return [{"resourceType": "OperationOutcome", "issue": said}] if said else []


def _patient_asked() -> str:
    """The patient that the query names, by the name for this service; empty where it names none."""
    given = list(request.args.items(multi=True))
    if len(given) > 1 or any(name not in {"patient", "subject"} for name, _ in given):
        raise InvalidInputError("search by `patient` alone")
    return given[0][1].removeprefix("Patient/") if given else ""


def _entry(here: Edge, resource: dict[str, Any]) -> dict[str, Any]:
    address = here.url(f"{PREFIX}/{resource['resourceType']}/{resource['id']}")
    return {"fullUrl": address, "resource": resource, "search": {"mode": "match"}}


def _json(resource: dict[str, Any], headers: dict[str, str]) -> Response:
    return Response(orjson.dumps(resource), content_type=FHIR, headers={"Cache-Control": "no-store", **headers})
