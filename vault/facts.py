"""What the door needs to know, read in few round trips and checked row by row.

A row without the vault's mark is believed in nothing.

The statements are built once; nothing here makes model objects.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, bindparam, func, select
from sqlalchemy.orm import Session

from vault.authentic import check_mac, column_names, marks_of, shape_of
from vault.kinds import KeyState
from vault.models import (
    Authenticated,
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

Values = Mapping[str, Any]
_Joined = Row[*tuple[Any, ...]]


@cache
def _labels(model: type[Base]) -> tuple[tuple[str, str], ...]:
    """Each column of *model* with its label in a joined row."""
    return tuple((name, f"{model.__tablename__}__{name}") for name in column_names(model))


def _columns(model: type[Base]) -> list[ColumnElement[Any]]:
    return [getattr(model, name).label(label) for name, label in _labels(model)]


def _values(row: _Joined, model: type[Base]) -> dict[str, Any] | None:
    """One model's columns out of a joined row; nothing where an outer join found nothing."""
    mapping = row._mapping  # noqa: SLF001 -- SQLAlchemy's public name for it
    found = {name: mapping[label] for name, label in _labels(model)}
    return None if all(value is None for value in found.values()) else found


def _checked(session: Session, row: _Joined, model: type[Base]) -> dict[str, Any] | None:
    found = _values(row, model)
    if found is not None and issubclass(model, Authenticated):
        check_mac(marks_of(session), model, found)
    return found


def _checked_once(
    session: Session, row: _Joined, model: type[Base], seen: dict[tuple[Any, ...], dict[str, Any] | None]
) -> dict[str, Any] | None:
    """As `_checked`, where one answer of the database holds the same row many times: each is checked once."""
    mapping, shape = row._mapping, shape_of(model)  # noqa: SLF001 -- SQLAlchemy's public name for it
    place = (model, *(mapping[f"{shape.table}__{name}"] for name in shape.keys))
    if place not in seen:
        seen[place] = _checked(session, row, model)
    return seen[place]


def _sharing(*conditions: ColumnElement[bool], token: bool) -> Select[Any]:
    models: list[type[Base]] = [Grant, Service, Citizen, Purpose, ServicePurpose, CitizenKey, HouseKey]
    chosen: list[type[Base]] = [Token, *models] if token else models
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
    query = select(*(column for model in chosen for column in _columns(model))).select_from(Token if token else Grant)
    if token:
        query = query.join(Grant, and_(Grant.citizen_id == Token.citizen_id, Grant.grant_id == Token.grant_id))
    return (
        query.join(Service, Service.service_id == Grant.service_id)
        .join(Citizen, Citizen.citizen_id == Grant.citizen_id)
        .join(Purpose, Purpose.slug == Grant.purpose)
        .outerjoin(ServicePurpose, registered)
        .outerjoin(CitizenKey, audit_key)
        .outerjoin(HouseKey, and_(HouseKey.name == bindparam("month"), HouseKey.generation == 1))
        .where(*conditions)
    )


_BY_TOKEN: Final = _sharing(Token.token_hash == bindparam("token_hash"), token=True)
_BY_GRANT: Final = _sharing(Grant.grant_id == bindparam("grant_id"), token=False)


@dataclass(frozen=True, slots=True)
class Sharing:
    """One grant with all that decides about it, as read at one moment."""

    token: Values | None
    grant: Values
    service: Values
    citizen: Values
    purpose: Values
    registered: bool
    audit_key: Values | None
    month_key: Values | None


def by_token(session: Session, *, token_hash: bytes, month: str) -> Sharing | None:
    """The sharing behind a token, or nothing where there is no such token."""
    return _first(
        session,
        session.connection().execute(_BY_TOKEN, {"token_hash": token_hash, "month": f"month:{month}"}).all(),
        token=True,
    )


def by_grant(session: Session, *, grant_id: UUID, month: str) -> Sharing | None:
    """The sharing of a grant, or nothing where there is no such grant."""
    return _first(
        session,
        session.connection().execute(_BY_GRANT, {"grant_id": grant_id, "month": f"month:{month}"}).all(),
        token=False,
    )


def _first(session: Session, rows: Sequence[Row[Any]], *, token: bool) -> Sharing | None:
    if not rows:
        return None
    row = rows[0]
    found = {model: _checked(session, row, model) for model in (Grant, Service, Citizen, Purpose)}
    grant, service, citizen, purpose = found.values()
    assert grant and service and citizen and purpose  # noqa: S101, PT018 -- inner joins
    return Sharing(
        token=_checked(session, row, Token) if token else None,
        grant=grant,
        service=service,
        citizen=citizen,
        purpose=purpose,
        registered=_checked(session, row, ServicePurpose) is not None,
        audit_key=_checked(session, row, CitizenKey),
        month_key=_checked(session, row, HouseKey),
    )


@dataclass(frozen=True, slots=True)
class Item:
    """One record in its newest version, still sealed, with the wrapped keys that open it."""

    record: Values
    sealed: bytes
    epoch: int
    category_key: Values
    citizen_key: Values
    organisation_name: str
    held_until: datetime | None


_ITEMS: Final = (
    select(
        *_columns(Record),
        *_columns(CategoryKey),
        *_columns(CitizenKey),
        *_columns(HeldBack),
        Seal.sealed.label("sealed"),
        Seal.epoch.label("seal_epoch"),
        Organisation.name.label("organisation_name"),
    )
    .select_from(Record)
    .join(
        Seal,
        and_(Seal.citizen_id == Record.citizen_id, Seal.record_id == Record.record_id, Seal.version == Record.version),
    )
    .join(
        CategoryKey,
        and_(
            CategoryKey.citizen_id == Record.citizen_id,
            CategoryKey.category == Record.category,
            CategoryKey.epoch == Seal.epoch,
        ),
    )
    .join(
        CitizenKey,
        and_(
            CitizenKey.citizen_id == Record.citizen_id,
            CitizenKey.kind == "record",
            CitizenKey.generation == CategoryKey.generation,
        ),
    )
    .outerjoin(HeldBack, and_(HeldBack.citizen_id == Record.citizen_id, HeldBack.record_id == Record.record_id))
    .outerjoin(Organisation, Organisation.organisation_id == Record.organisation_id)
    .where(Record.citizen_id == bindparam("citizen_id"), Record.category.in_(bindparam("categories", expanding=True)))
    .order_by(Record.category, Record.created_at, Record.record_id, Seal.epoch)
)


def items(session: Session, *, citizen_id: UUID, categories: frozenset[str]) -> list[Item]:
    """
    A citizen's records of *categories*, newest versions, sealed; where a seal stands under two epochs, the newest.

    Raises:
        RowForgedError: One of the rows does not carry the vault's mark.
    """
    found: dict[UUID, Item] = {}
    seen: dict[tuple[Any, ...], dict[str, Any] | None] = {}
    for row in session.connection().execute(_ITEMS, {"citizen_id": citizen_id, "categories": sorted(categories)}):
        record, category_key, citizen_key = (
            _checked_once(session, row, model, seen) for model in (Record, CategoryKey, CitizenKey)
        )
        held = _checked(session, row, HeldBack)
        assert record and category_key and citizen_key  # noqa: S101, PT018 -- inner joins
        found[record["record_id"]] = Item(
            record=record,
            sealed=row.sealed,
            epoch=row.seal_epoch,
            category_key=category_key,
            citizen_key=citizen_key,
            organisation_name=row.organisation_name or "",
            held_until=held["until"] if held else None,
        )
    return list(found.values())


def key_is_active(key: Values | None) -> bool:
    """Whether a key row opens anything."""
    return key is not None and key["state"] is KeyState.ACTIVE
