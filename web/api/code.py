"""``grant_type=authorization_code``: the code that a citizen brought back becomes first tokens (RFC 6749, 4.1.3)."""

import re
from http import HTTPStatus
from typing import Any, Final

from vault import visits
from vault.access import Proof
from web.api.authlib_core import Client, OAuthRefusedError
from web.api.edge import edge
from web.api.token import ProvenGrant, first_tokens

CODE: Final = "authorization_code"
_VERIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}")
"""RFC 7636, section 4.1."""


class CodeGrant(ProvenGrant):
    """The code with its verifier, for the key and the address that it was made for."""

    GRANT_TYPE = CODE

    def create_token_response(self) -> tuple[int, dict[str, Any], list[tuple[str, str]]]:
        """The first tokens. Whatever is wrong with a code looks the same to who shows it."""
        code, verifier = self.handle_in("code"), self.form.get("code_verifier", "")
        if not _VERIFIER.fullmatch(verifier):
            raise OAuthRefusedError("invalid_request", "code_verifier is missing or is not one")
        address = self.form.get("redirect_uri", "")
        answer = _redeem(self.request.client, code, address, verifier, self.proof)
        if isinstance(answer, str):
            words = "the code is not known, not yours, used, ended, or was made for another key, address or verifier"
            raise OAuthRefusedError("invalid_grant", words, reason=answer)
        return HTTPStatus.OK, answer, []


def _redeem(client: Client, code: str, address: str, verifier: str, proof: Proof) -> dict[str, Any] | str:
    """The token response, or what the log calls the reason why there is none; what was spent stays spent either way."""
    with edge().vault.transaction(client.actor) as ctx:
        found = visits.redeem(
            ctx,
            service_id=client.service_id,
            code=code,
            redirect_uri=address,
            verifier=verifier,
            thumbprint=proof.thumbprint,
        )
        if isinstance(found, str):
            return found
        more = {"nonce": found.nonce} if found.nonce is not None else {}
        if found.proven_by:
            more["acr"] = found.proven_by
        return first_tokens(ctx, client, found.grant, proof, auth_time=found.proven_at, more=more)
