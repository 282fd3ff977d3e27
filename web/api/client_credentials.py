"""``grant_type=client_credentials``: a token by which a service delivers, of no citizen and good for nothing else.

What it may deliver under is named by one rich authorization request of type ``vault_delivery`` (RFC 9396).
"""

from http import HTTPStatus
from typing import Any, Final

from vault import deliveries
from vault.errors import NotAllowedError
from web.api.authlib_core import OAuthRefusedError
from web.api.bound_certificates import token_type
from web.api.edge import edge
from web.api.token import ProvenGrant
from web.faults import MalformedRequestError
from web.schemas import strict_json
from web.schemas.access_details import PARAMETER

CLIENT_CREDENTIALS: Final = "client_credentials"
TYPE: Final = "vault_delivery"
_MOST_BYTES: Final = 1024
_LONGEST_NAME: Final = 64


class DeliveryGrant(ProvenGrant):
    """A token to deliver with, for a service whose purpose the law lets receive."""

    GRANT_TYPE = CLIENT_CREDENTIALS

    def create_token_response(self) -> tuple[int, dict[str, Any], list[tuple[str, str]]]:
        """The token, 300 seconds, bound to the key that was proved."""
        purpose = _purpose(self.form.get(PARAMETER, ""))
        try:
            with edge().vault.transaction(self.request.client.actor) as ctx:
                issued = deliveries.issue_token(ctx, purpose=purpose, thumbprint=self.proof.thumbprint)
        except NotAllowedError as error:
            words = "this service is not registered to deliver under this purpose"
            raise OAuthRefusedError("invalid_authorization_details", words) from error
        answer = {
            "access_token": issued.handle,
            "token_type": token_type(self.proof.thumbprint),
            "expires_in": issued.expires_in,
            PARAMETER: [{"type": TYPE, "purpose": purpose, "locations": [edge().url("/fhir")]}],
        }
        return HTTPStatus.OK, answer, []


def _purpose(text: str) -> str:
    """The purpose that the one rich request of *text* names."""
    try:
        asked = strict_json.parse(text.encode(), most_bytes=_MOST_BYTES)
    except MalformedRequestError as error:
        raise OAuthRefusedError("invalid_authorization_details", f"{PARAMETER} is not sound JSON") from error
    one = asked[0] if isinstance(asked, list) and len(asked) == 1 else None
    purpose = one.get("purpose") if isinstance(one, dict) and set(one) == {"type", "purpose"} else None
    if not isinstance(purpose, str) or len(purpose) > _LONGEST_NAME or (one or {}).get("type") != TYPE:
        words = f"ask with one object: type {TYPE}, and the purpose"
        raise OAuthRefusedError("invalid_authorization_details", words)
    return purpose
