"""The CapabilityStatement of the FHIR face (FHIR R4, section 5.2)."""

from collections.abc import Iterable
from typing import Any, Final

from web.api.described import ACTOR, PROOF
from web.api.edge import Edge
from web.errors import FHIR

_FHIR_VERSION: Final = "4.0.1"
_SINCE: Final = "2026-11-24"
DELIVERING: Final = (
    "POST a Bundle of type `document` with an identifier of its own to the base address, under a token got by"
    " client_credentials for a purpose that receives (authorization_details of type vault_delivery). The answer, 202,"
    " is the same whoever it is about."
)


def capability_statement(here: Edge, types: Iterable[str]) -> dict[str, Any]:
    """What may be read under *types*, and how a client proves itself."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": _SINCE,
        "kind": "instance",
        "software": {"name": "Citizen data vault"},
        "implementation": {"description": "What a citizen or a rule has granted", "url": here.url("/fhir")},
        "fhirVersion": _FHIR_VERSION,
        "format": ["application/fhir+json"],
        "document": [
            {
                "mode": "consumer",
                "documentation": DELIVERING,
                "profile": "http://hl7.org/fhir/StructureDefinition/Bundle",
            }
        ],
        "rest": [
            {
                "mode": "server",
                "documentation": "Every call shows an access token bound to the service's key (RFC 9449) and names who"
                " acts (Vault-Actor). A token is of one person; only what they share is there.",
                "security": {"description": here.url("/.well-known/oauth-protected-resource")},
                "resource": [_resource(kind) for kind in types],
            }
        ],
    }


def _resource(kind: str) -> dict[str, Any]:
    search = {"searchParam": [{"name": "patient", "type": "reference"}]} if kind != "Patient" else {}
    return {
        "type": kind,
        "interaction": [{"code": "read"}, {"code": "search-type"}],
        "versioning": "versioned",
        **search,
    }


def described_as_read(types: list[str]) -> dict[str, Any]:
    """The search of one type, as the OpenAPI document has it."""
    kinds = {"in": "path", "name": "kind", "required": True, "schema": {"type": "string", "enum": types}}
    patient = {
        "in": "query",
        "name": "patient",
        "required": False,
        "description": "The person's name for your service, as `sub` of a token gives it; a token is of one person.",
        "schema": {"type": "string"},
    }
    return {
        "summary": "Read what was granted, as FHIR R4 resources.",
        "description": "A searchset Bundle of every resource of one type, through the same door, decided and logged"
        " like every read. `/fhir/metadata` says what there is.",
        "tags": ["fhir"],
        "security": [{"dpop": []}],
        "parameters": [ACTOR, PROOF, kinds, patient],
        "responses": outcomes(
            {
                "200": "A Bundle of type searchset, with what must be known beside it.",
                "400": "`malformed_request`: the header that is named cannot be read.",
                "401": "`token_missing`, `token_invalid`, `invalid_dpop_proof`, `use_dpop_nonce`, `replayed`.",
                "403": "`refused`, `beyond_grant`: the rules said no; it is in the log.",
                "404": "`not_found`: there is no such type, or the patient is not the token's.",
                "405": "`method_not_allowed`.",
                "410": "`key_destroyed`: the record was made unreadable for good.",
                "422": "`invalid_input`: search by `patient` alone.",
                "429": "`too_many_requests`, `too_fast`: wait as long as `Retry-After` says.",
                "500": "`internal_error` and its like: something is wrong on our side.",
                "503": "`busy` and its like: wait, and send the same again.",
            }
        ),
    }


def outcomes(statuses: dict[str, str]) -> dict[str, Any]:
    """Answers by status, each a FHIR resource."""
    content = {FHIR: {"schema": {"type": "object", "description": "A FHIR R4 resource."}}}
    return {status: {"description": words, "content": content} for status, words in statuses.items()}
