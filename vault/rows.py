"""Rows as the database's driver gives them: checked against their mark in one pass, turned into values on demand.

What `vault.authentic` does for a session's objects, this does for the few rows that every read through the door needs.
A mark is computed from the driver's own values by an encoder made once for each table, byte for byte what
`authentic.canonical` makes; a row in which a column is not of its kind carries no mark.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, TypeVar
from uuid import UUID

import orjson
from sqlalchemy import Boolean, ColumnElement, Enum, Integer, LargeBinary, String, Uuid, inspect
from sqlalchemy.types import TypeEngine

from vault.authentic import Marks, head_of, shape_of
from vault.clock import from_microseconds
from vault.crypto.mac import encode_part, mac_matches
from vault.errors import RowForgedError
from vault.models import Authenticated, Base, UtcDateTime
from vault.models.base import CanonicalJson

Raw = Sequence[Any]
Encode = Callable[[Any], bytes]
Convert = Callable[[Any], Any]
Made = TypeVar("Made")

_NOTHING: Final = encode_part(None)


@dataclass(frozen=True, slots=True)
class Layout:
    """How one table's columns stand in a driver's row.

    The marked ones in the order of the mark, the mark itself, then those that stand outside it.
    """

    model: type[Base]
    names: tuple[str, ...]
    columns: Mapping[str, tuple[int, Convert | None]]
    """Each column's place, and how the driver's value becomes ours; None where it is ours already."""
    head: bytes
    parts: tuple[tuple[bytes, Encode], ...]
    """Each marked column's encoded name and encoder, by place."""
    keys: tuple[int, ...]
    """The places of the primary key."""
    later: frozenset[int]
    """The places of columns that stand in the mark only where they hold something (`Base.LATER`)."""

    @property
    def selected(self) -> list[ColumnElement[Any]]:
        """The columns to select, in this order."""
        return [getattr(self.model, name) for name in self.names]

    def canonical(self, raw: Raw) -> bytes:
        """
        The bytes that the mark is over, from the driver's own values.

        Raises:
            RowForgedError: A column holds what is not of its kind.
        """
        empty = {place for place in self.later if raw[place] is None}
        parts = [head_of(self.model.__tablename__, len(self.parts) - len(empty)) if empty else self.head]
        try:
            for place, ((name, encode), value) in enumerate(zip(self.parts, raw, strict=False)):
                if place not in empty:
                    parts += (name, _NOTHING if value is None else encode(value))
        except (TypeError, ValueError, AttributeError, OverflowError) as error:
            raise self._forged() from error
        return b"".join(parts)

    def check(self, marks: Marks, raw: Raw) -> dict[Any, Any]:
        """
        Refuse a row that does not carry the vault's mark; return what is kept with it (`Row`).

        Rows that are in every byte, mark included, as one that was found good moments ago are not computed again.

        Raises:
            RowForgedError: The mark is missing or wrong.
        """
        marked = (self.model, *raw[: len(self.parts) + 1])
        kept = marks.seen.find(marked)
        if kept is not None:
            return kept
        mark = raw[len(self.parts)]
        if not isinstance(mark, bytes) or not mac_matches(marks.row_mac_key, self.canonical(raw), mark):
            raise self._forged()
        return marks.seen.keep(marked)

    def _forged(self) -> RowForgedError:
        return RowForgedError(f"a row of `{self.model.__tablename__}` does not carry the vault's mark")


class Row(Mapping[str, Any]):
    """
    One table's columns by name, each turned into our value when it is asked for; also by attribute.

    Values may be shared with other reads of the same row: nobody changes them.

    Args:
        layout: Of its table.
        raw: The driver's row.
        kept: What `Layout.check` gave: values of the very same marked columns, made for an earlier read.
    """

    __slots__ = ("_kept", "_layout", "_raw")

    def __init__(self, layout: Layout, raw: Raw, kept: dict[Any, Any] | None = None) -> None:
        self._layout = layout
        self._raw = raw
        self._kept = {} if kept is None else kept

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 -- any column value
        if name in self._kept:
            return self._kept[name]
        place, convert = self._layout.columns[name]
        value = self._raw[place]
        if convert is not None and value is not None:
            value = convert(value)
            if place < len(self._layout.parts):  # what stands outside the mark changes behind the same mark
                self._kept[name] = value
        return value

    def made(self, make: Callable[..., Made], *given: Hashable) -> Made:
        """
        What *make* makes of this row's marked columns and *given*, made once for the same row.

        Raises:
            ValueError: *make* looks at a column that stands outside the mark.
        """
        name = (make, *given)
        if name not in self._kept:
            self._kept[name] = make(_Marked(self._layout, self._raw, self._kept), *given)
        found: Made = self._kept[name]
        return found

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 -- any column value
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._layout.names)

    def __len__(self) -> int:
        return len(self._layout.names)

    def raw(self, name: str) -> Any:  # noqa: ANN401 -- the driver's value
        """The driver's own value of a column, for statements through the same driver."""
        return self._raw[self._layout.columns[name][0]]


class _Marked(Row):
    """A row's marked columns alone."""

    __slots__ = ()

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 -- any column value
        if self._layout.columns[name][0] >= len(self._layout.parts):
            raise ValueError(f"`{name}` stands outside the mark")
        return super().__getitem__(name)


@cache
def layout_of(model: type[Base], *, sqlite: bool) -> Layout:
    """The layout of *model*'s table as this database's driver gives it."""
    shape = shape_of(model)
    mark = ("row_mac",) if issubclass(model, Authenticated) else ()
    every = inspect(model).column_attrs.keys()
    outside = sorted(name for name in every if name not in shape.columns and name not in mark)
    names = (*shape.columns, *mark, *outside)
    kinds = {name: _kind(inspect(model).columns[name].type, sqlite=sqlite) for name in names}
    return Layout(
        model=model,
        names=names,
        columns={name: (place, kinds[name][1]) for place, name in enumerate(names)},
        head=shape.head,
        parts=tuple((encoded, kinds[name][0]) for name, encoded in zip(shape.columns, shape.names, strict=True)),
        keys=tuple(names.index(name) for name in shape.keys),
        later=frozenset(names.index(name) for name in model.LATER),
    )


def bound(value: Any, *, sqlite: bool) -> Any:  # noqa: ANN401 -- any column value
    """*value* as this database's driver takes it in a statement."""
    return value.hex if sqlite and isinstance(value, UUID) else value


def _kind(kind: TypeEngine[Any], *, sqlite: bool) -> tuple[Encode, Convert | None]:
    """How a column of this type is encoded from the driver's value, and turned into ours."""
    if isinstance(kind, UtcDateTime):
        return _moment, from_microseconds
    if isinstance(kind, CanonicalJson):
        return _json, orjson.loads
    if isinstance(kind, Enum):
        return _text, kind.enum_class
    if isinstance(kind, Uuid):
        return (_hex, UUID) if sqlite else (_uuid, None)
    if isinstance(kind, Boolean):
        return (_flag, bool) if sqlite else (encode_part, None)
    for known, encode in ((String, _text), (LargeBinary, _bytes), (Integer, _number)):
        if isinstance(kind, known):
            return encode, None
    raise TypeError(f"no layout for a column of {type(kind).__name__}")


def _text(value: str) -> bytes:
    body = value.encode()
    return b"s" + len(body).to_bytes(4) + body


def _bytes(value: bytes) -> bytes:
    return b"x" + len(value).to_bytes(4) + value


def _number(value: int) -> bytes:
    body = value.to_bytes((value if value >= 0 else ~value).bit_length() // 8 + 1, signed=True)
    return b"i" + len(body).to_bytes(4) + body


def _moment(value: int) -> bytes:
    return b"t\0\0\0\x08" + value.to_bytes(8, signed=True)


def _hex(value: str) -> bytes:
    body = bytes.fromhex(value)
    if len(body) != 16:  # noqa: PLR2004 -- bytes of a UUID
        raise ValueError("no UUID")
    return b"u\0\0\0\x10" + body


def _uuid(value: UUID) -> bytes:
    return b"u\0\0\0\x10" + value.bytes


def _flag(value: int) -> bytes:
    return b"b\0\0\0\x01" + bytes([value])


def _json(value: str) -> bytes:
    """Lists and objects stand in the mark as the text they are kept as, which has sorted keys."""
    return _bytes(value.encode()) if value[:1] in {"{", "["} else encode_part(orjson.loads(value))
