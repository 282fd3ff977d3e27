"""The OpenAPI 3.1 document of the data API, made from the schemas that its views enforce (flask-smorest, apispec)."""

from typing import Final, cast

from flask import Flask
from flask_smorest import Api, Blueprint

from web.api import events
from web.api.edge import API_PATH

DESCRIPTION: Final = (
    "Fields that a citizen or a rule has granted, through one door that decides and logs before it opens anything."
    " Every call shows an access token bound to the service's key (RFC 9449) and says who acts. Problems are RFC 9457;"
    " each code and its remedy stand on the page `/developers`."
)
_EXTENSION: Final = "vault.openapi"


class _Api(Api):  # type: ignore[misc] # flask-smorest carries no types
    """flask-smorest without answers of its own: `web.errors` gives all of them, and each operation lists its own."""

    DEFAULT_ERROR_RESPONSE_NAME = None

    def _register_error_handlers(self) -> None:
        """Leave errors to the app."""

    def _register_responses(self) -> None:
        """Describe nothing that no operation names."""

    def _register_pagination_header(self) -> None:
        """Pages here are said by ``Link`` headers."""


def init_app(app: Flask) -> None:
    """Serve the document at ``/api/v1/openapi.json``."""
    for name, value in {
        "API_TITLE": "Citizen data vault",
        "API_VERSION": "v1",
        "OPENAPI_VERSION": "3.1.0",
        "OPENAPI_URL_PREFIX": API_PATH,
        "OPENAPI_JSON_PATH": "openapi.json",
        "API_SPEC_OPTIONS": {
            "info": {"description": DESCRIPTION, "license": {"name": "MIT", "identifier": "MIT"}},
            "webhooks": events.described(),
        },
    }.items():
        app.config.setdefault(name, value)
    api = _Api(app)
    api.spec.components.security_scheme(
        "dpop", {"type": "http", "scheme": "dpop", "description": "An access token bound to a key (RFC 9449)."}
    )
    app.extensions[_EXTENSION] = api


def of(app: Flask) -> Api:
    """The one document of *app*."""
    return cast("Api", app.extensions[_EXTENSION])


def describe(app: Flask, blueprint: Blueprint) -> None:
    """Register *blueprint*, so that its operations are answered and described."""
    of(app).register_blueprint(blueprint)
