"""The public side of the log over HTTP, read with a verifier that others wrote."""

from http import HTTPStatus
from pathlib import Path

from tlog_scales.backend import LocalBackend
from tlog_scales.reader import TilesReader
from tlog_scales.signing import Vkey

from audit.checkpoint import open_checkpoint, verifier_key
from audit.tiles import tile_path, tiles_at
from tests.portal_world import Portal


def test_a_stranger_reads_checkpoint_and_tiles_and_works_out_the_same_root(portal: Portal, tmp_path: Path) -> None:
    portal.sequence()
    client = portal.client()
    note = client.get("/log/checkpoint").text
    key = portal.vault.keyring.store.public_key("log")
    size = open_checkpoint(note, public_keys=[key], origin=portal.config.origin).size
    assert size > 200
    for level in (0, 1):
        for number, width in tiles_at(size, level):
            answer = client.get(f"/log/{tile_path(level, number, width)}")
            assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
            assert len(answer.data) == 32 * width
            file = tmp_path / tile_path(level, number, width)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(answer.data)
    (tmp_path / "checkpoint").write_text(note, encoding="utf-8")
    reader = TilesReader(LocalBackend(tmp_path))
    head = reader.get_checkpoint()
    head.verify(Vkey.from_string(verifier_key(portal.config.origin, key)))
    assert reader.calculate_root_hash() == head.root_hash


def test_no_entry_is_public(portal: Portal) -> None:
    portal.sequence()
    for path in ("/log/tile/entries/000", "/log/tile/entries/000.p/1", "/log/payloads/000"):
        assert portal.client().get(path).status_code == HTTPStatus.NOT_FOUND
