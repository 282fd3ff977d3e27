"""The ID token: for one client, about one name, with the access token bound in."""

import hashlib
from datetime import UTC, datetime, timedelta

from web.api import id_token, jose

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def test_an_id_token_says_only_what_the_client_needs() -> None:
    said = id_token.claims_of(
        issuer="https://vault.example",
        audience="home-care",
        subject="ab" * 16,
        auth_time=NOW - timedelta(days=1),
        now=NOW,
        access_token="token",
        more={"nonce": "n"},
    )
    assert said == {
        "iss": "https://vault.example",
        "sub": "ab" * 16,
        "aud": "home-care",
        "iat": int(NOW.timestamp()),
        "exp": int(NOW.timestamp()) + 300,
        "auth_time": int(NOW.timestamp()) - 86_400,
        "nonce": "n",
        "at_hash": jose.base64url(hashlib.sha512(b"token").digest()[:32]),
    }
