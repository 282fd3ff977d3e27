"""No two tuples share one encoding, and no two labels one key."""

from datetime import UTC, date, datetime, timedelta, timezone
from enum import IntEnum, StrEnum
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault.crypto.kdf import derive, fingerprint, hkdf_sha256
from vault.crypto.mac import Part, encode_tuple, mac, mac_matches, mac_of

SECRET = bytes(range(32))
ALIKE: list[tuple[Part, ...]] = [
    (),
    (None,),
    (False,),
    (0,),
    ("",),
    (b"",),
    (True,),
    (1,),
    ("1",),
    (b"1",),
    ("ab", "c"),
    ("a", "bc"),
    ("abc",),
    (UUID(int=0),),
    (bytes(16),),
    (str(UUID(int=0)),),
    (date(1970, 1, 1),),
    ("1970-01-01",),
    (datetime(1970, 1, 1, tzinfo=UTC),),
    (None, None),
    (-1,),
    (255,),
    (128,),
    (-128,),
    (encode_tuple("ab", "c"),),
]


class Colour(StrEnum):
    RED = "red"


class Rank(IntEnum):
    FIRST = 1


moments = st.datetimes(timezones=st.just(UTC))
parts = st.none() | st.booleans() | st.integers() | st.text() | st.binary() | st.uuids() | st.dates() | moments


def typed(values: tuple[Part, ...]) -> list[tuple[type, Any]]:
    """*values* with their types, for True equals 1 in Python."""
    return [(type(value), value) for value in values]


def test_tuples_that_look_alike_are_encoded_apart() -> None:
    assert len({encode_tuple(*values) for values in ALIKE}) == len(ALIKE)


@given(st.lists(parts, max_size=4).map(tuple), st.lists(parts, max_size=4).map(tuple))
def test_two_encodings_are_equal_only_when_the_tuples_are(first: tuple[Part, ...], second: tuple[Part, ...]) -> None:
    assert (encode_tuple(*first) == encode_tuple(*second)) == (typed(first) == typed(second))


def test_one_moment_has_one_encoding_in_every_timezone() -> None:
    noon = datetime(2026, 6, 1, 12, tzinfo=UTC)
    assert encode_tuple(noon) == encode_tuple(noon.astimezone(timezone(timedelta(hours=1))))


@pytest.mark.parametrize(
    "moment", [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999999, UTC)], ids=["first", "last"]
)
def test_every_moment_python_knows_can_be_encoded(moment: datetime) -> None:
    assert len(encode_tuple(moment)) == 4 + 5 + 8


def test_a_moment_without_a_timezone_is_refused() -> None:
    with pytest.raises(ValueError, match="timezone"):
        encode_tuple(datetime(2026, 6, 1))  # noqa: DTZ001 - the very thing that is refused


def test_text_that_is_no_unicode_is_refused() -> None:
    with pytest.raises(ValueError, match="surrogates"):
        encode_tuple("\ud800")


@pytest.mark.parametrize("value", [1.5, ["a"], ("a",), {"a": 1}, bytearray(b"a")])
def test_any_other_type_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match=type(value).__name__):
        encode_tuple(value)


def test_a_mark_matches_its_message_and_no_other() -> None:
    mark = mac(SECRET, b"row")
    assert mac_matches(SECRET, b"row", mark)
    assert not mac_matches(SECRET, b"row2", mark)
    assert not mac_matches(bytes(32), b"row", mark)
    assert not mac_matches(SECRET, b"row", mark[:16])
    assert not mac_matches(SECRET, b"row", b"")
    assert mac_of(SECRET, "row", 1) == mac(SECRET, encode_tuple("row", 1))


def test_each_label_part_and_secret_gives_a_key_of_its_own() -> None:
    made = {
        derive(SECRET, "row-mac"),
        derive(SECRET, "row-mac", "a"),
        derive(SECRET, "row-mac", 1),
        derive(SECRET, "reference"),
        derive(bytes(32), "row-mac"),
        fingerprint(SECRET),
        SECRET,
    }
    assert len(made) == 7
    assert {len(key) for key in made} == {32}


@pytest.mark.parametrize("length", [-1, 0, 255 * 32 + 1])
def test_a_derived_key_of_impossible_length_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match=r"(?i)length|large|byte"):
        hkdf_sha256(SECRET, info=b"", length=length)


def test_an_enumeration_counts_as_its_value() -> None:
    assert encode_tuple(Colour.RED, Rank.FIRST) == encode_tuple("red", 1)
