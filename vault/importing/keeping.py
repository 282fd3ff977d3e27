"""What becomes of what a file says: every person settled, every item kept or put on the tray, and all of it logged."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from audit.events import Event
from policies.model import Action, Decision, Kind, Principal, Request
from vault import citizens
from vault.catalogue import CATALOGUE, WITHHELD_CATEGORY
from vault.clock import microseconds
from vault.context import Context, Vault
from vault.errors import ImportRefusedError
from vault.importing import tray
from vault.importing.items import Item, Notice, Subject
from vault.importing.matching import How, Match, Sender, match
from vault.journal import note
from vault.judged import told
from vault.judging import purpose_facts
from vault.kinds import CitizenStatus
from vault.purposes import find as find_purpose
from vault.records import NewItem, Source, keep
from vault.sensitivity import judge

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
class Run:
    """One run as it goes on: whose it is, whom it met, and what it did."""

    vault: Vault
    order: Order
    run_id: UUID
    sender: Sender
    people: dict[str, Match] = field(default_factory=dict)
    summary: Summary = field(default_factory=Summary)

    @property
    def trayed(self) -> int:
        """How many items this run has put on the tray or changed there."""
        return self.summary.unmatched["new"] + self.summary.unmatched["changed"]

    def take(self, ctx: Context, found: Iterable[Subject | Item | Notice], *, last: bool) -> bool:
        """
        Keep what *found* says, and log it; return whether it holds items about people not met yet, to be seen again.

        Raises:
            ImportRefusedError: The rules do not let this run write for one of the people.
        """
        later, kept, trayed = False, dict[UUID, Counter[str]](), self.trayed
        for each in found:
            if isinstance(each, Subject):
                _meet(self, ctx, each, counted=not last)
            elif isinstance(each, Item):
                later |= not _item(self, ctx, each, kept, last=last)
        _note_kept(self, ctx, kept)
        if self.trayed > trayed:
            note(ctx, Event.ITEM_UNMATCHED, purpose=self.order.purpose, facts={"run": str(self.run_id)})
        return later


def _meet(run: Run, ctx: Context, subject: Subject, *, counted: bool) -> None:
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


def _whose(run: Run, ctx: Context, item: Item) -> UUID | None:
    if item.subject is None:
        return None
    if item.subject in run.people:
        return run.people[item.subject].citizen_id
    kind, _, value = item.subject.partition("/")
    system = run.sender.system if kind == "Patient" else kind
    return citizens.by_reference(ctx, organisation_id=run.sender.organisation_id, system=system, value=value)


def _item(run: Run, ctx: Context, item: Item, kept: dict[UUID, Counter[str]], *, last: bool) -> bool:
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


def _new_item(run: Run, item: Item) -> NewItem:
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
        content=item.content,
        run_id=run.run_id,
        dispose_after=timedelta(days=WITHHELD_DAYS) if item.category == WITHHELD_CATEGORY else None,
    )


def _note_kept(run: Run, ctx: Context, kept: dict[UUID, Counter[str]]) -> None:
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


def _demand(run: Run, ctx: Context, citizen_id: UUID, fields: frozenset[str]) -> Decision:
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
