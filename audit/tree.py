"""The Merkle tree of RFC 6962 and RFC 9162, section 2.1: pure, with the RFCs' names. Every hash is 32 bytes.

A *node* is the hash of a complete subtree: ``(level, index)`` covers the ``2**level`` leaves from ``index * 2**level``.
Only complete nodes are kept; everything else is folded from them when asked for.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from audit.errors import ProofInvalidError

HASH_BYTES: Final = 32
EMPTY_ROOT: Final = hashlib.sha256(b"").digest()


# Where a complete node stands, (level, index): level 0 holds the leaf hashes.
Place = tuple[int, int]


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two neighbours into their parent: SHA-256(0x01 ‖ left ‖ right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of(peaks: Sequence[bytes]) -> bytes:
    """Fold *peaks* (complete subtrees from the left, each smaller than the one before) into their root."""
    if not peaks:
        return EMPTY_ROOT
    root = peaks[-1]
    for peak in reversed(peaks[:-1]):
        root = node_hash(peak, root)
    return root


def places_of(start: int, end: int) -> list[Place]:
    """List the complete nodes that cover the leaves from *start* to *end* (exclusive), from the left.

    *start* is a multiple of the smallest power of two that is not less than the span, as in every range of the RFCs.
    """
    places = []
    while start < end:
        level = (end - start).bit_length() - 1
        places.append((level, start >> level))
        start += 1 << level
    return places


@dataclass(slots=True)
class Frontier:
    """The right edge of a growing tree: its size and its peaks, from the left."""

    size: int = 0
    peaks: list[bytes] = field(default_factory=list)

    def append(self, leaf_hash: bytes) -> list[tuple[Place, bytes]]:
        """Add one leaf hash; return the nodes of level 1 and above that it completed."""
        completed: list[tuple[Place, bytes]] = []
        current, level, rest = leaf_hash, 0, self.size
        while rest & 1:
            current = node_hash(self.peaks.pop(), current)
            level, rest = level + 1, rest >> 1
            completed.append(((level, rest), current))
        self.peaks.append(current)
        self.size += 1
        return completed

    def graft(self, level: int, node: bytes) -> list[tuple[Place, bytes]]:
        """Add the complete subtree *node* of ``2**level`` leaves; return the nodes above it that it completed.

        The size is a multiple of ``2**level``.
        """
        completed: list[tuple[Place, bytes]] = []
        current, rest, size = node, self.size >> level, self.size + (1 << level)
        while rest & 1:
            current = node_hash(self.peaks.pop(), current)
            level, rest = level + 1, rest >> 1
            completed.append(((level, rest), current))
        self.peaks.append(current)
        self.size = size
        return completed

    @property
    def root(self) -> bytes:
        """The root of the tree as it is now."""
        return root_of(self.peaks)


def root_hash(leaf_hashes: Iterable[bytes]) -> bytes:
    """Return the root over *leaf_hashes*, oldest first. RFC 6962, section 2.1."""
    frontier = Frontier()
    for leaf_hash in leaf_hashes:
        frontier.append(leaf_hash)
    return frontier.root


def inclusion_ranges(index: int, size: int) -> list[tuple[int, int]]:
    """List the ranges whose roots prove leaf *index* in a tree of *size*, from the leaf upwards. RFC 9162, 2.1.3.1.

    Raises:
        ProofInvalidError: there is no such leaf.
    """
    if not 0 <= index < size:
        raise ProofInvalidError(f"no leaf {index} in a tree of size {size}")
    ranges = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    return ranges[::-1]


def consistency_ranges(first: int, second: int) -> list[tuple[int, int]]:
    """List the ranges whose roots prove that a tree of *second* extends one of *first*. RFC 9162, 2.1.4.1.

    Raises:
        ProofInvalidError: *first* is 0 or greater than *second*; an empty tree proves nothing.
    """
    if not 0 < first <= second:
        raise ProofInvalidError(f"no consistency from size {first} to size {second}")
    ranges = []
    start, end = 0, second
    while end != first:
        middle = start + _split(end - start)
        if first <= middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    if start > 0:
        ranges.append((start, end))
    return ranges[::-1]


def hashes_of(ranges: Iterable[tuple[int, int]], node: Callable[[Place], bytes]) -> list[bytes]:
    """Fold each of *ranges* from the complete nodes that *node* knows."""
    return [root_of([node(place) for place in places_of(start, end)]) for start, end in ranges]


def verify_inclusion(*, index: int, size: int, leaf_hash: bytes, root: bytes, proof: Sequence[bytes]) -> None:
    """Check that *leaf_hash* is leaf *index* of the tree of *size* with *root*. RFC 9162, section 2.1.3.2.

    Raises:
        ProofInvalidError: it is not shown.
    """
    _require_hashes([leaf_hash, root, *proof])
    if not 0 <= index < size:
        raise ProofInvalidError(f"no leaf {index} in a tree of size {size}")
    inner, last, current = index, size - 1, leaf_hash
    for sibling in proof:
        if last == 0:
            raise ProofInvalidError("inclusion proof is too long")
        if inner & 1 or inner == last:
            current = node_hash(sibling, current)
            while not inner & 1 and inner != 0:
                inner, last = inner >> 1, last >> 1
        else:
            current = node_hash(current, sibling)
        inner, last = inner >> 1, last >> 1
    if last != 0 or current != root:
        raise ProofInvalidError(f"leaf {index} is not shown to be in the tree of size {size}")


def verify_consistency(
    *, first: int, second: int, first_root: bytes, second_root: bytes, proof: Sequence[bytes]
) -> None:
    """Check that the tree of size *second* extends the tree of size *first*. RFC 9162, section 2.1.4.2.

    Raises:
        ProofInvalidError: it is not shown; from size 0 it never is.
    """
    _require_hashes([first_root, second_root, *proof])
    if not 0 < first <= second:
        raise ProofInvalidError(f"no consistency from size {first} to size {second}")
    if first == second:
        if proof or first_root != second_root:
            raise ProofInvalidError(f"two different trees of size {first}")
        return
    shown_first, shown_second = _fold_consistency(first, second, _path(first, first_root, proof))
    if shown_first != first_root or shown_second != second_root:
        raise ProofInvalidError(f"the tree of size {second} is not shown to extend that of size {first}")


def _path(first: int, first_root: bytes, proof: Sequence[bytes]) -> Iterator[bytes]:
    # A first tree that is one complete subtree is its own first node and is left out of the proof.
    if not proof:
        raise ProofInvalidError("consistency proof is empty")
    return iter([first_root, *proof] if first & (first - 1) == 0 else proof)


def _fold_consistency(first: int, second: int, path: Iterator[bytes]) -> tuple[bytes, bytes]:
    inner, last = first - 1, second - 1
    while inner & 1:
        inner, last = inner >> 1, last >> 1
    shown_first = shown_second = next(path)
    for sibling in path:
        if last == 0:
            raise ProofInvalidError("consistency proof is too long")
        if inner & 1 or inner == last:
            shown_first, shown_second = node_hash(sibling, shown_first), node_hash(sibling, shown_second)
            while not inner & 1 and inner != 0:
                inner, last = inner >> 1, last >> 1
        else:
            shown_second = node_hash(shown_second, sibling)
        inner, last = inner >> 1, last >> 1
    if last != 0:
        raise ProofInvalidError("consistency proof is too short")
    return shown_first, shown_second


def _split(span: int) -> int:
    """Return the largest power of two smaller than *span* (at least 2)."""
    return 1 << ((span - 1).bit_length() - 1)


def _require_hashes(hashes: Iterable[bytes]) -> None:
    if any(len(held) != HASH_BYTES for held in hashes):
        raise ProofInvalidError("a hash is not 32 bytes")
