"""What the log says of rows: the newest state of each, and how often it was named. Small, for millions of rows."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Self

from audit.entry import Leaf

REFERENCE: Final = 16
DIGEST: Final = 32
_TIMES: Final = 4
RECORD: Final = REFERENCE + DIGEST + _TIMES
"""Bytes of one row in `Told.pack`."""


@dataclass(slots=True)
class Told:
    """The newest digest (32 bytes) of each row by its reference (16 bytes), as entries name them in their order."""

    newest: dict[bytes, bytes] = field(default_factory=dict)
    leaves: int = 0
    """How many leaves were taken one by one."""
    _often: dict[bytes, int] = field(default_factory=dict)
    """How often a row was named, where that was more than once."""

    @classmethod
    def by(cls, leaves: Iterable[Leaf]) -> Self:
        """What *leaves* say, oldest first."""
        told = cls()
        told.take_all(leaves)
        return told

    def times(self, reference: bytes) -> int:
        """How often a row was named."""
        return self._often.get(reference, 1) if reference in self.newest else 0

    def take_all(self, leaves: Iterable[Leaf]) -> None:
        """Take what *leaves* say, oldest first."""
        for leaf in leaves:
            self.leaves += 1
            for reference, digest in leaf.touched:
                self._take(bytes.fromhex(reference), bytes.fromhex(digest))

    def take(self, named: bytes) -> None:
        """Take rows as `audit.bundles.touched_of` names them: reference and digest of each, one after the other."""
        for at in range(0, len(named), REFERENCE + DIGEST):
            middle = at + REFERENCE
            self._take(named[at:middle], named[middle : middle + DIGEST])

    def _take(self, reference: bytes, digest: bytes) -> None:
        if reference in self.newest:
            self._often[reference] = self._often.get(reference, 1) + 1
        self.newest[reference] = digest

    def pack(self) -> bytes:
        """All of it: of each row its reference (16), newest digest (32) and how often it was named (4, big-endian)."""
        often = self._often.get
        return b"".join(
            [reference + digest + often(reference, 1).to_bytes(_TIMES) for reference, digest in self.newest.items()]
        )

    @classmethod
    def unpack(cls, packed: bytes) -> Self:
        """
        Read what `pack` wrote.

        Raises:
            ValueError: It ends within a row.
        """
        if len(packed) % RECORD:
            raise ValueError("the rows end within one")
        told = cls()
        for at in range(0, len(packed), RECORD):
            reference = packed[at : at + REFERENCE]
            told.newest[reference] = packed[at + REFERENCE : at + REFERENCE + DIGEST]
            times = int.from_bytes(packed[at + REFERENCE + DIGEST : at + RECORD])
            if times > 1:
                told._often[reference] = times
        return told
