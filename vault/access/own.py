"""A person's own record, opened for them: without what is lawfully held back or about others, dangers one at a time."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from audit.events import Event
from policies.model import Action, Decision, Request
from vault import facts as reading
from vault.access.noted import note_look, noted
from vault.access.refusing import note_broken, refusal_of
from vault.catalogue import CATALOGUE
from vault.clock import microseconds
from vault.context import Actor, Context, Vault
from vault.documents.kinds import FIELD
from vault.errors import NotAllowedError, NotFoundError
from vault.facts import Item
from vault.journal import Happening, keys_for, queue
from vault.judged import told
from vault.judging import principal_of
from vault.models import Citizen, HeldBack
from vault.release import Refusal, Release


def read_own(vault: Vault, *, actor: Actor, citizen_id: UUID, categories: frozenset[str]) -> Release | Refusal:
    """
    Open a citizen's own categories for them: all but what is lawfully held back, with dangerous values masked.

    Raises:
        NotFoundError: No such citizen.
        UnknownFieldError: No such category.
    """
    fields = frozenset(name for category in categories for name in CATALOGUE.fields_of(category))
    masked = frozenset(name for name in fields if CATALOGUE.field(name).needs_reveal)
    return _own(vault, _OwnAsk(actor=actor, citizen_id=citizen_id, fields=fields - masked, masked=masked))


def reveal(vault: Vault, *, actor: Actor, citizen_id: UUID, record_id: UUID, field: str) -> Release | Refusal:
    """
    Show a citizen one dangerous value of one item; each time is logged.

    Raises:
        NotFoundError: No such citizen.
        UnknownFieldError: No such field.
    """
    CATALOGUE.field(field)
    return _own(vault, _OwnAsk(actor=actor, citizen_id=citizen_id, fields=frozenset({field}), record_id=record_id))


def export_own(
    vault: Vault, *, actor: Actor, citizen_id: UUID, fields: frozenset[str], masked: frozenset[str], kind: str
) -> Release | Refusal:
    """
    Open *fields* of a citizen's own record for a file that they take with them; logged as such, with its *kind*.

    Args:
        vault: The running vault.
        actor: The citizen, signed in.
        citizen_id: Whose record it is.
        fields: What goes into the file; none that is shown one at a time.
        masked: Fields that are shown one at a time: the release says which items hold them, without their values.
        kind: The kind of file, such as ``json``.

    Raises:
        NotFoundError: No such citizen.
        UnknownFieldError: No such field.
    """
    ask = _OwnAsk(actor=actor, citizen_id=citizen_id, fields=fields, masked=masked, taken_as=kind)
    return _own(vault, ask)


def take_own_document(vault: Vault, *, actor: Actor, citizen_id: UUID, record_id: UUID) -> Release | Refusal:
    """
    Release one item of a citizen's own with its document, for a file that they take with them; logged as such.

    Raises:
        NotFoundError: No such citizen.
    """
    ask = _OwnAsk(
        actor=actor, citizen_id=citizen_id, fields=frozenset({FIELD}), record_id=record_id, taken_as="document"
    )
    return _own(vault, ask)


@dataclass(frozen=True, slots=True, kw_only=True)
class _OwnAsk:
    actor: Actor
    citizen_id: UUID
    fields: frozenset[str]
    masked: frozenset[str] = frozenset()
    """Shown as being there, without their values; the rules are not asked about them."""
    record_id: UUID | None = None
    taken_as: str = ""
    """The kind of file that it leaves in; empty for a look on a page."""

    @property
    def event(self) -> Event:
        """What the log calls it when it is allowed."""
        return Event.RECORD_EXPORTED if self.taken_as else Event.RECORD_VIEWED

    @property
    def categories(self) -> frozenset[str]:
        """The categories that are opened."""
        return frozenset(CATALOGUE.field(name).category for name in self.fields | self.masked)

    @property
    def is_one_of_many(self) -> bool:
        """Whether it is the person's own look at a page: the log holds one for each sign-in, category and hour."""
        own = self.actor.kind == "citizen" and self.actor.citizen_id == self.citizen_id
        return own and self.record_id is None and not self.taken_as


def _own(vault: Vault, ask: _OwnAsk) -> Release | Refusal:
    with vault.reading(ask.actor) as ctx:
        before = noted(ctx, citizen_id=ask.citizen_id) if ask.is_one_of_many else None
        citizen = ctx.session.get(Citizen, ask.citizen_id)
        if citizen is None:
            raise NotFoundError(f"citizen `{ask.citizen_id}` is not known")
        found = _own_items(ctx, ask)
        request = Request(
            action=Action.READ,
            principal=principal_of(ask.actor, now=ctx.now),
            now=microseconds(ctx.now),
            owner=str(ask.citizen_id),
            owner_status=str(citizen.status),
            fields=ask.fields,
            without_others=True,
            step_up_required=ask.actor.asked_to_prove,
        )
    decision = vault.engine.decide(request)
    if before is not None and decision.allowed and ask.categories <= before.categories:
        leaf_hash, time_us = before.leaf_hash, before.time_us
    else:
        again = before.categories if before is not None and decision.allowed else frozenset[str]()
        leaf_hash, time_us = _log_own(vault, ask, citizen.version, decision, found, ask.categories - again)
    if not decision.allowed:
        return refusal_of(vault, decision, (), leaf_hash)
    return Release(
        fields=ask.fields | ask.masked,
        asked=ask.fields | ask.masked,
        missing=(),
        leaf_hash=leaf_hash,
        time_us=time_us,
        service_id=None,
        items=found,
        keyring=vault.keyring,
        reveal=ask.record_id is not None,
        without_others=True,
        on_broken=lambda broken: note_broken(vault, ask.citizen_id, broken),
    )


def _own_items(ctx: Context, ask: _OwnAsk) -> tuple[Item, ...]:
    """What is held, save what is lawfully held back for a time; one item alone where one was named."""
    return tuple(
        item
        for item in reading.items(ctx.vault.db, citizen_id=ask.citizen_id, categories=ask.categories)
        if (item.held_until is None or item.held_until <= ctx.now) and ask.record_id in {None, item.record["record_id"]}
    )


def _log_own(
    vault: Vault, ask: _OwnAsk, version: int, decision: Decision, found: tuple[Item, ...], fresh: frozenset[str]
) -> tuple[bytes, int]:
    """Log the look, *fresh* being the categories of which the log does not hold one of this sign-in and hour yet."""
    with vault.transaction(ask.actor) as ctx:
        citizen = ctx.session.get(Citizen, ask.citizen_id)
        if citizen is None or citizen.version != version or _held_meanwhile(ctx, ask, found):
            raise NotAllowedError("something changed at this moment; try again")
        happening = Happening(
            event=ask.event if decision.allowed else Event.RECORD_REFUSED,
            policy_set=decision.policy_set,
            facts={**_own_facts(ask, fresh), **told(decision)},
        )
        keys = keys_for(ctx, citizen_id=ask.citizen_id)
        leaf = queue(ctx.session, vault, now=ctx.now, actor=ask.actor, keys=keys, happening=happening, pairs=[])
        if decision.allowed and ask.is_one_of_many:
            note_look(ctx, citizen_id=ask.citizen_id, categories=fresh, leaf_hash=leaf)
        return leaf, microseconds(ctx.now)


def _held_meanwhile(ctx: Context, ask: _OwnAsk, found: tuple[Item, ...]) -> bool:
    """Whether one of the items about to be opened was lawfully held back since it was read."""
    held = ctx.session.scalars(
        select(HeldBack.record_id).where(HeldBack.citizen_id == ask.citizen_id, HeldBack.until > ctx.now)
    )
    return not set(held).isdisjoint(item.record["record_id"] for item in found)


def _own_facts(ask: _OwnAsk, fresh: frozenset[str]) -> dict[str, Any]:
    kind = {"file": ask.taken_as} if ask.taken_as else {}
    if ask.record_id is not None:
        return {"fields": sorted(ask.fields), "record": str(ask.record_id), **kind}
    return {"categories": sorted(fresh), **kind}
