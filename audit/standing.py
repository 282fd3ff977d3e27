"""How far a log was proved: all that a later proof needs to go on from there instead of from the beginning. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from audit.numbers import Fault, Progress, fault_of
from audit.tree import HASH_BYTES, Frontier


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is known at a signed head under which everything was sound."""

    log: int
    size: int
    peaks: tuple[bytes, ...]
    """The complete subtrees that make up the tree of that size, from the left; 32 bytes each."""
    heads: int
    """How many heads of this log were published up to here."""
    writers: Mapping[str, tuple[int, int | None, int]]
    """Each writer's next number, the last it may use (None while it is open), and its latest time."""
    payloads: Mapping[str, int]
    """How many payloads belong to the entries, by month."""
    declared: tuple[str, ...]
    """What the log declares so far, in sentences."""
    faults: tuple[tuple[Fault, int], ...]
    """What was wrong with numbers and is not declared yet, and in which log."""

    @property
    def frontier(self) -> Frontier:
        """The right edge of the tree, to grow it on."""
        return Frontier(self.size, list(self.peaks))

    @property
    def progress(self) -> dict[str, Progress]:
        """How far each writer was followed."""
        return {name: Progress(*at) for name, at in self.writers.items()}

    @property
    def plain(self) -> dict[str, Any]:
        """This as JSON values."""
        return {
            "declared": list(self.declared),
            "faults": [[fault.about, log] for fault, log in self.faults],
            "heads": self.heads,
            "log": self.log,
            "payloads": dict(self.payloads),
            "peaks": [peak.hex() for peak in self.peaks],
            "size": self.size,
            "writers": {name: list(at) for name, at in self.writers.items()},
        }

    @classmethod
    def from_plain(cls, held: Mapping[str, Any]) -> Self:
        """Read what `plain` wrote.

        Raises:
            KeyError, TypeError, ValueError: It is not that.
        """
        peaks = tuple(bytes.fromhex(peak) for peak in held["peaks"])
        if any(len(peak) != HASH_BYTES for peak in peaks) or len(peaks) != held["size"].bit_count():
            raise ValueError("the peaks are not those of a tree of that size")
        return cls(
            log=held["log"],
            size=held["size"],
            peaks=peaks,
            heads=held["heads"],
            writers={name: (at[0], at[1], at[2]) for name, at in held["writers"].items()},
            payloads=dict(held["payloads"]),
            declared=tuple(held["declared"]),
            faults=tuple((fault_of(about), log) for about, log in held["faults"]),
        )
