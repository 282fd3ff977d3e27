"""The ID token: signed by the issuer, for one client, about one name, with the access token bound in."""

import hashlib
from datetime import UTC, datetime, timedelta

from joserfc import jws
from joserfc.jwk import OKPKey

from web.api import id_token, jose

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
KEY = OKPKey.generate_key("Ed25519")


def sign(data: bytes) -> bytes:
    return jws.JWSRegistry.algorithms["Ed25519"].sign(data, KEY)


def test_an_id_token_verifies_and_says_only_what_the_client_needs() -> None:
    made = id_token.make(
        sign,
        key_id="k1",
        issuer="https://vault.example",
        audience="home-care",
        subject="ab" * 16,
        auth_time=NOW - timedelta(days=1),
        now=NOW,
        access_token="token",
        more={"nonce": "n"},
    )
    assert jose.read_header(made) == {"typ": "JWT", "alg": "EdDSA", "kid": "k1"}
    assert jose.verified(made, KEY) == {
        "iss": "https://vault.example",
        "sub": "ab" * 16,
        "aud": "home-care",
        "iat": int(NOW.timestamp()),
        "exp": int(NOW.timestamp()) + 300,
        "auth_time": int(NOW.timestamp()) - 86_400,
        "nonce": "n",
        "at_hash": jose.base64url(hashlib.sha512(b"token").digest()[:32]),
    }
