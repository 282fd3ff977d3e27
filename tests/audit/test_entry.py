import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from audit.entry import MAX_LEAF_BYTES, MAX_NUMBER, Leaf, decode, encode, leaf_hash, mac, mac_is_sound
from audit.errors import LeafInvalidError
from audit.events import ABOUT_THE_LOG, Event

VECTORS = Path(__file__).parents[1] / "vectors" / "audit.json"
LEAF = Leaf(
    writer="0011223344556677",
    number=5,
    time=1_790_000_000_000_000,
    event=Event.RECORD_OPENED,
    actor="service:home-care",
    purpose="home-care-support",
    policy_set="ab" * 32,
    subject="cd" * 16,
    commitment="ef" * 32,
    touched=(("01" * 16, "23" * 32), ("45" * 16, "67" * 32)),
)
BEAT = Leaf(writer="0011223344556677", number=6, time=1, event=Event.AUDIT_BEAT, actor="system", about={})


def hexes(digits: int) -> st.SearchStrategy[str]:
    return st.text("0123456789abcdef", min_size=digits, max_size=digits)


words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=200)
counts = st.integers(0, MAX_NUMBER)
plain = st.recursive(
    st.none() | counts | st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    lambda held: st.lists(held, max_size=3) | st.dictionaries(st.text("abcxyz_", max_size=5), held, max_size=3),
    max_leaves=6,
)
told_leaves = st.builds(
    Leaf,
    writer=hexes(16),
    number=counts,
    time=counts,
    event=st.sampled_from(sorted(set(Event) - ABOUT_THE_LOG)),
    actor=words,
    purpose=st.none() | words,
    policy_set=st.none() | hexes(64),
    subject=st.none() | hexes(32),
    commitment=hexes(64),
    touched=st.lists(st.tuples(hexes(32), hexes(64)), max_size=3).map(tuple),
)
own_leaves = st.builds(
    Leaf,
    writer=hexes(16),
    number=counts,
    time=counts,
    event=st.sampled_from(sorted(ABOUT_THE_LOG)),
    actor=words,
    about=st.dictionaries(st.text("abcxyz_", max_size=5), plain, max_size=4),
)


def _vectors() -> dict[str, Any]:
    held: dict[str, Any] = json.loads(VECTORS.read_text(encoding="utf-8"))
    return held


@given(told_leaves | own_leaves)
def test_a_leaf_is_what_the_canonicaliser_of_others_writes(leaf: Leaf) -> None:
    encoded = encode(leaf)
    assert encoded == rfc8785.dumps(json.loads(encoded))
    assert decode(encoded) == leaf


def test_the_bytes_of_a_leaf_never_change() -> None:
    vectors = _vectors()
    for leaf, vector in ((LEAF, vectors["leaf"]), (BEAT, vectors["about_leaf"])):
        assert encode(leaf).decode() == vector["bytes"]
        assert decode(vector["bytes"].encode()) == leaf
        assert leaf_hash(encode(leaf)).hex() == vector["leaf_hash"]
        assert mac(b"k" * 32, encode(leaf)).hex() == vector["mac"]


def test_the_names_of_events_never_change() -> None:
    assert set(_vectors()["events"]) <= {event.value for event in Event}


@pytest.mark.parametrize(
    "change",
    [
        {"writer": "0011"},
        {"writer": "00112233445566GG"},
        {"number": -1},
        {"number": True},
        {"number": MAX_NUMBER + 1},
        {"number": 1.0},
        {"time": -1},
        {"actor": ""},
        {"actor": "two\nlines"},
        {"actor": "x" * 201},
        {"purpose": ""},
        {"policy_set": "ab"},
        {"subject": "cd"},
        {"subject": "CD" * 16},
        {"commitment": None},
        {"commitment": "ef"},
        {"touched": (("01", "23"),)},
        {"touched": (("01" * 16, "23" * 32),) * 700},
        {"about": {}},
        {"format": 2},
        {"actor": "\ud800"},
    ],
)
def test_a_leaf_that_the_format_cannot_hold_is_not_written(change: dict[str, Any]) -> None:
    with pytest.raises(LeafInvalidError):
        encode(replace(LEAF, **change))


@pytest.mark.parametrize("about", [None, {"a": 1.5}, {"a": True}, {"é": 1}, {"a": b"bytes"}, {"a": -1}])
def test_the_log_speaks_about_itself_in_plain_words_only(about: Any) -> None:
    with pytest.raises(LeafInvalidError):
        encode(replace(BEAT, about=about))


def test_the_log_never_commits_to_a_payload_about_itself() -> None:
    with pytest.raises(LeafInvalidError):
        encode(replace(BEAT, commitment="ef" * 32))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"about":null,', b""),
        (b'"about":null', b'"about": null'),
        (b'"number":5', b'"number":5.0'),
        (b'"number":5', b'"number":"5"'),
        (b'"number":5', b'"number":5,"number":5'),
        (b'"format":1', b'"format":2'),
        (b'"format":1', b'"format":true'),
        (b'"event":"record:opened"', b'"event":"record:unknown"'),
        (b'"format":1', b'"extra":1,"format":1'),
        (b'"touched":[[', b'"touched":[["00"],['),
        (b'{"about"', b' {"about"'),
        (b"}", b"}\n"),
        (b"{", b""),
    ],
)
def test_anything_but_the_canonical_bytes_is_refused(old: bytes, new: bytes) -> None:
    encoded = encode(LEAF)
    assert old in encoded
    with pytest.raises(LeafInvalidError):
        decode(encoded.replace(old, new, 1))


@pytest.mark.parametrize("encoded", [b"", b"null", b"[]", b"{}", b"\xff", b"1", b'"text"'])
def test_what_is_no_leaf_is_refused(encoded: bytes) -> None:
    with pytest.raises(LeafInvalidError):
        decode(encoded)


def test_a_leaf_fills_an_entry_and_not_more() -> None:
    pairs = (MAX_LEAF_BYTES - len(encode(replace(LEAF, touched=())))) // len(f'["{"0" * 32}","{"0" * 64}"],')
    encode(replace(LEAF, touched=(("01" * 16, "23" * 32),) * pairs))
    with pytest.raises(LeafInvalidError):
        encode(replace(LEAF, touched=(("01" * 16, "23" * 32),) * (pairs + 1)))


def test_a_mark_is_one_writers_over_one_leaf() -> None:
    encoded = encode(LEAF)
    mark = mac(b"k" * 32, encoded)
    assert mac_is_sound(b"k" * 32, encoded, mark)
    assert not mac_is_sound(b"j" * 32, encoded, mark)
    assert not mac_is_sound(b"k" * 32, encode(replace(LEAF, number=6)), mark)
    assert not mac_is_sound(b"k" * 32, encoded, mark[:-1])
