"""The key that signs ID tokens: kept in the key store under ``issuer``, published at ``/jwks``."""

from functools import lru_cache
from typing import Any

from joserfc.jwk import OKPKey

from vault.context import Vault
from web.api.id_token import ALGORITHM, KEY_NAME, Sign
from web.api.jose import base64url


@lru_cache(maxsize=8)
def _public(raw: bytes) -> OKPKey:
    return OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": base64url(raw)})


def public_key(vault: Vault) -> OKPKey:
    """The public half, Ed25519 (RFC 8037)."""
    return _public(vault.keyring.store.public_key(KEY_NAME))


def key_id(vault: Vault) -> str:
    """Its id: the RFC 7638 thumbprint."""
    return public_key(vault).thumbprint()


def signer(vault: Vault) -> Sign:
    """The function that signs with it inside the key store."""
    return lambda data: vault.keyring.store.sign(KEY_NAME, data)


def key_set(vault: Vault) -> dict[str, Any]:
    """The published key set (RFC 7517, section 5)."""
    members = public_key(vault).as_dict(private=False)
    return {"keys": [{**members, "kid": key_id(vault), "alg": ALGORITHM, "use": "sig"}]}
