"""The signer remembers: what it signed last stands beside its key, outside the database, and it signs only extensions.

The head file is one JSON object, ``{"coming": [[size, root], …], "format": 1, "log": …, "origin": …, "root": <64 hex
digits>, "size": …}``. It is written to a temporary name, fsynced, renamed, and its folder fsynced, before a head is
published. So a database that was restored, cut or rewritten never gets another head under the same origin;
`audit.recovery` declares the gap. ``coming`` are the trees that the sequencer was about to make, remembered before they
were committed: so entries that somebody put into the tables past the sequencer are never signed.
"""

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import orjson

from audit.checkpoint import Checkpoint, is_origin, sign_checkpoint
from audit.errors import (
    EntriesPlantedError,
    HeadExistsError,
    HeadInvalidError,
    HeadMissingError,
    LogRolledBackError,
    ProofInvalidError,
)
from audit.tree import (
    EMPTY_ROOT,
    HASH_BYTES,
    Place,
    consistency_ranges,
    hashes_of,
    places_of,
    root_of,
    verify_consistency,
)

HEAD_FORMAT: Final = 1


class Tree(Protocol):
    """A stored tree: which log it is, its size, and its complete nodes."""

    @property
    def log(self) -> int: ...  # noqa: D102 -- the class says it
    @property
    def size(self) -> int: ...  # noqa: D102 -- the class says it
    def nodes(self, places: Iterable[Place]) -> Mapping[Place, bytes]: ...  # noqa: D102 -- the class says it


@dataclass(frozen=True, slots=True)
class Head:
    """What was signed last: of which log, under which origin, how many leaves, and their root (32 bytes)."""

    log: int
    origin: str
    size: int
    root: bytes
    coming: tuple[tuple[int, bytes], ...] = ()
    """Size and root of the trees that may stand in the tables by now and are not signed yet: two at most."""


class Signer:
    """Signs heads of one log, each an extension of the one before.

    Args:
        sign: Makes an Ed25519 signature (64 bytes) under the log's key.
        public_key: The public half, 32 bytes.
        origin: The log's configured name; after a recovery the name in force is `origin_of` it.
        head_path: The head file, in a folder that only the signer writes.

    Raises:
        HeadInvalidError: *origin* cannot name a log.
    """

    def __init__(self, sign: Callable[[bytes], bytes], public_key: bytes, origin: str, head_path: Path) -> None:
        if not is_origin(origin):
            raise HeadInvalidError(f"`{origin}` cannot name a log")
        self._sign = sign
        self.public_key = public_key
        self._origin = origin
        self.path = head_path
        """Where the head file stands."""

    @property
    def head(self) -> Head:
        """What was signed last, read from the head file.

        Raises:
            HeadMissingError: there is no head file.
            HeadInvalidError: it is damaged, or of another origin.
        """
        try:
            written = self.path.read_bytes()
        except FileNotFoundError as error:
            raise HeadMissingError(f"no head file at {self.path}") from error
        head = _read(written)
        if head.origin != origin_of(self._origin, head.log):
            raise HeadInvalidError(f"the head file is of `{head.origin}`, the log is configured as `{self._origin}`")
        return head

    def begin(self) -> Head:
        """Remember the empty tree of a new log: done once, when a vault is laid down.

        Raises:
            HeadExistsError: a head is remembered already.
        """
        if self.path.exists():
            raise HeadExistsError(f"a head file stands at {self.path}")
        return self._remember(Head(0, self._origin, 0, EMPTY_ROOT))

    def require_extension(self, tree: Tree) -> Head:
        """Check that the stored *tree* is what was signed last or what the sequencer made of it since; return the head.

        Raises:
            LogRolledBackError: it is shorter, or its nodes fold to another root.
            EntriesPlantedError: it holds more than the sequencer put there.
            TreeIncompleteError: one of its nodes is not stored.
        """
        head = self.head
        if tree.size < head.size:
            raise LogRolledBackError(f"the database holds {tree.size} entries of `{head.origin}`, {head.size} signed")
        if _root(tree, head.size) != head.root:
            raise LogRolledBackError(f"the first {head.size} entries of `{head.origin}` are not those signed")
        if tree.size > head.size and (tree.size, _root(tree, tree.size)) not in head.coming:
            planted = (
                f"entries {head.size} to {tree.size - 1} of `{head.origin}` were not all put there by the sequencer"
            )
            raise EntriesPlantedError(planted)
        return head

    def expect(self, tree: Tree, size: int, root: bytes) -> None:
        """Remember that *tree*, which `require_extension` knows, is about to grow to *size* with *root* (32 bytes).

        This is on the disk before the growth is committed, and holds whether that is kept or not.
        """
        head = self.head
        now = tuple(found for found in head.coming if found[0] == tree.size)
        self._remember(Head(head.log, head.origin, head.size, head.root, (*now, (size, root))))

    def sign(self, tree: Tree) -> str:
        """Sign the head of *tree* once its extension of the last one is proved; return the checkpoint as a note.

        The new head is on the disk before this returns; the caller publishes it after.

        Raises:
            LogRolledBackError: *tree* does not extend the last head.
            EntriesPlantedError: it holds more than the sequencer put there.
            TreeIncompleteError: one of its nodes is not stored.
        """
        head = self.require_extension(tree)
        root = _root(tree, tree.size)
        if head.size:
            _prove_extension(tree, head, root)
        if tree.size != head.size:
            self._remember(Head(head.log, head.origin, tree.size, root))
        checkpoint = Checkpoint(head.origin, tree.size, root)
        return sign_checkpoint(checkpoint, sign=self._sign, public_key=self.public_key)

    def reopen(self, closed: Head, first: bytes) -> Head:
        """Close the origin of *closed*, which must be the head in force, and remember the empty tree of the next one.

        Args:
            closed: What `head` was.
            first: The leaf hash (32 bytes) of the next log's first entry, which stands there already.

        Raises:
            HeadInvalidError: another head is in force by now.
        """
        if self.head != closed:
            raise HeadInvalidError(f"`{closed.origin}` at size {closed.size} is not the head in force")
        log = closed.log + 1
        return self._remember(Head(log, origin_of(self._origin, log), 0, EMPTY_ROOT, ((1, first),)))

    def _remember(self, head: Head) -> Head:
        replace_durably(self.path, _written(head))
        return head


def origin_of(origin: str, log: int) -> str:
    """Name the log after *log* declared recoveries: the configured origin, then ``<origin>/1``, ``<origin>/2``."""
    return origin if log == 0 else f"{origin}/{log}"


def replace_durably(path: Path, content: bytes) -> None:
    """Write *content* to *path* so that a crash leaves the old whole or the new (file and folder are fsynced)."""
    beside = path.with_name(f".{path.name}.new")
    file = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(file, "wb") as written:  # which goes on after a write that a full disk cut short, or raises
        written.write(content)
        written.flush()
        os.fsync(written.fileno())
    beside.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _written(head: Head) -> bytes:
    coming = [[size, root.hex()] for size, root in head.coming]
    held = {"format": HEAD_FORMAT, "log": head.log, "origin": head.origin, "root": head.root.hex(), "size": head.size}
    return orjson.dumps({**held, "coming": coming}, option=orjson.OPT_SORT_KEYS)


def _read(written: bytes) -> Head:
    try:
        held = orjson.loads(written)
        coming = tuple((size, bytes.fromhex(root)) for size, root in held.get("coming", ()))
        head = Head(held["log"], held["origin"], held["size"], bytes.fromhex(held["root"]), coming)
        counts = all(
            type(count) is int and count >= 0 for count in (head.log, head.size, *(each[0] for each in coming))
        )
        sound = counts and held["format"] == HEAD_FORMAT and isinstance(head.origin, str)
    except (orjson.JSONDecodeError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise HeadInvalidError("the head file is damaged") from error
    if not sound or any(len(root) != HASH_BYTES for root in (head.root, *(each[1] for each in coming))):
        raise HeadInvalidError("the head file is damaged")
    return head


def _root(tree: Tree, size: int) -> bytes:
    places = places_of(0, size)
    nodes = tree.nodes(places)
    return root_of([nodes[place] for place in places])


def _prove_extension(tree: Tree, head: Head, root: bytes) -> None:
    ranges = consistency_ranges(head.size, tree.size)
    nodes = tree.nodes([place for start, end in ranges for place in places_of(start, end)])
    proof = hashes_of(ranges, nodes.__getitem__)
    try:
        verify_consistency(first=head.size, second=tree.size, first_root=head.root, second_root=root, proof=proof)
    except ProofInvalidError as error:
        raise LogRolledBackError(f"the stored tree does not extend the signed head of `{head.origin}`") from error
