"""DPoP: the RFC's own proofs open, and a proof for anything else than this request is refused."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from vault.access import Proof
from web.api import jose
from web.api.dpop import check_proof, open_proof
from web.api.nonces import WINDOW_SECONDS, Nonces
from web.faults import NonceNeededError, ProofInvalidError

# RFC 9449, section 4.1 (token request) and section 7.1 (protected resource); the thumbprint is that of section 6.1.
_JWK = (
    "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMi"
    "LCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19"
)
RFC_AT_TOKEN = (
    f"{_JWK}.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ"
    ".2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg"
)
RFC_AT_RESOURCE = (
    f"{_JWK}.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI"
    "6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9"
    ".2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA"
)
RFC_THUMBPRINT = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"
RFC_TOKEN = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"

Key = ECKey | RSAKey | OKPKey

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
NONCES = Nonces(bytes(32))
URL = "https://vault.example/oauth/token"
KEY = ECKey.generate_key("P-256")
KEYS: dict[str, Key] = {
    "ES256": KEY,
    "PS256": RSAKey.generate_key(2048),
    "Ed25519": OKPKey.generate_key("Ed25519"),
    "EdDSA": OKPKey.generate_key("Ed25519"),
}


def proof(*, key: Key = KEY, alg: str = "ES256", header: dict[str, Any] | None = None, **changed: object) -> str:
    """A proof for a POST to URL at NOW, with what is given changed; a claim given as None is left out."""
    claims = {
        "jti": "one",
        "htm": "POST",
        "htu": URL,
        "iat": int(NOW.timestamp()),
        "nonce": NONCES.current(NOW),
        **changed,
    }
    kept = {name: value for name, value in claims.items() if value is not None}
    full = {"typ": "dpop+jwt", "alg": alg, "jwk": key.as_dict(private=False), **(header or {})}
    return signed(full, kept, key, alg)


def signed(header: dict[str, Any], claims: dict[str, Any], key: Key | OctKey, alg: str) -> str:
    """A compact JWS whatever its header says."""
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, claims)]
    model = jws.JWSRegistry.algorithms[alg]
    signature = model.sign(b".".join(parts), key)
    return b".".join([*parts, base64.urlsafe_b64encode(signature).rstrip(b"=")]).decode()


def check(shown: str, *, method: str = "POST", url: str = URL, now: datetime = NOW, token: str | None = None) -> Proof:
    return check_proof([shown], method=method, url=url, now=now, nonces=NONCES, access_token=token)


@pytest.mark.parametrize("shown", [RFC_AT_TOKEN, RFC_AT_RESOURCE], ids=["section 4.1", "section 7.1"])
def test_the_proofs_printed_in_rfc_9449_open(shown: str) -> None:
    opened = open_proof([shown])
    assert opened.thumbprint == RFC_THUMBPRINT


def test_the_rfc_proof_belongs_to_the_rfc_token_and_lacks_only_our_nonce() -> None:
    url, made = "https://resource.example.org/protectedresource", datetime.fromtimestamp(1562262618, UTC)
    with pytest.raises(NonceNeededError):
        check(RFC_AT_RESOURCE, method="GET", url=url, now=made, token=RFC_TOKEN)
    with pytest.raises(ProofInvalidError, match="ath"):
        check(RFC_AT_RESOURCE, method="GET", url=url, now=made, token=RFC_TOKEN + "x")


@pytest.mark.parametrize("position", [0, 20, 250, 310, 400, -1])
def test_a_proof_breaks_wherever_it_is_touched(position: int) -> None:
    old = RFC_AT_TOKEN[position]
    touched = list(RFC_AT_TOKEN)
    touched[position] = "A" if old != "A" else "Q"
    with pytest.raises(ProofInvalidError):
        open_proof(["".join(touched)])


@pytest.mark.parametrize("alg", KEYS)
def test_each_promised_algorithm_is_taken(alg: str) -> None:
    taken = check(proof(key=KEYS[alg], alg=alg))
    assert taken.thumbprint == KEYS[alg].thumbprint()
    assert taken.expires_at > NOW + timedelta(seconds=60)


WRONG = {
    "another method": proof(htm="GET"),
    "method in lower case": proof(htm="post"),
    "another address": proof(htu="https://vault.example/oauth/revoke"),
    "another host": proof(htu="https://vault.example.evil/oauth/token"),
    "another port": proof(htu="https://vault.example:444/oauth/token"),
    "without TLS": proof(htu="http://vault.example/oauth/token"),
    "a broken port": proof(htu="https://vault.example:port/oauth/token"),
    "no address": proof(htu=None),
    "no method": proof(htm=None),
    "no moment": proof(iat=None),
    "a minute and a second old": proof(iat=int(NOW.timestamp()) - 61),
    "from the future": proof(iat=int(NOW.timestamp()) + 61),
    "moment as text": proof(iat=str(int(NOW.timestamp()))),
    "moment as truth": proof(iat=True),
    "no id": proof(jti=None),
    "empty id": proof(jti=""),
    "long id": proof(jti="j" * 129),
    "number as id": proof(jti=7),
    "plain JWT": proof(header={"typ": "JWT"}),
    "no key": proof(header={"jwk": None}),
    "key as text": proof(header={"jwk": "key"}),
    "private key shown": proof(header={"jwk": KEY.as_dict(private=True)}),
    "someone else's key": proof(header={"jwk": ECKey.generate_key("P-256").as_dict(private=False)}),
    "point off the curve": proof(header={"jwk": {**KEY.as_dict(private=False), "x": "AAAA"}}),
    "critical extension": proof(header={"crit": ["exp"], "exp": 1}),
    "unencoded payload": proof(header={"b64": False}),
    "no algorithm": proof(header={"alg": "none"}),
    "symmetric": signed(
        {"typ": "dpop+jwt", "alg": "HS256", "jwk": {"kty": "oct", "k": "AAAA"}}, {}, OctKey.generate_key(256), "HS256"
    ),
    "RS256": proof(key=KEYS["PS256"], alg="RS256"),
    "P-384": proof(key=ECKey.generate_key("P-384"), alg="ES384"),
    "algorithm of another key": proof(header={"alg": "PS256"}),
    "not a JWT": "proof",
    "five parts": "a.b.c.d.e",
    "no signature": proof().rsplit(".", 1)[0] + ".",
    "header no object": "W10." + proof().split(".", 1)[1],
    "a kilobyte too long": proof(jti="j" * 9000),
    "not ASCII": proof() + "é",
}


@pytest.mark.parametrize("shown", WRONG.values(), ids=WRONG.keys())
def test_a_proof_for_anything_else_is_refused(shown: str) -> None:
    with pytest.raises(ProofInvalidError):
        check(shown)


@pytest.mark.parametrize("count", [0, 2])
def test_exactly_one_proof_is_shown(count: int) -> None:
    with pytest.raises(ProofInvalidError):
        open_proof([proof()] * count)


@pytest.mark.parametrize("bits", [1024, 2040, 4104, 16384])
def test_an_rsa_key_too_short_or_too_costly_proves_nothing(bits: int) -> None:
    modulus = base64.urlsafe_b64encode(b"\xff" * (bits // 8)).decode().rstrip("=")
    shown = proof(key=KEYS["PS256"], alg="PS256", header={"jwk": {"kty": "RSA", "e": "AQAB", "n": modulus}})
    with pytest.raises(ProofInvalidError):
        check(shown)


@pytest.mark.parametrize(
    "htu",
    ["https://vault.example:443/oauth/token", "HTTPS://VAULT.example/oauth/token", f"{URL}?a=b#c"],
    ids=["default port", "upper case", "query and fragment"],
)
def test_addresses_that_mean_the_same_are_the_same(htu: str) -> None:
    assert check(proof(htu=htu)).jti == "one"


@pytest.mark.parametrize("nonce", [None, "", "made-up", 7, "é", Nonces(b"\1" * 32).current(NOW)])
def test_a_nonce_of_nobody_else_will_do(nonce: object) -> None:
    with pytest.raises(NonceNeededError):
        check(proof(nonce=nonce))


def test_a_nonce_lasts_into_the_next_window_and_no_longer() -> None:
    nonce = NONCES.current(NOW)
    window = timedelta(seconds=WINDOW_SECONDS)
    assert NONCES.accepts(nonce, NOW + window)
    assert NONCES.current(NOW + window) != nonce
    assert not NONCES.accepts(nonce, NOW + 2 * window)
    assert not NONCES.accepts(nonce, NOW - window)


def test_a_nonce_key_has_32_bytes() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Nonces(b"short")


@pytest.mark.parametrize("alg", KEYS)
def test_a_header_that_verified_before_vouches_for_no_other_proof(alg: str) -> None:
    good = proof(key=KEYS[alg], alg=alg)
    first = open_proof([good])
    assert open_proof([good]) == first
    head, payload, signature = good.split(".")
    other = proof(key=KEYS[alg], alg=alg, jti="two").split(".")[1]
    touched = ("A" if signature[10] != "A" else "B") + signature[11:]
    for broken in (
        f"{head}.{other}.{signature}",
        f"{head}.{payload}.{signature[:10]}{touched}",
        f"{head}.{payload}.",
        f"{head}.{payload}",
        f"{head}.{payload}.{signature}.{signature}",
        f"{head}.{'A' * 9000}.{signature}",
        f"{head}.{payload}.{signature[:-4]}",
    ):
        with pytest.raises(ProofInvalidError):
            open_proof([broken])


def test_proofs_of_another_type_are_refused_however_often_they_come() -> None:
    for _ in range(2):
        with pytest.raises(ProofInvalidError, match="type"):
            open_proof([proof(header={"typ": "JWT"})])


def test_headers_that_verified_are_remembered_in_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jose, "MOST_SIGNERS", 3)
    for number in range(8):
        open_proof([proof(header={"kid": str(number)})])
    assert len(jose._SIGNERS) <= 3
