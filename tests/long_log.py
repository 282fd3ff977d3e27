"""A long log as files, made without a database: for what only shows, or only pays, on many entries."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from audit.checkpoint import Checkpoint, sign_checkpoint
from audit.entry import Leaf, encode, leaf_hash
from audit.events import Event
from audit.payload import ClosedPayload, close
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
from audit.tree import Frontier
from vault.crypto.sign import SigningKey

ORIGIN: Final = "vault.test/log"
NOW: Final = 1_795_000_000_000_000  # November 2026, µs
KEY: Final = SigningKey(bytes(range(32)))
WRITERS: Final = tuple(f"{number:016x}" for number in range(5))
_KEYS: Final = {"subject_key": bytes(32), "month_key": bytes(32), "month": "2026-11"}


def leaves(count: int, payload: ClosedPayload) -> Iterator[bytes]:
    """*count* leaves of five writers by turns, each announced first."""
    for index in range(count):
        number, writer = divmod(index, len(WRITERS))
        opening = number == 0
        yield encode(
            Leaf(
                writer=WRITERS[writer],
                number=number,
                time=NOW + index,
                event=Event.AUDIT_WRITER_OPENED if opening else Event.RECORD_OPENED,
                actor="system" if opening else "service:home-care",
                about={"doubtful": []} if opening else None,
                purpose=None if opening else "home-care-support",
                subject=None if opening else "ab" * 16,
                commitment=None if opening else payload.commitment.hex(),
                touched=() if opening else (("cd" * 16, "ef" * 32),),
            )
        )


def write(folder: Path, count: int, *, payloads: bool = False) -> None:
    """Lay down a log of *count* entries in *folder* as `audit.export` would."""
    payload = close({"fields": ["medication.name"]}, None, **_KEYS)  # type: ignore[arg-type] # a table of arguments
    frontier, nodes, made = Frontier(), dict[int, list[bytes]](), list(leaves(count, payload))
    for leaf in made:
        hashed = leaf_hash(leaf)
        nodes.setdefault(0, []).append(hashed)
        for (level, _), node in frontier.append(hashed):
            nodes.setdefault(level, []).append(node)
    for level in range(0, max(nodes) + 1, TILE_HEIGHT):
        for number, width in tiles_at(count, level // TILE_HEIGHT):
            _put(folder / tile_path(level // TILE_HEIGHT, number, width), b"".join(_part(nodes[level], number)))
    for number, width in tiles_at(count, 0):
        _put(folder / entries_path(number, width), pack_entries(_part(made, number)))
        if payloads:
            held = [None if b'"about":null' not in leaf else payload.blob for leaf in _part(made, number)]
            _put(folder / payloads_path(number, width), pack_payloads(held))
    head = Checkpoint(ORIGIN, count, frontier.root)
    _put(folder / CHECKPOINT, sign_checkpoint(head, sign=KEY.sign, public_key=KEY.public).encode())


def _part(whole: list[bytes], number: int) -> list[bytes]:
    return whole[number * TILE_WIDTH : (number + 1) * TILE_WIDTH]


def _put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
