"""Grant management: a service asks how a grant stands, or gives it back, with a token of that grant and its proof."""

from http import HTTPStatus

import orjson
from flask import Blueprint, Flask, Response

from vault import grants, tokens
from vault.context import SYSTEM, Actor
from vault.errors import NotFoundError, TokenInvalidError
from vault.kinds import TokenKind
from vault.tokens import TokenView
from web.api import refusing
from web.api.edge import API_PATH, edge, service_actor
from web.api.proofs import fresh_nonce, shown_proof, shown_token
from web.schemas import access_details
from web.session import csrf

blueprint = Blueprint("oauth_grants", __name__, url_prefix="/oauth/grants")


def init_app(app: Flask) -> None:
    """Offer grant management; a token and its proof count here, no cookie."""
    csrf.exempt(blueprint)
    app.register_blueprint(blueprint)


def _shown(grant_id: str) -> TokenView:
    """The token shown, whose grant must be the one in the address; every other grant is absent for its bearer."""
    handle = shown_token()
    proof = shown_proof(handle)
    here = edge()
    with here.vault.reading(SYSTEM) as ctx:
        token = tokens.find(ctx, handle=handle)
    if token.thumbprint != proof.thumbprint or token.kind is not TokenKind.ACCESS:
        raise TokenInvalidError("the token is bound to another key, or is not for this")
    # After the token: who has none may not make the vault write.
    with here.vault.transaction(SYSTEM) as ctx:
        tokens.spend(ctx, owner=proof.thumbprint, jti=proof.jti, expires_at=proof.expires_at)
    if here.pairwise(token.service_id, token.grant.grant_id) != grant_id:
        refusing.log_service(_actor(token), "token-of-another-grant")
        raise NotFoundError("the token is of another grant")
    return token


def _actor(token: TokenView) -> Actor:
    return service_actor(token.service_id, token.grant.service.organisation_id)


@blueprint.get("/<string:grant_id>")
def query(grant_id: str) -> Response:
    """The grant as it stands (Grant Management for OAuth 2.0, section 6.3)."""
    token = _shown(grant_id)
    here = edge()
    body = {
        "scopes": [{"scope": "openid"}],
        access_details.PARAMETER: access_details.of_grant(token.grant, location=here.url(API_PATH)),
        "status": str(token.grant.state),
    }
    return Response(
        orjson.dumps(body), mimetype="application/json", headers={"Cache-Control": "no-store", **fresh_nonce()}
    )


@blueprint.delete("/<string:grant_id>")
def give_back(grant_id: str) -> Response:
    """End the grant: the service needs it no longer (Grant Management for OAuth 2.0, section 6.4)."""
    token = _shown(grant_id)
    with edge().vault.transaction(_actor(token)) as ctx:
        grants.end(ctx, citizen_id=token.grant.citizen_id, grant_id=token.grant.grant_id)
    return Response(status=HTTPStatus.NO_CONTENT, headers=fresh_nonce())
