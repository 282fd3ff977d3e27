"""What anyone may read of the log: tiles of hashes under the newest published head (C2SP tlog-tiles). Never a leaf."""

from sqlalchemy import select

from audit.errors import TileNotFoundError
from audit.log import Executor
from audit.models import CHECKPOINTS
from audit.store import StoredTree, newest_log
from audit.tiles import TILE_HEIGHT, TILE_WIDTH, read_tile_path


def hash_tile(connection: Executor, path: str) -> bytes:
    """Return the tile of hashes at *path* below ``tile/``: 32 bytes for each of its hashes, 256 at most.

    Once there, a tile never changes: what is under a published head is final. A partial tile stays readable when the
    tree has grown beyond it.

    Args:
        connection: Any connection or session.
        path: As ``0/x001/067`` or ``0/x001/067.p/8``.

    Raises:
        TileNotFoundError: *path* is no tile of hashes, or no published head reaches it yet.
        TreeIncompleteError: a node under a published head is not stored; `audit.stored` names it.
    """
    level, number, width = read_tile_path(path)
    log = newest_log(connection)
    sizes = select(CHECKPOINTS.c.size).where(CHECKPOINTS.c.log == log).order_by(CHECKPOINTS.c.size.desc()).limit(1)
    size = connection.execute(sizes).scalar() or 0
    if number * TILE_WIDTH + width > size >> (TILE_HEIGHT * level):
        raise TileNotFoundError("no published head reaches this tile")
    places = [(TILE_HEIGHT * level, number * TILE_WIDTH + at) for at in range(width)]
    nodes = StoredTree(connection, log, size).nodes(places)
    return b"".join(nodes[place] for place in places)
