"""Prove the log from files alone: no database, so that anyone can.

The folder holds one folder per log, "0", "1", … (`audit.export`), each in the C2SP tlog-tiles layout; a folder that has
a ``checkpoint`` itself is read as a single log. Every tile, entry, writer's number and (where they lie beside) payload
is held against the signed head.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from itertools import count
from pathlib import Path
from typing import Final

import orjson

from audit.bundles import Summary, members_of, summarise
from audit.checking import Checker
from audit.checkpoint import Checkpoint, open_checkpoint
from audit.cosignature import Quorum
from audit.errors import CheckpointInvalidError, LeafInvalidError
from audit.forks import Root, hold_kept, root_in_folder
from audit.processes import crew_for
from audit.report import DefectKind, Report
from audit.tiles import (
    CHECKPOINT,
    TILE_HEIGHT,
    TILE_WIDTH,
    entries_path,
    payloads_path,
    tile_path,
    tiles_at,
    unpack_entries,
    unpack_payloads,
)
from audit.tree import HASH_BYTES, Place

Progress = Callable[[int, int], None]
WORTH: Final = 512
"""Bundles (of 256 entries) from which on starting more processes costs less than it gains."""


def _no_progress(_done: int, _total: int) -> None:
    """Report to nobody."""


def verify_directory(
    directory: Path,
    public_keys: Sequence[bytes],
    *,
    origin: str | None = None,
    quorum: Quorum | None = None,
    kept: Sequence[str] = (),
    disposed_months: Collection[str] = (),
    progress: Progress = _no_progress,
) -> Report:
    """Verify every log below *directory*; the report names every defect.

    Args:
        directory: What `audit.export.export_log` wrote.
        public_keys: Keys that may have signed the heads, Ed25519, 32 bytes each.
        origin: The name the first log must have; anything, if None.
        quorum: The witnesses that must vouch for the newest log's head; nobody, if None.
        kept: Heads that somebody kept, as signed notes; each must be extended by the log of its name.
        disposed_months: Months ("2026-11") whose payloads may be absent.
        progress: Told how many entries of how many are done, once a bundle.
    """
    folders = _folders(directory)
    checker = Checker(disposed_months=disposed_months)
    if not folders:
        checker.report.add(DefectKind.CHECKPOINT_MISSING, 0, "no log below this folder")
    roots: list[tuple[str, Root]] = []
    for log, folder in enumerate(folders):
        expected = origin if log == 0 or origin is None else f"{origin}/{log}"
        files = _LogFolder(folder, log, checker.report)
        head = files.checkpoint(public_keys, expected)
        if quorum is not None and log == len(folders) - 1:
            files.demand(quorum)
        left = _left(folders[log + 1]) if log + 1 < len(folders) else None
        size = left or (0 if head is None else head.size)
        checker.begin(log, head, closed=left is not None)
        checker.with_payloads = files.has_payloads
        _verify_log(files, checker, size, progress)
        roots.append(("" if head is None else head.origin, root_in_folder(folder, size)))
    hold_kept(checker.report, kept, public_keys, roots)
    return checker.finish()


class _LogFolder:
    """The files of one log; what is absent or malformed is named in the report."""

    def __init__(self, folder: Path, log: int, report: Report) -> None:
        self.folder = folder
        self._report = report
        self.log = log
        self.has_payloads = (folder / "payloads").is_dir()

    def checkpoint(self, public_keys: Sequence[bytes], origin: str | None) -> Checkpoint | None:
        """Return the signed head, if there is a sound one."""
        written = self._read(CHECKPOINT, DefectKind.CHECKPOINT_MISSING)
        if written is None:
            return None
        try:
            return open_checkpoint(written.decode(), public_keys=public_keys, origin=origin)
        except (CheckpointInvalidError, UnicodeDecodeError):
            self._report.add(DefectKind.CHECKPOINT_BAD, self.log, CHECKPOINT)
            return None

    def demand(self, quorum: Quorum) -> None:
        """Name it where too few of the witnesses vouch for the head."""
        written = self._read(CHECKPOINT, DefectKind.CHECKPOINT_MISSING)
        try:
            quorum.demand((written or b"").decode())
        except (CheckpointInvalidError, UnicodeDecodeError):
            self._report.add(DefectKind.UNWITNESSED, self.log, CHECKPOINT)

    def hashes(self, level: int, number: int, width: int) -> list[bytes]:
        """Return the hashes of one tile, as many as there are."""
        path = tile_path(level, number, width)
        tile = self._read(path, DefectKind.NODE_MISSING)
        if tile is None:
            return []
        if len(tile) != width * HASH_BYTES:
            self._report.add(DefectKind.NODE_CHANGED, self.log, path)
        return [tile[at : at + HASH_BYTES] for at in range(0, len(tile), HASH_BYTES)]

    def leaves(self, number: int, width: int) -> list[bytes]:
        """Return the leaves of one bundle, as many as there are."""
        path = entries_path(number, width)
        bundle = self._read(path, DefectKind.ENTRY_MISSING)
        try:
            leaves = [] if bundle is None else unpack_entries(bundle)
        except LeafInvalidError:
            leaves = []
        if bundle is not None and len(leaves) != width:
            self._report.add(DefectKind.ENTRY_BAD, self.log, path)
        return leaves[:width]

    def payloads(self, number: int, width: int) -> list[bytes | None]:
        """Return the payloads of one bundle, None for the absent ones."""
        path = payloads_path(number, width)
        bundle = self._read(path, DefectKind.PAYLOAD_MISSING) if self.has_payloads else None
        try:
            held = [] if bundle is None else unpack_payloads(bundle)
        except LeafInvalidError:
            held = []
        if bundle is not None and len(held) != width:
            self._report.add(DefectKind.PAYLOAD_CHANGED, self.log, path)
        return (held + [None] * width)[:width]

    def _read(self, path: str, otherwise: DefectKind) -> bytes | None:
        try:
            return (self.folder / path).read_bytes()
        except OSError:
            self._report.add(otherwise, self.log, path)
            return None


def _verify_log(files: _LogFolder, checker: Checker, size: int, progress: Progress) -> None:
    nodes: dict[int, list[bytes]] = {}
    summarise_one = partial(_summary, files.folder, with_payloads=files.has_payloads)
    numbers = range(size // TILE_WIDTH)
    with crew_for(len(numbers), worth=WORTH) as crew:
        summaries = crew.in_order(summarise_one, numbers) if crew else map(summarise_one, numbers)
        for number, width in tiles_at(size, 0):
            whole = checker.take_bundle(next(summaries)) if width == TILE_WIDTH else None
            taken = _take_bundle(files, checker, number, width) if whole is None else whole
            for (level, _index), hashed in taken:
                if level % TILE_HEIGHT == 0:
                    nodes.setdefault(level // TILE_HEIGHT, []).append(hashed)
            progress(checker.frontier.size, size)
    for level in sorted(nodes):
        _check_tiles(files, checker.report, level, nodes[level])
    checker.end()


def _summary(folder: Path, number: int, *, with_payloads: bool) -> Summary | None:
    """One bundle as its files say; None where one of them is missing or malformed."""
    try:
        leaves = unpack_entries((folder / entries_path(number)).read_bytes())
        tile = (folder / tile_path(0, number)).read_bytes()
        held = unpack_payloads((folder / payloads_path(number)).read_bytes()) if with_payloads else None
    except (LeafInvalidError, OSError):
        return None
    return summarise(members_of(leaves, tile), tile, held) if held is None or len(held) == len(leaves) else None


def _left(following: Path) -> int | None:
    # How many entries of a closed log are left is said by the first leaf of the log after it.
    bundles = sorted(following.glob("tile/entries/000*"))
    try:
        bundle = next(iter(sorted(bundles[0].iterdir()))) if bundles[0].is_dir() else bundles[0]
        left = orjson.loads(unpack_entries(bundle.read_bytes())[0])["about"]["kept"]
    except (IndexError, KeyError, LeafInvalidError, OSError, StopIteration, TypeError, ValueError):
        return None
    return left if isinstance(left, int) and left >= 0 else None


def _take_bundle(files: _LogFolder, checker: Checker, number: int, width: int) -> Iterator[tuple[Place, bytes]]:
    leaves, payloads = files.leaves(number, width), files.payloads(number, width)
    tile = files.hashes(0, number, width)
    for at, leaf in enumerate(leaves):
        held = tile[at] if at < len(tile) else None
        yield from checker.take(leaf, held_hash=held, payload=payloads[at])
    for _ in range(width - len(leaves)):
        yield from checker.skip()


def _check_tiles(files: _LogFolder, report: Report, level: int, expected: list[bytes]) -> None:
    for number in range((len(expected) + TILE_WIDTH - 1) // TILE_WIDTH):
        own = expected[number * TILE_WIDTH : (number + 1) * TILE_WIDTH]
        if own != (held := files.hashes(level, number, len(own))) and held:
            report.add(DefectKind.NODE_CHANGED, files.log, tile_path(level, number, len(own)))


def _folders(directory: Path) -> list[Path]:
    if (directory / CHECKPOINT).exists():
        return [directory]
    numbered = (directory / str(number) for number in count())
    folders: list[Path] = []
    for folder in numbered:
        if not folder.is_dir():
            return folders
        folders.append(folder)
    return folders
