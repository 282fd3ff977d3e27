"""The marks of rows: what they cover, and that no change and no move goes unseen."""

from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault.authentic import Marks, canonical, check_mac, digest_of, mac_of, reference_of, shape_of
from vault.crypto.mac import encode_tuple
from vault.errors import RowForgedError
from vault.kinds import CitizenStatus
from vault.models import Base, Citizen, Token

MARKS = Marks(row_mac_key=bytes(32), reference_key=bytes([1]) * 32)
MOMENTS = st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 -- the zone is given beside
ROWS = st.fixed_dictionaries(
    {
        "citizen_id": st.uuids(),
        "status": st.sampled_from(CitizenStatus),
        "created_at": MOMENTS,
        "merged_into": st.none() | st.uuids(),
        "notice_due_at": st.none() | MOMENTS,
        "version": st.integers(1, 2**31),
    }
)


@given(row=ROWS)
def test_the_quick_encoding_is_the_plain_one(row: dict[str, Any]) -> None:
    parts = [part for name in shape_of(Citizen).columns for part in (name, row[name])]
    assert canonical(Citizen, row) == encode_tuple("row/1", "citizens", *parts)


class _Grown(Citizen):
    """Citizens, had one of their columns come later; it has no table of its own."""

    LATER: ClassVar[frozenset[str]] = frozenset({"notice_due_at"})


@given(row=ROWS)
def test_a_column_that_came_later_changes_no_mark_while_it_is_empty(row: dict[str, Any]) -> None:
    filled = {name: row[name] for name in shape_of(Citizen).columns if name != "notice_due_at" or row[name] is not None}
    parts = [part for name in sorted(filled) for part in (name, row[name])]
    assert canonical(_Grown, row) == encode_tuple("row/1", "citizens", *parts)


@given(row=ROWS, other=ROWS)
def test_rows_that_differ_have_different_marks(row: dict[str, Any], other: dict[str, Any]) -> None:
    assert (mac_of(MARKS, Citizen, row) == mac_of(MARKS, Citizen, other)) == (row == other)
    assert (digest_of(Citizen, row) == digest_of(Citizen, other)) == (row == other)


@given(row=ROWS, column=st.sampled_from(sorted(shape_of(Citizen).columns)), other=ROWS)
def test_a_changed_column_is_refused(row: dict[str, Any], column: str, other: dict[str, Any]) -> None:
    marked = {**row, "row_mac": mac_of(MARKS, Citizen, row)}
    check_mac(MARKS, Citizen, marked)
    if other[column] != row[column]:
        with pytest.raises(RowForgedError, match="citizens"):
            check_mac(MARKS, Citizen, {**marked, column: other[column]})


@given(row=ROWS, mark=st.binary(max_size=40))
def test_a_mark_made_without_the_key_is_refused(row: dict[str, Any], mark: bytes) -> None:
    with pytest.raises(RowForgedError):
        check_mac(MARKS, Citizen, {**row, "row_mac": mark})


@given(row=ROWS, other=ROWS)
def test_a_reference_says_which_row_and_nothing_of_its_state(row: dict[str, Any], other: dict[str, Any]) -> None:
    same_place = {**other, "citizen_id": row["citizen_id"]}
    assert reference_of(MARKS, Citizen, row) == reference_of(MARKS, Citizen, same_place)
    assert len(reference_of(MARKS, Citizen, row)) == 16
    moved = {**row, "citizen_id": UUID(int=row["citizen_id"].int ^ 1)}
    assert reference_of(MARKS, Citizen, row) != reference_of(MARKS, Citizen, moved)


def test_a_mark_covers_every_column_but_itself_and_those_named_outside() -> None:
    for mapper in Base.registry.mappers:
        model: type[Base] = mapper.class_
        if "row_mac" in mapper.column_attrs:
            outside = {"row_mac", *model.UNMARKED}
            assert set(shape_of(model).columns) == set(mapper.column_attrs.keys()) - outside


def test_equal_values_in_two_tables_have_different_marks() -> None:
    assert shape_of(Citizen).head != shape_of(Token).head
