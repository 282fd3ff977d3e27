"""Officers write back: a care visit, an assessment, a corrected version; under a purpose that may write, never more.

What is written says for which service and by which role and team, and its citizen sees that. Nothing is overwritten:
a change is a newer version, with the reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from audit.events import Event
from policies.model import Action, CaseFacts, GrantFacts, ItemFacts
from vault import grants, items, records
from vault.acting import acting_person
from vault.catalogue import CATALOGUE
from vault.context import Context
from vault.errors import InvalidInputError, NotFoundError, WrongStateError
from vault.grants import GrantView
from vault.items import Brief
from vault.journal import note
from vault.judging import demand
from vault.kinds import CaseKind, CaseState, RecordStatus
from vault.models import Case, Grant
from vault.records import Author, NewItem, Source
from vault.sensitivity import judge

SYSTEM: Final = "portal"
"""The source system of what officers write here."""
MOST_CHARACTERS: Final = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What an officer wrote: values by field, the day they are true of, and for a change why."""

    fields: Mapping[str, Any] = field(repr=False)
    as_of: date | None = None
    reason: str = ""
    offered: frozenset[str] = frozenset()
    """For a change: the fields that could be written anew. A text of them that is not in *fields* was taken out."""


def writable(grant: GrantView) -> dict[str, list[str]]:
    """What may be added under *grant*: the fields by category, in the catalogue's order."""
    found = {
        each.name: [one.name for one in each.fields if one.name in grant.purpose.writes]
        for each in CATALOGUE.categories
    }
    return {name: fields for name, fields in found.items() if fields}


def add(ctx: Context, *, grant_id: UUID, category: str, key: UUID, words: Words) -> UUID:
    """
    Add an item; the same *key* adds it once, however often the form is sent. Returns its record id.

    Raises:
        NotFoundError: There is no such grant, or it is another service's; both look the same.
        NotAllowedError: The rules do not let this officer write this under the grant as it is now.
        InvalidInputError: Nothing was written, or a text is too long.
        WrongStateError: The same form was sent before with other words.
    """
    check(words)
    grant, facts = _held(ctx, grant_id)
    names = frozenset(words.fields)
    proven = grant.purpose.is_proven(at=grant.proven_at, by=grant.proven_by, now=ctx.now)
    demand(
        ctx,
        action=Action.WRITE,
        citizen_id=grant.citizen_id,
        fields=names,
        purpose=grant.purpose,
        grant=facts,
        grant_proven=proven,
    )
    item = new_item(ctx, category, words, purpose=grant.purpose.slug, source_id=str(key), by=acting_person(ctx))
    outcome, record_id = records.keep(ctx, citizen_id=grant.citizen_id, item=item)
    if outcome == "changed":
        raise WrongStateError("this form was sent already, with other words")
    if outcome == "new":
        _note(ctx, grant.citizen_id, record_id, item, version=1, purpose=grant.purpose.slug, grant=str(grant_id))
    return record_id


def check(words: Words) -> None:
    """
    Let *words* go on, if something was written and nothing is too long.

    Raises:
        InvalidInputError: It is not so.
    """
    if not words.fields:
        raise InvalidInputError("write at least one thing")
    if any(isinstance(held, str) and len(held) > MOST_CHARACTERS for held in words.fields.values()):
        raise InvalidInputError(f"a text has at most {MOST_CHARACTERS} characters")


def _held(ctx: Context, grant_id: UUID) -> tuple[GrantView, GrantFacts]:
    """The grant, held until the transaction ends so that nothing is written after it was withdrawn."""
    found = ctx.session.scalars(select(Grant).where(Grant.grant_id == grant_id).with_for_update()).one_or_none()
    if found is None or found.service_id != ctx.actor.service_id:
        raise NotFoundError(f"grant `{grant_id}` is not known")
    return grants.view(ctx, citizen_id=found.citizen_id, grant_id=grant_id), write_facts(
        ctx, found.citizen_id, grant_id
    )


def write_facts(ctx: Context, citizen_id: UUID, grant_id: UUID) -> GrantFacts:
    """A grant as the rules judge writing under it: its fields are those that its purpose may write."""
    writes = grants.view(ctx, citizen_id=citizen_id, grant_id=grant_id).purpose.writes
    return replace(grants.facts_of(ctx, citizen_id=citizen_id, grant_id=grant_id), fields=writes, write=bool(writes))


def new_item(
    ctx: Context,
    category: str,
    words: Words,
    *,
    purpose: str,
    source_id: str,
    by: Mapping[str, str],
    system: str = SYSTEM,
) -> NewItem:
    """
    What the context's actor wrote, as an item to keep.

    Args:
        ctx: An officer, or a service itself, is its actor.
        category: The category of all its fields.
        words: What was written.
        purpose: Under which purpose.
        source_id: The item's id in *system*.
        by: Whose hand it was: ``reference``, ``role`` and ``team``.
        system: Where it was written.

    Raises:
        NotFoundError: The actor works for no service.
    """
    organisation_id, service_id = ctx.actor.organisation_id, ctx.actor.service_id
    if organisation_id is None or service_id is None:
        raise NotFoundError("only an officer of a service, or a service itself, writes")
    texts = [("", "", text) for value in words.fields.values() for text in _texts(value)]
    return NewItem(
        category=category,
        fields=words.fields,
        source=Source(organisation_id=organisation_id, system=system, type=category, id=source_id),
        purpose=purpose,
        sensitivity=max(int(CATALOGUE.category(category).sensitivity), int(judge(texts))),
        as_of=words.as_of,
        third_party=any(CATALOGUE.field(name).third_party for name in words.fields),
        author=Author(service_id=service_id, reason=words.reason.strip(), **by),
    )


def _texts(value: Any) -> list[str]:  # noqa: ANN401 -- any JSON value
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return [text for each in inner for text in _texts(each)]


def _note(ctx: Context, citizen_id: UUID, record_id: UUID, item: NewItem, *, version: int, **more: object) -> None:
    purpose = str(more.pop("purpose", "")) or None
    facts = {
        "record": str(record_id),
        "version": version,
        "category": item.category,
        "fields": sorted(item.fields),
        "service": str(ctx.actor.service_id),
        "acting": acting_person(ctx),
        **more,
    }
    note(ctx, Event.RECORD_WRITTEN, citizen_id=citizen_id, purpose=purpose, facts=facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Why an officer may open one item to put it right: a correction case, or a grant under which they wrote it."""

    citizen_id: UUID
    item: Brief
    case: CaseFacts | None = None
    grant: GrantFacts | None = None
    case_id: UUID | None = None
    grant_id: UUID | None = None

    @property
    def told(self) -> dict[str, str]:
        """The ground for an entry's facts."""
        ids = {"case": self.case_id, "grant": self.grant_id}
        return {name: str(found) for name, found in ids.items() if found}

    @property
    def fields(self) -> frozenset[str]:
        """What may be opened on this ground: under a grant, what its purpose writes; never what opens one at a time."""
        every = CATALOGUE.fields_of(self.item.category)
        plain = frozenset(name for name in every if not CATALOGUE.field(name).needs_reveal)
        return plain & self.grant.fields if self.grant else plain

    def demand(self, ctx: Context, *, fields: frozenset[str]) -> None:
        """
        Ask the rules.

        Raises:
            NotAllowedError: They say no; that is logged.
        """
        wrote = ItemFacts(organisation=str(self.item.organisation_id), service=str(self.item.service_id or ""))
        demand(
            ctx,
            action=Action.CORRECT,
            citizen_id=self.citizen_id,
            fields=fields,
            item=wrote,
            case=self.case,
            grant=self.grant,
        )


def ground_of_case(ctx: Context, *, case_id: UUID) -> Ground:
    """
    The item that an open correction case of the officer's service is about.

    Raises:
        NotFoundError: There is no such case, or it is another service's or about no item; all look the same.
    """
    row = ctx.session.scalars(select(Case).where(Case.case_id == case_id)).one_or_none()
    if row is None or row.service_id != ctx.actor.service_id or row.record_id is None:
        raise NotFoundError(f"case `{case_id}` is not known")
    if row.kind is not CaseKind.CORRECTION or row.state is not CaseState.OPEN:
        raise WrongStateError(f"case `{case_id}` asks for no correction now")
    item = items.brief(ctx, citizen_id=row.citizen_id, record_id=row.record_id)
    facts = CaseFacts(owner=str(row.citizen_id), service=str(row.service_id), kind=str(row.kind), state=str(row.state))
    return Ground(citizen_id=row.citizen_id, item=item, case=facts, case_id=case_id)


def ground_of_grant(ctx: Context, *, grant_id: UUID, record_id: UUID) -> Ground:
    """
    An item that the officer's own service wrote here, under a grant for the same purpose that still lets it write.

    Raises:
        NotFoundError: There is no such grant or item, or it is not the service's own for this purpose; all look alike.
    """
    grant = grants.by_id(ctx, grant_id=grant_id)
    if grant.service.service_id != ctx.actor.service_id:
        raise NotFoundError(f"grant `{grant_id}` is not known")
    item = items.brief(ctx, citizen_id=grant.citizen_id, record_id=record_id)
    purpose = items.purpose_of(ctx, grant.citizen_id, record_id)
    if item.service_id != ctx.actor.service_id or purpose != grant.purpose.slug:
        raise NotFoundError(f"record `{record_id}` is not known")
    facts = write_facts(ctx, grant.citizen_id, grant_id)
    return Ground(citizen_id=grant.citizen_id, item=item, grant=facts, grant_id=grant_id)


def revise(ctx: Context, *, ground: Ground, expected: int, words: Words) -> int:
    """
    Write a newer version of the item of *ground*, with the reason; return its number.

    Raises:
        NotAllowedError: The rules do not let this officer put it right now.
        InvalidInputError: Nothing was written, no reason was given, or a text is too long.
        WrongStateError: The item is at another version than *expected* by now.
    """
    check(words)
    if not words.reason.strip() or len(words.reason) > MOST_CHARACTERS:
        raise InvalidInputError(f"say why it changes, in at most {MOST_CHARACTERS} characters")
    if ground.item.status is RecordStatus.ENTERED_IN_ERROR:
        raise WrongStateError("this was marked as written by mistake already")
    ground.demand(ctx, fields=frozenset(words.fields) | words.offered)
    purpose = items.purpose_of(ctx, ground.citizen_id, ground.item.record_id)
    source_id, by = str(ground.item.record_id), acting_person(ctx)
    item = new_item(ctx, ground.item.category, words, purpose=purpose, source_id=source_id, by=by)
    version = records.revise(
        ctx,
        citizen_id=ground.citizen_id,
        record_id=ground.item.record_id,
        expected=expected,
        item=item,
        offered=words.offered,
    )
    _note(ctx, ground.citizen_id, ground.item.record_id, item, version=version, corrects=True, **ground.told)
    return version
