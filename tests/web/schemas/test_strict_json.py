"""JSON from outside: what is not sound, bounded and unambiguous is refused, and the refusal quotes nothing."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.faults import MalformedRequestError, RequestTooLargeError
from web.schemas import strict_json

SECRET = "Doris"

DAMAGED = {
    "empty": b"",
    "not JSON": b"{'a': 'Doris'}",
    "cut short": b'{"a": "Doris"',
    "two values": b'{"a": "Doris"} {}',
    "trailing comma": b'{"a": "Doris",}',
    "duplicate key": b'{"a": "Doris", "a": "Doris"}',
    "duplicate key below": b'[{"b": {"a": 1, "a": "Doris"}}]',
    "duplicate key by escape": b'{"a": "Doris", "\\u0061": 2}',
    "bad UTF-8": b'{"a": "Doris\xff"}',
    "UTF-16": '{"a": "Doris"}'.encode("utf-16"),
    "overlong UTF-8": b'{"a": "Doris\xc0\xaf"}',
    "byte order mark": b'\xef\xbb\xbf{"a": "Doris"}',
    "lone surrogate": b'{"a": "Doris\\ud800"}',
    "raw control character": b'{"a": "Doris\x01"}',
    "NaN": b'{"a": NaN, "b": "Doris"}',
    "infinity": b'{"a": -Infinity}',
    "infinite by size": b'{"a": 1e999999}',
    "huge integer": b'{"a": ' + b"9" * 5000 + b"}",
    "65-bit integer": b'{"a": 99999999999999999999}',
    "deep lists": b"[" * 13 + b"]" * 13,
    "very deep lists": b"[" * 30000 + b"]" * 30000,
    "deep objects": b'{"a":' * 13 + b"1" + b"}" * 13,
    "deep and never closed": b"[" * 60000,
}


@pytest.mark.parametrize("raw", DAMAGED.values(), ids=DAMAGED.keys())
def test_damaged_json_is_refused_without_quoting_it(raw: bytes) -> None:
    with pytest.raises(MalformedRequestError) as refusal:
        strict_json.parse(raw)
    assert SECRET not in str(refusal.value)


def test_one_byte_too_many_is_refused() -> None:
    exact = b'"' + b"a" * (strict_json.MOST_BYTES - 2) + b'"'
    assert strict_json.parse(exact) == "a" * (strict_json.MOST_BYTES - 2)
    with pytest.raises(RequestTooLargeError):
        strict_json.parse(exact + b" ")


def test_the_deepest_allowed_value_is_taken_and_brackets_in_strings_do_not_count() -> None:
    assert strict_json.parse(b"[" * 12 + b"]" * 12) is not None
    assert strict_json.parse(b'["\\"[[[[[[[[[[[[[[[[{{{{"]') == ['"[[[[[[[[[[[[[[[[{{{{']


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(json_values)
def test_sound_json_is_read_as_the_standard_library_reads_it(value: object) -> None:
    raw = json.dumps(value).encode()
    assert strict_json.parse(raw, deepest=50) == json.loads(raw)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_never_worse(raw: bytes) -> None:
    with contextlib.suppress(MalformedRequestError):
        strict_json.parse(raw)
