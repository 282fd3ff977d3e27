r"""Cosignatures: a witness says that a head extends every head of that log which it saw before (C2SP tlog-cosignature).

A line of a signed note whose signature is 8 bytes of POSIX time, big-endian, and then, by the kind of the key:

Ed25519 (0x04)
    64 bytes over ``cosignature/v1\ntime <time>\n`` and the whole text of the checkpoint. One key serves one witness,
    since the message does not name it.
ML-DSA-44 (0x06, FIPS 204)
    2,420 bytes over ``subtree/v1\n\0``, the witness's name and the time, the log's origin, the first and the last index
    and the root: names after their length in one byte, numbers as 8 bytes. Safe against quantum computers.
"""

import base64
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

from audit.checkpoint import DASH, KEY_ID_BYTES, key_id, read_text, read_verifier_key, split_note, verifier_key
from audit.errors import CheckpointInvalidError

LATEST_TIME: Final = 2**63 - 1

_TIME_BYTES = 8
_NAME_MOST = 255
_SUBTREE = b"subtree/v1\n\0"


class Kind(Enum):
    """How a witness signs: the byte of its keys (C2SP signed-note, "Signature types"), sizes of key and signature."""

    ED25519 = (b"\x04", 32, 64)
    ML_DSA_44 = (b"\x06", 1312, 2420)

    @property
    def byte(self) -> bytes:
        """The byte by which a verifier key names it."""
        return self.value[0]

    @property
    def key_bytes(self) -> int:
        """The size of a public key."""
        return self.value[1]

    @property
    def signature_bytes(self) -> int:
        """The size of a signature."""
        return self.value[2]


@dataclass(frozen=True, slots=True)
class Cosigner:
    """A witness as others know it: its name, and its public key (32 bytes of Ed25519, 1,312 of ML-DSA-44)."""

    name: str
    public_key: bytes
    kind: Kind = Kind.ED25519

    @classmethod
    def parse(cls, written: str) -> Self:
        """Read a verifier key of type 0x04 or 0x06.

        Raises:
            CheckpointInvalidError: it is none.
        """
        kind = Kind.ML_DSA_44 if len(written) > Kind.ML_DSA_44.key_bytes else Kind.ED25519
        return cls(*read_verifier_key(written, kind.byte, key_bytes=kind.key_bytes), kind)

    def __str__(self) -> str:
        return verifier_key(self.name, self.public_key, self.kind.byte)

    @property
    def key_id(self) -> bytes:
        """The 4 bytes by which a signature line names this key."""
        return key_id(self.name, self.public_key, self.kind.byte)


@dataclass(frozen=True, slots=True)
class Quorum:
    """How many of which witnesses must have cosigned a head before it is trusted."""

    needed: int
    cosigners: tuple[Cosigner, ...]

    def demand(self, note: str) -> None:
        """Check that enough of the witnesses cosigned *note*.

        Raises:
            CheckpointInvalidError: too few did, or one's line is wrong.
        """
        found = cosigned_by(note, self.cosigners)
        if len(found) < self.needed:
            raise CheckpointInvalidError(f"{len(found)} of {self.needed} witnesses needed cosigned the checkpoint")


def cosign(text: str, *, cosigner: Cosigner, sign: Callable[[bytes], bytes], time: int) -> str:
    """Return the cosignature of a checkpoint as a line of a note, ended by a newline.

    Args:
        text: The checkpoint's whole text, its last newline included.
        cosigner: Whose key *sign* uses.
        sign: Makes a signature of the cosigner's kind.
        time: POSIX seconds, above 0.
    """
    signature = cosigner.key_id + time.to_bytes(_TIME_BYTES) + sign(_message(cosigner, text, time))
    return f"{DASH} {cosigner.name} {base64.b64encode(signature).decode()}\n"


def cosigned_by(note: str, cosigners: Collection[Cosigner]) -> dict[str, int]:
    """Return when each of *cosigners* cosigned *note*, POSIX seconds by name; lines of unknown keys are passed over.

    Raises:
        CheckpointInvalidError: it is no note, or the line of a known key does not verify.
    """
    text, signatures = split_note(note)
    known = {(each.name, each.key_id): each for each in cosigners}
    found: dict[str, int] = {}
    for name, signature in signatures:
        cosigner = known.get((name, signature[:KEY_ID_BYTES]))
        if cosigner is not None:
            found[name] = _checked_time(cosigner, signature[KEY_ID_BYTES:], text)
    return found


def with_cosignatures(note: str, lines: Sequence[str]) -> str:
    """Return *note* with *lines* after its own signatures."""
    return note + "".join(lines)


def _message(cosigner: Cosigner, text: str, time: int) -> bytes:
    if cosigner.kind is Kind.ED25519:
        return f"cosignature/v1\ntime {time}\n{text}".encode()
    head = read_text(text)
    numbers = (0).to_bytes(8) + head.size.to_bytes(8)
    return _SUBTREE + _named(cosigner.name) + time.to_bytes(_TIME_BYTES) + _named(head.origin) + numbers + head.root


def _named(name: str) -> bytes:
    encoded = name.encode()
    if len(encoded) > _NAME_MOST:
        raise CheckpointInvalidError(f"a name of {len(encoded)} bytes cannot be cosigned by ML-DSA-44")
    return bytes([len(encoded)]) + encoded


def _checked_time(cosigner: Cosigner, signature: bytes, text: str) -> int:
    time = int.from_bytes(signature[:_TIME_BYTES])
    if len(signature) != _TIME_BYTES + cosigner.kind.signature_bytes or not 0 < time <= LATEST_TIME:
        raise CheckpointInvalidError(f"the line of `{cosigner.name}` is no cosignature")
    reader = Ed25519PublicKey if cosigner.kind is Kind.ED25519 else MLDSA44PublicKey
    try:
        reader.from_public_bytes(cosigner.public_key).verify(signature[_TIME_BYTES:], _message(cosigner, text, time))
    except InvalidSignature as error:
        raise CheckpointInvalidError(f"the line of `{cosigner.name}` does not verify") from error
    return time
