"""JOSE as this API takes it: three signature algorithms, public keys of sound size, and no surprises in a header.

The algorithms are those of FAPI 2.0 (section 5.4.1): ES256, PS256 and Ed25519, the last also by its older name EdDSA
(RFC 9864).
"""

import base64
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from web.faults import MalformedRequestError
from web.schemas import strict_json

ALGORITHMS: Final = ("ES256", "PS256", "Ed25519", "EdDSA")
RSA_BITS: Final = range(2048, 4097)  # larger keys cost the server more than they give
LONGEST_TOKEN: Final = 8192
MOST_SIGNERS: Final = 512
DOTS: Final = 2  # header.payload.signature
PRIVATE_MEMBERS: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})

PublicKey = ECKey | RSAKey | OKPKey


class SignatureRefusedError(Exception):
    """A signed token cannot be taken; the message says why and quotes nothing."""


class _Registry(JWSRegistry):
    """joserfc's registry with room for an RSA key in the header, and both names of Ed25519."""

    max_header_length = 2048

    def get_alg(self, name: str) -> Any:  # noqa: ANN401 -- joserfc's own model
        """The algorithm *name*, if it is one of `ALGORITHMS`."""
        if name not in ALGORITHMS:
            raise SignatureRefusedError("it is signed with an algorithm that is not taken")
        return self.algorithms[name]


_REGISTRY: Final = _Registry(algorithms=list(ALGORITHMS))


def read_header(token: str) -> dict[str, Any]:
    """
    The protected header of a compact JWS, not yet verified.

    Raises:
        SignatureRefusedError: It is no compact JWS of reasonable size, or its header is unsound or asks for extensions.
    """
    if len(token) > LONGEST_TOKEN or not token.isascii() or token.count(".") != DOTS:
        raise SignatureRefusedError("it is not a compact JWS")
    header = _strict(_decoded(token.partition(".")[0]))
    if "crit" in header or "b64" in header or header.get("alg") not in ALGORITHMS:
        raise SignatureRefusedError("its header asks for an algorithm or an extension that is not taken")
    return header


def _decoded(part: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError:
        raise SignatureRefusedError("a part of it is not base64url") from None


def _strict(raw: bytes) -> dict[str, Any]:
    try:
        value = strict_json.parse(raw, most_bytes=LONGEST_TOKEN)
    except MalformedRequestError:
        raise SignatureRefusedError("a part of it is not strict JSON") from None
    if not isinstance(value, dict):
        raise SignatureRefusedError("a part of it is not a JSON object")
    return value


def public_key(given: object) -> PublicKey:
    """
    The public key in JWK *given* (RFC 7517).

    Raises:
        SignatureRefusedError: It is not a P-256, Ed25519 or RSA key of 2048 to 4096 bits, or it holds private members.
    """
    if not isinstance(given, dict) or PRIVATE_MEMBERS & given.keys():
        raise SignatureRefusedError("the key is not a public key")
    try:
        return _imported(given)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise SignatureRefusedError("the key is not a usable public key") from error


def _imported(given: dict[str, Any]) -> PublicKey:
    match given.get("kty"), given.get("crv"):
        case "EC", "P-256":
            return ECKey.import_key(given)
        case "OKP", "Ed25519":
            return OKPKey.import_key(given)
        case "RSA", None if _bits(given.get("n")) in RSA_BITS:
            return RSAKey.import_key(given)
    raise SignatureRefusedError("the key is of a kind or size that is not taken")


def _bits(modulus: object) -> int:
    return int.from_bytes(_decoded(modulus)).bit_length() if isinstance(modulus, str) else 0


def opened(token: str, key: PublicKey | KeySet) -> bytes:
    """
    The payload of *token*, once its signature verifies under *key*.

    Raises:
        SignatureRefusedError: The header is not taken, or the signature does not verify.
    """
    read_header(token)
    try:
        return bytes(jws.deserialize_compact(token, key, registry=_REGISTRY).payload)
    except (JoseError, ValueError, TypeError) as error:
        raise SignatureRefusedError("its signature does not verify") from error


def verified(token: str, key: PublicKey | KeySet) -> dict[str, Any]:
    """
    The claims of *token*, once its signature verifies under *key*.

    Raises:
        SignatureRefusedError: The signature does not verify, or the claims are not strict JSON.
    """
    return _strict(opened(token, key))


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signed a token that carries its own public key, as its protected header says."""

    header: Mapping[str, Any]
    key: PublicKey
    thumbprint: str
    """RFC 7638 thumbprint of the key (SHA-256, base64url, 43 characters)."""
    algorithm: Any
    """joserfc's own model of the algorithm, as `_Registry.get_alg` gives it."""


_SIGNERS: Final[dict[str, Signer]] = {}
"""Signers whose header was read, checked and found to verify, by the very characters of that header."""


def by_its_own_key(token: str) -> tuple[Signer, dict[str, Any]]:
    """
    The signer and the claims of *token*, once its signature verifies under the public key in its own header.

    A service signs each proof under the same header; once one has verified, the same characters are not read again.

    Raises:
        SignatureRefusedError: The header or its key is not taken, the signature does not verify, or the claims are not
            strict JSON.
    """
    head, _, rest = token.partition(".")
    known = _SIGNERS.get(head)
    if known is None:
        return _introduced(head, token)
    payload, dot, signature = rest.partition(".")
    if len(token) > LONGEST_TOKEN or not token.isascii() or not dot or "." in signature:
        raise SignatureRefusedError("it is not a compact JWS")
    signed = token[: len(head) + 1 + len(payload)].encode()
    if not known.algorithm.verify(signed, _decoded(signature), known.key):
        raise SignatureRefusedError("its signature does not verify")
    return known, _strict(_decoded(payload))


def _introduced(head: str, token: str) -> tuple[Signer, dict[str, Any]]:
    header = read_header(token)
    key = public_key(header.get("jwk"))
    claims = verified(token, key)
    signer = Signer(header, key, key.thumbprint(), _REGISTRY.get_alg(header["alg"]))
    if len(_SIGNERS) >= MOST_SIGNERS:
        _SIGNERS.clear()
    _SIGNERS[head] = signer
    return signer, claims


def key_set(jwks: Mapping[str, Any]) -> KeySet:
    """
    The keys of a registered key set that can sign; others are left out.

    Raises:
        SignatureRefusedError: None of them can.
    """
    usable = [key for given in jwks.get("keys", []) if (key := _usable(given)) is not None]
    if not usable:
        raise SignatureRefusedError("the registered key set holds no usable key")
    return KeySet(list(usable))


def _usable(given: object) -> PublicKey | None:
    try:
        return public_key(given)
    except SignatureRefusedError:
        return None


def compact(sign: Callable[[bytes], bytes], header: Mapping[str, Any], claims: Mapping[str, Any]) -> str:
    """A compact JWS of *claims* under *header* (RFC 7515, section 3.1), its signature made by *sign*."""
    text = f"{base64url(orjson.dumps(header))}.{base64url(orjson.dumps(claims))}"
    return f"{text}.{base64url(sign(text.encode('ascii')))}"


def base64url(raw: bytes) -> str:
    """*raw* in base64url without padding (RFC 7515, appendix C)."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def sha256_base64url(text: str) -> str:
    """SHA-256 of ASCII *text* in base64url, 43 characters: DPoP's ``ath``."""
    return base64url(hashlib.sha256(text.encode("ascii")).digest())
