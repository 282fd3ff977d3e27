"""Write the log as files that tools by others can read: C2SP tlog-tiles, one folder per log, named by its number.

Below each: ``checkpoint``, ``tile/<level>/<number>`` and ``tile/entries/<number>`` (partial ones with ``.p/<width>``),
and, if asked for, the sealed payloads. Hash tiles and checkpoints are public; entries and payloads are for auditors.
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import select

from audit.cosignature import with_cosignatures
from audit.entry import named_in
from audit.errors import TreeIncompleteError
from audit.log import Executor
from audit.models import CHECKPOINTS, ENTRIES, PAYLOADS
from audit.store import StoredTree, cosignatures_of, newest_log, stored_tree
from audit.tiles import (
    CHECKPOINT,
    TILE_HEIGHT,
    TILE_WIDTH,
    entries_path,
    pack_entries,
    pack_payloads,
    payloads_path,
    tile_path,
    tiles_at,
)

Progress = Callable[[int, int], None]


def _no_progress(_done: int, _total: int) -> None:
    """Report to nobody."""


def export_log(
    connection: Executor, directory: Path, *, payloads: bool = False, progress: Progress = _no_progress
) -> int:
    """Write every log under its newest published head below *directory*; return how many entries were written.

    Of a log that a recovery closed, all that is left is written, signed or not: the next log vouches for it.

    Args:
        connection: Any; what is under a published head never changes.
        directory: Folder for the logs; folders of logs that stand there from an earlier export are replaced.
        payloads: Whether the sealed payloads are written too.
        progress: Told how many entries of how many are done, once a bundle.

    Raises:
        TreeIncompleteError: an entry or node under a published head is not stored; `audit.stored` names them all.
    """
    written = 0
    newest_of_all = newest_log(connection)
    for log in range(newest_of_all + 1):
        folder = directory / str(log)
        shutil.rmtree(folder, ignore_errors=True)
        newest = select(CHECKPOINTS).where(CHECKPOINTS.c.log == log).order_by(CHECKPOINTS.c.size.desc()).limit(1)
        head = connection.execute(newest).first()
        if head is None:
            continue
        tree = StoredTree(connection, log, head.size) if log == newest_of_all else stored_tree(connection, log)
        _write_bundles(tree, folder, payloads=payloads, progress=progress)
        _write_tiles(tree, folder)
        _write(folder / CHECKPOINT, with_cosignatures(head.note, cosignatures_of(connection, log, head.size)).encode())
        written += tree.size
    return written


def _write_bundles(tree: StoredTree, folder: Path, *, payloads: bool, progress: Progress) -> None:
    for number, width in tiles_at(tree.size, 0):
        rows = _entries(tree, number * TILE_WIDTH, width)
        _write(folder / tile_path(0, number, width), b"".join(row.leaf_hash for row in rows))
        _write(folder / entries_path(number, width), pack_entries([row.leaf for row in rows]))
        if payloads:
            _write(folder / payloads_path(number, width), pack_payloads(_payloads(tree, [row.leaf for row in rows])))
        progress(number * TILE_WIDTH + width, tree.size)


def _write_tiles(tree: StoredTree, folder: Path) -> None:
    level = 1
    while tree.size >> (TILE_HEIGHT * level):
        for number, width in tiles_at(tree.size, level):
            places = [(TILE_HEIGHT * level, number * TILE_WIDTH + at) for at in range(width)]
            nodes = tree.nodes(places)
            _write(folder / tile_path(level, number, width), b"".join(nodes[place] for place in places))
        level += 1


def _entries(tree: StoredTree, start: int, width: int) -> list[Any]:
    query = (
        select(ENTRIES.c.index.label("at"), ENTRIES.c.leaf_hash, ENTRIES.c.leaf)
        .where(ENTRIES.c.log == tree.log, ENTRIES.c.index >= start, ENTRIES.c.index < start + width)
        .order_by(ENTRIES.c.index)
    )
    rows = list(tree.connection.execute(query))
    for expected, row in enumerate(rows, start):
        if row.at != expected:
            raise TreeIncompleteError(f"log {tree.log} has no entry {expected}")
    if len(rows) != width:
        raise TreeIncompleteError(f"log {tree.log} has no entry {start + len(rows)}")
    return rows


def _payloads(tree: StoredTree, leaves: list[bytes]) -> list[bytes | None]:
    commitments = [named_in(leaf).commitment for leaf in leaves]
    wanted = [commitment for commitment in commitments if commitment is not None]
    query = select(PAYLOADS.c.commitment, PAYLOADS.c.payload).where(PAYLOADS.c.commitment.in_(wanted))
    held: dict[bytes | None, bytes] = {row.commitment: row.payload for row in tree.connection.execute(query)}
    return [held.get(commitment) for commitment in commitments]


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
