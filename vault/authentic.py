"""The marks that rows carry, set and checked by the session itself so that no caller can forget them.

- A row of an `Authenticated` table gets its ``row_mac`` at every flush and is checked whenever it is loaded: a row that
was planted, copied or changed
  behind the vault's back raises `RowForgedError` and confers nothing.
- A row of a `Covered` table is put on the session's list of touched rows at every flush, as a pair (reference, digest).
`vault.journal.note` takes
  that list into a log entry; a commit with rows still on it raises `UnloggedChangeError`.

The sessions of `vault.db.Database` carry the two keys this needs in ``session.info["marks"]``.
"""

import hashlib
import hmac
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from sqlalchemy import event, inspect
from sqlalchemy.orm import Mapper, QueryContext, Session

from vault.crypto.mac import encode_part, encode_tuple, mac
from vault.db import Database
from vault.errors import RowForgedError, UnloggedChangeError
from vault.models.base import Authenticated, Base, Covered

GONE = bytes(32)
"""The digest that the log gives for a row that was deleted."""


SEEN_ROWS: Final = 4096
SEEN_SECONDS: Final = 60.0


class Seen:
    """Rows found good moments ago, by all that went into their mark and the mark itself: few, and briefly.

    INVARIANT: what is kept with a row is made of its marked columns alone (`vault.rows.Row`). So it is the same for the
    same bytes, whoever wrote them; a row that changed in one byte, in whatever process, is another and finds nothing.
    """

    __slots__ = ("_held", "_now")

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._held: dict[tuple[Any, ...], tuple[float, dict[Any, Any]]] = {}
        self._now = now

    def find(self, marked: tuple[Any, ...]) -> dict[Any, Any] | None:
        """What is kept with a row, where exactly it was found good within the last `SEEN_SECONDS`."""
        found = self._held.get(marked)
        return None if found is None or self._now() >= found[0] else found[1]

    def keep(self, marked: tuple[Any, ...]) -> dict[Any, Any]:
        """Remember what was found good, with nothing kept yet; when there are too many, begin anew."""
        if len(self._held) >= SEEN_ROWS:
            self._held.clear()
        kept: dict[Any, Any] = {}
        self._held[marked] = self._now() + SEEN_SECONDS, kept
        return kept


@dataclass(frozen=True, slots=True)
class Marks:
    """The keys of the marks, 32 bytes each, derived from the root key and never stored in the database."""

    row_mac_key: bytes = field(repr=False)
    reference_key: bytes = field(repr=False)
    seen: Seen = field(default_factory=Seen, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class _Shape:
    table: str
    keys: tuple[str, ...]
    columns: tuple[str, ...]
    head: bytes
    """What the canonical bytes of every row begin with: the count of parts, the format, the table."""
    names: tuple[bytes, ...]
    """Each marked column's name as it is encoded."""


_SHAPES: dict[type[Base], _Shape] = {}


def shape_of(model: type[Base]) -> _Shape:
    """The table, primary key and marked columns of *model*, in the order in which they are encoded."""
    if model not in _SHAPES:
        mapper: Mapper[Base] = inspect(model)
        names = sorted(mapper.column_attrs.keys())
        columns = tuple(name for name in names if name != "row_mac" and name not in model.UNMARKED)
        _SHAPES[model] = _Shape(
            table=model.__tablename__,
            keys=tuple(mapper.get_property_by_column(column).key for column in mapper.primary_key),
            columns=columns,
            head=head_of(model.__tablename__, len(columns)),
            names=tuple(encode_part(name) for name in columns),
        )
    return _SHAPES[model]


def head_of(table: str, columns: int) -> bytes:
    """What the canonical bytes of a row with so many marked columns begin with."""
    return (2 + 2 * columns).to_bytes(4) + encode_part("row/1") + encode_part(table)


def column_names(model: type[Base]) -> list[str]:
    """The names of *model*'s columns, in their order."""
    return list(inspect(model).column_attrs.keys())


def _plain(value: Any) -> Any:  # noqa: ANN401 -- any column value
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS) if isinstance(value, (dict, list)) else value


def canonical(model: type[Base], values: Mapping[str, Any]) -> bytes:
    """The marked columns of one row of *model* as unambiguous bytes.

    Table, then name and value of each column by name, save those of `Base.LATER` that are empty:
    `vault.crypto.mac.encode_tuple` of all these, made faster by what is the same for every row of a table.
    """
    shape = shape_of(model)
    empty = {column for column in model.LATER if values[column] is None}
    parts = [head_of(shape.table, len(shape.columns) - len(empty)) if empty else shape.head]
    for column, name in zip(shape.columns, shape.names, strict=True):
        if column not in empty:
            parts += (name, encode_part(_plain(values[column])))
    return b"".join(parts)


def digest_of(model: type[Base], values: Mapping[str, Any]) -> bytes:
    """SHA-256 of the row's canonical bytes: 32 bytes, what the log holds of its state."""
    return hashlib.sha256(canonical(model, values)).digest()


def mac_of(marks: Marks, model: type[Base], values: Mapping[str, Any]) -> bytes:
    """HMAC-SHA256 of the row's canonical bytes: 32 bytes, what the row itself carries."""
    return mac(marks.row_mac_key, canonical(model, values))


def reference_of(marks: Marks, model: type[Base], values: Mapping[str, Any]) -> bytes:
    """Which row this is, for those who hold the key: HMAC-SHA256 of table and primary key, first 16 bytes."""
    shape = shape_of(model)
    place = encode_tuple("reference/1", shape.table, *(values[name] for name in shape.keys))
    return mac(marks.reference_key, place)[:16]


def check_mac(marks: Marks, model: type[Base], values: Mapping[str, Any]) -> None:
    """
    Refuse a row that does not carry the vault's mark.

    Raises:
        RowForgedError: The mark is missing or wrong.
    """
    if not hmac.compare_digest(mac_of(marks, model, values), values["row_mac"]):
        message = f"a row of `{model.__tablename__}` does not carry the vault's mark"
        raise RowForgedError(message)


def values_of(row: Base) -> dict[str, Any]:
    """Every column of *row* by name, as it stands in memory."""
    return {name: getattr(row, name) for name in column_names(type(row))}


def marks_of(session: Session) -> Marks:
    """The keys that *session* carries."""
    return _marks(session.info)


def marks_in(database: Database) -> Marks:
    """The keys that every session of *database* carries."""
    return _marks(database.info)


def _marks(info: Mapping[Any, Any]) -> Marks:
    marks = info["marks"]
    assert isinstance(marks, Marks)  # noqa: S101 -- set by the runtime alone
    return marks


def touched(session: Session) -> dict[bytes, bytes]:
    """The rows this transaction changed and no log entry names yet: digest by reference."""
    found: dict[bytes, bytes] = session.info.setdefault("touched", {})
    return found


@event.listens_for(Session, "before_flush")
def _mark(session: Session, _context: object, _instances: object) -> None:
    for row in (*session.new, *session.dirty):
        if isinstance(row, Authenticated) and (row in session.new or session.is_modified(row)):
            row.row_mac = mac_of(marks_of(session), type(row), values_of(row))  # type: ignore[arg-type]
    for row in (*session.new, *session.dirty, *session.deleted):
        if isinstance(row, Covered) and (row in session.new or row in session.deleted or session.is_modified(row)):
            _touch(session, row)  # type: ignore[arg-type]


def _touch(session: Session, row: Base) -> None:
    values = values_of(row)
    gone = row in session.deleted
    if not gone and row not in session.new and not _marked_change(row):
        return
    touched(session)[reference_of(marks_of(session), type(row), values)] = (
        GONE if gone else digest_of(type(row), values)
    )


def _marked_change(row: Base) -> bool:
    state = inspect(row)
    return any(state.attrs[name].history.has_changes() for name in shape_of(type(row)).columns)


@event.listens_for(Authenticated, "load", propagate=True)
def _check(row: Base, context: QueryContext) -> None:
    check_mac(marks_of(context.session), type(row), values_of(row))


@event.listens_for(Authenticated, "refresh", propagate=True)
def _check_again(row: Base, context: QueryContext, _names: object) -> None:
    _check(row, context)


@event.listens_for(Session, "before_commit")
def _nothing_unlogged(session: Session) -> None:
    session.flush()
    if session.info.get("touched"):
        message = f"{len(session.info['touched'])} changed rows have no log entry"
        raise UnloggedChangeError(message)
