"""Wrapped keys open under their wrapping key in their context, and nowhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault.crypto.wrap import WRAP_BYTES, key_id_of, unwrap, wrap
from vault.errors import SealBrokenError

ROOT = bytes(range(32))
KEY = bytes(range(100, 132))
CONTEXT = b"citizen-key of one citizen"
REGIONS = {
    "version": 0,
    "key id": 1,
    "key id end": 4,
    "nonce": 5,
    "nonce end": 16,
    "body": 17,
    "body end": 48,
    "tag": 49,
    "tag end": -1,
}

keys = st.binary(min_size=32, max_size=32)


@given(keys, keys, st.integers(min_value=0, max_value=2**32 - 1), st.binary(max_size=200))
def test_a_key_comes_back_as_it_went_in(root: bytes, key: bytes, key_id: int, context: bytes) -> None:
    blob = wrap(root, key, key_id=key_id, context=context)
    assert (unwrap(root, blob, context=context), key_id_of(blob), len(blob)) == (key, key_id, WRAP_BYTES)


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_a_wrap_never_opens_in_another_context(here: bytes, there: bytes) -> None:
    blob = wrap(ROOT, KEY, key_id=1, context=here)
    if here != there:
        with pytest.raises(SealBrokenError):
            unwrap(ROOT, blob, context=there)


@pytest.mark.parametrize("bit", [0, 7])
@pytest.mark.parametrize("position", REGIONS.values(), ids=REGIONS)
def test_a_wrap_breaks_wherever_it_is_touched(position: int, bit: int) -> None:
    blob = bytearray(wrap(ROOT, KEY, key_id=1, context=CONTEXT))
    blob[position] ^= 1 << bit
    with pytest.raises(SealBrokenError):
        unwrap(ROOT, bytes(blob), context=CONTEXT)


def test_a_wrap_of_any_other_length_is_refused() -> None:
    blob = wrap(ROOT, KEY, key_id=1, context=CONTEXT)
    for other in (*(blob[:length] for length in range(WRAP_BYTES)), blob + b"\0"):
        with pytest.raises(SealBrokenError):
            unwrap(ROOT, other, context=CONTEXT)
        with pytest.raises(SealBrokenError):
            key_id_of(other)


def test_a_wrap_does_not_open_under_another_key() -> None:
    with pytest.raises(SealBrokenError):
        unwrap(KEY, wrap(ROOT, KEY, key_id=1, context=CONTEXT), context=CONTEXT)


def test_the_same_key_looks_different_each_time() -> None:
    assert len({wrap(ROOT, KEY, key_id=1, context=CONTEXT) for _ in range(50)}) == 50


@pytest.mark.parametrize("key", [b"", KEY[:31], KEY + b"\0"], ids=["empty", "short", "long"])
def test_only_keys_of_thirty_two_bytes_wrap_and_are_wrapped(key: bytes) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        wrap(ROOT, key, key_id=1, context=CONTEXT)
    with pytest.raises(ValueError, match="32 bytes"):
        wrap(key, KEY, key_id=1, context=CONTEXT)


@pytest.mark.parametrize("key_id", [-1, 2**32])
def test_a_key_id_beyond_four_bytes_is_refused(key_id: int) -> None:
    with pytest.raises(ValueError, match="key id"):
        wrap(ROOT, KEY, key_id=key_id, context=CONTEXT)
