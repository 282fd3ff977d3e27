"""``POST /fhir``: a service delivers a FHIR document under a purpose that the law lets receive.

The answer says that it came, and nothing of whom it is about: it is the same, and as quick, for somebody whom the vault
knows, somebody it does not, and somebody it cannot tell apart.
"""

from http import HTTPStatus
from typing import Final

import orjson
from flask import Flask, Response, current_app, request
from flask.views import MethodView
from flask_smorest import Blueprint

from vault import deliveries
from vault.deliveries import Parcel
from vault.importing.delivering import MOST_BYTES, UnsupportedBundleError, check
from vault.importing.strict_json import UnreadableFileError
from web.api import openapi, refusing
from web.api.described import PROOF, View, described
from web.api.documents import entered
from web.api.edge import edge
from web.api.fhir import PREFIX
from web.api.fhir_metadata import outcomes
from web.api.proofs import fresh_nonce, shown_proof, shown_token
from web.errors import FHIR, operation_outcome
from web.faults import MalformedRequestError, RequestTooLargeError, WrongMediaTypeError
from web.limits import limiter
from web.session import csrf

TYPES: Final = frozenset({FHIR, "application/json"})
_RECEIVED: Final = {
    "resourceType": "OperationOutcome",
    "issue": [
        {
            "severity": "information",
            "code": "informational",
            "details": {"text": "received"},
            "diagnostics": "it was received, and is put where it belongs",
        }
    ],
}


blueprint = Blueprint("fhir_delivery", __name__, url_prefix=PREFIX, description="Deliver a FHIR document.")
limiter.limit(lambda: str(current_app.config["RECORDS_CALLS"]))(blueprint)


def init_app(app: Flask) -> None:
    """Offer the address; a token of its own kind and its proof count here, no cookie."""
    csrf.exempt(blueprint)
    openapi.describe(app, blueprint)


def _described(view: View) -> View:
    body = {"required": True, "content": {FHIR: {"schema": {"type": "object", "description": "A document Bundle."}}}}
    statuses = {
        "202": "It was received; this says nothing of whom it is about.",
        "400": "It cannot be read: `malformed_request` names the place.",
        "401": "`token_missing`, `token_invalid`, `invalid_dpop_proof`, `use_dpop_nonce`, `replayed`.",
        "409": "`wrong_state`: another bundle came under this identifier before.",
        "413": "`request_too_large`: a bundle has at most 32 MiB.",
        "415": "`wrong_media_type`: send FHIR as JSON.",
        "422": "`unsupported`: it is no document bundle that says something to keep.",
        "429": "`too_many_requests`.",
        "500": "`internal_error`, `seal_broken`, `row_forged`: something is wrong on our side.",
        "503": "`busy` and its like: wait, and send the same again.",
    }
    return described(view, blueprint.doc(security=[{"dpop": []}], requestBody=body, responses=outcomes(statuses)))


class Deliver(MethodView):
    """Where documents are delivered."""

    @_described
    def post(self) -> Response:
        """
        Deliver a FHIR document.

        A Bundle of type `document` with an identifier of its own: a discharge summary with what it refers to, the
        letter's file in a DocumentReference or Binary. The token is got by `client_credentials` with one
        `authorization_details` object of type `vault_delivery` and your purpose. The answer is the same for everybody:
        it is put away a moment later, with the person it names for sure, or on the list of a team that finds out. The
        same bundle again changes nothing.
        """
        return deliver()


def deliver() -> Response:
    """Take a document in (FHIR R4, section 3.3); the same document again is answered alike and changes nothing."""
    handle = shown_token()
    sender = deliveries.sender_of(edge().vault, handle=handle, proof=shown_proof(handle))
    leave = entered()  # a bundle that is read takes ten times its size in memory
    try:
        identifier, text = check(_body())
    except UnreadableFileError as error:
        refusing.log_service(sender.actor, "bundle-unreadable")
        return _refused(HTTPStatus.BAD_REQUEST, "malformed_request", f"{error.position}: {error.message}")
    except UnsupportedBundleError as error:
        refusing.log_service(sender.actor, "bundle-unsupported")
        return _refused(HTTPStatus.UNPROCESSABLE_ENTITY, "unsupported", str(error))
    finally:
        leave()
    deliveries.receive(edge().vault, sender=sender, parcel=Parcel(identifier=identifier, text=text))
    headers = {"Cache-Control": "no-store", **fresh_nonce()}
    return Response(orjson.dumps(_RECEIVED), status=HTTPStatus.ACCEPTED, content_type=FHIR, headers=headers)


def _refused(status: HTTPStatus, code: str, detail: str) -> Response:
    made = operation_outcome(status, code, detail.removeprefix(": "))
    made.headers.extend(fresh_nonce())
    return made


def _body() -> bytes:
    """
    The bundle as it was sent.

    Raises:
        WrongMediaTypeError: It is of another type.
        RequestTooLargeError: It is larger than one may be.
        MalformedRequestError: It does not say how long it is.
    """
    if request.mimetype not in TYPES or request.content_encoding:
        raise WrongMediaTypeError(f"send FHIR as JSON ({FHIR})")
    if request.content_length is None:
        raise MalformedRequestError("the request does not say how long it is")
    if request.content_length > MOST_BYTES:
        raise RequestTooLargeError(f"a bundle has at most {MOST_BYTES} bytes")
    request.max_content_length = MOST_BYTES
    return request.get_data(cache=False)


blueprint.route("", parameters=[PROOF])(Deliver)
