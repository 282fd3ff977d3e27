"""Damaged input: one clear notice for a file or the part of it; never an exception, never a value in the message."""

import copy
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.vault.importing.fhir import PERSON, about, bundle, items, notices, read
from vault.importing import strict_json
from vault.importing.items import Item, Notice, NoticeKind, Subject
from vault.importing.reading import read_file

SECRET = "Hargreaves"
WHOLE = json.dumps(bundle(PERSON, about("Condition", code={"text": "Asthma"})))
DEEP = 70


def fault(path: Path) -> Notice:
    (found,) = read_file(path)
    assert isinstance(found, Notice)
    assert found.kind is NoticeKind.ERROR
    assert SECRET not in found.message + found.position
    return found


@pytest.mark.parametrize(
    ("held", "message", "position"),
    [
        (WHOLE[:300].encode(), "malformed JSON", "line 1, column"),
        (b"", "malformed JSON", "line 1, column 1"),
        (b'{"a": ' + SECRET.encode() + b"\xff\xfe}", "not UTF-8", "byte 16, line 1"),
        (b'{\n"resourceType": "Patient", "id": "1", "id": "2"}', "the name `id` twice", ""),
        (b'{"' + SECRET.encode() + b' 1": 1, "' + SECRET.encode() + b' 1": 2}', "has the name twice", ""),
        (b"[" * DEEP + b"]" * DEEP, "nested deeper than 64 levels", ""),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "nested deeper than 64 levels", ""),
        (b'{"resourceType": "Patient", "multipleBirthInteger": NaN}', "NaN and Infinity", ""),
        (b'{"hello": 1}', "no FHIR resource", ""),
        (b'["Patient"]', "no FHIR resource", ""),
        (b"12", "no FHIR resource", ""),
    ],
)
def test_an_unreadable_file_is_named_with_its_fault_and_place(
    tmp_path: Path, held: bytes, message: str, position: str
) -> None:
    path = tmp_path / "bad.json"
    path.write_bytes(held)
    found = fault(path)
    assert message in found.message
    assert found.position.startswith(position)


def test_a_file_that_is_not_there_or_too_large_or_of_no_known_kind_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "cannot be opened" in fault(tmp_path / "gone.json").message
    assert "`.xml` files are not read" in fault(tmp_path / "patient.xml").message
    path = tmp_path / "large.json"
    path.write_text(WHOLE, encoding="utf-8")
    monkeypatch.setattr(strict_json, "LARGEST_FILE", 100)
    assert "larger than" in fault(path).message


def test_a_number_longer_than_any_real_one_is_no_trouble(tmp_path: Path) -> None:
    path = tmp_path / "long.json"
    path.write_text(WHOLE.replace('"Asthma"', "9" * 100_000), encoding="utf-8")
    assert NoticeKind.ERROR not in {each.kind for each in notices(list(read_file(path)))}


def test_an_entry_without_a_resource_is_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    held: dict[str, Any] = bundle(PERSON, about("Condition", code={"text": "Asthma"}))
    held["entry"][1:1] = [7, {"fullUrl": "urn:uuid:x"}, {"resource": {"resourceType": "lower case"}}]
    found = read(tmp_path, held)
    assert [each.position for each in notices(found)] == ["entry 2", "entry 3", "entry 4"]
    assert "Condition" in {each.source_type for each in items(found)}


JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.just([]),
    st.just({}),
    st.just([[]]),
    st.just({"coding": 3}),
    st.just({"reference": "Patient/p1"}),
    st.just("\ud800"),
)


def places(held: Any) -> list[tuple[Any, Any]]:
    keys = held.keys() if isinstance(held, dict) else range(len(held)) if isinstance(held, list) else ()
    return [(held, key) for key in keys] + [inner for key in keys for inner in places(held[key])]


@lru_cache(maxsize=1)
def bundles(folder: Path) -> list[bytes]:
    paths = [
        *sorted((folder / "ukcore" / "json").glob("*.json")),
        *sorted((folder / "uk-patient-summary").glob("B*.json")),
    ]
    return [path.read_bytes() for path in paths]


@pytest.mark.realdata
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_wrong_types_anywhere_in_a_real_file_never_raise(
    shared_data: Path, tmp_path: Path, data: st.DataObject
) -> None:
    held = json.loads(data.draw(st.sampled_from(bundles(shared_data))))
    for _ in range(data.draw(st.integers(1, 4))):
        given_places = places(held)
        if not given_places:
            break
        outer, key = data.draw(st.sampled_from(given_places))
        outer[key] = copy.deepcopy(data.draw(JUNK))
    path = tmp_path / "mutant.json"
    path.write_text(json.dumps(held), encoding="utf-8")
    for found in read_file(path, keep_unknown=data.draw(st.booleans())):
        assert isinstance(found, Subject | Item | Notice)
        if isinstance(found, Item):
            assert found.fields
            json.dumps(dict(found.fields), ensure_ascii=False).encode("utf-8")
            found.source_id.encode("utf-8")


@pytest.mark.realdata
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_flipped_or_missing_bytes_of_a_real_file_never_raise(
    shared_data: Path, tmp_path: Path, data: st.DataObject
) -> None:
    held = bytearray(data.draw(st.sampled_from(bundles(shared_data))))
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(held) - 1))
        held[place : place + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=2))
    path = tmp_path / "mutant.json"
    path.write_bytes(bytes(held))
    assert all(isinstance(found, Subject | Item | Notice) for found in read_file(path))
