"""The token endpoint: first tokens by CIBA, then refreshed; opaque, DPoP-bound, 300 seconds, with what was granted."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final

from vault import requests, tokens
from vault.access import Proof
from vault.context import Context
from vault.errors import TokenInvalidError
from vault.grants import GrantView
from vault.kinds import GrantState, TokenKind
from web.api import id_token, issuer_key
from web.api.authlib_core import AUTH_METHOD, BaseGrant, Client, OAuthRefusedError, TokenEndpointMixin
from web.api.binding import proof_here, spend
from web.api.bound_certificates import token_type
from web.api.edge import API_PATH, edge
from web.api.forms import form as sent_form
from web.schemas import access_details

CIBA: Final = "urn:openid:params:grant-type:ciba"
REFRESH: Final = "refresh_token"
LONGEST_HANDLE: Final = 128

_SPENT: Final = "this request is not known, or its first token was issued already"
_REFUSALS: Final = {
    "pending": ("authorization_pending", "the person has not decided yet", "authorization_pending"),
    "slow-down": ("slow_down", "poll less often, five seconds later each time", "slow_down"),
    "expired": ("expired_token", "the request has ended without an answer", "expired_token"),
    "denied": ("access_denied", "the request was not allowed", "access_denied_by_citizen"),
    "ended": ("access_denied", "the request was not allowed", "grant-not-active"),
    "redeemed": ("invalid_grant", _SPENT, "request-redeemed"),
    "unknown": ("invalid_grant", _SPENT, "request-unknown"),
}
"""Where a request stands → the error, its words, and what the log calls it (`web.api.refusing`)."""


class ProvenGrant(BaseGrant, TokenEndpointMixin):  # type: ignore[misc] # Authlib carries no types
    """What every grant type here asks first: a sound form, a proof of the key, and the client."""

    TOKEN_ENDPOINT_AUTH_METHODS = (AUTH_METHOD,)

    def validate_token_request(self) -> None:
        """Judge form, proof and client. The nonce comes first: a client may answer with the same assertion."""
        self.form = sent_form()
        self.proof = proof_here()
        self.request.client = self.authenticate_token_endpoint_client()
        spend(self.proof)

    def handle_in(self, member: str) -> str:
        """
        The opaque handle that the form carries as *member*.

        Raises:
            OAuthRefusedError: It is missing or cannot be one.
        """
        handle: str = self.form.get(member, "")
        if not 0 < len(handle) <= LONGEST_HANDLE or not handle.isascii():
            raise OAuthRefusedError("invalid_request", f"{member} is missing or is not one")
        return handle


class CibaGrant(ProvenGrant):
    """``grant_type=urn:openid:params:grant-type:ciba`` (CIBA Core 1.0, section 10.1)."""

    GRANT_TYPE = CIBA

    def create_token_response(self) -> tuple[int, dict[str, Any], list[tuple[str, str]]]:
        """The first token of an allowed request, or where the request stands."""
        answer = _redeem(self.request.client, self.handle_in("auth_req_id"), self.proof)
        if isinstance(answer, str):
            code, words, reason = _REFUSALS[answer]
            raise OAuthRefusedError(code, words, reason=reason)
        return HTTPStatus.OK, answer, []


class RefreshGrant(ProvenGrant):
    """``grant_type=refresh_token``: a new access token, cut to the grant as it is now; nothing is rotated."""

    GRANT_TYPE = REFRESH

    def create_token_response(self) -> tuple[int, dict[str, Any], list[tuple[str, str]]]:
        """A new access token for the same key."""
        answer = _refresh(self.request.client, self.handle_in("refresh_token"), self.proof)
        if isinstance(answer, str):
            words = "the refresh token is not known, not yours, or its grant has ended"
            raise OAuthRefusedError("invalid_grant", words, reason=answer)
        return HTTPStatus.OK, answer, []


def _redeem(client: Client, handle: str, proof: Proof) -> dict[str, Any] | str:
    """The token response, or the state of the request. The poll is kept either way: it sets the pace."""
    with edge().vault.transaction(client.actor) as ctx:
        polled = requests.poll(ctx, service_id=client.service_id, handle=handle)
        if polled.state != "approved" or polled.grant is None:
            return polled.state
        if polled.grant.state is not GrantState.ACTIVE:
            return "ended"
        answer = first_tokens(ctx, client, polled.grant, proof, auth_time=polled.grant.made_at)
        requests.mark_redeemed(ctx, service_id=client.service_id, handle=handle)
        return answer


def first_tokens(
    ctx: Context,
    client: Client,
    grant: GrantView,
    proof: Proof,
    *,
    auth_time: datetime | None,
    more: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """
    The response to a first token request: access token, ID token, and a refresh token where the grant outlives it.

    Args:
        ctx: A transaction of the client.
        client: Whose tokens.
        grant: What was granted.
        proof: Of the key that they are bound to.
        auth_time: When the citizen proved who they are, or the rule decided.
        more: Further claims of the ID token.
    """
    answer = _answer(ctx, client, grant, proof)
    here = edge()
    claims = id_token.claims_of(
        issuer=here.issuer,
        audience=client.slug,
        subject=here.pairwise(client.service_id, grant.citizen_id),
        auth_time=auth_time,
        now=ctx.now,
        access_token=answer["access_token"],
        more=more or {},
    )
    answer["id_token"] = issuer_key.signed(here.vault, claims, kind="JWT")
    if grant.not_after > ctx.now + timedelta(seconds=tokens.LIFETIME_SECONDS):
        answer["refresh_token"] = _refresh_token(ctx, grant, proof)
    return answer


def _refresh_token(ctx: Context, grant: GrantView, proof: Proof) -> str:
    """A token that lives as long as the grant may, for the same key."""
    seconds = int(grant.purpose.longest.total_seconds())
    issued = tokens.issue(
        ctx, grant_id=grant.grant_id, thumbprint=proof.thumbprint, kind=TokenKind.REFRESH, seconds=seconds
    )
    return issued.handle


def _refresh(client: Client, handle: str, proof: Proof) -> dict[str, Any] | str:
    """The token response, or what the log calls the reason why there is none."""
    try:
        with edge().vault.transaction(client.actor) as ctx:
            token = tokens.find(ctx, handle=handle)
            if token.service_id != client.service_id:
                return "token-of-another-service"
            if token.thumbprint != proof.thumbprint:
                return "token-of-another-key"
            if token.kind is not TokenKind.REFRESH:
                return "token-of-another-kind"
            return _answer(ctx, client, token.grant, proof)
    except TokenInvalidError:
        return "token-unknown-or-ended"


def _answer(ctx: Context, client: Client, grant: GrantView, proof: Proof) -> dict[str, Any]:
    here = edge()
    issued = tokens.issue(ctx, grant_id=grant.grant_id, thumbprint=proof.thumbprint)
    return {
        "access_token": issued.handle,
        "token_type": token_type(proof.thumbprint),
        "expires_in": issued.expires_in,
        "scope": "openid",
        "grant_id": here.pairwise(client.service_id, grant.grant_id),
        access_details.PARAMETER: access_details.of_grant(grant, location=here.url(API_PATH)),
    }
