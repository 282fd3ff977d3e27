"""A citizen comes from a service that speaks by requests-oauth2client, unmodified: pushed, decided, read, stopped."""

import json
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from requests_oauth2client import DPoPKey, DPoPToken, IdToken, OAuth2Client
from requests_oauth2client.authorization_request import AuthorizationRequest
from requests_oauth2client.exceptions import AuthorizationResponseError, EndpointError, InvalidGrant, MismatchingIssuer

from tests.service_world import ACTOR, BACK, World, details, names, world
from tests.visiting import browser_of, walk
from vault import grants

TWO = names({"medication": ["name"], "identity": ["name"]})


@pytest.fixture
def place(tmp_path: Path, database_url: str) -> Iterator[World]:
    with world(tmp_path, database_url) as made:
        yield made


@pytest.fixture
def client(place: World) -> OAuth2Client:
    made = place.client(
        redirect_uri=BACK,
        code_challenge_method="S256",
        authorization_response_iss_parameter_supported=True,
        id_token_signed_response_alg="EdDSA",
    )
    made.update_authorization_server_public_keys()
    return made


def asked(client: OAuth2Client, what: object) -> AuthorizationRequest:
    return client.authorization_request(scope="openid", authorization_details=json.dumps(what))


def brought(place: World, client: OAuth2Client, asking: AuthorizationRequest, allowed: frozenset[str]) -> str:
    """The address that the citizen is led back to."""
    pushed = client.pushed_authorization_request(asking)
    query = dict(parse_qsl(urlsplit(pushed.uri).query))
    return str(walk(browser_of(place), query["client_id"], query["request_uri"], allowed).location)


def test_a_citizen_comes_shares_some_and_stops(place: World, client: OAuth2Client) -> None:
    asking = asked(client, details())
    answer = asking.validate_callback(brought(place, client, asking, TWO))
    token = client.authorization_code(answer, validate=False)  # 1.8.0 loses the key of a DPoP token as it validates it
    assert isinstance(token, DPoPToken)
    assert isinstance(token.id_token, IdToken)
    assert token.id_token.verify_signature(client.authorization_server_jwks.jwks[0], alg="EdDSA")
    assert (token.id_token.issuer, token.id_token.claims["nonce"]) == (place.issuer, asking.nonce)
    assert token.authorization_details[0]["fields"] == {"identity": ["name"], "medication": ["name"]}
    address = f"{place.issuer}/api/v1/records"
    read = place.session.get(address, auth=token, headers=ACTOR, timeout=10)
    assert set(read.json()["fields"]) == TWO
    stolen = DPoPToken(access_token=token.access_token, _dpop_key=DPoPKey.generate())
    assert place.session.get(address, auth=stolen, headers=ACTOR, timeout=10).status_code == HTTPStatus.UNAUTHORIZED
    fresh = client.refresh_token(token)
    assert isinstance(fresh, DPoPToken)
    assert fresh.authorization_details[0]["fields"] == token.authorization_details[0]["fields"]
    with place.vault.transaction(place.citizen) as ctx:
        (grant,) = grants.of_citizen(ctx, citizen_id=place.citizen_id)
        grants.withdraw(ctx, citizen_id=place.citizen_id, grant_id=grant.grant_id)
    assert client.introspect_token(fresh.access_token) == {"active": False}
    with pytest.raises(InvalidGrant):
        client.refresh_token(token)
    with pytest.raises(InvalidGrant):
        client.authorization_code(answer, validate=False)


def test_a_citizen_who_shares_nothing_is_a_no(place: World, client: OAuth2Client) -> None:
    asking = asked(client, details())
    back = brought(place, client, asking, frozenset())
    with pytest.raises(AuthorizationResponseError) as refusal:
        asking.validate_callback(back)
    assert refusal.value.error == "access_denied"


def test_a_bad_rich_request_is_told_apart(client: OAuth2Client) -> None:
    with pytest.raises(EndpointError) as refusal:
        client.pushed_authorization_request(asked(client, [{"type": "other"}]))
    assert refusal.value.error == "invalid_authorization_details"


def test_an_answer_that_is_mixed_up_with_another_servers_is_noticed(place: World, client: OAuth2Client) -> None:
    asking = asked(client, details())
    back = urlsplit(brought(place, client, asking, frozenset()))
    query = dict(parse_qsl(back.query))
    assert query["iss"] == place.issuer
    mixed_up = back._replace(query=urlencode({**query, "iss": "https://other.example"})).geturl()
    with pytest.raises(MismatchingIssuer):
        asking.validate_callback(mixed_up)
