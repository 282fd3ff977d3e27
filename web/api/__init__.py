"""The service protocol over HTTP: OAuth endpoints, the data API, and what is public of the log.

A view here parses, calls one vault service and answers. Pages for people are `web.pages`.
"""

from flask import Flask

from web.api import (
    bulk,
    challenges,
    disclosures,
    documents,
    edge,
    fhir,
    fhir_delivery,
    front,
    grants,
    oauth,
    openapi,
    operations,
    records,
)


def init_app(app: Flask) -> None:
    """Offer the service protocol on *app*."""
    edge.init_app(app)
    oauth.init_app(app)
    openapi.init_app(app)
    grants.init_app(app)
    records.init_app(app)
    bulk.init_app(app)
    documents.init_app(app)
    disclosures.init_app(app)
    fhir.init_app(app)
    fhir_delivery.init_app(app)
    operations.init_app(app)
    challenges.init_app(app)
    front.init_app(app, edge.of(app))
