"""HTTP Message Signatures (RFC 9421) over what this server sends, with the digest of its body (RFC 9530).

Ed25519 alone, made inside the key store. Whoever receives it checks it with any library that knows RFC 9421, and the
public keys at ``/jwks``.
"""

import base64
import hashlib
from collections.abc import Callable, Mapping
from typing import Final

LABEL: Final = "sig1"
ALGORITHM: Final = "ed25519"  # RFC 9421, section 6.2.2


def content_digest(body: bytes) -> str:
    """The ``Content-Digest`` of *body*: SHA-256 (RFC 9530, section 2)."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


def parameters(components: Mapping[str, str], given: Mapping[str, str | int]) -> str:
    """The covered components and the parameters, as ``@signature-params`` (RFC 9421, section 2.3)."""
    names = " ".join(f'"{name}"' for name in components)
    members = "".join(f";{name}={value if isinstance(value, int) else _string(value)}" for name, value in given.items())
    return f"({names}){members}"


def _string(value: str) -> str:
    """*value* as a string of RFC 9651, section 4.1.6; everything here is plain ASCII of our own making."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def base(components: Mapping[str, str], params: str) -> bytes:
    """What is signed (RFC 9421, section 2.5)."""
    lines = [f'"{name}": {value}' for name, value in components.items()]
    return "\n".join([*lines, f'"@signature-params": {params}']).encode("ascii")


def signed(
    components: Mapping[str, str],
    given: Mapping[str, str | int],
    sign: Callable[[bytes], bytes],
    *,
    label: str = LABEL,
) -> dict[str, str]:
    """
    The headers ``Signature-Input`` and ``Signature`` (RFC 9421, section 4).

    Args:
        components: The covered components by name, in order, each with its value.
        given: The signature's parameters, in order.
        sign: Signs bytes with the private key.
        label: What the signature is called among others.
    """
    params = parameters(components, given)
    made = base64.b64encode(sign(base(components, params))).decode()
    return {"Signature-Input": f"{label}={params}", "Signature": f"{label}=:{made}:"}
