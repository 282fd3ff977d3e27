"""What clients may know before they begin: metadata of the server (RFC 8414) and of the data API (RFC 9728)."""

from typing import Any, Final

from web.api.authlib_core import AUTH_METHOD
from web.api.client_credentials import CLIENT_CREDENTIALS
from web.api.client_credentials import TYPE as DELIVERY
from web.api.code import CODE
from web.api.edge import API_PATH, Edge
from web.api.issuer_key import ALGORITHM
from web.api.jose import ALGORITHMS
from web.api.par import ACR_VALUES
from web.api.token import CIBA, REFRESH
from web.schemas.access_details import TYPE

SIGNATURES: Final = list(ALGORITHMS)


def authorization_server(edge: Edge) -> dict[str, Any]:
    """The server's document (RFC 8414, section 2; CIBA Core 1.0, section 4; RFC 9449, section 5.1)."""
    return {
        "issuer": edge.issuer,
        "jwks_uri": edge.url("/jwks"),
        "token_endpoint": edge.url("/oauth/token"),
        "authorization_endpoint": edge.url("/oauth/authorize"),
        "pushed_authorization_request_endpoint": edge.url("/oauth/par"),
        "require_pushed_authorization_requests": True,
        "backchannel_authentication_endpoint": edge.url("/oauth/bc-authorize"),
        "introspection_signing_alg_values_supported": [ALGORITHM],
        "introspection_endpoint": edge.url("/oauth/introspect"),
        "revocation_endpoint": edge.url("/oauth/revoke"),
        "grant_management_endpoint": edge.url("/oauth/grants"),
        "grant_management_actions_supported": ["query", "revoke"],
        "grant_types_supported": [CODE, CIBA, REFRESH, CLIENT_CREDENTIALS],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "acr_values_supported": list(ACR_VALUES),
        "prompt_values_supported": ["login"],
        "request_parameter_supported": True,
        "request_uri_parameter_supported": False,
        "request_object_signing_alg_values_supported": SIGNATURES,
        "backchannel_authentication_request_signing_alg_values_supported": SIGNATURES,
        "scopes_supported": ["openid"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
        "claims_supported": ["iss", "sub", "aud", "exp", "iat", "auth_time", "at_hash", "nonce", "acr"],
        "backchannel_token_delivery_modes_supported": ["poll", "ping"],
        "backchannel_user_code_parameter_supported": False,
        "authorization_details_types_supported": [TYPE, DELIVERY],
        "dpop_signing_alg_values_supported": SIGNATURES,
        "tls_client_certificate_bound_access_tokens": edge.certificates,
        **{
            f"{endpoint}_auth_{member}": value
            for endpoint in ("token_endpoint", "introspection_endpoint", "revocation_endpoint")
            for member, value in (("methods_supported", [AUTH_METHOD]), ("signing_alg_values_supported", SIGNATURES))
        },
    }


def protected_resource(edge: Edge) -> dict[str, Any]:
    """The document of the data API (RFC 9728, section 2)."""
    return {
        "resource": edge.url(API_PATH),
        "authorization_servers": [edge.issuer],
        "jwks_uri": edge.url("/jwks"),
        "bearer_methods_supported": ["header"] if edge.certificates else [],
        "dpop_signing_alg_values_supported": SIGNATURES,
        "dpop_bound_access_tokens_required": not edge.certificates,
        "tls_client_certificate_bound_access_tokens": edge.certificates,
        "authorization_details_types_supported": [TYPE],
        "resource_name": "Citizen data vault",
        "resource_documentation": edge.url("/developers"),
    }
