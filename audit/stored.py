"""The log's own tables held against themselves: what files do not show.

`check_tables` reads what `audit.verify` reads from files, and besides it every node, every published head, payloads
that no leaf commits to, what is kept about writers, and what waits or was refused in the outbox.
"""

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy import select

from audit.bundles import Summary
from audit.checking import Checker
from audit.checkpoint import Checkpoint
from audit.entry import named_in
from audit.log import Executor
from audit.models import ENTRIES, PAYLOADS
from audit.processes import Crew
from audit.report import DefectKind, Report
from audit.signer import Head, origin_of
from audit.standing import Standing
from audit.store import newest_log, stored_tree
from audit.stored_bundles import Rowsource, summary_in
from audit.stored_rows import (
    check_outbox,
    check_payload_rows,
    check_roots,
    check_unknown_nodes,
    check_writers,
    published_heads,
)
from audit.tiles import TILE_WIDTH
from audit.tree import EMPTY_ROOT, Place

Progress = Callable[[int, int], None]


def _no_progress(_done: int, _total: int) -> None:
    """Report to nobody."""


@dataclass(frozen=True, slots=True)
class Helping:
    """Processes that help, and how one of them judges a bundle of a log by its number (`audit.stored_bundles`)."""

    crew: Crew
    summary: Callable[[int, int], Summary | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Going:
    """Going on from what was proved before, and remembering how far this proof came.

    `since` was held against the tables already (`audit.stored_before`). `on_touched` is told of the rows that the
    leaves name, in their order. `keep` is called once, where the newest signed head is reached: what was told until
    then belongs to that standing, which counts only if the report is sound in the end.
    """

    since: Standing | None = None
    on_touched: Callable[[bytes], None] | None = None
    keep: Callable[[Standing], None] | None = None


def check_tables(
    connection: Executor,
    public_keys: Sequence[bytes],
    *,
    origin: str,
    head: Head | None = None,
    writer_key: Callable[[str], bytes] | None = None,
    disposed_months: Collection[str] = (),
    going: Going | None = None,
    helping: Helping | None = None,
    progress: Progress = _no_progress,
) -> Report:
    """Verify the stored log; the report names every defect.

    Entries that were proved before are read again by a proof of the whole alone.

    Args:
        connection: Sees one state throughout (`audit.store.one_state`).
        public_keys: Keys that may have signed the heads, Ed25519, 32 bytes each.
        origin: The configured name of the log.
        head: What the signer remembers, read before *connection* began; None if it is out of reach.
        writer_key: Derives writers' keys, to check the marks of waiting rows; None leaves the marks unchecked.
        disposed_months: Months ("2026-11") whose payloads may be absent.
        going: From where, and for whom; None proves the whole.
        helping: Other processes that read the same database, so that all cores work; None reads by itself.
        progress: Told how many entries of how many are done, once a bundle.
    """
    going = going or Going()
    checker = Checker(disposed_months=disposed_months, with_payloads=True, on_touched=going.on_touched)
    newest = newest_log(connection)
    since = going.since
    if since is not None:
        checker.go_on(since)
    check = _Check(connection, checker, going.keep, helping, progress, Rowsource(connection))
    for log in range(since.log if since else 0, newest + 1):
        before = since if since is not None and since.log == log else None
        own = origin_of(origin, log)
        heads = published_heads(connection, log, public_keys, own, checker.report, least=before.size if before else 0)
        own_head = head if head is not None and head.log == log else None
        check.log(log, heads, own_head, before, newest=log == newest)
    if head is not None and head.log > newest:
        checker.report.add(DefectKind.HEAD_DIFFERS, head.log, "the log that the signer remembers is not stored")
    check_payload_rows(connection, checker)
    check_writers(connection, checker)
    check_outbox(connection, checker.report, writer_key)
    return checker.finish()


@dataclass(frozen=True, slots=True)
class _Check:
    """One proof under way."""

    connection: Executor
    checker: Checker
    keep: Callable[[Standing], None] | None
    helping: Helping | None
    progress: Progress
    source: Rowsource

    def log(
        self, log: int, heads: Mapping[int, Checkpoint], head: Head | None, before: Standing | None, *, newest: bool
    ) -> None:
        """Read one log, from where it was proved before."""
        checker, report = self.checker, self.checker.report
        signed = heads[max(heads)] if heads else None
        _demand_head(report, log, signed, head)
        frontier = before.frontier if before else None
        # A live log may be ahead of its published head.
        checker.begin(log, signed, closed=not newest or head is not None, frontier=frontier)
        start, size = checker.frontier.size, stored_tree(self.connection, log).size
        roots = {0: EMPTY_ROOT, start: checker.frontier.root}
        wanted = sorted({*heads, -1 if head is None else head.size})
        known = (before.heads if before else 0) + sum(found > start or before is None for found in heads)
        self._read(start, size, wanted, roots, stop=signed.size if signed and newest else -1, known=known)
        checker.end()
        check_unknown_nodes(self.connection, report, log, size)
        check_roots(report, log, heads, head, roots)

    def _read(
        self, start: int, size: int, wanted: Sequence[int], roots: dict[int, bytes], *, stop: int, known: int
    ) -> None:
        """Read the entries from *start* to *size*; at *stop*, under so many *known* heads, say how far this came."""
        log, parts = self.checker.log, list(_parts(start, size, stop))
        whole = [first // TILE_WIDTH for first, end in parts if end - first == TILE_WIDTH]
        if start == stop and self.keep is not None:
            self.keep(self.checker.standing(known))
        summaries = self._summaries(log, whole)
        for first, end in parts:
            inner = wanted[bisect_right(wanted, first) : bisect_right(wanted, end)]
            self._take(first, end, next(summaries) if end - first == TILE_WIDTH else None, inner, roots)
            if end == stop and self.keep is not None:
                self.keep(self.checker.standing(known))
            self.progress(end, size)

    def _summaries(self, log: int, numbers: Sequence[int]) -> Iterator[Summary | None]:
        if self.helping is None:
            return map(partial(summary_in, self.source, log), numbers)
        return self.helping.crew.in_order(partial(self.helping.summary, log), numbers)

    def _take(
        self, start: int, end: int, summary: Summary | None, inner: Sequence[int], roots: dict[int, bytes]
    ) -> None:
        completed = _take_whole(self.checker, summary, inner, roots)
        if completed is None:
            completed = _take_one_by_one(self.connection, self.checker, start, end, inner, roots)
        _check_nodes(self.source, self.checker.report, self.checker.log, completed)


def _parts(start: int, size: int, stop: int) -> Iterator[tuple[int, int]]:
    """The bundles from *start* to *size*; those at the ends and the one around *stop* in parts."""
    while start < size:
        end = min(start - start % TILE_WIDTH + TILE_WIDTH, size)
        end = stop if start < stop < end else end
        yield start, end
        start = end


def _demand_head(report: Report, log: int, signed: Checkpoint | None, head: Head | None) -> None:
    if signed is None:
        report.add(DefectKind.CHECKPOINT_MISSING, log, "no checkpoint was published")
    elif head is not None and signed.size < head.size:
        report.add(DefectKind.CHECKPOINT_MISSING, log, f"the checkpoint of size {head.size}")


def _take_whole(
    checker: Checker, summary: Summary | None, inner: Sequence[int], roots: dict[int, bytes]
) -> dict[Place, bytes] | None:
    """Take a bundle by its summary; the nodes above it that it completed, or None where it has to be read."""
    if summary is None:
        return None
    found = {size: checker.root_within(summary, size) for size in inner}
    completed = checker.take_bundle(summary)
    if completed is None:
        return None
    roots.update(found)
    return dict(completed)


def _take_one_by_one(
    connection: Executor, checker: Checker, start: int, end: int, inner: Sequence[int], roots: dict[int, bytes]
) -> dict[Place, bytes]:
    completed: dict[Place, bytes] = {}
    for nodes in _take_chunk(connection, checker, start, end):
        completed.update(nodes)
        if checker.frontier.size in inner:
            roots[checker.frontier.size] = checker.frontier.root
    return completed


def _take_chunk(connection: Executor, checker: Checker, start: int, end: int) -> Iterator[list[tuple[Place, bytes]]]:
    query = select(ENTRIES.c.index, ENTRIES.c.leaf_hash, ENTRIES.c.leaf, ENTRIES.c.subject).where(
        ENTRIES.c.log == checker.log, ENTRIES.c.index >= start, ENTRIES.c.index < end
    )
    rows = {index: (held, leaf, subject, named_in(leaf)) for index, held, leaf, subject in connection.execute(query)}
    payloads = _payloads(connection, [named.commitment for *_, named in rows.values()])
    for index in range(start, end):
        if index not in rows:
            yield checker.skip()
            continue
        held, leaf, subject, named = rows[index]
        if subject != named.subject:
            checker.report.add(DefectKind.ENTRY_CHANGED, checker.log, f"entry {index}")
        payload, month = payloads.get(named.commitment, (None, None))
        yield checker.take(leaf, held_hash=held, payload=payload, month=month)


def _payloads(connection: Executor, commitments: Sequence[bytes | None]) -> dict[bytes | None, tuple[bytes, str]]:
    wanted = [commitment for commitment in commitments if commitment is not None]
    query = select(PAYLOADS.c.commitment, PAYLOADS.c.payload, PAYLOADS.c.month).where(PAYLOADS.c.commitment.in_(wanted))
    return {commitment: (payload, month) for commitment, payload, month in connection.execute(query)}


def _check_nodes(source: Rowsource, report: Report, log: int, completed: Mapping[Place, bytes]) -> None:
    for (level, index), made in completed.items():
        stored = source.node(log, level, index)
        if stored is None:
            report.add(DefectKind.NODE_MISSING, log, f"level {level}, index {index}")
        elif stored != made:
            report.add(DefectKind.NODE_CHANGED, log, f"level {level}, index {index}")
