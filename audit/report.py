"""What a verification found: every defect by name and place, and what the log itself declares."""

import enum
from dataclasses import dataclass, field


class DefectKind(enum.StrEnum):
    """What can be wrong. Values are stable; commands print them."""

    CHECKPOINT_BAD = "checkpoint-bad"  # malformed, unsigned, or of another origin
    CHECKPOINT_MISSING = "checkpoint-missing"  # a log without a published head
    ROOT_DIFFERS = "root-differs"  # the entries do not fold to the signed root
    SIZE_DIFFERS = "size-differs"  # fewer or more entries than were signed
    ENTRY_BAD = "entry-bad"  # not the canonical bytes of a leaf
    ENTRY_CHANGED = "entry-changed"  # the leaf does not hash to what the tree holds for it
    ENTRY_MISSING = "entry-missing"
    NODE_CHANGED = "node-changed"
    NODE_MISSING = "node-missing"
    NODE_UNKNOWN = "node-unknown"  # stored, though no tree of this size has it
    PAYLOAD_CHANGED = "payload-changed"
    PAYLOAD_MISSING = "payload-missing"
    PAYLOAD_UNKNOWN = "payload-unknown"  # stored, though no leaf commits to it
    NUMBERS_BROKEN = "numbers-broken"  # a writer's numbers skip or repeat, and no gap is declared
    WRITER_CHANGED = "writer-changed"  # what is kept about a writer is not what the log says
    ORIGIN_BROKEN = "origin-broken"  # a log does not say truly which one it follows
    UNWITNESSED = "unwitnessed"  # too few of the witnesses demanded vouch for the head
    FORKED = "forked"  # the log does not extend a head of its own that somebody kept
    OUTBOX_BAD = "outbox-bad"  # a waiting row is not what its writer queued
    HEAD_DIFFERS = "head-differs"  # the tree does not extend the head that the signer remembers


@dataclass(frozen=True, slots=True)
class Defect:
    """One thing that is wrong: what, in which log, and where ("entry 12", "tile/0/003", "missing, writer 0a1b…")."""

    kind: DefectKind
    log: int
    where: str

    def __str__(self) -> str:
        return f"{self.kind}: log {self.log}, {self.where}"


@dataclass(slots=True)
class Report:
    """What was read and what was found.

    `declared` are sentences about gaps and recoveries that the log itself states; they are no defects of the proof and
    every one of them needs an explanation by people. `absent` counts payloads by month whose retention has ended.
    `since` counts the entries of the newest log that were proved before and are not among `entries`.
    """

    entries: int = 0
    since: int = 0
    payloads: int = 0
    logs: int = 0
    defects: list[Defect] = field(default_factory=list)
    declared: list[str] = field(default_factory=list)
    absent: dict[str, int] = field(default_factory=dict)
    _named: set[Defect] = field(default_factory=set, repr=False)

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.defects

    def add(self, kind: DefectKind, log: int, where: str) -> None:
        """Name one defect; the same one is named once."""
        defect = Defect(kind, log, where)
        if defect not in self._named:
            self._named.add(defect)
            self.defects.append(defect)
