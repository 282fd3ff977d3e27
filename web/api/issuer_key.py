"""What this server signs as an issuer, and the keys that it publishes for that at ``/jwks``."""

from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import Any, Final

from joserfc.jwk import OKPKey

from vault.context import SYSTEM, Vault
from vault.issuer_keys import IssuerKeys, issuer_keys
from web.api import jose
from web.api.jose import base64url

ALGORITHM: Final = "EdDSA"  # Ed25519; RFC 9864 renamed it, and clients know it by this name


@lru_cache(maxsize=16)
def _public(raw: bytes) -> OKPKey:
    return OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": base64url(raw)})


def _keys(vault: Vault) -> IssuerKeys:
    with vault.reading(SYSTEM) as ctx:
        return issuer_keys(ctx)


def _public_key(vault: Vault, name: str) -> OKPKey:
    return _public(vault.keyring.store.public_key(name))


def signed(vault: Vault, claims: Mapping[str, Any], *, kind: str) -> str:
    """
    A JWT of type *kind* with *claims*, signed inside the key store (Ed25519, RFC 8037, section 3.1).

    The key's id is its RFC 7638 thumbprint.
    """
    kid, sign = signer(vault)
    return jose.compact(sign, {"typ": kind, "alg": ALGORITHM, "kid": kid}, claims)


def signer(vault: Vault) -> tuple[str, Callable[[bytes], bytes]]:
    """The id of the key that signs now, and what signs with it inside the key store."""
    name = _keys(vault).signing
    return _public_key(vault, name).thumbprint(), partial(vault.keyring.store.sign, name)


def key_set(vault: Vault) -> dict[str, Any]:
    """The published key set (RFC 7517, section 5): the key that signs, the next one, and old ones for a while."""
    found = [_public_key(vault, name) for name in _keys(vault).published]
    return {
        "keys": [
            {**key.as_dict(private=False), "kid": key.thumbprint(), "alg": ALGORITHM, "use": "sig"} for key in found
        ]
    }
