import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.errors import PayloadBrokenError
from audit.payload import ClosedPayload, close, commit_payload, commitment_of, open_with_month, open_with_subject

VECTORS = Path(__file__).parents[1] / "vectors" / "audit.json"
SUBJECT = b"s" * 32
MONTH = b"m" * 32
OTHER = b"o" * 32
FACTS = {"fields": ["medication.name"], "reason": "a visit"}
PERSONAL = {"name": "someone"}

facts = st.dictionaries(st.text("abc", max_size=3), st.text(max_size=20) | st.integers(-9, 9) | st.none(), max_size=4)


def _closed(*, personal: dict[str, Any] | None = PERSONAL) -> ClosedPayload:
    return close(FACTS, personal, subject_key=SUBJECT, month_key=MONTH, month="2026-11")


@given(facts, st.none() | facts)
def test_what_was_closed_opens_to_the_same(told: dict[str, Any], personal: dict[str, Any] | None) -> None:
    closed = close(told, personal, subject_key=SUBJECT, month_key=MONTH, month="2026-11")
    opened = open_with_subject(closed, SUBJECT)
    assert (opened.facts, opened.personal) == (told, personal)
    assert open_with_month(closed, MONTH) == told


def test_the_month_never_opens_what_names_the_citizen() -> None:
    closed = _closed()
    assert open_with_month(closed, MONTH) == FACTS
    with pytest.raises(PayloadBrokenError):
        open_with_subject(closed, MONTH)


@pytest.mark.parametrize("personal", [PERSONAL, None])
def test_another_key_opens_nothing(personal: dict[str, Any] | None) -> None:
    closed = _closed(personal=personal)
    with pytest.raises(PayloadBrokenError):
        open_with_subject(closed, OTHER)
    with pytest.raises(PayloadBrokenError):
        open_with_month(closed, OTHER)
    with pytest.raises(PayloadBrokenError):
        open_with_month(closed, SUBJECT)


@pytest.mark.parametrize("personal", [PERSONAL, None])
def test_a_payload_breaks_wherever_it_is_touched(personal: dict[str, Any] | None) -> None:
    closed = _closed(personal=personal)
    for at in range(len(closed.blob)):
        blob = closed.blob[:at] + bytes([closed.blob[at] ^ 1]) + closed.blob[at + 1 :]
        touched = replace(closed, blob=blob)
        assert not touched.intact
        with pytest.raises(PayloadBrokenError):
            open_with_subject(touched, SUBJECT)
    for blob in (b"", closed.blob[:-1], closed.blob + b"\0"):
        assert not replace(closed, blob=blob).intact


def test_even_a_new_commitment_does_not_let_parts_be_touched() -> None:
    closed = _closed()
    for at in range(len(closed.blob)):
        blob = closed.blob[:at] + bytes([closed.blob[at] ^ 1]) + closed.blob[at + 1 :]
        touched = ClosedPayload(commitment_of(blob), blob, closed.month)
        with pytest.raises(PayloadBrokenError):
            _open_both_ways(touched)


def test_the_same_facts_never_look_the_same() -> None:
    one, other = _closed(), _closed()
    assert one.commitment != other.commitment
    assert not set(_blocks(one.blob)) & set(_blocks(other.blob))


def test_nothing_sealed_shows_in_the_bytes_or_the_words() -> None:
    closed = _closed()
    opened = open_with_subject(closed, SUBJECT)
    for secret in (b"medication", b"someone", b"visit"):
        assert secret not in closed.blob
        assert secret.decode() not in repr(closed) + repr(opened)


def test_payloads_of_old_open_for_ever() -> None:
    for vector in json.loads(VECTORS.read_text(encoding="utf-8"))["payloads"]:
        closed = ClosedPayload(bytes.fromhex(vector["commitment"]), bytes.fromhex(vector["blob"]), "2026-11")
        opened = open_with_subject(closed, SUBJECT)
        assert (opened.facts, opened.personal) == (vector["facts"], vector["personal"])
        assert open_with_month(closed, MONTH) == vector["facts"]
        salt, rest = closed.blob[1:33], closed.blob[:1] + closed.blob[33:]
        assert commit_payload(salt, rest) == closed.commitment


def _open_both_ways(closed: ClosedPayload) -> None:
    open_with_subject(closed, SUBJECT)
    open_with_month(closed, MONTH)


def _blocks(blob: bytes) -> list[bytes]:
    return [blob[at : at + 16] for at in range(1, len(blob) - 16, 16)]
