"""Seals open at their place with their key, and nowhere else."""

from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault.crypto.seal import OVERHEAD_BYTES, Place, seal, unseal
from vault.errors import SealBrokenError

KEY = bytes(range(32))
OTHER_KEY = bytes(range(1, 33))
PLACE = Place(
    tenant="exampleshire",
    citizen=UUID(int=0xC1),
    category="medication",
    record=UUID(int=0xEC),
    version=2,
    epoch=7,
)
ELSEWHERE = {
    "tenant": replace(PLACE, tenant="exampleshir"),
    "citizen": replace(PLACE, citizen=UUID(int=0xC2)),
    "category": replace(PLACE, category="allergy"),
    "record": replace(PLACE, record=UUID(int=0xED)),
    "version": replace(PLACE, version=1),
    "epoch": replace(PLACE, epoch=8),
    "citizen and record exchanged": replace(PLACE, citizen=PLACE.record, record=PLACE.citizen),
}
REGIONS = {
    "version": 0,
    "epoch": 1,
    "epoch end": 4,
    "commitment": 5,
    "commitment end": 36,
    "nonce": 37,
    "nonce end": 48,
    "body": 49,
    "tag": -16,
    "tag end": -1,
}

ids = st.uuids()
numbers = st.integers(min_value=1, max_value=2**32 - 1)
places = st.builds(Place, tenant=st.text(), citizen=ids, category=st.text(), record=ids, version=numbers, epoch=numbers)


@given(st.binary(max_size=300), places)
def test_a_value_comes_back_as_it_went_in(value: bytes, place: Place) -> None:
    assert unseal(KEY, seal(KEY, value, place=place), place=place) == value


@given(places, places)
def test_a_seal_never_opens_at_another_place(here: Place, there: Place) -> None:
    sealed = seal(KEY, b"amlodipine", place=here)
    if here == there:
        assert unseal(KEY, sealed, place=there) == b"amlodipine"
        return
    with pytest.raises(SealBrokenError):
        unseal(KEY, sealed, place=there)


@pytest.mark.parametrize("place", ELSEWHERE.values(), ids=ELSEWHERE)
def test_a_seal_is_bound_to_each_part_of_its_place(place: Place) -> None:
    with pytest.raises(SealBrokenError):
        unseal(KEY, seal(KEY, b"amlodipine", place=PLACE), place=place)


@pytest.mark.parametrize("bit", [0, 7])
@pytest.mark.parametrize("position", REGIONS.values(), ids=REGIONS)
def test_a_seal_breaks_wherever_it_is_touched(position: int, bit: int) -> None:
    sealed = bytearray(seal(KEY, b"amlodipine", place=PLACE))
    sealed[position] ^= 1 << bit
    with pytest.raises(SealBrokenError):
        unseal(KEY, bytes(sealed), place=PLACE)


def test_a_seal_breaks_when_it_is_cut_or_grown_anywhere() -> None:
    sealed = seal(KEY, b"amlodipine", place=PLACE)
    for length in range(len(sealed)):
        with pytest.raises(SealBrokenError):
            unseal(KEY, sealed[:length], place=PLACE)
    with pytest.raises(SealBrokenError):
        unseal(KEY, sealed + b"\0", place=PLACE)


def test_a_seal_does_not_open_with_another_key() -> None:
    with pytest.raises(SealBrokenError):
        unseal(OTHER_KEY, seal(KEY, b"amlodipine", place=PLACE), place=PLACE)


def test_parts_of_two_seals_at_one_place_make_no_third() -> None:
    first, second = (seal(KEY, value, place=PLACE) for value in (b"take one", b"take ten"))
    mixed = {first[:cut] + second[cut:] for cut in range(len(first))} - {first, second}
    assert len(mixed) > 20
    for third in mixed:
        with pytest.raises(SealBrokenError):
            unseal(KEY, third, place=PLACE)


def test_the_same_value_looks_different_each_time_and_is_longer_by_a_fixed_size() -> None:
    made = {seal(KEY, b"amlodipine", place=PLACE) for _ in range(50)}
    assert len(made) == 50
    assert {len(sealed) for sealed in made} == {10 + OVERHEAD_BYTES}


@pytest.mark.parametrize("key", [b"", KEY[:31], KEY + b"\0"], ids=["empty", "short", "long"])
def test_a_key_of_another_size_is_refused(key: bytes) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        seal(key, b"", place=PLACE)
    with pytest.raises(ValueError, match="32 bytes"):
        unseal(key, b"", place=PLACE)


@pytest.mark.parametrize("epoch", [-1, 2**32])
def test_an_epoch_beyond_four_bytes_is_refused(epoch: int) -> None:
    with pytest.raises(ValueError, match="epoch"):
        seal(KEY, b"", place=replace(PLACE, epoch=epoch))


def test_a_broken_seal_is_reported_by_id_and_never_by_content() -> None:
    sealed = seal(KEY, b"amlodipine", place=PLACE)
    with pytest.raises(SealBrokenError) as caught:
        unseal(KEY, sealed[:-1] + bytes([sealed[-1] ^ 1]), place=PLACE)
    assert str(PLACE.record) in str(caught.value)
    assert "amlodipine" not in str(caught.value)
    assert KEY.hex() not in str(caught.value)
