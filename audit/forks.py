"""Heads that somebody kept (a witness, a journalist, last month's export), held against a log: it must extend each.

A log that does not was rolled back or tells another story than it told then: a fork.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from audit.checkpoint import Checkpoint, open_checkpoint
from audit.errors import CheckpointInvalidError
from audit.report import DefectKind, Report
from audit.tiles import TILE_HEIGHT, TILE_WIDTH, tile_path
from audit.tree import HASH_BYTES, Place, places_of, root_hash, root_of

Root = Callable[[int], bytes | None]
"""The root of a log at a size; None where it has no such size."""


def hold_kept(
    report: Report, notes: Sequence[str], public_keys: Sequence[bytes], roots: Sequence[tuple[str, Root]]
) -> None:
    """Name every kept head that none of the logs extends.

    Args:
        report: Where it is named.
        notes: The heads as they were kept: signed notes.
        public_keys: Keys that may have signed them, Ed25519, 32 bytes each.
        roots: Each log's origin, and its roots.
    """
    logs = {origin: (log, root) for log, (origin, root) in enumerate(roots)}
    for note in notes:
        try:
            head = open_checkpoint(note, public_keys=public_keys)
        except CheckpointInvalidError:
            report.add(DefectKind.CHECKPOINT_BAD, 0, "a head that was kept is not signed by the log's key")
            continue
        log, root = logs.get(head.origin, (0, _no_root))
        if root(head.size) != head.root:
            report.add(DefectKind.FORKED, log, _words(head))


def root_in_folder(folder: Path, size: int) -> Root:
    """The roots of a log in its files, which hold so many entries."""

    def node(place: Place) -> bytes:
        tile_level, rest = divmod(place[0], TILE_HEIGHT)
        first = place[1] << rest
        number, at = divmod(first, TILE_WIDTH)
        width = min((size >> (TILE_HEIGHT * tile_level)) - number * TILE_WIDTH, TILE_WIDTH)
        tile = (folder / tile_path(tile_level, number, width)).read_bytes()
        own = tile[at * HASH_BYTES : (at + (1 << rest)) * HASH_BYTES]
        return root_hash(own[start : start + HASH_BYTES] for start in range(0, len(own), HASH_BYTES))

    def root(at: int) -> bytes | None:
        try:
            return None if at > size else root_of([node(place) for place in places_of(0, at)])
        except OSError:
            return None

    return root


def _no_root(_size: int) -> bytes | None:
    return None


def _words(head: Checkpoint) -> str:
    return f"it does not extend the {head.size} entries of `{head.origin}` with root {head.root.hex()} that were signed"
