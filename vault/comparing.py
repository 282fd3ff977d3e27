"""Covered rows in parts, each of which can be judged by another process: what a part comes to is small.

A part in which every row carries the vault's mark becomes the states of its rows; of any other there is none, and it
is read row by row (`vault.holding`), which names what is wrong. So no row is found good here that is not there.
"""

import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, func, inspect, literal_column, select, text
from sqlalchemy.orm import Session

from vault.authentic import Marks, canonical, marks_of, reference_of
from vault.crypto.mac import encode_tuple, mac
from vault.models import Authenticated, Base, Grant
from vault.seen import seen

ROWS: Final = 2000
"""About so many rows are a part, where a table holds more."""
PAGES: Final = 64
"""The same on PostgreSQL, in pages of 8 KiB."""
STATE: Final = 48
"""A row's reference (16 bytes) and the digest of its state (32)."""


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of one table as they lie on the disk: from *first* (included) to *end* (excluded), where these are given.

    Counted in rowids on SQLite, in pages on PostgreSQL.
    """

    model: type[Base]
    first: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True)
class States:
    """The rows of a part, in their order: reference (16 bytes) and digest (32) of each; how often grants were used."""

    named: bytes
    uses: tuple[tuple[bytes, int], ...] = ()
    """Of each grant, the reference of its use and how often it was used."""


def use_reference(reference_key: bytes, grant_id: UUID) -> bytes:
    """The 16-byte reference under which each release counts one use of a grant."""
    return mac(reference_key, encode_tuple("use/1", grant_id))[:16]


def parts_of(session: Session, model: type[Base]) -> Iterator[Part]:
    """Every row of *model*, in parts."""
    if session.get_bind().dialect.name == "sqlite":
        rowid: ColumnElement[int] = literal_column("rowid")
        lowest, highest = session.execute(select(func.min(rowid), func.max(rowid)).select_from(model.__table__)).one()
        inner = range((lowest or 0) + ROWS, (highest or 0) + 1, ROWS)
    else:
        size = text("SELECT pg_relation_size(CAST(:name AS regclass)) / 8192").bindparams(
            name=f'"{model.__tablename__}"'
        )
        inner = range(PAGES, int(session.scalar(size) or 0) + 1, PAGES)
    yield from (Part(model, *ends) for ends in zip([None, *inner], [*inner, None], strict=True))


def rows_of(session: Session, part: Part) -> Iterator[dict[str, Any]]:
    """Every row of *part* by column, as they lie."""
    model, names = part.model, list(inspect(part.model).column_attrs.keys())
    query = select(*(getattr(model, name).label(f"c_{name}") for name in names)).where(*_within(session, part))
    for row in session.execute(query.execution_options(yield_per=500)):
        yield dict(zip(names, row, strict=True))


def _within(session: Session, part: Part) -> Iterator[ColumnElement[bool]]:
    sqlite = session.get_bind().dialect.name == "sqlite"
    for end, sign in ((part.first, ">="), (part.end, "<")):
        if end is not None:  # a number, by `parts_of`
            yield literal_column(f"rowid {sign} {end:d}" if sqlite else f"ctid {sign} '({end:d},0)'::tid")


def states_in(session: Session, part: Part) -> States | None:
    """What *part* comes to; None where a row does not carry the vault's mark."""
    marks, named, uses = marks_of(session), [], []
    for values in rows_of(session, part):
        state = state_of(marks, part.model, values)
        if state is None:
            return None
        named += [reference_of(marks, part.model, values), state]
        if part.model is Grant:
            uses.append((use_reference(marks.reference_key, values["grant_id"]), values["uses"]))
    return States(b"".join(named), tuple(uses))


def state_of(marks: Marks, model: type[Base], values: dict[str, Any]) -> bytes | None:
    """The digest (32 bytes) of a row's state; None where the row should carry the vault's mark and does not."""
    plain = canonical(model, values)
    if issubclass(model, Authenticated) and not hmac.compare_digest(mac(marks.row_mac_key, plain), values["row_mac"]):
        return None
    return sha256(plain).digest()


def states_seen(part: Part) -> States | None:
    """`states_in` in a helping process."""
    return states_in(seen().session, part)
