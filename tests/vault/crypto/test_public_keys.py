"""Key sets of services: each fault is named with the key that has it, and a whole set has none."""

import base64
from typing import Any

import pytest
from joserfc.jwk import ECKey, OKPKey, RSAKey
from jwskate import Jwk

from vault.crypto.public_keys import MOST_KEYS, Fault, Found, faults, public_set, thumbprint

SHORT_MODULUS = base64.urlsafe_b64encode(b"\xff" * 128).rstrip(b"=").decode()


def ec(**changed: Any) -> dict[str, Any]:
    return {**ECKey.generate_key("P-256").as_dict(private=False), "kid": "k1", "alg": "ES256", "use": "sig", **changed}


def rsa() -> dict[str, Any]:
    return {**RSAKey.generate_key(2048).as_dict(private=False), "kid": "r1", "alg": "PS256"}


def okp() -> dict[str, Any]:
    return {**OKPKey.generate_key("Ed25519").as_dict(private=False), "kid": "o1", "alg": "EdDSA"}


@pytest.mark.parametrize("key", [ec(), rsa(), okp()], ids=["EC", "RSA", "OKP"])
def test_a_public_signature_key_has_no_fault_and_the_thumbprint_of_rfc_7638(key: dict[str, Any]) -> None:
    assert faults({"keys": [key]}) == []
    assert thumbprint(key) == Jwk(key).thumbprint()


def test_the_thumbprint_is_that_of_the_rfcs_example() -> None:
    """RFC 7638, section 3.1."""
    modulus = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3o"
        "knjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZH"
        "zu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEg"
        "U8awapJzKnqDKgw"
    )
    assert thumbprint({"kty": "RSA", "n": modulus, "e": "AQAB"}) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ([], Fault.NO_SET),
        ({}, Fault.NO_SET),
        ({"keys": {}}, Fault.NO_SET),
        ({"keys": []}, Fault.EMPTY),
        ({"keys": [ec(kid=str(place)) for place in range(MOST_KEYS + 1)]}, Fault.TOO_MANY),
    ],
    ids=["list", "no-keys", "keys-no-list", "empty", "too-many"],
)
def test_a_set_that_is_none_is_named(given: object, fault: Fault) -> None:
    assert faults(given) == [Found(fault, 0)]


@pytest.mark.parametrize(
    ("key", "fault"),
    [
        ("text", Fault.NO_OBJECT),
        ({**ECKey.generate_key("P-256").as_dict(private=True), "kid": "k1"}, Fault.PRIVATE),
        ({"kty": "oct", "k": "AAAA", "kid": "k1"}, Fault.PRIVATE),
        ({**ECKey.generate_key("P-384").as_dict(private=False), "kid": "k1"}, Fault.KIND),
        (ec(kty=7), Fault.KIND),
        (ec(crv=["P-256"]), Fault.KIND),
        (ec(alg="ES384"), Fault.ALGORITHM),
        (ec(alg="none"), Fault.ALGORITHM),
        ({**rsa(), "alg": "RS256"}, Fault.ALGORITHM),
        (ec(use="enc"), Fault.USE),
        (ec(kid=""), Fault.NO_ID),
        (ec(kid=None), Fault.NO_ID),
        (ec(kid="k" * 101), Fault.NO_ID),
        (ec(kid="a\nb"), Fault.NO_ID),
        (ec(x="!!"), Fault.BROKEN),
        (ec(x="AAAA"), Fault.BROKEN),
        (ec(x=ec()["x"]), Fault.BROKEN),
        (ec(x=None), Fault.BROKEN),
        ({**okp(), "x": "AAAA"}, Fault.BROKEN),
        ({**rsa(), "e": "Aw"}, Fault.BROKEN),
        ({**rsa(), "n": SHORT_MODULUS}, Fault.SIZE),
    ],
)
def test_each_fault_of_a_key_is_named_with_its_place(key: object, fault: Fault) -> None:
    assert faults({"keys": [ec(kid="sound"), key]}) == [Found(fault, 2)]


def test_a_name_or_a_key_that_stands_twice_is_named() -> None:
    key = ec()
    assert faults({"keys": [key, ec()]}) == [Found(Fault.SAME_ID, 2)]
    assert faults({"keys": [key, {**key, "kid": "k2"}]}) == [Found(Fault.SAME_KEY, 2)]


def test_what_is_registered_holds_the_members_of_public_keys_alone() -> None:
    (kept,) = public_set({"keys": [ec(x5c=["…"], note="hello")]})["keys"]
    assert set(kept) == {"kty", "crv", "x", "y", "kid", "alg", "use"}
