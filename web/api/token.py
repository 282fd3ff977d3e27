"""The token endpoint: CIBA's grant type, DPoP-bound opaque tokens of 300 seconds, and what was granted with them."""

from http import HTTPStatus
from typing import Any, Final

from vault import requests, tokens
from vault.access import Proof
from vault.context import SYSTEM, Context
from vault.errors import ReplayedError
from vault.grants import GrantView
from vault.kinds import GrantState
from web.api import id_token, issuer_key
from web.api.authlib_core import AUTH_METHOD, BaseGrant, Client, OAuthRefusedError, TokenEndpointMixin
from web.api.edge import API_PATH, edge
from web.api.forms import form as sent_form
from web.api.proofs import fresh_nonce, shown_proof
from web.faults import NonceNeededError, ProofInvalidError
from web.schemas import access_details

CIBA: Final = "urn:openid:params:grant-type:ciba"
LONGEST_HANDLE: Final = 128

_REFUSALS: Final = {
    "pending": ("authorization_pending", "the person has not decided yet"),
    "slow-down": ("slow_down", "poll less often, five seconds later each time"),
    "expired": ("expired_token", "the request has ended without an answer"),
    "denied": ("access_denied", "the request was not allowed"),
    "redeemed": ("invalid_grant", "this request is not known, or its first token was issued already"),
    "unknown": ("invalid_grant", "this request is not known, or its first token was issued already"),
}


class CibaGrant(BaseGrant, TokenEndpointMixin):  # type: ignore[misc] # Authlib carries no types
    """``grant_type=urn:openid:params:grant-type:ciba`` (CIBA Core 1.0, section 10.1)."""

    GRANT_TYPE = CIBA
    TOKEN_ENDPOINT_AUTH_METHODS = (AUTH_METHOD,)

    def validate_token_request(self) -> None:
        """Judge form, proof and client. The nonce comes first: a client may answer with the same assertion."""
        self.form = sent_form()
        self.proof = proof_here()
        self.request.client = self.authenticate_token_endpoint_client()
        _spend(self.proof)

    def create_token_response(self) -> tuple[int, dict[str, Any], list[tuple[str, str]]]:
        """The first token of an allowed request, or where the request stands."""
        handle = self.form.get("auth_req_id", "")
        if not 0 < len(handle) <= LONGEST_HANDLE or not handle.isascii():
            raise OAuthRefusedError("invalid_request", "auth_req_id is missing or is not one")
        answer = _redeem(self.request.client, handle, self.proof)
        if isinstance(answer, str):
            raise OAuthRefusedError(*_REFUSALS[answer])
        return HTTPStatus.OK, answer, []


def proof_here() -> Proof:
    """
    The request's proof, its faults told in RFC 9449's words for an authorization server (section 5, section 8).

    Raises:
        OAuthRefusedError: It is missing, wrong or without this server's nonce.
    """
    try:
        return shown_proof()
    except NonceNeededError as error:
        raise OAuthRefusedError(error.code, str(error), headers=fresh_nonce()) from error
    except ProofInvalidError as error:
        raise OAuthRefusedError(error.code, str(error)) from error


def _spend(proof: Proof) -> None:
    try:
        with edge().vault.transaction(SYSTEM) as ctx:
            tokens.spend(ctx, owner=proof.thumbprint, jti=proof.jti, expires_at=proof.expires_at)
    except ReplayedError as error:
        raise OAuthRefusedError("invalid_dpop_proof", "this DPoP proof was shown before") from error


def _redeem(client: Client, handle: str, proof: Proof) -> dict[str, Any] | str:
    """The token response, or the state of the request. The poll is kept either way: it sets the pace."""
    with edge().vault.transaction(client.actor) as ctx:
        polled = requests.poll(ctx, service_id=client.service_id, handle=handle)
        if polled.state != "approved" or polled.grant is None:
            return polled.state
        if polled.grant.state is not GrantState.ACTIVE:
            return "denied"
        issued = tokens.issue(ctx, grant_id=polled.grant.grant_id, thumbprint=proof.thumbprint)
        requests.mark_redeemed(ctx, service_id=client.service_id, handle=handle)
        return _response(ctx, client, polled.grant, issued)


def _response(ctx: Context, client: Client, grant: GrantView, issued: tokens.Issued) -> dict[str, Any]:
    here = edge()
    signed = id_token.make(
        issuer_key.signer(here.vault),
        key_id=issuer_key.key_id(here.vault),
        issuer=here.issuer,
        audience=client.slug,
        subject=here.pairwise(client.service_id, grant.citizen_id),
        decided_at=grant.made_at,
        now=ctx.now,
        access_token=issued.handle,
    )
    return {
        "access_token": issued.handle,
        "token_type": "DPoP",
        "expires_in": issued.expires_in,
        "scope": "openid",
        "grant_id": here.pairwise(client.service_id, grant.grant_id),
        access_details.PARAMETER: access_details.of_grant(grant, location=here.url(API_PATH)),
        "id_token": signed,
    }
