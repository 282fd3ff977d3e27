"""Records: keeping what comes in, version by version, each sealed under its citizen's own keys.

Nothing that is opened leaves here; opening for a reader is `vault.access` alone.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, Literal
from uuid import UUID

import orjson
from sqlalchemy import select

from audit.events import Event
from vault import documents
from vault.catalogue import CATALOGUE
from vault.confidential import close_for_house
from vault.context import Context
from vault.crypto.mac import encode_tuple
from vault.crypto.seal import Place, seal, unseal
from vault.documents import Content, Stored
from vault.errors import NotFoundError, UnknownFieldError, WrongStateError
from vault.ids import new_id
from vault.journal import note
from vault.keychain import category_key, category_key_for_writing
from vault.kinds import RecordStatus
from vault.models import Record, RecordVersion, Seal
from vault.webhooks import Changed, about_data

Outcome = Literal["new", "changed", "same"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where an item comes from. The four parts together are its key: the same four are the same item."""

    organisation_id: UUID
    system: str
    type: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewItem:
    """One item to keep: catalogue fields and their values, with what is known about it."""

    category: str
    fields: Mapping[str, Any] = field(repr=False)
    source: Source
    purpose: str
    sensitivity: int
    status: RecordStatus = RecordStatus.CURRENT
    as_of: date | None = None
    third_party: bool = False
    run_id: UUID | None = None
    dispose_after: timedelta | None = None
    author: "Author | None" = None
    content: Content | None = field(default=None, repr=False)
    """Its document, at hand as a whole; kept with it."""
    document: Stored | None = None
    """Its document, whose pieces are kept already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """The officer who wrote a version here; the citizen is shown role and team, and why it was changed."""

    service_id: UUID
    reference: str
    """The officer's account."""
    role: str
    team: str
    reason: str = ""
    """Why a version replaces another; empty for a new item."""


def keep(ctx: Context, *, citizen_id: UUID, item: NewItem) -> tuple[Outcome, UUID]:
    """
    Keep *item* for a citizen: new, a new version, or nothing where it is held already. The caller notes it.

    Raises:
        UnknownFieldError: A field is not in the catalogue or not of the item's category.
    """
    _check_fields(item)
    source_key = source_key_of(ctx, item.source)
    digest = _digest(ctx, citizen_id, item)
    held = ctx.session.scalars(
        select(Record).where(Record.citizen_id == citizen_id, Record.source_key == source_key)
    ).one_or_none()
    if held is None:
        record_id = new_id()
        ctx.session.add(_record(ctx, citizen_id, record_id, source_key, item))
        _add_version(ctx, citizen_id, record_id, 1, item, digest)
        _tell(ctx, citizen_id, item, item.sensitivity, item.status)
        return "new", record_id
    newest = _last_from_source(ctx, held)
    if newest is not None and hmac.compare_digest(newest.content_digest, digest):
        return "same", held.record_id
    held.version += 1
    before = held.status
    held.status, held.received_at, held.sensitivity = item.status, ctx.now, max(held.sensitivity, item.sensitivity)
    _add_version(ctx, citizen_id, held.record_id, held.version, item, digest)
    _tell(ctx, citizen_id, item, held.sensitivity, before, held.status)
    return "changed", held.record_id


def _tell(ctx: Context, citizen_id: UUID, item: NewItem, level: int, *statuses: RecordStatus) -> None:
    about_data(ctx, citizen_id=citizen_id, changed=Changed(item.category, item.fields, level, frozenset(statuses)))


def _last_from_source(ctx: Context, held: Record) -> RecordVersion | None:
    """The version that the source sent last: what was put right here meanwhile is not undone by the same extract."""
    query = select(RecordVersion).where(
        RecordVersion.citizen_id == held.citizen_id,
        RecordVersion.record_id == held.record_id,
        RecordVersion.service_id.is_(None),
    )
    sent = ctx.session.scalars(query.order_by(RecordVersion.version.desc()).limit(1)).one_or_none()
    return sent or ctx.session.get(RecordVersion, (held.citizen_id, held.record_id, held.version))


def revise(
    ctx: Context,
    *,
    citizen_id: UUID,
    record_id: UUID,
    expected: int,
    item: NewItem,
    offered: frozenset[str] = frozenset(),
) -> int:
    """
    Put a newer version of an item in place of version *expected*; return its number. The caller notes it.

    Texts of *offered* that *item* leaves out are gone from the newer version; whatever else was held stays in it.

    Raises:
        NotFoundError: There is none.
        WrongStateError: It is at another version by now.
        UnknownFieldError: A field is not in the catalogue or not of the item's category.
    """
    _check_fields(item)
    held = ctx.session.get(Record, (citizen_id, record_id), with_for_update=True)
    if held is None:
        raise NotFoundError(f"record `{record_id}` is not known")
    if held.version != expected or held.category != item.category:
        raise WrongStateError(f"record `{record_id}` was changed meanwhile; look at it again")
    item, kept = _carried(ctx, held, item, offered)
    held.version += 1
    held.received_at, held.sensitivity = ctx.now, max(held.sensitivity, item.sensitivity)
    _add_version(ctx, citizen_id, record_id, held.version, item, _digest(ctx, citizen_id, item), kept)
    _tell(ctx, citizen_id, item, held.sensitivity, held.status)
    return held.version


def _carried(
    ctx: Context, held: Record, item: NewItem, offered: frozenset[str]
) -> tuple[NewItem, Mapping[str, Any] | None]:
    """
    *item* with what the held version says beside it, and which document it has.

    Opened here only to be sealed again: nothing of it leaves.
    """
    stands = (Seal.citizen_id == held.citizen_id, Seal.record_id == held.record_id, Seal.version == held.version)
    newest = ctx.session.scalars(select(Seal).where(*stands).order_by(Seal.epoch.desc()).limit(1)).one()
    key = category_key(ctx, citizen_id=held.citizen_id, category=held.category, epoch=newest.epoch)
    place = place_of(ctx.keyring.tenant, held.citizen_id, held.category, held.record_id, held.version, newest.epoch)
    body = orjson.loads(unseal(key, newest.sealed, place=place))
    stay = {name: value for name, value in body["fields"].items() if name not in offered or not isinstance(value, str)}
    third_party = item.third_party or bool(body.get("third_party"))
    return replace(item, fields={**stay, **item.fields}, third_party=third_party), body.get("document")


def _check_fields(item: NewItem) -> None:
    for name in item.fields:
        if not CATALOGUE.has(name) or CATALOGUE.field(name).category != item.category:
            raise UnknownFieldError(f"`{name}` is not a field of category `{item.category}`")


def source_key_of(ctx: Context, source: Source) -> bytes:
    """The key by which an item is found again, 32 bytes: HMAC-SHA256, so that the foreign id is not stored."""
    place = encode_tuple("source/1", str(source.organisation_id), source.system, source.type, source.id)
    return hmac.new(ctx.keyring.derived("source-key"), place, hashlib.sha256).digest()


def _body(item: NewItem, document: Mapping[str, Any] | None = None) -> bytes:
    """What is sealed of a version; ``document`` stands in it only where there is one (`vault.documents`)."""
    plain = {
        "fields": dict(item.fields),
        "as_of": item.as_of.isoformat() if item.as_of else None,
        "type": item.source.type,
        "status": str(item.status),
        "third_party": item.third_party,
        **({"document": document} if document else {}),
    }
    return orjson.dumps(plain, option=orjson.OPT_SORT_KEYS)


def _digest(ctx: Context, citizen_id: UUID, item: NewItem) -> bytes:
    """A keyed digest: equal content of two citizens does not look equal, and nothing can be guessed from it."""
    key = ctx.keyring.derived("content-digest")
    said = item.document.content_digest if item.document else b""
    if item.content:
        said = hmac.new(key, citizen_id.bytes + item.content.body, hashlib.sha256).digest()
    return hmac.new(key, citizen_id.bytes + _body(item) + said, hashlib.sha256).digest()


def _record(ctx: Context, citizen_id: UUID, record_id: UUID, source_key: bytes, item: NewItem) -> Record:
    return Record(
        citizen_id=citizen_id,
        record_id=record_id,
        category=item.category,
        source_key=source_key,
        organisation_id=item.source.organisation_id,
        source_system=item.source.system,
        sensitivity=item.sensitivity,
        status=item.status,
        created_at=ctx.now,
        received_at=ctx.now,
        retention_class=item.category,
        dispose_after=ctx.now + item.dispose_after if item.dispose_after else None,
    )


def _add_version(
    ctx: Context,
    citizen_id: UUID,
    record_id: UUID,
    version: int,
    item: NewItem,
    digest: bytes,
    kept: Mapping[str, Any] | None = None,
) -> None:
    """Add a version and its seal; *kept* is the document that it goes on having where *item* brings none."""
    body = _body(item, _document(ctx, citizen_id, record_id, version, item) or kept)
    epoch, key = category_key_for_writing(ctx, citizen_id=citizen_id, category=item.category)
    place = place_of(ctx.keyring.tenant, citizen_id, item.category, record_id, version, epoch)
    ctx.session.add(
        RecordVersion(
            citizen_id=citizen_id,
            record_id=record_id,
            version=version,
            category=item.category,
            content_digest=digest,
            purpose=item.purpose,
            received_at=ctx.now,
            run_id=item.run_id,
            service_id=item.author.service_id if item.author else None,
            sealed_author=_sealed_author(ctx, record_id, version, item.author) if item.author else None,
        )
    )
    ctx.session.add(
        Seal(
            citizen_id=citizen_id,
            record_id=record_id,
            version=version,
            epoch=epoch,
            sealed=seal(key, body, place=place),
        )
    )


def _document(ctx: Context, citizen_id: UUID, record_id: UUID, version: int, item: NewItem) -> Mapping[str, Any] | None:
    """The document that *item* brings, kept and attached, as its body names it."""
    where: Any = {"citizen_id": citizen_id, "category": item.category, "record_id": record_id}
    stored = documents.put(ctx, **where, content=item.content) if item.content else item.document
    if stored is None:
        return None
    documents.attach(ctx, **where, version=version, stored=stored)
    link = stored.link
    return {"id": str(link.document_id), "type": link.media_type, "size": link.size}


def _sealed_author(ctx: Context, record_id: UUID, version: int, author: Author) -> bytes:
    words = {name: getattr(author, name) for name in ("reference", "role", "team", "reason")}
    return close_for_house(ctx, what=f"author/{version}", row_id=record_id, words=words)


def place_of(tenant: str, citizen_id: UUID, category: str, record_id: UUID, version: int, epoch: int) -> Place:
    """Where a version's seal belongs; it opens nowhere else."""
    return Place(tenant=tenant, citizen=citizen_id, category=category, record=record_id, version=version, epoch=epoch)


def mark_mistaken(ctx: Context, *, citizen_id: UUID, record_id: UUID) -> None:
    """
    Mark an item as entered in error: its citizen sees it struck through, and nobody else is shown it any more.

    Raises:
        NotFoundError: There is none.
    """
    row = ctx.session.get(Record, (citizen_id, record_id), with_for_update=True)
    if row is None:
        raise NotFoundError(f"record `{record_id}` is not known")
    changed = Changed(row.category, None, row.sensitivity, frozenset({row.status}))
    row.status = RecordStatus.ENTERED_IN_ERROR
    about_data(ctx, citizen_id=citizen_id, changed=changed)
    facts = {"record": str(record_id), "category": row.category, "status": str(row.status)}
    note(ctx, Event.RECORD_WRITTEN, citizen_id=citizen_id, facts=facts)
