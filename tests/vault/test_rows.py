"""The quick encoder makes the very bytes that the plain one makes, and believes no column of another kind."""

import enum
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Boolean, Enum, Integer, LargeBinary, String, Uuid, inspect

from vault.authentic import SEEN_ROWS, SEEN_SECONDS, Marks, Seen, canonical, mac_of
from vault.clock import microseconds
from vault.errors import RowForgedError
from vault.models import Base, Citizen, Grant, Service, UtcDateTime
from vault.models.base import CanonicalJson
from vault.rows import Row, layout_of

MODELS = sorted((mapper.class_ for mapper in Base.registry.mappers), key=lambda model: model.__tablename__)
MARKS = Marks(row_mac_key=bytes(32), reference_key=bytes(32))
_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
_MOMENTS = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)).map(lambda found: found.replace(tzinfo=UTC))  # noqa: DTZ001 -- made aware here
_JSON = st.lists(_TEXT, max_size=3) | st.dictionaries(_TEXT, st.integers(-(2**53), 2**53) | _TEXT, max_size=3)


def _values(kind: Any) -> st.SearchStrategy[Any]:
    if isinstance(kind, Enum):
        assert kind.enum_class is not None
        return st.sampled_from(list(kind.enum_class))
    for known, found in {
        UtcDateTime: _MOMENTS,
        CanonicalJson: _JSON,
        Uuid: st.uuids(),
        Boolean: st.booleans(),
        String: _TEXT,
        LargeBinary: st.binary(max_size=70),
        Integer: st.integers(-(2**63), 2**63 - 1),
    }.items():
        if isinstance(kind, known):
            return found
    raise AssertionError(kind)


@st.composite
def _rows(draw: Any) -> tuple[type[Base], dict[str, Any]]:
    model = draw(st.sampled_from(MODELS))
    columns = inspect(model).columns
    return model, {
        name: draw(_values(columns[name].type) | (st.none() if columns[name].nullable else st.nothing()))
        for name in inspect(model).column_attrs.keys()  # noqa: SIM118 -- a collection of attributes
    }


def _driver(value: Any, *, sqlite: bool) -> Any:
    """*value* as the driver gives it back."""
    if isinstance(value, datetime):
        return microseconds(value)
    if isinstance(value, (dict, list)):
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    if isinstance(value, enum.Enum):
        return str(value.value)
    if sqlite and isinstance(value, UUID):
        return value.hex
    return int(value) if sqlite and isinstance(value, bool) else value


@given(row=_rows(), sqlite=st.booleans())
def test_quick_and_plain_encoding_are_the_same_bytes_and_values(
    row: tuple[type[Base], dict[str, Any]], *, sqlite: bool
) -> None:
    model, values = row
    layout = layout_of(model, sqlite=sqlite)
    raw = tuple(_driver(values[name], sqlite=sqlite) for name in layout.names)
    assert layout.canonical(raw) == canonical(model, values)
    assert dict(Row(layout, raw)) == values


def _citizen(**changed: Any) -> tuple[Any, ...]:
    """A citizen's row as SQLite's driver gives it, marked before *changed*."""
    layout = layout_of(Citizen, sqlite=True)
    values = {
        "citizen_id": UUID(int=7),
        "status": "active",
        "created_at": datetime.now(UTC),
        "merged_into": None,
        "notice_due_at": None,
        "version": 1,
    }
    drivers = {name: _driver(value, sqlite=True) for name, value in values.items()}
    drivers["row_mac"] = mac_of(MARKS, Citizen, values)
    return tuple({**drivers, **changed}[name] for name in layout.names)


@pytest.mark.parametrize(
    "changed",
    [
        {"status": "deceased"},
        {"status": b"active"},
        {"version": 2},
        {"version": "1"},
        {"version": b"\x01"},
        {"created_at": 1.5},
        {"created_at": 2**70},
        {"citizen_id": "07"},
        {"citizen_id": "no hex at all, and more of it here"},
        {"merged_into": UUID(int=7).hex},
        {"row_mac": None},
        {"row_mac": bytes(32)},
        {"row_mac": "x" * 32},
    ],
    ids=str,
)
def test_a_row_with_any_column_of_another_value_or_kind_carries_no_mark(changed: dict[str, Any]) -> None:
    layout = layout_of(Citizen, sqlite=True)
    for _ in range(2):
        layout.check(MARKS, _citizen())  # the good row is remembered, and helps no other
        with pytest.raises(RowForgedError):
            layout.check(MARKS, _citizen(**changed))


def test_what_stands_outside_the_mark_is_read_anew_each_time() -> None:
    layout = layout_of(Grant, sqlite=True)
    place, _ = layout.columns["uses"]
    assert place > len(layout.parts)
    assert {"uses", "last_used_at"} == set(layout.names[len(layout.parts) + 1 :])


def test_what_was_found_good_is_remembered_briefly_and_in_bounds() -> None:
    moment = 0.0
    seen = Seen(lambda: moment)
    kept = seen.keep((Service, "a", b"mark"))
    assert seen.find((Service, "a", b"mark")) is kept
    assert seen.find((Service, "a", b"Mark")) is None
    assert seen.find((Citizen, "a", b"mark")) is None
    moment = SEEN_SECONDS
    assert seen.find((Service, "a", b"mark")) is None
    for number in range(SEEN_ROWS + 1):
        seen.keep((number,))
    assert len(seen._held) <= SEEN_ROWS


def test_a_row_reads_by_name_and_by_attribute_and_knows_no_other() -> None:
    row = Row(layout_of(Citizen, sqlite=True), _citizen())
    assert row["citizen_id"] == row.citizen_id == UUID(int=7)
    assert row.created_at.utcoffset() == timedelta(0)
    with pytest.raises(AttributeError):
        _ = row.name
