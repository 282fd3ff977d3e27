"""Checkpoints: signed heads of the tree, as C2SP tlog-checkpoint v1 in C2SP signed-note v1, under Ed25519.

A note is text, an empty line, and one line per signature: ``— <key name> <base64(key id (4) ‖ signature (64))>``.
A checkpoint's text is three lines: the origin, the size in decimal, the root hash in base64. The key's name is the
origin. Signatures by unknown keys (witnesses, older keys) are passed over, as the specification demands.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from audit.errors import CheckpointInvalidError
from audit.tree import HASH_BYTES

MAX_NOTE_CHARACTERS: Final = 65_536
KEY_ID_BYTES: Final = 4
PUBLIC_KEY_BYTES: Final = 32
ED25519: Final = b"\x01"  # C2SP signed-note, "Signature types"
DASH: Final = "—"  # U+2014

_KEY_NAME = re.compile(r"[^\s+]+")
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_BODY_LINES = 3


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The head of a tree: whose it is, how many leaves it has, and its root (32 bytes)."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The note's text, which is what gets signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def key_id(name: str, public_key: bytes, kind: bytes = ED25519) -> bytes:
    """Return the id of a key under *name*: SHA-256(name ‖ 0x0A ‖ kind ‖ public key), its first 4 bytes."""
    return hashlib.sha256(name.encode() + b"\n" + kind + public_key).digest()[:KEY_ID_BYTES]


def verifier_key(name: str, public_key: bytes, kind: bytes = ED25519) -> str:
    """Write a public key as tools read it: ``name+id in hex+base64(kind ‖ key)``."""
    return f"{name}+{key_id(name, public_key, kind).hex()}+{base64.b64encode(kind + public_key).decode()}"


def read_verifier_key(written: str, kind: bytes = ED25519, *, key_bytes: int = PUBLIC_KEY_BYTES) -> tuple[str, bytes]:
    """Return the name and the public key (of *key_bytes*) that `verifier_key` wrote.

    Raises:
        CheckpointInvalidError: it is no such line, of another kind, or its id is not its key's.
    """
    name, _, rest = written.strip().partition("+")
    _, _, encoded = rest.partition("+")
    key = _from_base64(encoded)[len(kind) :]
    if len(key) != key_bytes or not is_origin(name) or verifier_key(name, key, kind) != written.strip():
        raise CheckpointInvalidError("not a verifier key of the kind that is needed")
    return name, key


def sign_checkpoint(checkpoint: Checkpoint, *, sign: Callable[[bytes], bytes], public_key: bytes) -> str:
    """Return *checkpoint* as a signed note.

    Args:
        checkpoint: The head; its origin is also the key's name.
        sign: Makes an Ed25519 signature (64 bytes) over the bytes given.
        public_key: The public half of that key, 32 bytes.

    Raises:
        CheckpointInvalidError: the origin cannot be a key's name (empty, spaces, control characters or "+").
    """
    if not is_origin(checkpoint.origin):
        raise CheckpointInvalidError(f"origin `{checkpoint.origin}` cannot name a key")
    signature = key_id(checkpoint.origin, public_key) + sign(checkpoint.text.encode())
    return f"{checkpoint.text}\n{DASH} {checkpoint.origin} {base64.b64encode(signature).decode()}\n"


def open_checkpoint(note: str, *, public_keys: Sequence[bytes], origin: str | None = None) -> Checkpoint:
    """Return the head that *note* holds, signed by at least one of *public_keys* (Ed25519, 32 bytes each).

    Args:
        note: The signed note.
        public_keys: The log's keys, under the note's own origin as their name.
        origin: Where given, the only origin accepted.

    Raises:
        CheckpointInvalidError: malformed, of another origin, signed by none of the keys, or badly by one of them.
    """
    text, signatures = split_note(note)
    checkpoint = read_text(text)
    if origin is not None and checkpoint.origin != origin:
        raise CheckpointInvalidError(f"checkpoint is of origin `{checkpoint.origin}`, not `{origin}`")
    known = {key_id(checkpoint.origin, key): key for key in public_keys}
    counted = 0
    for name, signature in signatures:
        if name == checkpoint.origin and signature[:KEY_ID_BYTES] in known:
            _check_signature(known[signature[:KEY_ID_BYTES]], signature[KEY_ID_BYTES:], text)
            counted += 1
    if not counted:
        raise CheckpointInvalidError(f"no known key signed the checkpoint of `{checkpoint.origin}`")
    return checkpoint


def is_origin(origin: str) -> bool:
    """Say whether *origin* can name a log and its key: not empty, no spaces, no control characters, no "+"."""
    return _KEY_NAME.fullmatch(origin) is not None and origin.isprintable()


def split_note(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    """Return a note's text, and of each signature line the key's name and what follows it in bytes: id, signature.

    Raises:
        CheckpointInvalidError: it is no signed note; whether a signature is right is not looked at.
    """
    if len(note) > MAX_NOTE_CHARACTERS or any(character < " " and character != "\n" for character in note):
        raise CheckpointInvalidError("note is too long or holds control characters")
    text, empty_line, signed = note.rpartition("\n\n")
    if not empty_line or not signed.endswith("\n"):
        raise CheckpointInvalidError("note has no signatures")
    return text + "\n", [_read_signature(line) for line in signed[:-1].split("\n")]


def _read_signature(line: str) -> tuple[str, bytes]:
    dash, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    signature = _from_base64(encoded)
    if dash != DASH or not _KEY_NAME.fullmatch(name) or len(signature) <= KEY_ID_BYTES:
        raise CheckpointInvalidError("note has a malformed signature line")
    return name, signature


def read_text(text: str) -> Checkpoint:
    """Return the head that a note's text says, vouched for by nobody.

    Raises:
        CheckpointInvalidError: it is not an origin, a size and a root.
    """
    lines = text[:-1].split("\n")
    if len(lines) != _BODY_LINES or not is_origin(lines[0]) or not _SIZE.fullmatch(lines[1]):
        raise CheckpointInvalidError("checkpoint is not an origin, a size and a root")
    root = _from_base64(lines[2])
    if len(root) != HASH_BYTES:
        raise CheckpointInvalidError("checkpoint's root is not 32 bytes")
    return Checkpoint(lines[0], int(lines[1]), root)


def _from_base64(encoded: str) -> bytes:
    try:
        decoded = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise CheckpointInvalidError("note holds something that is not base64") from error
    if base64.b64encode(decoded).decode() != encoded:
        raise CheckpointInvalidError("note holds base64 that is not canonical")
    return decoded


def _check_signature(public_key: bytes, signature: bytes, text: str) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, text.encode())
    except InvalidSignature as error:
        raise CheckpointInvalidError("checkpoint carries a bad signature of a known key") from error
