"""The service's keys: one by which it proves who it is, and one to which its tokens are bound. `joserfc` signs."""

import base64
import hashlib
import json
import os
import secrets
import stat
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from web.client.errors import KeyFileError

ASSERTION_SECONDS: Final = 55
"""The vault takes 60 at most; the rest is for clocks that differ."""
RSA_BITS: Final = 2048
PROOF_TYPE: Final = "dpop+jwt"

Key = ECKey | RSAKey | OKPKey


@dataclass(frozen=True, slots=True)
class ServiceKey:
    """The private key whose public half is registered for the service."""

    _key: Key = field(repr=False)
    algorithm: str
    """``ES256``, ``PS256`` or ``Ed25519``."""

    @classmethod
    def make(cls, folder: str | Path, name: str) -> Self:
        """
        Make an ES256 key pair: ``NAME-private.json`` (mode 0600), and ``NAME-public.json`` to register.

        Raises:
            KeyFileError: There is a key of that name already; it is kept.
        """
        key = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"}, auto_kid=True)
        private, public = (Path(folder) / f"{name}-{half}.json" for half in ("private", "public"))
        try:
            with os.fdopen(
                os.open(private, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
            ) as file:
                json.dump({"keys": [key.as_dict(private=True)]}, file)
        except FileExistsError:
            raise KeyFileError(f"`{private.name}` is there already, and is kept") from None
        public.write_text(json.dumps({"keys": [key.as_dict(private=False)]}), encoding="utf-8")
        return cls(key, "ES256")

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """
        Read the first key of a file that holds a private JWK or a JWK set (RFC 7517).

        Raises:
            KeyFileError: It cannot be read, is not that, or others on this machine may read it.
        """
        place = Path(path)
        try:
            others = stat.S_IMODE(place.stat().st_mode) & (stat.S_IRWXG | stat.S_IRWXO)
            held = json.loads(place.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise KeyFileError(f"`{place.name}` cannot be read as JSON ({type(error).__name__})") from None
        if others and os.name == "posix":
            raise KeyFileError(f"`{place.name}` can be read by others; `chmod 600` it, and change the key if they did")
        return cls.of(held)

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Self:
        """
        The key in a JWK or a JWK set.

        Raises:
            KeyFileError: It is no private key of a kind that the vault takes.
        """
        first = given.get("keys") or [given]
        try:
            return cls(*_imported(dict(first[0])))
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise KeyFileError(f"it is no usable private key ({type(error).__name__})") from None

    def assertion(self, client_id: str, issuer: str) -> str:
        """A proof of who the service is, for one call (RFC 7523, section 3): its audience is the issuer alone."""
        now = int(time.time())
        claims = {"iss": client_id, "sub": client_id, "aud": issuer, "jti": secrets.token_urlsafe(16)}
        header = {"alg": self.algorithm, **({"kid": self._key.kid} if self._key.kid else {})}
        times = {"iat": now, "exp": now + ASSERTION_SECONDS}
        return jwt.encode(header, {**claims, **times}, self._key, algorithms=[self.algorithm])


def _imported(given: dict[str, Any]) -> tuple[Key, str]:
    if "d" not in given:
        raise KeyFileError("it is a public key; the private one signs")
    match given.get("kty"), given.get("crv"):
        case "EC", "P-256":
            return ECKey.import_key(given), "ES256"
        case "OKP", "Ed25519":
            return OKPKey.import_key(given), "Ed25519"
        case "RSA", None:
            key = RSAKey.import_key(given)
            if key.raw_value.key_size >= RSA_BITS:
                return key, "PS256"
    raise KeyFileError("it is none of P-256, Ed25519 and RSA of 2048 bits or more")


@dataclass(frozen=True, slots=True)
class ProofKey:
    """The key that tokens are bound to (DPoP, RFC 9449). Keep it as long as a refresh token is to be used."""

    _key: ECKey = field(repr=False)

    @classmethod
    def make(cls) -> Self:
        """A new one."""
        return cls(ECKey.generate_key("P-256"))

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Self:
        """The one that `as_dict` wrote."""
        return cls(ECKey.import_key(dict(given)))

    def as_dict(self) -> dict[str, Any]:
        """The private JWK: a secret, for a file of mode 0600."""
        return dict(self._key.as_dict(private=True))

    def proof(self, method: str, url: str, *, nonce: str | None, token: str | None = None) -> str:
        """A proof for one call (RFC 9449, section 4.2); *url* without query and fragment."""
        claims: dict[str, Any] = {"htm": method, "htu": url, "iat": int(time.time()), "jti": secrets.token_urlsafe(16)}
        if nonce is not None:
            claims["nonce"] = nonce
        if token is not None:
            claims["ath"] = digest(token)
        header = {"typ": PROOF_TYPE, "alg": "ES256", "jwk": dict(self._key.as_dict(private=False))}
        return jwt.encode(header, claims, self._key, algorithms=["ES256"])


def digest(text: str) -> str:
    """SHA-256 of ASCII *text*, base64url without padding, 43 characters."""
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode("ascii")).digest()).rstrip(b"=").decode("ascii")
