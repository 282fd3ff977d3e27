"""The issuer's keys: a new one is published before it signs, an old one as long as what it signed may live."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from jwskate import Jwk, Jwt, SignedJwt
from sqlalchemy import text

from tests.protocol import post, signed_in
from tests.service_world import World, world
from vault.context import OPERATOR
from vault.errors import WrongStateError
from vault.holding import hold
from vault.issuer_keys import AFTERWARDS, AHEAD, rotate_issuer

SIGNED = "application/token-introspection+jwt"
WHILE = timedelta(seconds=60)


@pytest.fixture
def place(tmp_path: Path, database_url: str) -> Iterator[World]:
    with world(tmp_path, database_url) as made:
        yield made


def published(place: World) -> dict[str, Jwk]:
    told = place.session.get(f"{place.issuer}/jwks", timeout=10).json()
    return {key["kid"]: Jwk(key) for key in told["keys"]}


def answer(place: World) -> SignedJwt:
    """What an unknown token is good for, signed."""
    said = post(place, "/oauth/introspect", {"token": "unknown", **signed_in(place)}, Accept=SIGNED)
    assert said.headers["Content-Type"].startswith(SIGNED), said.text
    made = Jwt(said.text)
    assert isinstance(made, SignedJwt)
    return made


def test_introspection_is_signed_for_whoever_asks_for_that(place: World) -> None:
    made = answer(place)
    (key,) = published(place).values()
    assert made.verify_signature(key, alg="EdDSA")
    assert made.headers["typ"] == "token-introspection+jwt"
    assert made.claims["token_introspection"] == {"active": False}
    assert (made.claims["iss"], made.claims["aud"]) == (place.issuer, "home-care")
    plain = post(place, "/oauth/introspect", {"token": "unknown", **signed_in(place)}, Accept="application/json")
    assert plain.json() == {"active": False}


def test_no_answer_is_ever_signed_by_a_key_that_is_not_published(place: World) -> None:
    start = datetime.now(UTC)
    with time_machine.travel(start, tick=True) as clock:
        (first,) = published(place)
        _, signs_from = rotate_issuer(place.vault)
        seen = []
        over = AHEAD + AFTERWARDS
        for after in (timedelta(0), AHEAD - WHILE, AHEAD + WHILE, over - WHILE, over + WHILE):
            clock.move_to(start + after)
            kid = answer(place).headers["kid"]
            known = published(place)
            assert kid in known
            seen.append((kid == first, first in known, len(known)))
    assert signs_from >= start + AHEAD
    assert seen == [(True, True, 2), (True, True, 2), (False, True, 2), (False, True, 2), (False, False, 1)]


def test_a_key_that_others_may_have_is_worthless_at_once(place: World) -> None:
    (first,) = published(place)
    rotate_issuer(place.vault, at_once=True)
    assert first not in published(place)
    assert answer(place).headers["kid"] in published(place)


def test_whoever_brings_a_worthless_key_back_in_the_database_is_found(place: World) -> None:
    rotate_issuer(place.vault, at_once=True)
    with place.vault.db.write.begin() as connection:
        connection.execute(text("DELETE FROM issuer_keys"))
    with place.vault.snapshot(OPERATOR) as ctx:
        assert [each.kind for each in hold(ctx.session).defects] == ["deleted"]


def test_a_second_rotation_waits_for_the_first(place: World) -> None:
    rotate_issuer(place.vault)
    with pytest.raises(WrongStateError):
        rotate_issuer(place.vault)
    assert rotate_issuer(place.vault, at_once=True)[0] == "issuer-3"
