"""One file that proves one entry: C2SP tlog-proof v1.

Lines: ``c2sp.org/tlog-proof@v1``; ``index <decimal>``; the inclusion proof, one base64 hash each, from the leaf's
sibling upwards; an empty line; the checkpoint verbatim. Whoever holds it, the leaf's bytes and the log's public key
needs nothing else, now or later.
"""

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from audit.checkpoint import Checkpoint, open_checkpoint
from audit.errors import ProofInvalidError
from audit.tree import HASH_BYTES, verify_inclusion

HEADER: Final = "c2sp.org/tlog-proof@v1"

_INDEX = re.compile(r"index (0|[1-9][0-9]{0,18})")
_MAX_HASHES = 63


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """That the leaf with `leaf_hash` is leaf `index` of the tree whose signed head is `note`."""

    index: int
    leaf_hash: bytes
    hashes: tuple[bytes, ...]
    note: str

    @property
    def text(self) -> str:
        """The proof as a ``.tlog-proof`` file."""
        hashes = "".join(f"{base64.b64encode(held).decode()}\n" for held in self.hashes)
        return f"{HEADER}\nindex {self.index}\n{hashes}\n{self.note}"


def verify_proof(text: str, *, leaf_hash: bytes, public_keys: Sequence[bytes], origin: str | None = None) -> Checkpoint:
    """Check that the ``.tlog-proof`` file *text* proves the leaf with *leaf_hash*; return the head it is proved in.

    Raises:
        ProofInvalidError: malformed, or it does not show that leaf.
        CheckpointInvalidError: the head is malformed, of another origin, or signed by none of *public_keys*.
    """
    proof = read_proof(text, leaf_hash=leaf_hash)
    head = open_checkpoint(proof.note, public_keys=public_keys, origin=origin)
    verify_inclusion(index=proof.index, size=head.size, leaf_hash=leaf_hash, root=head.root, proof=proof.hashes)
    return head


def read_proof(text: str, *, leaf_hash: bytes) -> InclusionProof:
    """Read the form of a ``.tlog-proof`` file; it proves nothing until `verify_proof` says so.

    Raises:
        ProofInvalidError: malformed. A line of extra data is passed over: nothing vouches for it.
    """
    before, empty_line, note = text.partition("\n\n")
    lines = before.split("\n")
    if len(lines) > 1 and lines[1].startswith("extra "):
        del lines[1]
    index = _INDEX.fullmatch(lines[1]) if len(lines) > 1 else None
    if not empty_line or lines[0] != HEADER or index is None or len(lines) > 2 + _MAX_HASHES:
        raise ProofInvalidError("not a tlog-proof file")
    return InclusionProof(int(index[1]), leaf_hash, tuple(_read_hash(line) for line in lines[2:]), note)


def _read_hash(line: str) -> bytes:
    try:
        held = base64.b64decode(line, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ProofInvalidError("proof holds something that is not base64") from error
    if len(held) != HASH_BYTES or base64.b64encode(held).decode() != line:
        raise ProofInvalidError("a hash is not 32 bytes in canonical base64")
    return held
