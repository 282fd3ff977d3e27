"""C2SP tlog-tiles as files: where each tile of hashes and each bundle of entries lies below a log's folder.

Beside them, for those who hold the sealed payloads, lie bundles of our own under ``payloads/``: for every entry of the
entry bundle of the same name, 4 bytes of big-endian length, then the payload; length 0 where there is none.
"""

import re
from collections.abc import Iterator
from typing import Final

from audit.errors import LeafInvalidError, TileNotFoundError

TILE_WIDTH: Final = 256
TILE_HEIGHT: Final = 8  # levels of the tree that one tile spans
CHECKPOINT: Final = "checkpoint"

_TILE = re.compile(
    r"(?P<level>[0-9]|[1-5][0-9]|6[0-3])/(?P<number>(?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/(?P<width>[1-9][0-9]{0,2}))?",
    re.ASCII,
)
_ENTRY_LENGTH = 2
_PAYLOAD_LENGTH = 4


def tile_path(level: int, number: int, width: int = TILE_WIDTH) -> str:
    """Return the path of tile *number* at tile *level*; below full width it is a partial tile."""
    return f"tile/{level}/{_numbered(number, width)}"


def read_tile_path(path: str) -> tuple[int, int, int]:
    """Return level, number and width of the hash tile at *path*, as `tile_path` wrote it without ``tile/``.

    Raises:
        TileNotFoundError: it is no tile's path, or not the one way to write it.
    """
    found = _TILE.fullmatch(path)
    if found is None:
        raise TileNotFoundError("there is no such tile")
    level, number = int(found["level"]), int(found["number"].replace("x", "").replace("/", ""))
    width = int(found["width"] or TILE_WIDTH)
    if tile_path(level, number, width) != f"tile/{path}":
        raise TileNotFoundError("there is no such tile")
    return level, number, width


def entries_path(number: int, width: int = TILE_WIDTH) -> str:
    """Return the path of entry bundle *number*."""
    return f"tile/entries/{_numbered(number, width)}"


def payloads_path(number: int, width: int = TILE_WIDTH) -> str:
    """Return the path of the payloads of entry bundle *number*."""
    return f"payloads/{_numbered(number, width)}"


def tiles_at(size: int, level: int) -> Iterator[tuple[int, int]]:
    """List the tiles of a tree of *size* at tile *level*: number and width."""
    full, rest = divmod(size >> (TILE_HEIGHT * level), TILE_WIDTH)
    yield from ((number, TILE_WIDTH) for number in range(full))
    if rest:
        yield full, rest


def pack_entries(leaves: list[bytes]) -> bytes:
    """Write an entry bundle: each leaf after its big-endian uint16 length."""
    return b"".join(len(leaf).to_bytes(_ENTRY_LENGTH) + leaf for leaf in leaves)


def pack_payloads(payloads: list[bytes | None]) -> bytes:
    """Write a bundle of payloads: each after its big-endian uint32 length, absent ones with length 0."""
    return b"".join(len(held or b"").to_bytes(_PAYLOAD_LENGTH) + (held or b"") for held in payloads)


def unpack_entries(bundle: bytes) -> list[bytes]:
    """Read an entry bundle.

    Raises:
        LeafInvalidError: the bundle ends within an entry.
    """
    return _unpack(bundle, _ENTRY_LENGTH)


def unpack_payloads(bundle: bytes) -> list[bytes | None]:
    """Read a bundle of payloads.

    Raises:
        LeafInvalidError: the bundle ends within a payload.
    """
    return [held or None for held in _unpack(bundle, _PAYLOAD_LENGTH)]


def _unpack(bundle: bytes, length_bytes: int) -> list[bytes]:
    held, at, end = [], 0, len(bundle)
    while at < end:
        start = at + length_bytes
        at = start + int.from_bytes(bundle[at:start])
        if at > end:
            raise LeafInvalidError("a bundle ends before its last item does")
        held.append(bundle[start:at])
    return held


def _numbered(number: int, width: int) -> str:
    path = f"{number % 1000:03d}"
    while number >= 1000:  # noqa: PLR2004 -- three digits a folder, as the specification says
        number //= 1000
        path = f"x{number % 1000:03d}/{path}"
    return path if width == TILE_WIDTH else f"{path}.p/{width}"
