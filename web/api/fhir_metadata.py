"""The CapabilityStatement of the FHIR face (FHIR R4, section 5.2)."""

from collections.abc import Iterable
from typing import Any, Final

from web.api.edge import Edge

_FHIR_VERSION: Final = "4.0.1"
_SINCE: Final = "2026-11-24"


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
