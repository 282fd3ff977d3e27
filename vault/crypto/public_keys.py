"""Services' public keys: what a key set (RFC 7517) may hold, each fault by name, and a key's thumbprint (RFC 7638).

The algorithms are those of FAPI 2.0 (section 5.4.1): ES256, PS256 and Ed25519, the last also by its older name EdDSA
(RFC 9864).
"""

import base64
import enum
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicNumbers
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers

MOST_KEYS: Final = 6
LONGEST_KID: Final = 100
RSA_BITS: Final = range(2048, 4097)  # larger keys cost the server more than they give
LEAST_EXPONENT: Final = 65537
COORDINATE_BYTES: Final = 32
PRIVATE_MEMBERS: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_KEPT: Final = frozenset({"kty", "crv", "x", "y", "n", "e", "kid", "alg", "use"})
_THUMBED: Final = {"EC": ("crv", "kty", "x", "y"), "OKP": ("crv", "kty", "x"), "RSA": ("e", "kty", "n")}
_ALGORITHMS: Final = {
    ("EC", "P-256"): frozenset({"ES256"}),
    ("OKP", "Ed25519"): frozenset({"Ed25519", "EdDSA"}),
    ("RSA", None): frozenset({"PS256"}),
}


class Fault(enum.StrEnum):
    """What can be wrong with a key set, in words; ``%(number)s`` is the place of the key in the set, from 1."""

    NO_SET = "The key set must be a JSON object with a list called “keys”"
    EMPTY = "The key set holds no key"
    TOO_MANY = "The key set holds more than 6 keys"
    NO_OBJECT = "Key %(number)s is not a JSON object"
    PRIVATE = (
        "Key %(number)s is a private or secret key. It has been shown, so make a new one, and send its public half"
    )
    KIND = "Key %(number)s is of a kind that is not taken. Use EC P-256, Ed25519 or RSA"
    SIZE = "Key %(number)s is an RSA key of the wrong size. Use 2048 to 4096 bits"
    ALGORITHM = "Key %(number)s names an algorithm that does not fit it. Use ES256, PS256 or Ed25519"
    USE = "Key %(number)s is not for signatures. Its “use” must be “sig”"
    NO_ID = "Key %(number)s has no “kid”. Give each key a name of up to 100 characters"
    SAME_ID = "Key %(number)s has the same “kid” as another key of the set"
    SAME_KEY = "Key %(number)s stands twice in the set"
    BROKEN = "Key %(number)s is damaged: its numbers are not those of a public key"


@dataclass(frozen=True, slots=True)
class Found:
    """One fault, and which key has it (from 1; 0 for the set as a whole)."""

    fault: Fault
    number: int

    def __str__(self) -> str:
        return self.fault.value % {"number": self.number}


def faults(jwks: object) -> list[Found]:
    """Everything that is wrong with the key set *jwks*; empty where it can be registered."""
    keys = jwks.get("keys") if isinstance(jwks, Mapping) else None
    if not isinstance(keys, list):
        return [Found(Fault.NO_SET, 0)]
    if not keys:
        return [Found(Fault.EMPTY, 0)]
    if len(keys) > MOST_KEYS:
        return [Found(Fault.TOO_MANY, 0)]
    alone = [Found(fault, number) for number, key in enumerate(keys, 1) for fault in _of_key(key)]
    return alone or list(_together(keys))


def _of_key(key: object) -> list[Fault]:
    if not isinstance(key, dict):
        return [Fault.NO_OBJECT]
    if PRIVATE_MEMBERS & key.keys() or key.get("kty") == "oct":
        return [Fault.PRIVATE]
    return [*_kind_faults(key), *_name_faults(key)]


def _kind_faults(key: Mapping[str, Any]) -> list[Fault]:
    fitting = _ALGORITHMS.get((str(key.get("kty")), key.get("crv") if isinstance(key.get("crv"), str) else None))
    if fitting is None:
        return [Fault.KIND]
    found = [Fault.ALGORITHM] if key.get("alg") not in {None, *fitting} else []
    try:
        _check_numbers(key)
    except _WrongSizeError:
        return [*found, Fault.SIZE]
    except (ValueError, TypeError, KeyError, UnsupportedAlgorithm):
        return [*found, Fault.BROKEN]
    return found


def _name_faults(key: Mapping[str, Any]) -> list[Fault]:
    kid = key.get("kid")
    named = isinstance(kid, str) and 0 < len(kid.strip()) <= len(kid) <= LONGEST_KID and kid.isprintable()
    return [*([] if named else [Fault.NO_ID]), *([] if key.get("use", "sig") == "sig" else [Fault.USE])]


class _WrongSizeError(Exception):
    pass


def _check_numbers(key: Mapping[str, Any]) -> None:
    match key["kty"]:
        case "EC":
            x, y = _number(key["x"], COORDINATE_BYTES), _number(key["y"], COORDINATE_BYTES)
            EllipticCurvePublicNumbers(x, y, SECP256R1()).public_key()  # refuses a point off the curve
        case "OKP":
            Ed25519PublicKey.from_public_bytes(_bytes(key["x"]))
        case _:
            modulus, exponent = _number(key["n"]), _number(key["e"])
            if modulus.bit_length() not in RSA_BITS:
                raise _WrongSizeError
            if exponent < LEAST_EXPONENT:
                raise ValueError("the exponent is too small")
            RSAPublicNumbers(exponent, modulus).public_key()


def _bytes(member: object) -> bytes:
    if not isinstance(member, str) or not member.isascii():
        raise ValueError("not base64url")
    return base64.b64decode(member + "=" * (-len(member) % 4), altchars=b"-_", validate=True)


def _number(member: object, size: int | None = None) -> int:
    raw = _bytes(member)
    if size is not None and len(raw) != size:
        raise ValueError("of the wrong length")
    return int.from_bytes(raw)


def _together(keys: Sequence[Mapping[str, Any]]) -> Iterator[Found]:
    names: set[str] = set()
    prints: set[str] = set()
    for number, key in enumerate(keys, 1):
        if key["kid"] in names:
            yield Found(Fault.SAME_ID, number)
        if thumbprint(key) in prints:
            yield Found(Fault.SAME_KEY, number)
        names.add(key["kid"])
        prints.add(thumbprint(key))


def public_set(jwks: Mapping[str, Any]) -> dict[str, Any]:
    """The key set *jwks*, which has no `faults`, with the members of public signature keys alone."""
    return {"keys": [{name: key[name] for name in sorted(_KEPT & key.keys())} for key in jwks["keys"]]}


def thumbprint(key: Mapping[str, Any]) -> str:
    """The name of a public key that nobody can choose: base64url SHA-256, 43 characters (RFC 7638, section 3)."""
    members = {name: key[name] for name in _THUMBED[key["kty"]]}
    digest = hashlib.sha256(orjson.dumps(members, option=orjson.OPT_SORT_KEYS)).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
