"""The law of a sound log, over a stream of leaves: used on files (`audit.verify`) and on the tables (`audit.stored`).

Pure but for the report it fills: every leaf is canonical and hashes to what the tree holds; the tree has the signed
root; writers count without gaps, or the log declares the gap; payloads are those committed to; a later log names truly
the head after which it was opened.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from audit.bundles import MEMBERS, Run, Summary, touched_of
from audit.checkpoint import Checkpoint
from audit.entry import HASH_BYTES, decode, leaf_hash
from audit.errors import LeafInvalidError
from audit.events import Event
from audit.months import month_of
from audit.numbers import Fault, Progress, fault_of, follow
from audit.payload import commitment_of
from audit.report import DefectKind, Report
from audit.standing import Standing
from audit.tiles import TILE_HEIGHT, TILE_WIDTH
from audit.tree import Frontier, Place, root_of


@dataclass(slots=True)
class Checker:
    """Reads the logs of one database, oldest first: `begin`, `take` for each leaf, `end`; then `finish`, once.

    Args:
        disposed_months: Months ("2026-11") whose payloads may be absent, because their retention ended.
        with_payloads: Whether payloads come with the leaves.
        on_touched: Told of the rows that the leaves name, in their order (`audit.bundles.touched_of`).
    """

    report: Report = field(default_factory=Report)
    disposed_months: Collection[str] = ()
    with_payloads: bool = False
    on_touched: Callable[[bytes], None] | None = None
    writers: dict[str, Progress] = field(default_factory=dict)
    log: int = 0
    frontier: Frontier = field(default_factory=Frontier)
    months: dict[str, int] = field(default_factory=dict)
    """Payloads seen, by month."""
    _shown: dict[Fault, int] = field(default_factory=dict)
    _declared: set[Fault] = field(default_factory=set)
    _before: Frontier = field(default_factory=Frontier)
    _signed: Checkpoint | None = None
    _signed_before: Checkpoint | None = None
    _signed_root: bytes = b""
    _closed: bool = False

    def go_on(self, since: Standing) -> None:
        """Know what was proved before; its log is begun next, at its size."""
        self.writers = since.progress
        self.months = dict(since.payloads)
        self._shown = dict(since.faults)
        self.report.declared = list(since.declared)
        self.report.logs, self.report.since = since.log, since.size

    def standing(self, heads: int) -> Standing:
        """How far this is proved by now, with so many heads published of this log."""
        return Standing(
            log=self.log,
            size=self.frontier.size,
            peaks=tuple(self.frontier.peaks),
            heads=heads,
            writers={name: (at.next_number, at.last_number, at.last_time) for name, at in self.writers.items()},
            payloads=dict(self.months),
            declared=tuple(self.report.declared),
            faults=tuple((fault, log) for fault, log in self._shown.items() if fault not in self._declared),
        )

    def begin(self, log: int, signed: Checkpoint | None, *, closed: bool, frontier: Frontier | None = None) -> None:
        """Begin to read *log*.

        Args:
            log: Its number.
            signed: Its newest signed head, if there is a sound one.
            closed: Whether a recovery closed it, so that it may hold more than its last published head says.
            frontier: The right edge of what was proved of it before, where that was something.
        """
        self.log = log
        self._before, self.frontier = self.frontier, frontier or Frontier()
        self._signed_before, self._signed = self._signed, signed
        self._closed = closed
        self._signed_root = self.frontier.root
        self.report.logs += 1

    def take(
        self, encoded: bytes, *, held_hash: bytes | None = None, payload: bytes | None = None, month: str | None = None
    ) -> list[tuple[Place, bytes]]:
        """Read the next leaf; return the nodes that it completed.

        Args:
            encoded: The leaf's bytes.
            held_hash: What the tree holds for it, where that is stored apart.
            payload: Its sealed payload, where payloads come with the leaves and it has one.
            month: The month that the payload is kept by, where that is stored apart.
        """
        index = self.frontier.size
        hashed = leaf_hash(encoded)
        if held_hash is not None and held_hash != hashed:
            self.report.add(DefectKind.ENTRY_CHANGED, self.log, f"entry {index}")
        # The tree goes on with what it holds, so that one changed leaf is one defect and not a defect of every node.
        completed = self._grow(hashed if held_hash is None else held_hash)
        try:
            members = self._members(encoded)
            self._follow(members, hashed)
            if self.on_touched is not None:
                self.on_touched(touched_of(members))
            if self.with_payloads and members["commitment"] is not None:
                self._check_payload(members, payload, month, index)
        except (orjson.JSONDecodeError, LeafInvalidError, AttributeError, KeyError, TypeError, ValueError):
            self.report.add(DefectKind.ENTRY_BAD, self.log, f"entry {index}")
        return completed

    def take_bundle(self, summary: Summary | None) -> list[tuple[Place, bytes]] | None:
        """Read a whole bundle by its *summary*; return the nodes of level 8 and above that it completed.

        None where it must be read leaf by leaf: nothing of it was taken.
        """
        size, signed = self.frontier.size, self._signed
        if summary is None or size % TILE_WIDTH or not all(map(self._goes_on, summary.runs)):
            return None
        if signed is not None and size < signed.size <= size + TILE_WIDTH:
            self._signed_root = self.root_within(summary, signed.size)
        for run in summary.runs:
            progress = self.writers[run.writer]
            progress.next_number, progress.last_time = run.last + 1, max(progress.last_time, run.time)
        root = summary.levels[-1]
        completed = [((TILE_HEIGHT, size // TILE_WIDTH), root), *self.frontier.graft(TILE_HEIGHT, root)]
        self.report.entries += TILE_WIDTH
        for month, count in summary.payloads.items():
            self._count(month, count)
        if self.on_touched is not None:
            self.on_touched(summary.touched)
        return completed

    def _count(self, month: str, count: int) -> None:
        self.report.payloads += count
        self.months[month] = self.months.get(month, 0) + count

    def root_within(self, summary: Summary, size: int) -> bytes:
        """The root of the tree at *size*, which lies within the next bundle or at its end."""
        return root_of([*self.frontier.peaks, *summary.nodes(0, size - self.frontier.size)])

    def _goes_on(self, run: Run) -> bool:
        """Whether a run's writer is known, has not ended, and counts on from where it was."""
        progress = self.writers.get(run.writer)
        return progress is not None and progress.next_number == run.first and progress.last_number is None

    def skip(self) -> list[tuple[Place, bytes]]:
        """Go past an entry that is missing."""
        self.report.add(DefectKind.ENTRY_MISSING, self.log, f"entry {self.frontier.size}")
        return self._grow(bytes(HASH_BYTES))

    def end(self) -> None:
        """Hold what was read of this log against its newest signed head."""
        signed, size = self._signed, self.frontier.size
        if signed is None:
            return
        if size < signed.size or (size > signed.size and not self._closed):
            self.report.add(DefectKind.SIZE_DIFFERS, self.log, f"{size} entries, {signed.size} signed")
        elif self._signed_root != signed.root:
            self.report.add(DefectKind.ROOT_DIFFERS, self.log, f"the root of {signed.size} entries")

    def finish(self) -> Report:
        """Settle what only the whole shows: gaps in the numbers that no leaf declares."""
        for fault, log in self._shown.items():
            if fault not in self._declared:
                self.report.add(DefectKind.NUMBERS_BROKEN, log, _sentence(fault))
        return self.report

    def _grow(self, hashed: bytes) -> list[tuple[Place, bytes]]:
        self.report.entries += 1
        completed = self.frontier.append(hashed)
        if self._signed is not None and self.frontier.size == self._signed.size:
            self._signed_root = self.frontier.root
        return completed

    def _members(self, encoded: bytes) -> Mapping[str, Any]:
        # All of `decode` costs several times this look, which is enough for leaves that a signed root vouches for.
        members: Mapping[str, Any] = orjson.loads(encoded)
        if orjson.dumps(members, option=orjson.OPT_SORT_KEYS) != encoded or members.keys() != MEMBERS:
            decode(encoded)
        return members

    def _follow(self, members: Mapping[str, Any], hashed: bytes) -> None:
        accepted, faults = follow(self.writers, members, hashed)
        for fault in faults:
            self._shown.setdefault(fault, self.log)
        if accepted and members["event"] == Event.AUDIT_GAP:
            self._note_gap(members["about"])
        elif accepted and members["event"] == Event.AUDIT_ORIGIN_OPENED:
            self._check_origin(members["about"])

    def _note_gap(self, about: Mapping[str, Any]) -> None:
        fault = fault_of(about)
        self._declared.add(fault)
        self.report.declared.append(f"log {self.log}, entry {self.frontier.size - 1}: {_sentence(fault)}")

    def _check_origin(self, about: Mapping[str, Any]) -> None:
        signed, kept = self._signed_before, self._before
        true_head = signed is None or (about["closed"] == signed.origin and about["size"] >= signed.size)
        whole = about["kept"] == kept.size and about["kept_root"] in {None, kept.root.hex()}
        if self.frontier.size != 1 or self.log == 0 or not (true_head and whole):
            self.report.add(DefectKind.ORIGIN_BROKEN, self.log, f"entry {self.frontier.size - 1}")
            return
        lost = f"{about['closed']} was closed at size {about['size']}; {about['kept']} of its entries are left"
        if about["kept"] > about["size"]:
            lost += f", and {about['kept'] - about['size']} entries after it were never signed"
        self.report.declared.append(f"log {self.log}, entry 0: {lost}")

    def _check_payload(
        self, members: Mapping[str, Any], payload: bytes | None, kept_by: str | None, index: int
    ) -> None:
        month = month_of(members["time"])
        if payload is not None:
            self._count(month, 1)
            if commitment_of(payload).hex() != members["commitment"] or kept_by not in {None, month}:
                self.report.add(DefectKind.PAYLOAD_CHANGED, self.log, f"entry {index}")
        elif month in self.disposed_months:
            self.report.absent[month] = self.report.absent.get(month, 0) + 1
        else:
            self.report.add(DefectKind.PAYLOAD_MISSING, self.log, f"entry {index}")


def _sentence(fault: Fault) -> str:
    numbers = "" if fault.first is None else f", numbers {fault.first} to {fault.last}"
    writer = "" if fault.writer is None else f", writer {fault.writer}"
    leaf = "" if fault.leaf is None else f", leaf {fault.leaf}"
    return f"{fault.kind}{writer}{numbers}{leaf}"
