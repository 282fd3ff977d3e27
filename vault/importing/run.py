"""One run of the import.

Every file read, every person settled, every item kept or put on the tray, and all of it logged.

A file is one transaction, so a run that is killed leaves whole files only; started again, it finds the same items and
ends in the same state. Items
about people whom only a later file introduces are looked at a second time when all files are done.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from audit.events import Event
from policies.model import Action, Decision, Kind, Principal, Request
from vault import citizens, services
from vault.catalogue import CATALOGUE, WITHHELD_CATEGORY
from vault.clock import microseconds
from vault.context import SYSTEM, Context, Vault
from vault.errors import ImportRefusedError, NotFoundError
from vault.ids import new_id
from vault.importing import tray
from vault.importing.items import Item, Notice, NoticeKind, Subject
from vault.importing.matching import How, Match, Sender, match
from vault.importing.reading import read_file
from vault.journal import note
from vault.judged import told
from vault.judging import purpose_facts
from vault.kinds import CitizenStatus
from vault.models import ImportRun
from vault.purposes import find as find_purpose
from vault.records import NewItem, Source, keep
from vault.sensitivity import judge

Progress = Callable[[Path], None]
WITHHELD_DAYS = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a run must name; without any of it the run is refused."""

    organisation: str
    system: str
    purpose: str
    agreement: str
    overlay: Path | None = None
    keep_unknown: bool = False


@dataclass(slots=True)
class Summary:
    """What a run did, in numbers; and what a person should look at, by file and place, never by content."""

    files: int = 0
    failed: int = 0
    people: Counter[str] = field(default_factory=Counter)
    items: Counter[str] = field(default_factory=Counter)
    unmatched: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    notices: list[tuple[str, Notice]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The summary as plain JSON."""
        return {
            "files": self.files,
            "failed": self.failed,
            "people": dict(self.people),
            "items": dict(self.items),
            "unmatched": dict(self.unmatched),
            "left_out": dict(self.left_out),
            "notices": [
                {
                    "file": name,
                    "kind": str(each.kind),
                    "type": each.type,
                    "position": each.position,
                    "message": each.message,
                }
                for name, each in self.notices
            ],
        }


@dataclass(slots=True)
class _Run:
    vault: Vault
    order: Order
    run_id: UUID
    sender: Sender
    people: dict[str, Match] = field(default_factory=dict)
    summary: Summary = field(default_factory=Summary)


def run_import(vault: Vault, *, paths: Sequence[Path], order: Order, progress: Progress | None = None) -> Summary:
    """
    Import *paths* (files, or folders of them) as *order* says.

    Raises:
        ImportRefusedError: The order lacks something, or the purpose does not receive data.
    """
    run = _begin(vault, order)
    files = in_order(paths)
    again = [path for path in files if _take(run, path, progress, last=False)]
    for path in again:
        _take(run, path, None, last=True)
    with vault.transaction(SYSTEM) as ctx:
        row = ctx.session.get(ImportRun, run.run_id)
        assert row is not None  # noqa: S101 -- made by this very run
        row.finished_at = ctx.now
        row.version += 1
        note(
            ctx,
            Event.IMPORT_RUN,
            purpose=order.purpose,
            facts={"run": str(run.run_id), "ended": True, "items": dict(run.summary.items)},
        )
    return run.summary


def in_order(paths: Iterable[Path]) -> list[Path]:
    """All files below *paths*.

    Those that introduce people first, then by name, so that every run takes the same order.
    """
    found = {
        file
        for path in paths
        for file in (path.rglob("*") if path.is_dir() else (path,))
        if file.suffix in {".json", ".csv"}
    }
    return sorted(found, key=lambda file: (file.name != "people.csv" and "Patient" not in file.name, str(file)))


def _begin(vault: Vault, order: Order) -> _Run:
    for name in ("organisation", "system", "purpose", "agreement"):
        if not getattr(order, name):
            raise ImportRefusedError(
                f"an import names its {name}; give `--{'from' if name == 'organisation' else name}`"
            )
    with vault.transaction(SYSTEM) as ctx:
        try:
            organisation = services.organisation(ctx, slug=order.organisation)
            purpose = find_purpose(ctx, slug=order.purpose)
        except NotFoundError as error:
            raise ImportRefusedError(str(error)) from error
        if not purpose.receives:
            raise ImportRefusedError(f"purpose `{order.purpose}` does not receive data into the vault")
        run_id = new_id()
        ctx.session.add(
            ImportRun(
                run_id=run_id,
                organisation_id=organisation.organisation_id,
                source_system=order.system,
                purpose=order.purpose,
                agreement=order.agreement,
                started_at=ctx.now,
            )
        )
        note(
            ctx, Event.IMPORT_RUN, purpose=order.purpose, facts={"run": str(run_id), "organisation": order.organisation}
        )
        return _Run(vault, order, run_id, Sender(organisation.organisation_id, order.system))


def _take(run: _Run, path: Path, progress: Progress | None, *, last: bool) -> bool:
    """Take one file in one transaction.

    Return whether it holds items about people not met yet, to be looked at again.
    """
    later = False
    counts: Counter[str] = Counter()
    with run.vault.transaction(SYSTEM) as ctx:
        kept: dict[UUID, Counter[str]] = {}
        trayed = _trayed(run)
        for found in read_file(path, overlay=run.order.overlay, keep_unknown=run.order.keep_unknown):
            if isinstance(found, Subject):
                _meet(run, ctx, found, counted=not last)
            elif isinstance(found, Notice):
                counts["failed"] += not last and _notice(run, path, found)
            else:
                later |= not _item(run, ctx, found, kept, last=last)
        _note_kept(run, ctx, kept)
        if _trayed(run) > trayed:
            note(ctx, Event.ITEM_UNMATCHED, purpose=run.order.purpose, facts={"run": str(run.run_id)})
    run.summary.files += not last
    run.summary.failed += bool(counts["failed"])
    if progress:
        progress(path)
    return later and not last


def _trayed(run: _Run) -> int:
    """How many items this run has put on the tray or changed there."""
    return run.summary.unmatched["new"] + run.summary.unmatched["changed"]


def _notice(run: _Run, path: Path, notice: Notice) -> bool:
    if notice.kind is NoticeKind.LEFT_OUT:
        run.summary.left_out[notice.type] += notice.count
    else:
        run.summary.notices.append((path.name, notice))
    return notice.kind is NoticeKind.ERROR


def _meet(run: _Run, ctx: Context, subject: Subject, *, counted: bool) -> None:
    if subject.key in run.people and run.people[subject.key].citizen_id is not None:
        return
    settled = match(ctx, subject=subject, sender=run.sender)
    run.people[subject.key] = settled
    run.summary.people[str(settled.how)] += counted
    if settled.citizen_id is None:
        return
    if subject.deceased and settled.how is not How.NEW:
        citizens.set_status(ctx, citizen_id=settled.citizen_id, status=CitizenStatus.DECEASED)
    note(
        ctx,
        Event.CITIZEN_LINKED,
        citizen_id=settled.citizen_id,
        facts={"run": str(run.run_id), "how": str(settled.how)},
    )


def _whose(run: _Run, ctx: Context, item: Item) -> UUID | None:
    if item.subject is None:
        return None
    if item.subject in run.people:
        return run.people[item.subject].citizen_id
    kind, _, value = item.subject.partition("/")
    system = run.sender.system if kind == "Patient" else kind
    return citizens.by_reference(ctx, organisation_id=run.sender.organisation_id, system=system, value=value)


def _item(run: _Run, ctx: Context, item: Item, kept: dict[UUID, Counter[str]], *, last: bool) -> bool:
    """Keep one item; return whether it found its place (False: look again when all files are read)."""
    citizen_id = _whose(run, ctx, item)
    new = _new_item(run, item)
    if citizen_id is None:
        if not last:
            return False
        run.summary.unmatched[tray.put(ctx, item=new, run_id=run.run_id)] += 1
        return True
    outcome, _ = keep(ctx, citizen_id=citizen_id, item=new)
    if not last or outcome != "same":
        run.summary.items[outcome] += 1
    if outcome != "same":
        kept.setdefault(citizen_id, Counter()).update(item.fields.keys())
    return True


def _new_item(run: _Run, item: Item) -> NewItem:
    judged = judge((*item.codes, *item.reason_codes))
    return NewItem(
        category=item.category,
        fields=item.fields,
        source=Source(
            organisation_id=run.sender.organisation_id,
            system=run.sender.system,
            type=item.source_type,
            id=item.source_id,
        ),
        purpose=run.order.purpose,
        sensitivity=max(int(judged), int(CATALOGUE.category(item.category).sensitivity)),
        status=item.source_status,
        as_of=item.as_of,
        third_party=item.third_party,
        run_id=run.run_id,
        dispose_after=timedelta(days=WITHHELD_DAYS) if item.category == WITHHELD_CATEGORY else None,
    )


def _note_kept(run: _Run, ctx: Context, kept: dict[UUID, Counter[str]]) -> None:
    for citizen_id, fields in kept.items():
        decision = _demand(run, ctx, citizen_id, frozenset(fields))
        categories = {CATALOGUE.field(name).category for name in fields}
        note(
            ctx,
            Event.RECORD_WRITTEN,
            citizen_id=citizen_id,
            purpose=run.order.purpose,
            policy_set=decision.policy_set,
            facts={"run": str(run.run_id), "categories": sorted(categories), **told(decision)},
        )


def _demand(run: _Run, ctx: Context, citizen_id: UUID, fields: frozenset[str]) -> Decision:
    """
    Ask the rules whether this run may write these fields for this citizen.

    Raises:
        ImportRefusedError: They say no; nothing of this file is kept.
    """
    decision = ctx.vault.engine.decide(
        Request(
            action=Action.WRITE,
            principal=Principal(kind=Kind.SYSTEM, id="import", organisation=str(run.sender.organisation_id)),
            now=microseconds(ctx.now),
            owner=str(citizen_id),
            owner_status=str(citizens.find(ctx, citizen_id=citizen_id).status),
            fields=fields,
            purpose=purpose_facts(find_purpose(ctx, slug=run.order.purpose), registered=False),
            agreement=bool(run.order.agreement),
        )
    )
    if not decision.allowed:
        reasons = ", ".join(decision.because)
        raise ImportRefusedError(f"the rules refuse to write for citizen `{citizen_id}`: {reasons}")
    return decision
