"""The data API keeps to its own description, whatever is sent to it (Schemathesis, from the served document)."""

import hypothesis
import pytest
import schemathesis
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.protocol import granted
from tests.service_world import ACTOR, SEVEN, World, names
from web.api.jose import sha256_base64url

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture(scope="module")
def described(place: World) -> BaseSchema:
    return schemathesis.openapi.from_wsgi("/api/v1/openapi.json", place.app)


@pytest.fixture(scope="module")
def sender(place: World) -> "Sender":
    return Sender(place)


class Sender:
    """A service with a token, whose every call carries a proof of its own."""

    def __init__(self, place: World) -> None:
        self._token = granted(place, names(SEVEN))
        self._address = f"{place.issuer}/api/v1/records"
        assert place.session.get(self._address, auth=self._token, headers=ACTOR, timeout=10).ok

    def headers(self) -> dict[str, str]:
        handle = self._token.access_token
        proof = self._token.dpop_key.proof(htm="GET", htu=self._address, ath=sha256_base64url(handle))
        return {**ACTOR, "Authorization": f"DPoP {handle}", "DPoP": str(proof)}


@hypothesis.settings(max_examples=25)
@hypothesis.given(data=st.data())
def test_strangers_get_what_the_description_says(data: st.DataObject, described: BaseSchema) -> None:
    case = data.draw(described["/api/v1/records"]["GET"].as_strategy())
    case.call_and_validate(checks=CHECKS)


@hypothesis.settings(max_examples=25)
@hypothesis.given(data=st.data())
def test_a_service_gets_what_the_description_says(data: st.DataObject, described: BaseSchema, sender: Sender) -> None:
    case = data.draw(described["/api/v1/records"]["GET"].as_strategy())
    case.call_and_validate(headers=sender.headers(), checks=CHECKS)
