"""Who looked: the log as a citizen, or an auditor, may read it.

A citizen finds their lines by the pseudonyms that their audit key gives for each month, and opens them with that key.
An auditor opens only what the
month's accountability key opens: never what names a citizen.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from audit import read
from audit.entry import Leaf
from audit.errors import AuditError, EntryNotFoundError
from audit.events import Event
from audit.payload import ClosedPayload, open_with_month, open_with_subject
from audit.proof import verify_proof
from policies.model import Action
from vault.clock import from_microseconds, month_of
from vault.context import Context
from vault.db import is_writing
from vault.errors import NotFoundError, VaultError
from vault.journal import note
from vault.judging import demand
from vault.keychain import audit_key, month_key
from vault.models import Citizen, Organisation, Purpose, Service


@dataclass(frozen=True, slots=True)
class Who:
    """Who did it, as shown: role and team, never a surname; the staff reference is for auditors."""

    kind: str
    service_name: str
    organisation_name: str
    role: str
    team: str
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the log, opened for its reader."""

    leaf_hash: bytes
    position: str | None
    """The place in the log, as in ``0-1234``; empty while the entry waits for its number."""
    at: datetime
    event: str
    actor: str
    who: Who
    purpose: str | None
    purpose_name: str
    fields: tuple[str, ...]
    refused: tuple[str, ...]
    grant_id: UUID | None
    service_id: UUID | None
    facts: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """Whether a line stands in the signed log, and the proof anyone can check elsewhere (C2SP tlog-proof)."""

    included: bool
    pending: bool
    index: int | None
    tree_size: int | None
    root: str
    proof: str


def of_citizen(ctx: Context, *, citizen_id: UUID, limit: int = 25, before: str | None = None) -> list[Line]:
    """
    A citizen's newest lines, newest first; *before* is the position where the last page ended.

    Raises:
        NotFoundError: No such citizen.
        KeyDestroyedError: The citizen's audit key was destroyed.
    """
    _demand(ctx, Action.VIEW_LOG, citizen_id)
    key = audit_key(ctx, citizen_id=citizen_id)
    rows = read.entries_for(
        ctx.session.connection(), list(_pseudonyms(ctx, citizen_id, key)), before=_position(before), limit=limit
    )
    return [_line(ctx, row, _open_subject(row.payload, key)) for row in rows]


def _pseudonyms(ctx: Context, citizen_id: UUID, key: bytes) -> Iterator[bytes]:
    citizen = ctx.session.get(Citizen, citizen_id)
    if citizen is None:
        raise NotFoundError(f"citizen `{citizen_id}` is not known")
    year, month = citizen.created_at.year, citizen.created_at.month
    last = month_of(ctx.now)
    while (name := f"{year:04}-{month:02}") <= last:
        yield ctx.keyring.pseudonym(key, name)
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)  # noqa: PLR2004 -- December


def line(ctx: Context, *, citizen_id: UUID, leaf_hash: bytes) -> Line:
    """
    One line of a citizen's.

    Raises:
        NotFoundError: It is not theirs, or there is none; both look the same.
    """
    _demand(ctx, Action.VIEW_LOG, citizen_id)
    key = audit_key(ctx, citizen_id=citizen_id)
    row = _entry(ctx, leaf_hash)
    mine = {pseudonym.hex() for pseudonym in _pseudonyms(ctx, citizen_id, key)}
    if row.leaf.subject not in mine:
        raise NotFoundError("there is no such line")
    return _line(ctx, row, _open_subject(row.payload, key))


def latest(ctx: Context, *, limit: int = 50, before: str | None = None) -> list[Line]:
    """
    The newest lines of the whole log, newest first, as an auditor may read them; the search itself is logged.

    Raises:
        NotAllowedError: The rules do not let this actor review the log.
    """
    _demand(ctx, Action.REVIEW_LOG)
    _note_review(ctx, Event.AUDIT_SEARCHED, {"before": before, "limit": limit})
    rows = read.latest(ctx.session, limit=limit, before=_position(before))
    return [_line(ctx, row, _open_month(ctx, row.payload)) for row in rows]


def entry(ctx: Context, *, leaf_hash: bytes) -> Line:
    """
    One line as an auditor may read it; that it was opened is logged.

    Raises:
        NotFoundError: There is none.
        NotAllowedError: The rules do not let this actor review the log.
    """
    _demand(ctx, Action.REVIEW_LOG)
    row = _entry(ctx, leaf_hash)
    _note_review(ctx, Event.AUDIT_OPENED, {"entry": leaf_hash.hex()})
    return _line(ctx, row, _open_month(ctx, row.payload))


def leaf_of(ctx: Context, *, leaf_hash: bytes) -> Leaf:
    """
    The leaf itself, as it stands in the tree.

    Raises:
        NotFoundError: There is none.
    """
    return _entry(ctx, leaf_hash).leaf


def check(ctx: Context, *, leaf_hash: bytes) -> Checked:
    """Check that a line stands in the newest signed head of the log, by its inclusion proof (RFC 9162.

    Section 2.1.3.2).
    """
    try:
        proof = read.proof(ctx.session, leaf_hash)
    except EntryNotFoundError:
        return Checked(included=False, pending=True, index=None, tree_size=None, root="", proof="")
    keys = [ctx.keyring.store.public_key("log")]
    try:
        head = verify_proof(proof.text, leaf_hash=leaf_hash, public_keys=keys)
    except AuditError:
        return Checked(included=False, pending=False, index=proof.index, tree_size=None, root="", proof=proof.text)
    return Checked(
        included=True, pending=False, index=proof.index, tree_size=head.size, root=head.root.hex(), proof=proof.text
    )


def _demand(ctx: Context, action: Action, citizen_id: UUID | None = None) -> None:
    """Ask the rules; the command line of the server and the vault's own housekeeping stand outside them."""
    if ctx.actor.kind not in {"operator", "system"}:
        demand(ctx, action=action, citizen_id=citizen_id)


def _note_review(ctx: Context, event: Event, facts: Mapping[str, Any]) -> None:
    if is_writing(ctx.session):
        note(ctx, event, facts=facts)
        return
    with ctx.vault.transaction(ctx.actor) as writing:
        note(writing, event, facts=facts)


def _position(written: str | None) -> read.Position | None:
    """Where the last page ended; something else than a position begins anew."""
    try:
        return read.Position.parse(written) if written else None
    except ValueError:
        return None


def _entry(ctx: Context, leaf_hash: bytes) -> read.EntryRow:
    try:
        return read.entry(ctx.session, leaf_hash)
    except EntryNotFoundError as error:
        raise NotFoundError("there is no such line") from error


def _open_subject(payload: ClosedPayload | None, key: bytes) -> Mapping[str, Any]:
    if payload is None:
        return {}
    opened = open_with_subject(payload, key)
    return {**opened.facts, **(opened.personal or {})}


def _open_month(ctx: Context, payload: ClosedPayload | None) -> Mapping[str, Any]:
    if payload is None:
        return {}
    try:
        return open_with_month(payload, month_key(ctx, payload.month))
    except VaultError:
        return {}


def _line(ctx: Context, row: read.EntryRow, facts: Mapping[str, Any]) -> Line:
    leaf = row.leaf
    service_id = _uuid(facts.get("service") or dict(facts.get("by", {})).get("service"))
    purpose = ctx.session.get(Purpose, leaf.purpose) if leaf.purpose else None
    return Line(
        leaf_hash=row.leaf_hash,
        position=str(row.position) if row.position else None,
        at=from_microseconds(leaf.time),
        event=str(leaf.event),
        actor=leaf.actor,
        who=_who(ctx, leaf, facts, service_id),
        purpose=leaf.purpose,
        purpose_name=str(purpose.definition["name"]) if purpose else "",
        fields=tuple(facts.get("fields", ())),
        refused=tuple(facts.get("refused", ())),
        grant_id=_uuid(facts.get("grant")),
        service_id=service_id,
        facts=facts,
    )


def _uuid(text: object) -> UUID | None:
    return UUID(str(text)) if text else None


def _who(ctx: Context, leaf: Leaf, facts: Mapping[str, Any], service_id: UUID | None) -> Who:
    kind = str(dict(facts.get("by", {})).get("kind", leaf.actor.partition(":")[0]))
    service = ctx.session.get(Service, service_id) if service_id else None
    organisation_id = service.organisation_id if service else _uuid(dict(facts.get("by", {})).get("organisation"))
    organisation = ctx.session.get(Organisation, organisation_id) if organisation_id else None
    acting = dict(facts.get("acting", {}))
    return Who(
        kind=kind,
        service_name=service.name if service else "",
        organisation_name=organisation.name if organisation else "",
        role=str(acting.get("role", "")),
        team=str(acting.get("team", "")),
        reference=str(acting.get("reference", "")),
    )
