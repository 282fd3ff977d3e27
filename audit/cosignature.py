r"""Cosignatures: a witness says that a head extends every head of that log which it saw before (C2SP tlog-cosignature).

Ed25519, ``cosignature/v1``: a line of a signed note whose signature is 8 bytes of POSIX time, big-endian, and 64 bytes
over ``cosignature/v1\ntime <time>\n`` and the whole text of the checkpoint. One key serves one witness, since the
message does not name it.
"""

import base64
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Final, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from audit.checkpoint import DASH, KEY_ID_BYTES, key_id, read_verifier_key, split_note, verifier_key
from audit.errors import CheckpointInvalidError

COSIGNATURE: Final = b"\x04"  # C2SP signed-note, "Signature types": timestamped Ed25519
LATEST_TIME: Final = 2**63 - 1

_TIME_BYTES = 8
_SIGNATURE_BYTES = 64


@dataclass(frozen=True, slots=True)
class Cosigner:
    """A witness as others know it: its name, and its Ed25519 public key (32 bytes)."""

    name: str
    public_key: bytes

    @classmethod
    def parse(cls, written: str) -> Self:
        """Read a verifier key of type 0x04.

        Raises:
            CheckpointInvalidError: it is none.
        """
        return cls(*read_verifier_key(written, COSIGNATURE))

    def __str__(self) -> str:
        return verifier_key(self.name, self.public_key, COSIGNATURE)

    @property
    def key_id(self) -> bytes:
        """The 4 bytes by which a signature line names this key."""
        return key_id(self.name, self.public_key, COSIGNATURE)


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
        sign: Makes an Ed25519 signature, 64 bytes.
        time: POSIX seconds, above 0.
    """
    signature = cosigner.key_id + time.to_bytes(_TIME_BYTES) + sign(_message(text, time))
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


def _message(text: str, time: int) -> bytes:
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def _checked_time(cosigner: Cosigner, signature: bytes, text: str) -> int:
    time = int.from_bytes(signature[:_TIME_BYTES])
    if len(signature) != _TIME_BYTES + _SIGNATURE_BYTES or not 0 < time <= LATEST_TIME:
        raise CheckpointInvalidError(f"the line of `{cosigner.name}` is no cosignature")
    try:
        Ed25519PublicKey.from_public_bytes(cosigner.public_key).verify(signature[_TIME_BYTES:], _message(text, time))
    except InvalidSignature as error:
        raise CheckpointInvalidError(f"the line of `{cosigner.name}` does not verify") from error
    return time
