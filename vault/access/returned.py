"""A service writes back under its token: decided like a read, and kept with its entry in the log or not at all.

What it wrote says for which service and by whose hand. An item is put right as a newer version, with a reason, and only
by the service that wrote it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from audit.events import Event
from policies.model import Decision, ItemFacts
from vault import items, records, tokens, writing
from vault.access import once, question, refusing, shown
from vault.access.asking import ActingPerson, Ask, Proof
from vault.access.keeping import ask_facts, claim
from vault.access.once import Kept, Once
from vault.access.shown import Admit
from vault.catalogue import CATALOGUE
from vault.clock import microseconds
from vault.context import Context, Vault
from vault.errors import InvalidInputError, NotFoundError, TokenInvalidError, VersionPassedError, WrongStateError
from vault.facts import Sharing
from vault.ids import new_id
from vault.items import Brief
from vault.journal import note
from vault.judged import told
from vault.models import Citizen, Grant, Purpose, Service
from vault.records import NewItem
from vault.release import Refusal
from vault.writing import Words

SYSTEM: Final = "service"
"""The source system of what services write back here."""
_AUTOMATIC: Final = {"reference": "", "role": "automatic", "team": ""}
"""Whose hand it was where a batch purpose names nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Which item is to be put right, and the version it was read at."""

    is_meant: Callable[[UUID, UUID], bool]
    """Whether a service's item, by both ids, is the one that this service named."""
    expected: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ToWrite:
    """What a service wants to write."""

    fields: Mapping[str, str] = field(repr=False)
    once: Once
    as_of: date | None = None
    reason: str = ""
    change: Change | None = None
    """Empty for a new item."""


def write_with_token(
    vault: Vault,
    *,
    handle: str,
    proof: Proof,
    acting: ActingPerson | None,
    wanted: ToWrite,
    admit: Admit = shown.anyone,
) -> Kept | Refusal:
    """
    Add an item to the record of the token's citizen, or put right one that this very service wrote here.

    Raises:
        TokenInvalidError: The token is unknown, ended, bound to another key, or of an older version of its grant.
        ReplayedError: The proof was shown before.
        InvalidInputError: Nothing is written, fields of several categories are, or a text is too long.
        NotFoundError: There is no such item of this service's own.
        VersionPassedError: The item is at another version by now.
        KeyReusedError: The idempotency key came with another request before.
    """
    sharing = shown.good(vault, shown.loading(vault, handle), proof)
    admit(sharing.grant["service_id"], sharing.grant["citizen_id"])
    ask = Ask(
        actor=shown.service_of(sharing), fields=frozenset(wanted.fields), history=False, acting=acting, proof=proof
    )
    with vault.transaction(ask.actor) as ctx:
        claim(ctx, ask)
    ask = replace(ask, proof_is_spent=True)
    try:
        return _try(vault, handle, ask, proof, wanted)
    except IntegrityError:  # another request with the same key was first by a hair: what it wrote is found now
        return _try(vault, handle, ask, proof, wanted)


def _try(vault: Vault, handle: str, ask: Ask, proof: Proof, wanted: ToWrite) -> Kept | Refusal:
    """Hold what the decision rests on, decide, and write in the same transaction."""
    sharing = shown.good(vault, shown.loading(vault, handle), proof)
    with vault.transaction(ask.actor) as ctx:
        hold(ctx, sharing, handle)
        held = meant(ctx, sharing, wanted.change, _categories(wanted))
        decision = decided(vault, sharing, ask, held)
        if decision.allowed:
            return once.before(ctx, sharing, wanted.once) or _write(ctx, sharing, ask, wanted, held, decision)
    reach = question.defined(sharing).writes
    return refusing.refuse(vault, sharing, ask, frozenset(wanted.fields), decision, reach=reach)


def hold(ctx: Context, sharing: Sharing, handle: str) -> None:
    """
    Hold grant, service, purpose and citizen at the versions that were read, so that none changes before this is kept.

    Raises:
        TokenInvalidError: One of them changed meanwhile, or the token ended.
    """
    rows = (
        (Citizen, Citizen.citizen_id == sharing.grant["citizen_id"], sharing.citizen["version"]),
        (Grant, Grant.grant_id == sharing.grant["grant_id"], sharing.grant["version"]),
        (Service, Service.service_id == sharing.service["service_id"], sharing.service["version"]),
        (Purpose, Purpose.slug == sharing.purpose["slug"], sharing.purpose["version"]),
    )
    for model, is_it, version in rows:
        row: Any = ctx.session.scalars(select(model).where(is_it).with_for_update(read=True)).one_or_none()
        if row is None or row.version != version:
            raise TokenInvalidError("what the token rests on changed meanwhile")
    tokens.find(ctx, handle=handle)


def meant(ctx: Context, sharing: Sharing, change: Change | None, categories: Iterable[str]) -> Brief | None:
    """The item that a change is about: one that the service wrote here, for the purpose of its grant."""
    citizen_id, service_id = sharing.grant["citizen_id"], sharing.grant["service_id"]
    if change is None:
        return None
    for category in categories:
        for each in items.of_writer(ctx, citizen_id=citizen_id, category=category, service_id=service_id):
            if change.is_meant(service_id, each.record_id):
                own = items.purpose_of(ctx, citizen_id, each.record_id) == sharing.grant["purpose"]
                return items.brief(ctx, citizen_id=citizen_id, record_id=each.record_id) if own else None
    return None


def _categories(wanted: ToWrite) -> list[str]:
    return sorted({CATALOGUE.field(name).category for name in wanted.fields if CATALOGUE.has(name)})


def decided(vault: Vault, sharing: Sharing, ask: Ask, held: Brief | None) -> Decision:
    """What the rules say to writing what is asked; *held* is the item that is to be put right, if one is."""
    item = ItemFacts(organisation=str(held.organisation_id), service=str(held.service_id or "")) if held else None
    names = ask.fields or frozenset()
    return vault.engine.decide(question.writing_request_of(sharing, ask, names, item, vault.clock()))


def _write(ctx: Context, sharing: Sharing, ask: Ask, wanted: ToWrite, held: Brief | None, decision: Decision) -> Kept:
    item = _item(ctx, sharing, ask, wanted, held)
    citizen_id = sharing.grant["citizen_id"]
    if wanted.change is None:
        version = 1
        record_id = records.keep(ctx, citizen_id=citizen_id, item=item)[1]
    else:
        record_id, version = _revised(ctx, citizen_id, wanted.change, item, held)
    facts = {
        "record": str(record_id),
        "version": version,
        "category": item.category,
        "fields": sorted(item.fields),
        **({"corrects": True} if wanted.change else {}),
    }
    return written(ctx, sharing, ask, decision, wanted.once, facts)


def written(
    ctx: Context,
    sharing: Sharing,
    ask: Ask,
    decision: Decision,
    asked: Once,
    facts: Mapping[str, Any],
) -> Kept:
    """Log that a version was written, as *facts* say, and remember the answer."""
    citizen_id, purpose = sharing.grant["citizen_id"], sharing.grant["purpose"]
    leaf_hash = note(
        ctx,
        Event.RECORD_WRITTEN,
        citizen_id=citizen_id,
        purpose=purpose,
        policy_set=decision.policy_set,
        facts={**ask_facts(sharing, ask, frozenset()), **told(decision), **facts},
    )
    kept = Kept(
        record_id=UUID(facts["record"]),
        version=facts["version"],
        service_id=sharing.grant["service_id"],
        leaf_hash=leaf_hash,
        time_us=microseconds(ctx.now),
    )
    once.remember(ctx, sharing, asked, kept)
    return kept


def _item(ctx: Context, sharing: Sharing, ask: Ask, wanted: ToWrite, held: Brief | None) -> NewItem:
    categories = _categories(wanted)
    if len(categories) != 1:
        raise InvalidInputError("write fields of one category, at least one")
    writing.check(words := Words(fields=wanted.fields, as_of=wanted.as_of, reason=wanted.reason))
    source_id = str(held.record_id if held else new_id())
    purpose = sharing.grant["purpose"]
    return writing.new_item(
        ctx, categories[0], words, purpose=purpose, source_id=source_id, by=hand_of(ask), system=SYSTEM
    )


def hand_of(ask: Ask) -> Mapping[str, str]:
    """Whose hand it was, as the version will say."""
    person = ask.acting
    return {"reference": person.reference, "role": person.role, "team": person.team} if person else _AUTOMATIC


def _revised(ctx: Context, citizen_id: UUID, change: Change, item: NewItem, held: Brief | None) -> tuple[UUID, int]:
    if held is None:
        raise NotFoundError("there is no such item of this service's own")
    if not item.author or not item.author.reason:
        raise InvalidInputError("say in `reason` why it changes")
    return held.record_id, revised(ctx, citizen_id, held.record_id, change.expected, item)


def revised(ctx: Context, citizen_id: UUID, record_id: UUID, expected: int, item: NewItem) -> int:
    """
    The number of the version that *item* became.

    Raises:
        VersionPassedError: The item is at another version than *expected* by now.
    """
    try:
        return records.revise(ctx, citizen_id=citizen_id, record_id=record_id, expected=expected, item=item)
    except WrongStateError as error:
        raise VersionPassedError(str(error)) from error
