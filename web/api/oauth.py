"""The OAuth endpoints as routes, their limits and their public documents."""

from typing import Any, Final

import orjson
from flask import Blueprint, Flask, Response, current_app, request

from web.api import ciba, dpop, issuer_key, metadata, par
from web.api.authlib_core import Server
from web.api.client_credentials import DeliveryGrant
from web.api.code import CodeGrant
from web.api.edge import edge
from web.api.forms import read_form
from web.api.proofs import fresh_nonce
from web.api.token import CibaGrant, RefreshGrant
from web.api.token_care import Introspection, Revocation
from web.limits import limiter
from web.session import csrf

CALLS: Final = "600 per minute"
"""For one address, as the setting ``OAUTH_CALLS`` of the app may change it; a service polls every five seconds."""
KEPT_SECONDS: Final = 300

blueprint = Blueprint("oauth", __name__)
limiter.limit(lambda: str(current_app.config["OAUTH_CALLS"]))(blueprint)
blueprint.before_request(read_form)


def _more() -> dict[str, str]:
    """The nonce, on successes that took a proof (RFC 9449, section 8.2)."""
    return fresh_nonce() if dpop.HEADER in request.headers else {}


def make_server() -> Server:
    """Authlib's server with this project's endpoints and grants."""
    server = Server(_more)
    for grant in (CibaGrant, CodeGrant, DeliveryGrant, RefreshGrant):
        server.register_grant(grant)
    for endpoint in (ciba.BackchannelAuthentication, par.PushedAuthorization, Introspection, Revocation):
        server.register_endpoint(endpoint)
    return server


server = make_server()


def init_app(app: Flask) -> None:
    """Offer the OAuth endpoints; a token without a set life never lasts longer than five minutes."""
    app.config.setdefault("OAUTH2_TOKEN_EXPIRES_IN", {"authorization_code": 300, "refresh_token": 300})
    app.config.setdefault("OAUTH_CALLS", CALLS)
    server.init_app(app)
    csrf.exempt(blueprint)  # services prove themselves by signature; no cookie counts here
    app.register_blueprint(blueprint)


@blueprint.post("/oauth/bc-authorize")
def ask() -> Response:
    """A service asks an absent citizen (CIBA Core 1.0, section 7)."""
    return _answer(server.create_endpoint_response(ciba.NAME))


@blueprint.post("/oauth/par")
def push() -> Response:
    """A service pushes what it asks a present citizen for (RFC 9126, section 2)."""
    return _answer(server.create_endpoint_response(par.NAME))


@blueprint.post("/oauth/token")
def token() -> Response:
    """A service polls, and gets its token once the citizen has allowed it."""
    return _answer(server.create_token_response())


@blueprint.post("/oauth/introspect")
def introspect() -> Response:
    """A service asks what one of its tokens is good for."""
    return _answer(server.create_endpoint_response(Introspection.ENDPOINT_NAME))


@blueprint.post("/oauth/revoke")
def revoke() -> Response:
    """A service gives a token back."""
    return _answer(server.create_endpoint_response(Revocation.ENDPOINT_NAME))


@blueprint.get("/.well-known/oauth-authorization-server")
@blueprint.get("/.well-known/openid-configuration")
def describe() -> Response:
    """What this server is and can do."""
    return _public(metadata.authorization_server(edge()))


@blueprint.get("/.well-known/oauth-protected-resource")
@blueprint.get("/.well-known/oauth-protected-resource/api/v1")
def describe_resource() -> Response:
    """What the data API takes."""
    return _public(metadata.protected_resource(edge()))


@blueprint.get("/jwks")
def keys() -> Response:
    """The public keys of this issuer."""
    return _public(issuer_key.key_set(edge().vault))


def _answer(made: Response) -> Response:
    """What Authlib made; its functions carry no types."""
    return made


def _public(document: dict[str, Any]) -> Response:
    headers = {"Cache-Control": f"public, max-age={KEPT_SECONDS}"}
    return Response(orjson.dumps(document), mimetype="application/json", headers=headers)
