"""What the door needs to know, read in few round trips and checked row by row.

A row without the vault's mark is believed in nothing.

The statements are written once by SQLAlchemy and run on the driver itself (`vault.db.Database.driver_reading`): what
results pass through otherwise costs more than the databases take to find them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, select

from vault.authentic import Marks, marks_in
from vault.db import Database
from vault.kinds import KeyState
from vault.models import (
    Base,
    CategoryKey,
    Citizen,
    CitizenKey,
    Grant,
    HeldBack,
    HouseKey,
    Organisation,
    Purpose,
    Record,
    Seal,
    Service,
    ServicePurpose,
    Token,
)
from vault.rows import Layout, Raw, Row, bound, layout_of
from vault.statements import Statement, prepared

Values = Mapping[str, Any]

_UNDER_GRANT: Final[tuple[type[Base], ...]] = (Grant, Service, Citizen, Purpose, ServicePurpose, CitizenKey, HouseKey)
_UNDER_TOKEN: Final[tuple[type[Base], ...]] = (*_UNDER_GRANT, Token)
_OF_ITEM: Final[tuple[type[Base], ...]] = (Record, CategoryKey, CitizenKey, HeldBack)


@dataclass(frozen=True, slots=True)
class _Reader:
    """One statement and how its rows fall into the rows of its tables."""

    statement: Statement
    slices: tuple[tuple[Layout, slice], ...]
    width: int
    """Columns of the tables; what else a statement selects comes after them."""

    def rows(self, marks: Marks, raw: Raw) -> list[Row | None]:
        """The row of each table, checked; nothing where an outer join found nothing."""
        return [_row(marks, layout, raw[part]) for layout, part in self.slices]


def _row(marks: Marks, layout: Layout, raw: Raw) -> Row | None:
    if raw[layout.keys[0]] is None and all(raw[place] is None for place in layout.keys):
        return None
    return Row(layout, raw, layout.check(marks, raw))


def _slices(models: Iterable[type[Base]], *, sqlite: bool) -> tuple[tuple[Layout, slice], ...]:
    found, start = [], 0
    for model in models:
        layout = layout_of(model, sqlite=sqlite)
        found.append((layout, slice(start, start + len(layout.names))))
        start += len(layout.names)
    return tuple(found)


def _reader(models: Sequence[type[Base]], query: Select[Any], *, sqlite: bool) -> _Reader:
    slices = _slices(models, sqlite=sqlite)
    return _Reader(prepared(query, sqlite=sqlite), slices, slices[-1][1].stop)


def _columns(models: Iterable[type[Base]], *, sqlite: bool) -> list[ColumnElement[Any]]:
    return [column for model in models for column in layout_of(model, sqlite=sqlite).selected]


@cache
def _sharing(*, token: bool, sqlite: bool) -> _Reader:
    models = _UNDER_TOKEN if token else _UNDER_GRANT
    newest = (
        select(func.max(CitizenKey.generation))
        .where(CitizenKey.citizen_id == Grant.citizen_id, CitizenKey.kind == "audit")
        .correlate(Grant)
        .scalar_subquery()
    )
    audit_key = and_(
        CitizenKey.citizen_id == Grant.citizen_id, CitizenKey.kind == "audit", CitizenKey.generation == newest
    )
    registered = and_(ServicePurpose.service_id == Grant.service_id, ServicePurpose.purpose == Grant.purpose)
    query = select(*_columns(models, sqlite=sqlite)).select_from(Token if token else Grant)
    if token:
        query = query.join(Grant, and_(Grant.citizen_id == Token.citizen_id, Grant.grant_id == Token.grant_id))
    asked = Token.token_hash if token else Grant.grant_id
    query = (
        query.join(Service, Service.service_id == Grant.service_id)
        .join(Citizen, Citizen.citizen_id == Grant.citizen_id)
        .join(Purpose, Purpose.slug == Grant.purpose)
        .outerjoin(ServicePurpose, registered)
        .outerjoin(CitizenKey, audit_key)
        .outerjoin(HouseKey, and_(HouseKey.name == bindparam("month"), HouseKey.generation == 1))
        .where(asked == bindparam("asked"))
    )
    return _reader(models, query, sqlite=sqlite)


@dataclass(frozen=True, slots=True)
class Sharing:
    """One grant with all that decides about it, as read at one moment."""

    token: Row | None
    grant: Row
    service: Row
    citizen: Row
    purpose: Row
    registered: bool
    audit_key: Row | None
    month_key: Row | None


def by_token(database: Database, *, token_hash: bytes, month: str) -> Sharing | None:
    """
    The sharing behind a token, or nothing where there is no such token.

    Raises:
        RowForgedError: One of the rows does not carry the vault's mark.
    """
    return _first(
        database, _sharing(token=True, sqlite=database.is_sqlite), {"asked": token_hash, "month": f"month:{month}"}
    )


def by_grant(database: Database, *, grant_id: UUID, month: str) -> Sharing | None:
    """The sharing of a grant, or nothing where there is no such grant; raises like `by_token`."""
    asked = bound(grant_id, sqlite=database.is_sqlite)
    return _first(
        database, _sharing(token=False, sqlite=database.is_sqlite), {"asked": asked, "month": f"month:{month}"}
    )


def _first(database: Database, reader: _Reader, values: Mapping[str, Any]) -> Sharing | None:
    with database.driver_reading() as driver:
        found = reader.statement.run(driver, values)
    if not found:
        return None
    grant, service, citizen, purpose, registered, audit_key, month_key, *token = reader.rows(
        marks_in(database), found[0]
    )
    assert grant and service and citizen and purpose  # noqa: S101, PT018 -- inner joins
    return Sharing(
        token=token[0] if token else None,
        grant=grant,
        service=service,
        citizen=citizen,
        purpose=purpose,
        registered=registered is not None,
        audit_key=audit_key,
        month_key=month_key,
    )


@dataclass(frozen=True, slots=True)
class Item:
    """One record in its newest version, still sealed, with the wrapped keys that open it."""

    record: Row
    sealed: bytes
    epoch: int
    category_key: Row
    citizen_key: Row
    organisation_name: str
    held_until: datetime | None


@cache
def _items(categories: int, *, sqlite: bool) -> _Reader:
    """The statement for so many categories: one text for each number, so that each is prepared once."""
    seal = and_(
        Seal.citizen_id == Record.citizen_id, Seal.record_id == Record.record_id, Seal.version == Record.version
    )
    category_key = and_(
        CategoryKey.citizen_id == Record.citizen_id,
        CategoryKey.category == Record.category,
        CategoryKey.epoch == Seal.epoch,
    )
    citizen_key = and_(
        CitizenKey.citizen_id == Record.citizen_id,
        CitizenKey.kind == "record",
        CitizenKey.generation == CategoryKey.generation,
    )
    held_back = and_(HeldBack.citizen_id == Record.citizen_id, HeldBack.record_id == Record.record_id)
    query = (
        select(*_columns(_OF_ITEM, sqlite=sqlite), Seal.sealed, Seal.epoch, Organisation.name)
        .select_from(Record)
        .join(Seal, seal)
        .join(CategoryKey, category_key)
        .join(CitizenKey, citizen_key)
        .outerjoin(HeldBack, held_back)
        .outerjoin(Organisation, Organisation.organisation_id == Record.organisation_id)
        .where(
            Record.citizen_id == bindparam("citizen_id"),
            Record.category.in_([bindparam(f"category_{number}") for number in range(categories)]),
        )
        .order_by(Record.category, Record.created_at, Record.record_id, Seal.epoch)
    )
    return _reader(_OF_ITEM, query, sqlite=sqlite)


def items(database: Database, *, citizen_id: UUID, categories: frozenset[str]) -> list[Item]:
    """
    A citizen's records of *categories*, newest versions, sealed; where a seal stands under two epochs, the newest.

    Raises:
        RowForgedError: One of the rows does not carry the vault's mark.
    """
    reader = _items(len(categories), sqlite=database.is_sqlite)
    values = {f"category_{number}": name for number, name in enumerate(sorted(categories))}
    with database.driver_reading() as driver:
        rows = reader.statement.run(driver, {"citizen_id": bound(citizen_id, sqlite=database.is_sqlite), **values})
    found = (_item(marks_in(database), reader, raw) for raw in rows)
    return list({item.record.raw("record_id"): item for item in found}.values())


def _item(marks: Marks, reader: _Reader, raw: Raw) -> Item:
    record, category_key, citizen_key, held = reader.rows(marks, raw)
    assert record and category_key and citizen_key  # noqa: S101, PT018 -- inner joins
    sealed, epoch, organisation_name = raw[reader.width :]
    until = held["until"] if held else None
    return Item(record, sealed, epoch, category_key, citizen_key, organisation_name or "", until)


def key_is_active(key: Values | None) -> bool:
    """Whether a key row opens anything."""
    return key is not None and key["state"] is KeyState.ACTIVE
