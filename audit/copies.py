"""Signed copies of a part of the log, checked with their files and two public keys: no vault, no database.

A copy is a folder. ``manifest.json`` names every other file by its path with the SHA-256 of its bytes in hex, so that
nothing can be changed, added or left out. ``manifest.sig`` is one line: the base64 of an Ed25519 signature (64 bytes)
under the vault's receipt key, over ``"citizen-vault/copy/1" 0x0A`` ‖ the bytes of ``manifest.json``. Each file under
``proofs/`` proves the leaf of the same name under ``leaves/``.
"""

import base64
import binascii
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from audit.entry import leaf_hash
from audit.errors import AuditError
from audit.proof import verify_proof

MANIFEST: Final = "manifest.json"
SIGNATURE: Final = "manifest.sig"
_LABEL: Final = b"citizen-vault/copy/1\n"
_PROOF: Final = ".tlog-proof"


def seal_copy(
    files: Mapping[str, bytes], about: Mapping[str, Any], *, sign: Callable[[bytes], bytes]
) -> dict[str, bytes]:
    """Return *files* with a manifest that says *about* and names them all, and its signature.

    Args:
        files: The content by path.
        about: What the copy is, as JSON values.
        sign: Makes an Ed25519 signature (64 bytes) under the receipt key.
    """
    digests = {path: hashlib.sha256(content).hexdigest() for path, content in files.items()}
    manifest = orjson.dumps({**about, "files": digests}, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)
    signature = base64.b64encode(sign(_LABEL + manifest)) + b"\n"
    return {**files, MANIFEST: manifest, SIGNATURE: signature}


def check_copy(
    files: Mapping[str, bytes], *, log_keys: Sequence[bytes], signer: bytes
) -> tuple[Mapping[str, Any], list[str]]:
    """Return what the manifest says, and a sentence for everything that is wrong; none means that the copy is whole.

    Args:
        files: Every file of the copy, by path.
        log_keys: Keys that may have signed the log's heads, Ed25519, 32 bytes each.
        signer: The public half of the receipt key, 32 bytes.
    """
    manifest = files.get(MANIFEST, b"")
    if not _signed(manifest, files.get(SIGNATURE, b""), signer):
        return {}, ["the manifest is not signed by this key"]
    # INVARIANT: read after the signature was checked, so it is what `seal_copy` wrote.
    said: dict[str, Any] = orjson.loads(manifest)
    named: dict[str, str] = said["files"]
    wrong = [f"{path} is missing" for path in named.keys() - files.keys()]
    for path, content in files.items():
        if path in {MANIFEST, SIGNATURE}:
            continue
        if path not in named:
            wrong.append(f"{path} was added")
        elif hashlib.sha256(content).hexdigest() != named[path]:
            wrong.append(f"{path} was changed")
    return said, sorted([*wrong, *_unproved(files, log_keys)])


def _signed(manifest: bytes, signature: bytes, signer: bytes) -> bool:
    try:
        held = base64.b64decode(signature.removesuffix(b"\n"), validate=True)
        Ed25519PublicKey.from_public_bytes(signer).verify(held, _LABEL + manifest)
    except (binascii.Error, InvalidSignature, ValueError):
        return False
    return base64.b64encode(held) + b"\n" == signature


def _unproved(files: Mapping[str, bytes], log_keys: Sequence[bytes]) -> Iterator[str]:
    for path, proof in files.items():
        if not path.endswith(_PROOF):
            continue
        leaf = files.get(path.replace("proofs/", "leaves/", 1).removesuffix(_PROOF) + ".json", b"")
        try:
            verify_proof(proof.decode(), leaf_hash=leaf_hash(leaf), public_keys=log_keys)
        except (AuditError, UnicodeDecodeError) as error:
            yield f"{path} proves nothing: {error}"
