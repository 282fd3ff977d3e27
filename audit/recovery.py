"""After a database was restored to an older day: close the old origin, open a new one, and say so in its first leaf.

The signer refuses such a database for good, because its tree no longer extends what was signed. Recovery is a decision
of people. It makes the loss a declared gap: the new log's first leaf names the last signed head of the old origin, the
range that is missing, and what is left of the old tree, so that the new origin vouches for the rest.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, insert, select

from audit.entry import Leaf, encode, leaf_hash
from audit.errors import (
    EntriesPlantedError,
    HeadInvalidError,
    LogRolledBackError,
    NothingToRecoverError,
    TreeIncompleteError,
)
from audit.events import Event
from audit.log import Outcome, Writer, Writers, leaf_about
from audit.models import ENTRIES
from audit.numbers import Progress
from audit.placing import store_progress
from audit.signer import Head, Signer
from audit.store import StoredTree, stored_tree, take_turn


@dataclass(frozen=True, slots=True)
class Recovery:
    """What was declared: the head that was signed last, how many of its entries are left, and the origin now in force.

    Entries `kept` to ``closed.size`` (exclusive) are missing; none, if the tree has its length and another content.
    """

    closed: Head
    kept: int
    opened: Head


def recover(engine: Engine, *, signer: Signer, writers: Writers, now_us: int) -> Recovery:
    """Close the origin in force and open the next; safe to call again after a kill.

    Raises:
        NothingToRecoverError: the stored tree extends the last signed head.
        HeadMissingError, HeadInvalidError: without the head there is nothing to name; restore the head file first.
    """
    closed = signer.head
    writer = writers.acquire(fresh=True)
    outcome = Outcome.ROLLED_BACK
    try:
        with engine.begin() as connection:
            kept = _declare(connection, signer, writer, closed, now_us)
            first = stored_tree(connection, closed.log + 1).nodes([(0, 0)])[0, 0]
            outcome = Outcome.UNCERTAIN
        outcome = Outcome.KEPT
    finally:
        writers.release(writer, outcome)
    return Recovery(closed, kept, signer.reopen(closed, first))


def declaration(closed: Head, kept: StoredTree) -> dict[str, Any]:
    """Write the ``about`` of the ``audit:origin-opened`` leaf."""
    root = kept.frontier().root if _is_whole(kept) else None
    return {
        "closed": closed.origin,
        "kept": kept.size,
        "kept_root": None if root is None else root.hex(),
        "root": closed.root.hex(),
        "size": closed.size,
    }


def _declare(connection: Connection, signer: Signer, writer: Writer, closed: Head, now_us: int) -> int:
    if not take_turn(connection):
        raise HeadInvalidError("a sequencer is at work; stop it first")
    declared = _declared(connection, closed)
    if declared is not None:  # a kill came between this commit and the head file
        kept: int = declared["kept"]
        return kept
    tree = stored_tree(connection, closed.log)
    _require_loss(signer, tree)
    leaf = leaf_about(writer, event=Event.AUDIT_ORIGIN_OPENED, time_us=now_us, about=declaration(closed, tree))
    _place_first(connection, closed.log + 1, leaf)
    writer.next_number += 1
    return tree.size


def _declared(connection: Connection, closed: Head) -> Mapping[str, Any] | None:
    query = select(ENTRIES.c.leaf).where(ENTRIES.c.log == closed.log + 1, ENTRIES.c.index == 0)
    first = connection.execute(query).scalar()
    if first is None:
        return None
    about: Mapping[str, Any] = orjson.loads(first)["about"]
    if (about["closed"], about["size"], about["root"]) != (closed.origin, closed.size, closed.root.hex()):
        raise HeadInvalidError(f"log {closed.log + 1} was opened after another head than the one remembered")
    return about


def _require_loss(signer: Signer, tree: StoredTree) -> None:
    try:
        signer.require_extension(tree)
    except (EntriesPlantedError, LogRolledBackError, TreeIncompleteError):
        return
    raise NothingToRecoverError("the stored tree extends the last signed head")


def _is_whole(tree: StoredTree) -> bool:
    try:
        tree.frontier()
    except TreeIncompleteError:
        return False
    return True


def _place_first(connection: Connection, log: int, leaf: Leaf) -> None:
    # Straight into the tree: whatever waits in the outbox comes after it.
    encoded = encode(leaf)
    row = {"log": log, "index": 0, "leaf_hash": leaf_hash(encoded), "subject": None, "leaf": encoded}
    connection.execute(insert(ENTRIES), row)
    store_progress(connection, {leaf.writer: Progress(leaf.number + 1, None, leaf.time)})
