"""What anyone may read of the log: tiles of hashes, complete and final, and never a leaf."""

from pathlib import Path

import pytest
from tlog_scales.backend import LocalBackend
from tlog_scales.reader import TilesReader

from audit import read
from audit.errors import TileNotFoundError
from audit.public import hash_tile
from audit.tiles import read_tile_path, tile_path, tiles_at
from tests.log_world import LogWorld


@pytest.fixture
def grown(log: LogWorld) -> LogWorld:
    """A log of 601 entries: two full tiles and a partial one, and a partial one above them."""
    for _ in range(6):
        log.write(100)
    log.sequence()
    return log


def test_others_work_out_the_root_from_nothing_but_the_tiles(grown: LogWorld, tmp_path: Path) -> None:
    with grown.database.read.connect() as connection:
        note = read.checkpoint(connection)
        for level in (0, 1):
            for number, width in tiles_at(601, level):
                path = tile_path(level, number, width)
                (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
                (tmp_path / path).write_bytes(hash_tile(connection, path.removeprefix("tile/")))
    (tmp_path / "checkpoint").write_text(note, encoding="utf-8")
    reader = TilesReader(LocalBackend(tmp_path))
    head = reader.get_checkpoint()
    assert reader.calculate_root_hash() == head.root_hash


def test_a_partial_tile_stays_as_it_was_when_the_tree_grows(grown: LogWorld) -> None:
    with grown.database.read.connect() as connection:
        before = hash_tile(connection, "0/002.p/89")
        grown.write(300)
        grown.sequence()
        assert hash_tile(connection, "0/002.p/89") == before
        assert hash_tile(connection, "0/002").startswith(before)


def test_a_tile_that_no_published_head_reaches_is_not_there(grown: LogWorld) -> None:
    with grown.database.read.connect() as connection:
        for path in ("0/002", "0/002.p/90", "0/003.p/1", "1/000", "1/000.p/3", "2/000.p/1", "63/000.p/1"):
            with pytest.raises(TileNotFoundError):
                hash_tile(connection, path)


@pytest.mark.parametrize(
    "path",
    [
        "entries/000",
        "entries/000.p/1",
        "0/0",
        "0/0000",
        "00/000",
        "64/000",
        "-1/000",
        "0/x000/000",
        "0/x001/67",
        "0/001/067",
        "0/000.p/0",
        "0/000.p/256",
        "0/000.p/01",
        "0/000.p/",
        "0/000.p/1/",
        "0/../0/000",
        "0/000 ",
        "0/\u0660\u0660\u0660",
        "",
    ],
)
def test_nothing_else_is_a_tile(path: str) -> None:
    with pytest.raises(TileNotFoundError):
        read_tile_path(path)


@pytest.mark.parametrize("number", [0, 1, 999, 1000, 1_234_067, 999_999_999])
@pytest.mark.parametrize("width", [1, 255, 256])
def test_every_tile_has_one_path(number: int, width: int) -> None:
    assert read_tile_path(tile_path(3, number, width).removeprefix("tile/")) == (3, number, width)
