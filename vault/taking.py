"""Taking one's data along: what the door opens for a file, with sharing, cases and the log where asked for."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from vault import access, cases, grants, trail
from vault.catalogue import CATALOGUE
from vault.context import Actor, Context, Vault
from vault.errors import InvalidInputError
from vault.exporting.content import Content, Item, Look, Share, Told, item_of, leaving, one_at_a_time
from vault.judging import check_proven
from vault.release import MASK, Opened, Refusal
from vault.trail import Line

MOST_LINES: Final = 1000
"""Lines of the log in one file, the newest; a file that does not reach back to the beginning says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a citizen wants in their file."""

    kind: str
    """The kind of file, as the log will name it: ``html``, ``pdf``, ``json``, ``fhir`` or ``csv``."""
    dangerous: frozenset[str] = frozenset()
    """Fields that are shown one at a time and that the citizen picked, each by name."""
    sharing: bool = False
    told: bool = False
    looks: bool = False


def take(vault: Vault, *, actor: Actor, citizen_id: UUID, council: str, wish: Wish) -> Content | Refusal:
    """
    Open what *wish* asks for, through the door; what is lawfully held back is left out without a trace.

    Raises:
        InvalidInputError: *wish* picks a field that is not shown one at a time.
        NotFoundError: No such citizen.
        ProofNeededError: The citizen could prove again who they are, and did not do it just now.
    """
    if not wish.dangerous <= set(one_at_a_time()):
        raise InvalidInputError("pick only fields that are shown one at a time")
    with vault.reading(actor) as ctx:
        check_proven(ctx)
    fields = frozenset(name for category in CATALOGUE.categories for name in leaving(category.name))
    answer = access.export_own(
        vault, actor=actor, citizen_id=citizen_id, fields=fields, masked=wish.dangerous, kind=wish.kind
    )
    if isinstance(answer, Refusal):
        return answer
    opened = answer.unseal()
    items = [item for record in opened.records if (item := item_of(record, fields))]
    if wish.dangerous:
        revealed = _reveal_each(vault, actor, citizen_id, opened)
        if isinstance(revealed, Refusal):
            return revealed
        items = _joined(items, revealed)
    with vault.reading(actor) as ctx:
        looks = _looks(ctx, citizen_id, proofs=wish.kind == "json") if wish.looks else []
        return Content(
            made_at=ctx.now,
            council=council,
            items=tuple(items),
            shares=tuple(_shares(ctx, citizen_id)) if wish.sharing else None,
            told=tuple(_told(ctx, citizen_id)) if wish.told else None,
            looks=tuple(looks) if wish.looks else None,
            looks_whole=len(looks) < MOST_LINES,
        )


def _reveal_each(vault: Vault, actor: Actor, citizen_id: UUID, opened: Opened) -> list[Item] | Refusal:
    """Each picked dangerous value that is there, one logged reveal each."""
    found: list[Item] = []
    for record in opened.records:
        for name in [name for name, value in record.fields.items() if value == MASK and name in one_at_a_time()]:
            answer = access.reveal(vault, actor=actor, citizen_id=citizen_id, record_id=record.record_id, field=name)
            if isinstance(answer, Refusal):
                return answer
            found += [item for each in answer.unseal().records if (item := item_of(each, {name}))]
    return found


def _joined(items: list[Item], revealed: list[Item]) -> list[Item]:
    """*items* with the revealed values in the items that they belong to; in the catalogue's order."""
    together: dict[UUID, Item] = {item.record_id: item for item in items}
    for item in revealed:
        held = together.get(item.record_id)
        fields = {**(held.fields if held else {}), **item.fields}
        together[item.record_id] = Item(
            **{name: getattr(item, name) for name in Item.__slots__ if name != "fields"}, fields=fields
        )
    places = {each.name: place for place, each in enumerate(CATALOGUE.categories)}
    return sorted(together.values(), key=lambda item: (places[item.category], item.received_at))


def _shares(ctx: Context, citizen_id: UUID) -> Iterator[Share]:
    for grant in grants.of_citizen(ctx, citizen_id=citizen_id):
        yield Share(
            grant_id=grant.grant_id,
            service=grant.service.name,
            organisation=grant.service.organisation_name,
            purpose=grant.purpose.name,
            fields=tuple(sorted(grant.fields)),
            state=str(grant.state),
            decided_by=str(grant.decided_by),
            made_at=grant.made_at,
            not_after=grant.not_after,
            uses=grant.uses,
            last_used_at=grant.last_used_at,
        )


def _told(ctx: Context, citizen_id: UUID) -> Iterator[Told]:
    for case in cases.of_citizen(ctx, citizen_id=citizen_id):
        yield Told(
            case_id=case.case_id,
            kind=str(case.kind),
            service=case.service.name,
            statement=case.statement,
            state=str(case.state),
            opened_at=case.opened_at,
            due_at=case.due_at,
            answer=case.answer,
            answered_at=case.answered_at,
        )


def _looks(ctx: Context, citizen_id: UUID, *, proofs: bool) -> list[Look]:
    lines = trail.of_citizen(ctx, citizen_id=citizen_id, limit=MOST_LINES)
    return [_look(ctx, line, proofs=proofs) for line in lines]


def _look(ctx: Context, line: Line, *, proofs: bool) -> Look:
    place = line.who.service_name or line.who.organisation_name
    person = [part for part in (line.who.role, line.who.team, place) if part]
    return Look(
        leaf_hash=line.leaf_hash,
        position=line.position,
        at=line.at,
        event=line.event,
        who=", ".join(person) or line.who.kind,
        purpose=line.purpose_name,
        fields=line.fields,
        refused=line.refused,
        proof=trail.check(ctx, leaf_hash=line.leaf_hash).proof if proofs and line.position else "",
    )
